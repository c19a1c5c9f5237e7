"""The site's WSGI application, with Stripe at an address of the tests."""

import os

import stripe

from spokesperson.wsgi import application

stripe.api_base = os.environ["STRIPE_API_BASE"]
__all__ = ["application"]
