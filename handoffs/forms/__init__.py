"""Typed text into a package: the forms behind the SDR's page. Saving it is `handoffs.editing`."""
