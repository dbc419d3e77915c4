"""The admin pages of handoffs: the list of all, the shared standard, the reasons."""

from handoffs.admin import handoffs, reasons, standard

__all__ = ["handoffs", "reasons", "standard"]
