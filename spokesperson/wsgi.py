"""The WSGI application: Django, with the page cache and the view beacon around it."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

from spokesperson import observe

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "spokesperson.settings")
os.environ["SPOKESPERSON_PROCESS"] = "web"
try:
    observe.prepare("web")
    _django = get_wsgi_application()
except ImproperlyConfigured as error:
    sys.exit(str(error))

# Settings can be read from here on.
from django.conf import settings

from articles.readership.wsgi import BeaconApplication
from core.page_cache import PageCache
from core.request_memory import FreeLargeRequests
from core.wsgi_environ import WithoutProcessEnvironment

observe.start("web")
_cached = PageCache(
    FreeLargeRequests(_django, max_form_bytes=settings.DATA_UPLOAD_MAX_MEMORY_SIZE), max_bytes=settings.PAGE_CACHE_BYTES
)
application = WithoutProcessEnvironment(BeaconApplication(_cached))
