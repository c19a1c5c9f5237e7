"""The site without the page cache: the cost of a page that is not cached."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "spokesperson.settings")
application = get_wsgi_application()
