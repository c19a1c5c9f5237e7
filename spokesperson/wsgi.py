"""The WSGI application: Django, with the page cache and the view beacon around it."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "spokesperson.settings")
_django = get_wsgi_application()

# Settings can be read from here on.
from django.conf import settings  # noqa: E402

from articles.readership.wsgi import BeaconApplication  # noqa: E402
from core.page_cache import PageCache  # noqa: E402
from core.request_memory import FreeLargeRequests  # noqa: E402
from core.wsgi_environ import WithoutProcessEnvironment  # noqa: E402

_cached = PageCache(FreeLargeRequests(_django), max_bytes=settings.PAGE_CACHE_BYTES)
application = WithoutProcessEnvironment(BeaconApplication(_cached))
