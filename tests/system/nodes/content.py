"""Fill the database of the nodes: authors with articles, voters and writers with sessions, a moderator, a plan."""

from __future__ import annotations

import json

from django.contrib.auth.hashers import make_password
from django.test import override_settings

from accounts.models import User
from articles.models import Section
from articles.search.services import rebuild
from bench.site.sessions import log_in
from core.models import SiteSettings
from tests import factories
from tests.e2e.steps import PASSWORD
from tests.moderation.users import administrator
from tests.promotion import actions

ARTICLES, VOTERS, WRITERS, NEWCOMERS = 40, 40, 20, 60


def create() -> str:
    """Create it; return as JSON what the load needs to know."""
    SiteSettings.objects.create(reviewed_before_trusted=1000)
    # Hashed once, because a secure hash takes long.
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        author = factories.UserFactory.create(username="author")
        articles = [factories.published(author, title=f"Lamp number {number}") for number in range(ARTICLES)]
        voters = [factories.UserFactory.create(username=f"voter{number}") for number in range(VOTERS)]
        writers = [factories.UserFactory.create(username=f"writer{number}") for number in range(WRITERS)]
        for name in ("reader", *(f"newcomer{number}" for number in range(NEWCOMERS))):
            factories.UserFactory.create(username=name)
        administrator(username="moderator")
    plan = actions.plan(price=0)
    User.objects.update(password=make_password(PASSWORD))
    rebuild()
    users = [User.objects.get(pk=user.pk) for user in (*voters, *writers)]
    sessions = log_in(users)
    return json.dumps(
        {
            "articles": {article.pk: article.get_absolute_url() for article in articles},
            "voters": dict(zip([user.pk for user in voters], sessions, strict=False)),
            "writers": sessions[VOTERS:],
            "section": Section.objects.get().pk,
            "plan": plan.pk,
        }
    )
