"""Asking data sources about a record of ours: the interface, the ways to ask, and the verb."""
