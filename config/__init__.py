"""Wires the house together: settings, addresses, the worker, backups, the demo."""

__version__ = "0.1.0"
