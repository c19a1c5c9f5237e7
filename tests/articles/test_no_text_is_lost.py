"""Random actions of two windows of an author and of a moderator: no text that was saved is lost."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

import time_machine
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from articles.models import Article, Checkpoint, Revision
from articles.selectors import own_article
from articles.services import drafts, publishing, schedule
from articles.services.revisions import ArticleContent, PageState
from core import events
from core.exceptions import ActionNotAllowed
from tests import factories


class Window:
    """What a page of the article knows."""

    def __init__(self, version: int) -> None:
        self.version = version
        self.unanswered: list[uuid.UUID] = []


class World:
    """An article, two windows in which its author edits it, and everything that users can try."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - a test that repeats itself
        self.section = factories.SectionFactory.create()
        self.article = factories.draft(section=self.section, title="Text 0")
        if self.chance.random() < 0.5:  # Otherwise few walks come that far.
            publishing.submit(article=self.article)
            publishing.publish(article=self.article, revision_number=1, at=timezone.now() + timedelta(hours=1))
        self.count = 0
        self.windows = [Window(1), Window(1)]
        # What each version was, and the versions that a window replaced which knew them.
        self.texts: dict[int, str] = {}
        # Whether other apps were told that the article is published.
        self.told = False
        self.written_over: set[int] = set()

    def be_told(self, article: Article, **kwargs: object) -> None:
        assert Article.objects.get(pk=article.pk).is_public
        self.told = True

    @property
    def latest(self) -> Revision:
        return Revision.objects.get(latest_for=self.article)

    def text(self) -> ArticleContent:
        self.count += 1
        # Some cannot be submitted, and some have been there before.
        number = self.chance.choice([self.count] * 4 + [self.chance.randrange(self.count)])
        section = self.chance.choice([self.section, self.section, None])
        at = self.chance.choice([None, self.soon()])
        return factories.text(title=f"Text {number}", section=section, publish_at=at)

    def soon(self) -> datetime:
        return timezone.now() + timedelta(seconds=self.chance.choice([-60, 600, 6000]))

    def autosave(self) -> None:
        self._save(lambda page: drafts.autosave(article=self._read(), text=self.text(), page=page).version)

    def save(self) -> None:
        def action(page: PageState) -> int:
            saved = publishing.save_draft(article=self.article, text=self.text(), page=page)
            assert saved.latest
            return saved.latest.version

        self._save(action)

    def _read(self) -> Article:
        return own_article(self.article.author, self.article.pk, or_in_trash=True)

    def _save(self, action: Callable[[PageState], int]) -> None:
        window, before, key = self.chance.choice(self.windows), self.latest, uuid.uuid4()
        is_known = before.version == window.version or before.save_key in window.unanswered
        version = action(PageState(version=window.version, save_key=key, unanswered=window.unanswered))
        if version != before.version:
            assert is_known, "a window replaced a text that it does not know"
            self.written_over.add(before.version)
        if self.chance.random() < 0.2:
            window.unanswered.append(key)  # The answer is lost.
        else:
            window.version, window.unanswered = version, []

    def open_again(self) -> None:
        window = self.chance.choice(self.windows)
        window.version, window.unanswered = self.latest.version, []

    def keep_mine(self) -> None:
        """The author has seen the other text, and replaces it."""
        page = PageState(version=self.latest.version)
        publishing.save_draft(article=self.article, text=self.text(), page=page, with_checkpoint=True)

    def restore_version(self) -> None:
        drafts.restore_version(article=self.article, version=self.chance.choice(list(self.texts)))

    def discard_edit(self) -> None:
        live = Revision.objects.filter(live_for=self.article).first()
        drafts.discard_edit(article=self.article)
        assert live
        self.written_over.add(live.version)  # Its text has another number now.

    def correct(self) -> None:
        publishing.correct(article=self.article, text=factories.text(title=f"Correction {self.count}"))

    def act(self) -> None:
        article, number = self.article, self.latest.number
        actions: list[Callable[[], object]] = [
            *[self.autosave] * 8,
            *[self.save] * 2,
            *[self.open_again] * 2,
            self.keep_mine,
            self.restore_version,
            self.correct,
            *[self.discard_edit] * 2,
            *[lambda: publishing.submit(article=article)] * 5,
            lambda: publishing.withdraw(article=article),
            lambda: publishing.publish(article=article, revision_number=number),
            *[lambda: publishing.publish(article=article, revision_number=number, at=self.soon())] * 2,
            lambda: publishing.return_to_author(article=article, revision_number=number),
            lambda: publishing.hide(article=article),
            lambda: publishing.restore(article=article),
            lambda: publishing.discard(article=article),
            lambda: drafts.restore_from_trash(article=article),
        ]
        if Article.objects.scheduled().exists() and self.chance.random() < 0.2:
            actions = [
                lambda: schedule.reschedule(article=article, at=self.soon()),
                lambda: schedule.reschedule_as_moderator(article=article, at=self.chance.choice([None, self.soon()])),
                lambda: schedule.cancel(article=article),
                lambda: schedule.return_to_review(article=article),
            ]
        elif self.chance.random() < 0.05:
            actions = [schedule.announce_due]
        self.chance.choice(actions)()

    def check(self) -> None:
        """Check the invariants after an action."""
        article = Article.objects.select_related("live", "latest").get(pk=self.article.pk)
        latest = article.latest
        assert latest
        assert (article.live is not None) == (article.state in {"published", "hidden"})
        if article.live:
            assert article.live.state == "published"
            assert article.published_at
            # Readers see it from its time on, and other apps are told of it then, once.
            assert Article.objects.published().exists() == article.is_public
            assert article.is_public == (article.state == "published" and article.published_at <= timezone.now())
            assert set(article.article_tags.values_list("published_at", flat=True)) <= {article.published_at}
            assert article.is_unannounced or not article.is_scheduled
        assert self.told == (article.published_at is not None and not article.is_unannounced)
        assert article.revisions.filter(state__in=["draft", "in_review"]).count() <= 1
        stored = {row.version: row.title for kind in (Revision, Checkpoint) for row in kind.objects.all()}
        assert max(stored) == latest.version
        assert len(stored) == Revision.objects.count() + Checkpoint.objects.count()
        if self.texts:
            assert latest.version >= max(self.texts)
        assert self.texts.setdefault(latest.version, latest.title) == latest.title
        for version, title in stored.items():
            assert self.texts.setdefault(version, title) == title
        lost = self.texts.keys() - stored.keys()
        assert lost <= self.written_over, "a text was lost that was not replaced knowingly"


class RandomWalkTest(TestCase):
    """A case of the library, which rolls back after each example."""

    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(st.integers(0, 2**32))
    def test_no_text_is_lost(self, seed: int) -> None:
        with time_machine.travel(timezone.now(), tick=False) as clock:
            world = World(seed)
            events.article_published.connect(world.be_told)  # A weak reference: it ends with the world.
            world.check()
            for _ in range(60):
                with suppress(ActionNotAllowed):
                    world.act()
                world.check()
                clock.shift(timedelta(seconds=world.chance.choice([3, 3, 60, 700])))
