"""What becomes of the articles of a user whose account is closed."""

from __future__ import annotations

from django.db import transaction

from accounts.models import User
from articles.models import Article
from articles.services import coauthors
from articles.services.schedule import stop_all


@transaction.atomic
def end_work(*, user: User) -> None:
    """End the co-authorships of a user, and stop the publication of their scheduled articles."""
    written_with_others = Article.objects.filter(coauthor_rows__user=user)
    scheduled = Article.objects.scheduled().by(user)
    pks = {pk for articles in (written_with_others, scheduled) for pk in articles.values_list("pk", flat=True)}
    # In one order: the accounts of two users who write each other's articles can be closed at once.
    list(Article.objects.select_for_update(no_key=True).filter(pk__in=pks).order_by("pk").values_list("pk"))
    coauthors.end_all(user=user)
    stop_all(author=user)
