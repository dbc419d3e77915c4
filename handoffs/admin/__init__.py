"""The admin pages of handoffs: the list of all, the shared standard, the reasons, the library."""

from handoffs.admin import handoffs, library, reasons, standard

__all__ = ["handoffs", "library", "reasons", "standard"]
