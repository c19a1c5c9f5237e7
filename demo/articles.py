"""Write the demonstration's articles with the product's service functions, then move them into the past."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.utils import timezone
from PIL import Image as PILImage

from accounts.models import User
from articles.models import Article, ArticleTag, Revision, Section
from articles.models.disclosure import NOTHING_TO_DISCLOSE
from articles.models.ranking import hot
from articles.moderation.models import Decision
from articles.moderation.services import decide
from articles.services import publishing
from articles.services.drafts import content_of
from articles.services.images import store_image
from articles.services.revisions import ArticleContent
from demo.activity import add_votes_and_views
from demo.content import ArticleSource, published_with_ages, read_articles
from demo.users import MODERATOR
from spokesperson.operations.progress import Progress

State = Article.State
Verdict = Decision.Verdict
# How long a text waits for its moderator.
REVIEW_TIME = timedelta(minutes=50)
HIDDEN_AFTER = timedelta(days=2)


def write_articles(*, progress: Progress) -> None:
    """Write the articles that do not exist yet, oldest first, each in one transaction with all that belongs to it."""
    now = timezone.now()
    sources = read_articles()
    planned = [(source, now - age) for source, age in published_with_ages(sources)]
    planned += [
        (source, now - timedelta(hours=source.age_hours)) for source in sources if source.state != State.PUBLISHED
    ]
    existing = set(Article.objects.values_list("form_key", flat=True))
    for number, (source, moment) in enumerate(planned, start=1):
        if source.form_key not in existing:
            with transaction.atomic():
                _write(source, moment)
        progress.status(f"  article {number} of {len(planned)}: {source.title}")
    progress.line(f"  {len(planned)} articles with images, votes and views")


def _write(source: ArticleSource, moment: datetime) -> None:
    """Write one article that has been in its state since `moment`."""
    author = User.objects.get(username=source.author)
    article = publishing.start_draft(author=author, text=_content(source, author), form_key=source.form_key)
    if source.state == State.DRAFT:
        return
    article = publishing.submit(article=article)
    decide_on_it = partial(
        decide,
        revision=Revision.objects.get(latest_for=article),
        moderator=User.objects.get(username=MODERATOR.username),
    )
    if source.state == State.RETURNED:
        decide_on_it(verdict=Verdict.RETURN, rule=source.rule, reason=source.reason)
    elif source.state != State.IN_REVIEW and article.state == State.IN_REVIEW:  # An author who is not trusted yet.
        decide_on_it(verdict=Verdict.PUBLISH)
    article.refresh_from_db()
    _backdate(article, moment)
    if article.state == State.PUBLISHED:
        article.refresh_from_db()
        add_votes_and_views(article=article, published_at=moment, rng=source.random())
    if source.state == State.HIDDEN:
        decide_on_it(verdict=Verdict.HIDE, rule=source.rule, reason=source.reason)
        hidden_at = moment + HIDDEN_AFTER
        Article.objects.filter(pk=article.pk).update(state_since=hidden_at)
        Decision.objects.filter(revision__article=article, verdict=Verdict.HIDE).update(decided_at=hidden_at)
    if source.pending_edit:
        _submit_edit(article, source.pending_edit)


def _content(source: ArticleSource, author: User) -> ArticleContent:
    return ArticleContent(
        title=source.title,
        section=Section.objects.get(slug=source.section),
        language=source.language,
        summary=source.summary,
        body=source.body,
        tag_names=source.tags,
        image=store_image(owner=author, pixels=PILImage.open(source.image_path)),
        caption=source.caption,
        alternative_text=source.alt,
        credit=source.credit,
        **NOTHING_TO_DISCLOSE,
    )


def _backdate(article: Article, moment: datetime) -> None:
    """Set all times of an article as if it had entered its state at `moment`."""
    written = moment - REVIEW_TIME - timedelta(days=1)
    submitted = moment if article.state == State.IN_REVIEW else moment - REVIEW_TIME
    Article.objects.filter(pk=article.pk).update(created_at=written, state_since=moment)
    Revision.objects.filter(article=article).update(created_at=written, updated_at=submitted, submitted_at=submitted)
    Decision.objects.filter(revision__article=article).update(decided_at=moment)
    if article.state == State.PUBLISHED:
        Article.objects.filter(pk=article.pk).update(published_at=moment, hot=hot(0, 0, moment))
        ArticleTag.objects.filter(article=article).update(published_at=moment)


def _submit_edit(article: Article, addition: str) -> None:
    """Submit a change to a published article, which waits for a moderator while the old text stays public."""
    live = Revision.objects.get(live_for=article)
    text = replace(content_of(live), body=f"{live.body}\n{addition}")
    publishing.save_draft(article=article, text=text)
    publishing.submit(article=article)
