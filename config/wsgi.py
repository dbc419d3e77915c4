"""The entry point for WSGI servers."""

import ctypes
import gc
import os
from typing import Any

from django.core.wsgi import get_wsgi_application
from django.db.backends.signals import connection_created
from django.urls import get_resolver

M_MMAP_THRESHOLD = -3  # of glibc's malloc.h


def keep_few_pages(connection: Any, **kwargs: Any) -> None:
    """SQLite's own 2 MB of pages: a web process keeps them for each of its threads.

    The 16 MB of the settings are for long writes, and those are the worker's.
    """
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA cache_size=-2000")


connection_created.connect(keep_few_pages)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()
get_resolver().url_patterns  # noqa: B018 - every view is imported now, not in the first request
# What is here by now stays: without this the collector walks all of it again while somebody waits,
# a tenth of a second each time
gc.collect()
gc.freeze()
# Argon2 takes 19 MiB for each password. Left to itself glibc keeps them for every thread that ever
# checked one; what is larger than 1 MiB goes back at once. Other C libraries know no such call.
if mallopt := getattr(ctypes.CDLL(None), "mallopt", None):
    mallopt(M_MMAP_THRESHOLD, 1 << 20)
