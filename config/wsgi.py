"""The entry point for WSGI servers."""

import ctypes
import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

M_MMAP_THRESHOLD = -3  # of glibc's malloc.h

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
