"""The application that a WSGI server runs: Django, the page cache around it, and the view beacon around both."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "spokesperson.settings")
_django = get_wsgi_application()

# Settings can be read from here on.
from django.conf import settings  # noqa: E402

from articles.readership.beacon import Beacon  # noqa: E402
from spokesperson.page_cache import PageCache  # noqa: E402

_pages = PageCache(_django, max_bytes=settings.PAGE_CACHE_BYTES)
application = Beacon(_pages, most_waiting=settings.BEACONS_AT_ONCE)
