"""The entry point for WSGI servers."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()
get_resolver().url_patterns  # noqa: B018 - every view is imported now, not in the first request
# What is here by now stays: without this the collector walks all of it again while somebody waits,
# a tenth of a second each time
gc.collect()
gc.freeze()
