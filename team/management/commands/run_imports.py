"""One pass over the imports that wait, now: started by the worker, and for operators."""

import os
from typing import Any

from django.core.management.base import BaseCommand

from team.sheets import runs


class Command(BaseCommand):
    help = "Check, write or undo the imports that wait, and say how many were moved on."

    def handle(self, *args: Any, **options: Any) -> None:
        os.nice(5)  # pages come first
        self.stdout.write(f"{runs.work()} imports moved on.")
