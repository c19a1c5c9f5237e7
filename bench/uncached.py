"""The site without the layers around Django: what a page costs that no cache holds."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "spokesperson.settings")
application = get_wsgi_application()
