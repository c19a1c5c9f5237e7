"""Writes the demonstration's articles through the product's own verbs, then gives them a past."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from io import BytesIO

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from articles.models import Article, ArticleTag, Revision, Section
from articles.models.ranking import hot
from articles.moderation.models import Decision
from articles.moderation.services import decide
from articles.readership.models import ArticleHit, DailyStats, PageRead, PageView
from articles.readership.visitors import today
from articles.services import publishing
from articles.services.images import store_image
from articles.voting.services import cast_vote
from spokesperson.demo import numbers, pictures
from spokesperson.demo.people import MODERATOR
from spokesperson.demo.progress import Say
from spokesperson.demo.texts import Text, every_text, published_with_ages

Verdict = Decision.Verdict
# How long a text waited for its moderator.
WAITED = timedelta(minutes=50)
AHEAD = 4


def write_all(*, say: Say) -> None:
    """Write what is not there yet, oldest first, each article in one transaction with all that belongs to it."""
    now = timezone.now()
    texts = every_text()
    planned = [(text, now - age) for text, age in published_with_ages(texts)]
    planned += [
        (text, now - timedelta(hours=text.age_hours)) for text in texts if text.state != Article.State.PUBLISHED
    ]
    there = set(Article.objects.values_list("form_key", flat=True))
    missing = [(text, moment) for text, moment in planned if text.form_key not in there]
    for done, (text, moment, picture) in enumerate(_with_pictures(missing), start=1):
        with transaction.atomic():
            _write(text, moment, picture)
        say(f"  article {len(planned) - len(missing) + done} of {len(planned)}: {text.title}", stays=False)
    say(f"  {len(planned)} articles, with their pictures, votes and views")


def _with_pictures(planned: list[tuple[Text, datetime]]) -> Iterator[tuple[Text, datetime, bytes]]:
    """Each text with its picture as a camera would have saved it. A few are drawn ahead, on another core."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        drawing: list[Future[bytes]] = []
        try:
            for index, (text, moment) in enumerate(planned):
                for ahead, _ in planned[index + len(drawing) : index + AHEAD]:
                    drawing.append(pool.submit(_draw, ahead))
                yield text, moment, drawing.pop(0).result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _draw(text: Text) -> bytes:
    stream = BytesIO()
    pictures.draw(text.picture, text.luck.randrange(1000)).save(stream, "JPEG", quality=93)
    return stream.getvalue()


def _write(text: Text, moment: datetime, jpeg: bytes) -> None:
    author = User.objects.get(username=text.author)
    moderator = User.objects.get(username=MODERATOR.username)
    article = publishing.start_draft(author=author, text=_as_typed(text, author, jpeg), form_key=text.form_key)
    if text.state == Article.State.DRAFT:
        return
    article = publishing.submit(article=article)
    decided = partial(decide, moderator=moderator)
    if text.state == Article.State.RETURNED:
        decided(revision=_latest(article), verdict=Verdict.RETURN, rule=text.rule, reason=text.reason)
    elif text.state in {Article.State.PUBLISHED, Article.State.HIDDEN} and article.state == Article.State.IN_REVIEW:
        decided(revision=_latest(article), verdict=Verdict.PUBLISH)
    article.refresh_from_db()
    _move_into_the_past(article, moment)
    article.refresh_from_db()
    if article.published_at is not None:
        _read_and_rate(article, text, article.published_at)
    if text.state == Article.State.HIDDEN:
        decided(revision=_latest(article), verdict=Verdict.HIDE, rule=text.rule, reason=text.reason)
        Article.objects.filter(pk=article.pk).update(state_since=moment + timedelta(days=2))
        Decision.objects.filter(revision__article=article, verdict=Verdict.HIDE).update(
            decided_at=moment + timedelta(days=2), mailed_at=moment + timedelta(days=2)
        )
    if text.state == Article.State.PUBLISHED and text.open_edit:
        _begin_an_edit(article, text)


def _as_typed(text: Text, author: User, jpeg: bytes) -> publishing.ArticleContent:
    return publishing.ArticleContent(
        title=text.title,
        section=Section.objects.get(slug=text.section),
        language=text.language,
        summary=text.summary,
        body=text.body,
        tag_names=text.tags,
        image=store_image(owner=author, file=SimpleUploadedFile(f"{text.picture}.jpg", jpeg, "image/jpeg")),
        caption=text.caption,
        alternative_text=text.alt,
        credit=text.credit,
    )


def _latest(article: Article) -> Revision:
    return Revision.objects.get(latest_for=article)


def _move_into_the_past(article: Article, moment: datetime) -> None:
    """Let everything that has just happened to the article have happened then; nobody gets a letter about it now."""
    written = moment - WAITED - timedelta(days=1)
    # What waits has been waiting since `moment`; what was decided on was decided on then.
    submitted = moment if article.state == Article.State.IN_REVIEW else moment - WAITED
    Article.objects.filter(pk=article.pk).update(created_at=written, state_since=moment)
    Revision.objects.filter(article=article).update(created_at=written, updated_at=submitted, submitted_at=submitted)
    Decision.objects.filter(revision__article=article).update(decided_at=moment, mailed_at=moment)
    if article.state == Article.State.PUBLISHED:
        Article.objects.filter(pk=article.pk).update(published_at=moment, hot=hot(0, 0, moment))
        ArticleTag.objects.filter(article=article).update(published_at=moment)


def _read_and_rate(article: Article, text: Text, published_at: datetime) -> None:
    dice, age = text.luck, timezone.now() - published_at
    votes = numbers.votes(dice, author=text.author, age=age)
    voters = {voter.username: voter for voter in User.objects.filter(username__in=votes)}
    for username, value in votes.items():
        cast_vote(article=article, user=voters[username], value=value)
    first, last = timezone.localdate(published_at), today()
    views = numbers.daily_views(dice, age=age, days=(last - first).days + 1, at_least=4 * len(votes) + 9)
    share_of_reads = dice.uniform(0.25, 0.6)
    days = [
        DailyStats(
            article=article,
            day=first + timedelta(days=index),
            views=count,
            reads=round(count * share_of_reads),
            by_author=1 if index == 0 else 0,
            by_staff=1 if index < 2 else 0,
            by_bots=round(count * dice.uniform(0.1, 0.4)),
        )
        for index, count in enumerate(views)
        if count
    ]
    DailyStats.objects.bulk_create(days)
    Article.objects.filter(pk=article.pk).update(views=sum(one.views for one in days))
    # The rows of the last two days would still be there, so they are: recount compares them with the statistics.
    for one in days:
        if one.day < last - timedelta(days=1):
            continue
        kinds = {ArticleHit.Kind.AUTHOR: one.by_author, ArticleHit.Kind.STAFF: one.by_staff, ArticleHit.Kind.BOT: one.by_bots}
        PageView.objects.bulk_create(_rows_of(PageView, one, {ArticleHit.Kind.COUNTED: one.views, **kinds}, dice))
        PageRead.objects.bulk_create(_rows_of(PageRead, one, {ArticleHit.Kind.COUNTED: one.reads}, dice))


def _rows_of[Row: ArticleHit](
    row: type[Row], stats: DailyStats, kinds: dict[ArticleHit.Kind, int], dice: random.Random
) -> Iterator[Row]:
    """What the beacon would have written on that day, so many of each kind. The digests stand for nobody."""
    for kind, count in kinds.items():
        for _ in range(count):
            yield row(
                article=stats.article, day=stats.day, visitor=dice.randbytes(16), source=dice.randbytes(16), kind=kind
            )


def _begin_an_edit(article: Article, text: Text) -> None:
    """A change to what is published already: it waits for a moderator while the old text stays up."""
    live = Revision.objects.get(live_for=article)
    publishing.save_draft(
        article=article,
        text=publishing.ArticleContent(
            title=live.title,
            section=live.section,
            language=live.language,
            summary=live.summary,
            body=f"{live.body}\n{text.open_edit}",
            tag_names=live.tag_names,
            image=live.image,
            caption=live.caption,
            alternative_text=live.alternative_text,
            credit=live.credit,
        ),
    )
    publishing.submit(article=article)
