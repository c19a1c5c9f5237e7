"""The application that a WSGI server runs: Django, and the page cache around it."""

import ctypes
import os
import sys
from contextlib import suppress

from django.core.wsgi import get_wsgi_application

# glibc gives every few threads a heap of their own; pages that come and go leave holes in each. One heap for all, which
# Python's threads share without waiting, holds the same in an eighth less memory.
_M_ARENA_MAX = -8
if sys.platform == "linux":
    with suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "spokesperson.settings")
_django = get_wsgi_application()

# Settings can be read from here on.
from django.conf import settings  # noqa: E402

from articles.readership.wsgi import BeaconApplication  # noqa: E402
from core.page_cache.application import PageCache  # noqa: E402

application = BeaconApplication(PageCache(_django, max_bytes=settings.PAGE_CACHE_BYTES))
