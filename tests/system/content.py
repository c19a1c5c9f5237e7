"""Fill the database of the tested site: users, an article, and promotions that wait for their payment."""

from __future__ import annotations

from django.contrib.auth.hashers import make_password
from django.test import override_settings

from accounts.models import User
from core.models import SiteSettings
from tests import factories
from tests.e2e.steps import PASSWORD
from tests.promotion import actions


def create(*usernames: str) -> None:
    """Create users who each have an unpaid promotion of another author's article."""
    SiteSettings.objects.create(reviewed_before_trusted=1000)
    password = make_password(PASSWORD)
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        author = factories.UserFactory.create(username="author")
        plan = actions.plan(price=7000)
        for username in usernames:
            user = factories.UserFactory.create(username=username)
            actions.requested(article=factories.published(author, title="A lamp"), sponsor=user, plan=plan)
    # Hashed once, because a secure hash takes long.
    User.objects.update(password=password)
