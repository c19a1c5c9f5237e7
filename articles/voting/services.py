"""A vote names the state wanted, so that sending it twice is sending it once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from django.db import IntegrityError, connection, transaction
from django.db.models import ExpressionWrapper, F, FloatField, IntegerField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from articles.models import Article
from articles.models.prepared import Parameter, Prepared, PreparedUpdate, preparing_cursor
from articles.models.ranking import hot_in_sql, time_part
from articles.voting.models import Vote
from core.exceptions import ActionNotAllowed

Choice = Literal[1, 0, -1]


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How an article stands, and what one person says about it: like (1), dislike (-1) or nothing (0)."""

    likes: int
    dislikes: int
    mine: Choice


def why_not(*, article: Article, voter: User) -> str:
    """The sentence that tells the person why they may not vote on this article; empty where they may."""
    if article.author_id == voter.pk:
        return _("This is your own article, so the votes on it are up to others.")
    if voter.is_suspended:
        return _("Your account is suspended, so you cannot vote at the moment.")
    return ""


def own_vote(*, article: Article, voter: User) -> Choice:
    """What the person says about the article now."""
    found: list[Any] = _ASKED.all(article=article.pk, voter=voter.pk)
    return found[0] if found else 0


def cast_vote(*, article: Article, voter: User, value: Choice) -> Standing:
    """Set the person's vote on a published article, and the article's counters with it, in one transaction.

    Args:
        value: 1 likes, -1 dislikes, 0 withdraws. The state wanted, not a change: calling again changes nothing.

    Raises:
        Article.DoesNotExist: the article is not published (any more).
        ActionNotAllowed: it is the voter's own article, or the voter is suspended or gone.
        ValueError: another value.
    """
    if value not in {1, 0, -1}:
        raise ValueError(value)
    if article.published_at is None:  # never yet
        raise Article.DoesNotExist
    if sentence := why_not(article=article, voter=voter):
        raise ActionNotAllowed(sentence)
    try:
        with transaction.atomic():
            return _cast(article, article.published_at, voter, value)
    except IntegrityError as error:  # The voter's account was deleted since the request began.
        raise ActionNotAllowed(_("Your account is gone, so the vote was not counted.")) from error


def _cast(article: Article, published_at: datetime, voter: User, value: Choice) -> Standing:
    # The voter's own row first, the article's last: all voters of an article queue up for its row, so it is held for
    # one statement and the commit alone. That the article is published is asked there, when nobody can change it any
    # more; where it is not, what was written before is taken back.
    before = _replace(article, voter, value)
    likes, dislikes = (value == 1) - (before == 1), (value == -1) - (before == -1)
    if value == before:
        found = next(iter(_COUNTERS.all(pk=article.pk)), None)
    else:
        found = _COUNT.one(pk=article.pk, likes=likes, dislikes=dislikes, time=time_part(published_at))
    if found is None:
        raise Article.DoesNotExist
    return Standing(likes=found[0], dislikes=found[1], mine=value)


def _replace(article: Article, voter: User, value: Choice) -> Choice:
    """Make the person's row say `value`, hold it, and return what it said before.

    The first thing tried is what most votes are, and each next one costs one statement more: a first vote, another
    one, the same again.
    """
    if value == 0:
        return _delete(article, voter)
    while True:
        if _insert(article, voter, value):
            return 0
        if _update(article, voter, value):
            return 1 if value == -1 else -1
        if _held(article, voter) == value:
            return value
        # Another tab of the same person was quicker: its vote was there, and is gone or another by now.


def _insert(article: Article, voter: User, value: Choice) -> bool:
    # Django's own bulk_create(ignore_conflicts=True) does not say whether it wrote.
    moment = _now()
    return _written(
        "INSERT INTO voting_vote (article_id, voter_id, value, created_at, updated_at) VALUES (%s, %s, %s, %s, %s)"
        " ON CONFLICT (article_id, voter_id) DO NOTHING RETURNING value",
        [article.pk, voter.pk, value, moment, moment],
    )


def _update(article: Article, voter: User, value: Choice) -> bool:
    return _written(
        "UPDATE voting_vote SET value = %s, updated_at = %s WHERE article_id = %s AND voter_id = %s AND value = %s"
        " RETURNING value",
        [value, _now(), article.pk, voter.pk, -value],
    )


def _delete(article: Article, voter: User) -> Choice:
    # A vote has no rows that hang on it.
    found = _row(
        "DELETE FROM voting_vote WHERE article_id = %s AND voter_id = %s RETURNING value", [article.pk, voter.pk]
    )
    return found[0] if found else 0


def _held(article: Article, voter: User) -> Choice:
    found: list[Any] = _HELD.all(article=article.pk, voter=voter.pk)
    return found[0] if found else 0


def _row(sql: str, values: Sequence[Any]) -> tuple[Any, ...] | None:
    with preparing_cursor(connection) as cursor:
        cursor.execute(sql, values)
        found: tuple[Any, ...] | None = cursor.fetchone()
    return found


def _written(sql: str, values: Sequence[Any]) -> bool:
    return _row(sql, values) is not None


def _now() -> Any:
    return connection.ops.adapt_datetimefield_value(timezone.now())


def _changed(counter: str) -> Combinable:
    # Never below nothing: a counter that drifted is recount's to mend, not a voter's to be refused for.
    by = Parameter(counter, IntegerField())
    return Greatest(F(counter) + by, Value(0), output_field=IntegerField())


_OWN = Vote.objects.filter(
    article=Parameter("article", Article._meta.pk), voter=Parameter("voter", User._meta.pk)
).values_list("value", flat=True)
_ASKED = Prepared(lambda: _OWN)
_HELD = Prepared(lambda: _OWN.select_for_update(no_key=True))
_COUNTERS = Prepared(
    lambda: Article.objects.published().filter(pk=Parameter("pk", Article._meta.pk)).values_list("likes", "dislikes")
)
_COUNT = PreparedUpdate(
    lambda: Article.objects.published().filter(pk=Parameter("pk", Article._meta.pk)),
    values={
        "likes": _changed("likes"),
        "dislikes": _changed("dislikes"),
        "hot": hot_in_sql(
            ExpressionWrapper(_changed("likes") - _changed("dislikes"), output_field=IntegerField()),
            Parameter("time", FloatField()),
        ),
    },
    returning=["likes", "dislikes"],
)
