"""Write an article together: the author invites users, who become co-authors when they accept.

Co-authors edit the text, are in the byline and see the statistics. The author alone submits, withdraws and deletes the
article, invites others, and answers for it to moderators.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from accounts.selectors import has_confirmed_email
from accounts.services import lock_acting_user
from articles.models import Article, CoAuthor
from core import events
from core.exceptions import ActionNotAllowed
from core.logs import log_event
from core.mail import enqueue_email
from core.recount import CounterMismatch

# Of an article, with the invitations that wait for an answer.
MAX_COAUTHORS = 5


@transaction.atomic
def invite(*, article: Article, username: str) -> CoAuthor:
    """Invite a user to write an article together with its author; they get an email.

    Raises:
        ActionNotAllowed: the author is suspended or has no confirmed email address, the draft is in the trash, there
            are `MAX_COAUTHORS` already, or this user cannot be invited (`field` is "username").
    """
    author = lock_acting_user(article.author_id)
    if not has_confirmed_email(author):
        raise ActionNotAllowed(_("Confirm your email address first. Use the link in the email that we sent you."))
    user = User.objects.by_username(username).filter(is_active=True).first()
    # The same sentence, so that nobody learns who is suspended.
    if user is None or user.is_suspended or not has_confirmed_email(user):
        raise ActionNotAllowed(_("No user with this username can be invited."), "username")
    if user.pk == author.pk:
        raise ActionNotAllowed(_("You are the author. Enter the username of another user."), "username")
    article = _lock_article(article.pk)
    if article.deleted_at:
        raise ActionNotAllowed(_("This draft is in the trash. Restore it first."))
    rows = CoAuthor.objects.filter(article=article)
    if row := rows.filter(user=user).first():
        if row.declined_at:
            raise ActionNotAllowed(_("%(name)s has declined your invitation.") % {"name": user.name}, "username")
        return row  # The button was pressed twice.
    if rows.filter(declined_at=None).count() >= MAX_COAUTHORS:
        raise ActionNotAllowed(full_sentence())
    row = CoAuthor.objects.create(article=article, user=user)
    context = {"user": user, "author": author, "title": str(article)}
    enqueue_email(to=user.email, template="articles/mail/invitation", context=context, language=user.preferred_language)
    log_event("coauthor_invited", article_id=article.pk, user_id=user.pk)
    return row


def full_sentence() -> str:
    """Return why no further user can be invited to an article with `MAX_COAUTHORS`."""
    sentence = ngettext(
        "An article can have %(count)d co-author. Remove one before you invite another.",
        "An article can have %(count)d co-authors. Remove one before you invite another.",
        MAX_COAUTHORS,
    )
    return sentence % {"count": MAX_COAUTHORS}


@transaction.atomic
def accept(*, invitation: CoAuthor, user: User) -> CoAuthor:
    """Accept an invitation: the user becomes a co-author, and a vote of theirs on the article is removed.

    Raises:
        PermissionDenied: another user was invited.
        ActionNotAllowed: the user is suspended, or the invitation no longer exists.
    """
    # Users are locked before articles, as in a vote: a user who votes and accepts at once does one after the other.
    lock_acting_user(user.pk)
    article = _lock_article(invitation.article_id)
    row = CoAuthor.objects.filter(pk=invitation.pk).first()
    if row and row.user_id != user.pk:
        raise PermissionDenied
    if row is None or row.declined_at or article.deleted_at:
        raise ActionNotAllowed(_("This invitation no longer exists."))
    if row.accepted_at is None:  # Otherwise the button was pressed twice.
        row.accepted_at = timezone.now()
        row.save(update_fields=["accepted_at"])
        _copy_names(article)
        events.coauthor_added.send(Article, article=article, user=user)
        events.byline_changed.send(Article, article_pks=[article.pk])
    return row


@transaction.atomic
def end(*, row: CoAuthor, user: User) -> None:
    """Decline or leave, as the one who was invited; withdraw the invitation or remove the co-author, as the author.

    Idempotent.

    Raises:
        PermissionDenied: it is another user.
        ActionNotAllowed: the user is suspended, and the co-author is in the byline: they change nothing public.
    """
    if user.pk not in {row.user_id, row.article.author_id}:
        raise PermissionDenied
    acting = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    article = _lock_article(row.article_id)
    current = CoAuthor.objects.filter(pk=row.pk).first()
    if current is None or current.declined_at:
        return
    if current.accepted_at and acting.is_suspended:
        raise ActionNotAllowed(_("Your account is suspended, so you cannot do this."))
    if current.is_pending and current.user_id == user.pk:
        current.declined_at = timezone.now()
        current.save(update_fields=["declined_at"])
        log_event("invitation_declined", article_id=article.pk)
    else:
        _delete(current, article)


def end_all(*, user: User) -> None:
    """End the co-authorships of a user whose account is closed, and forget their invitations."""
    for row in list(CoAuthor.objects.filter(user=user).order_by("article")):
        with transaction.atomic():
            article = _lock_article(row.article_id)
            if current := CoAuthor.objects.filter(pk=row.pk).first():
                _delete(current, article)


@transaction.atomic
def rename(*, user: User) -> None:
    """Copy the new name of a user to the articles of which they are a co-author."""
    pks = list(Article.objects.written_with(user).order_by("pk").values_list("pk", flat=True))
    # In one order, so that two co-authors who are renamed at once do not wait for each other.
    for article in list(Article.objects.select_for_update(no_key=True).filter(pk__in=pks).order_by("pk")):
        _copy_names(article)
    own = Article.objects.by(user).published().new().values_list("pk", flat=True)
    events.byline_changed.send(Article, article_pks=[*pks, *own])


def recount(*, repair: bool) -> Iterator[CounterMismatch]:
    """Compare the names that articles have of their co-authors with the rows.

    Args:
        repair: write the right names, each article under its lock.
    """
    rows = CoAuthor.objects.accepted().filter(article=OuterRef("pk"))
    articles = Article.objects.filter(Exists(rows) | ~Q(coauthors=[])).order_by("pk")
    for pk in list(articles.values_list("pk", flat=True)):
        with transaction.atomic():
            article = Article.objects.select_for_update(no_key=True).filter(pk=pk).first()
            if article is None or article.coauthors == (names := _names(article)):
                continue
            mismatch = CounterMismatch(what=f"article {pk} co-authors", stored=article.coauthors, counted=names)
            if repair:
                _copy_names(article)
        yield mismatch


def _lock_article(pk: int) -> Article:
    article = Article.objects.select_for_update(no_key=True).filter(pk=pk).first()
    if article is None:
        raise ActionNotAllowed(_("This article no longer exists."))
    return article


def _delete(row: CoAuthor, article: Article) -> None:
    """Delete a row of a locked article."""
    row.delete()
    if row.accepted_at:
        _copy_names(article)
        events.coauthor_removed.send(Article, article=article, user=row.user)
        events.byline_changed.send(Article, article_pks=[article.pk])
    else:
        log_event("invitation_ended", article_id=article.pk)


def _copy_names(article: Article) -> None:
    """Make `Article.coauthors` of a locked article what its rows say."""
    article.coauthors = _names(article)
    article.save(update_fields=["coauthors"])


def _names(article: Article) -> list[list[int | str]]:
    """Return the values of `ShownCoAuthor` of an article's co-authors, in the order in which they joined."""
    rows = CoAuthor.objects.accepted().filter(article=article).order_by("accepted_at", "pk")
    return [list(values) for values in rows.values_list("user", "user__username", "user__display_name")]
