"""Whether an author publishes without review, and why."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import User
from articles.models import Article, Trust
from core.models import REVIEW_ALL, SiteSettings


@dataclass(frozen=True)
class AuthorTrust:
    """Whether an author publishes without review, and why."""

    is_trusted: bool
    # What a moderator decided, if it applies now; otherwise the rest tells how trust is computed.
    change: Trust | None = None
    # Published articles, counted up to `required`.
    published: int = 0
    required: int = 0
    has_hidden: bool = False

    @property
    def kind(self) -> str:
        return self.change.kind if self.change else Trust.Kind.COMPUTED

    @property
    def reviews_all(self) -> bool:
        """Whether the site reviews every article, except those of authors to whom trust was granted."""
        return self.required >= REVIEW_ALL


def is_trusted(author: User) -> bool:
    """Return whether the author publishes without review."""
    return trust_of(author).is_trusted


def trust_of(author: User) -> AuthorTrust:
    """Return whether the author publishes without review, and why; in three queries at most."""
    return trust_after(Trust.objects.filter(user=author.pk).select_related("moderator").first(), author)


def trust_after(last: Trust | None, author: User) -> AuthorTrust:
    """Return the same from the author's last change of trust.

    What a moderator decided applies until it ends. Otherwise trust is computed: enough articles are published and none
    is hidden.
    """
    if last is not None and last.is_active:
        return AuthorTrust(last.kind == Trust.Kind.GRANTED, last)
    articles, required = Article.objects.by(author), SiteSettings.current().reviewed_before_trusted
    if required >= REVIEW_ALL:
        return AuthorTrust(False, required=required)
    # The slice limits the count: some authors have thousands of articles.
    published = articles.published().values("pk")[:required].count() if required else 0
    has_hidden = articles.filter(state=Article.State.HIDDEN).exists()
    return AuthorTrust(published >= required and not has_hidden, None, published, required, has_hidden)
