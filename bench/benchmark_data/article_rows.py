"""The rows of an article: its revisions, decisions, tags, votes and views.

Each story leaves the rows that the services of publishing and moderation would leave.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from articles.models.ranking import hot
from bench.benchmark_data.plan import LANGUAGES, NEVER_PUBLISHED, Story, shares
from bench.benchmark_data.times import Times

if TYPE_CHECKING:
    from bench.benchmark_data.rows import RowFactory, Rows

NULL = r"\N"
_STATES = {
    Story.DRAFT: "draft",
    Story.IN_REVIEW: "in_review",
    Story.RETURNED: "returned",
    Story.HIDDEN: "hidden",
}
# The state of the first text; all others are published.
_FIRST = {
    Story.DRAFT: "draft",
    Story.IN_REVIEW: "in_review",
    Story.RETURNED: "returned",
    Story.PUBLISHED_AFTER_RETURN: "returned",
}
# The state of the second text, where there is one.
_SECOND = {
    Story.PUBLISHED_AFTER_RETURN: "published",
    Story.EDITED: "published",
    Story.CORRECTED: "published",
    Story.CHANGE_IN_REVIEW: "in_review",
    Story.OPEN_DRAFT: "draft",
}
# Reasons and rules of decisions.
_REASONS = (
    ("Please say where the figures come from.", "sources"),
    ("The second half repeats the first. Shorten it, then send it again.", "language"),
    ("This names a private person without need.", "privacy"),
    ("The image belongs to another person.", "image"),
    ("Half of this text is an advertisement.", "advertising"),
    ("Copied from another site; write it in your own words.", "copy"),
)
_REFUSALS = {"return", "hide", "correct"}
# What share of an article's voters like it; on average eight like for one who does not.
_APPROVAL = (0.66, 0.82, 0.9, 0.94, 0.96, 0.97, 0.98)
# Weights of the days since publication: most views are on the first day.
FADING = [0.55**day + 0.02 / (day + 1) ** 1.3 for day in range(1100)]
# Up to this number, a day is drawn for each view.
_MAX_VIEWS_ONE_BY_ONE = 40


@dataclass(frozen=True, kw_only=True)
class ArticleSpec:
    """The properties of an article, before its rows are written."""

    index: int
    story: Story
    times: Times
    language: int
    section: int
    tags: list[int]


class Block:
    """The rows of consecutive articles."""

    def __init__(self, factory: RowFactory, rng: random.Random) -> None:
        self.factory = factory
        self.plan = factory.plan
        self.today = factory.plan.today.toordinal()
        self.rng = rng
        self.rows: Rows = defaultdict(list)
        self.before: datetime | None = None

    def add(self, index: int) -> None:
        """Write all rows of one article."""
        rng, factory = self.rng, self.factory
        story = Story(self.plan.stories[index])
        language = self.plan.language_of(self.plan.authors[index])
        tags = rng.choices(
            factory.tags_of[language],
            cum_weights=factory.tag_weights[language],
            k=rng.choice((1, 1, 2, 2, 3, 4, 5)),
        )
        spec = ArticleSpec(
            index=index,
            story=story,
            times=self._times(index, story),
            language=language,
            section=rng.choices(self.plan.section_ids, cum_weights=factory.section_weights)[0],
            tags=list(dict.fromkeys(tags)),
        )
        self._texts(spec)
        self._decisions(spec)
        self._article(spec)

    def _times(self, index: int, story: Story) -> Times:
        # Some articles are published in the same instant.
        beside = self.before if story is Story.PUBLISHED and self.rng.random() < 0.02 else None
        times = Times(
            self.plan.started_at(index).replace(tzinfo=None),
            self.factory.now,
            self.rng,
            story=story,
            # A new author's first three are reviewed.
            is_reviewed=self.plan.nth[index] <= 3 or story is Story.PUBLISHED_AFTER_RETURN,
            beside=beside,
        )
        self.before = times.published_by(story)
        return times

    def _article(self, spec: ArticleSpec) -> None:
        index, story, times = spec.index, spec.story, spec.times
        author = self.plan.authors[index]
        latest = self._number_of(spec, 2 if story in _SECOND else 1)
        live = published_at = NULL
        likes = dislikes = 0
        score = 0.0
        if story not in NEVER_PUBLISHED:
            live = str(latest if _SECOND.get(story, "published") == "published" else self._number_of(spec, 1))
            published_at = str(times.published)
            likes, dislikes = self._votes(index, author, times.published)
            score = hot(likes, dislikes, times.published.replace(tzinfo=UTC))
            self._views(index, times.published)
            if story is not Story.HIDDEN:
                self.rows["articles_articletag"] += [f"{index + 1}\t{tag}\t{published_at}" for tag in spec.tags]
        self.rows["articles_article"].append(
            f"{index + 1}\t{author + 1}\t{_STATES.get(story, 'published')}\t{times.state_since}\t{live}\t{latest}"
            f"\t{spec.section}\t{LANGUAGES[spec.language]}\t{published_at}\t{self.rng.getrandbits(128):032x}"
            f"\t{times.started_at}\t{likes}\t{dislikes}\t{self.plan.views[index]}\t{score!r}"
        )

    def _number_of(self, spec: ArticleSpec, text: int) -> int:
        """The primary key of an article's first or second text."""
        return spec.index + 1 + (text - 1) * self.plan.sizes.articles

    def _texts(self, spec: ArticleSpec) -> None:
        rng, story, times = self.rng, spec.story, spec.times
        title, summary, body = self.factory.prose[spec.language].article(rng)
        names = ", ".join(f'"{self.factory.tag_names[tag - 1]}"' for tag in spec.tags)
        image = f"{NULL}\t\t\t"
        if self.plan.image_ids and rng.random() < 0.4:
            which = rng.choice(self.plan.image_ids)
            image = f"{which}\t{title[:60]}\tA drawing, the same under many articles\tDrawn by the computer"
        same = f"{title}\t{spec.section}\t{LANGUAGES[spec.language]}\t{summary}"

        def write(number: int, state: str, body: str, started_at: datetime, submitted: datetime) -> None:
            self.rows["articles_revision"].append(
                f"{self._number_of(spec, number)}\t{spec.index + 1}\t{number}\t{state}\t{same}\t{body}\t[{names}]"
                f"\t{image}\t{started_at}\t{submitted}\t{NULL if state == 'draft' else submitted}"
            )

        write(1, _FIRST.get(story, "published"), body, times.started_at, times.submitted)
        if second := _SECOND.get(story):
            # A moderator's correction is live at once.
            submitted = times.second_decided if story is Story.CORRECTED else times.second_submitted
            more = f"<p>{self.factory.prose[spec.language].paragraph(rng)}</p>"
            write(2, second, body + more, times.second_begun, submitted)

    def _decisions(self, spec: ArticleSpec) -> None:
        story, times = spec.story, spec.times
        first = _FIRST.get(story, "published")
        if first == "returned":
            self._decide(spec, 1, "return", times.decided)
        elif first == "published" and times.is_reviewed:
            self._decide(spec, 1, "publish", times.published)
        elif story is Story.PUBLISHED and self.rng.random() < 0.05:
            self._decide(spec, 1, "keep", times.second_submitted)
        if story in {Story.HIDDEN, Story.RESTORED}:
            self._decide(spec, 1, "hide", times.second_submitted)
        if story is Story.RESTORED:
            self._decide(spec, 1, "restore", times.second_decided)
        elif story is Story.CORRECTED:
            self._decide(spec, 2, "correct", times.second_decided)
        elif story is Story.PUBLISHED_AFTER_RETURN or (story is Story.EDITED and times.is_reviewed):
            self._decide(spec, 2, "publish", times.second_decided)

    def _decide(self, spec: ArticleSpec, text: int, verdict: str, when: datetime) -> None:
        sizes = self.plan.sizes
        moderator = sizes.members + 1 + self.rng.randrange(sizes.moderators)
        reason, rule = self.rng.choice(_REASONS) if verdict in _REFUSALS else ("", "")
        self.rows["moderation_decision"].append(
            f"{self._number_of(spec, text)}\t{moderator}\t{verdict}\t{rule}\t{reason}\t{when}"
        )

    def _votes(self, index: int, author: int, published: datetime) -> tuple[int, int]:
        """Write the votes on an article; return likes and dislikes."""
        rng, factory, count = self.rng, self.factory, self.plan.votes[index]
        # Each user votes once, and the author never.
        seen = dict.fromkeys([author + 1])
        if count * 20 > len(factory.voters):
            seen.update(dict.fromkeys(rng.sample(factory.voters, count + 1)))
        while len(seen) <= count:
            seen.update(dict.fromkeys(rng.choices(factory.voters, cum_weights=factory.voter_weights, k=count)))
        approval = rng.choice(_APPROVAL)
        span = (factory.now - published).total_seconds()
        lines = self.rows["voting_vote"]
        likes = 0
        for voter in list(seen)[1 : count + 1]:
            value = 1 if rng.random() < approval else -1
            likes += value > 0
            when = published + timedelta(seconds=int(span * rng.random() ** 6))
            lines.append(f"{index + 1}\t{voter}\t{value}\t{when}\t{when}")
        return likes, count - likes

    def _views(self, index: int, published: datetime) -> None:
        """Write an article's daily statistics, and for today and yesterday the counted rows."""
        factory, total = self.factory, self.plan.views[index]
        first_day = published.replace(tzinfo=UTC).astimezone(factory.zone).toordinal()
        age = max(0, self.today - first_day)
        if total <= _MAX_VIEWS_ONE_BY_ONE:
            fallen = self.rng.choices(factory.offsets, k=total)
            by_day = dict(Counter(day if day <= age else day % (age + 1) for day in fallen))
        else:
            by_day = {day: views for day, views in enumerate(shares(total, FADING[: age + 1])) if views}
        lines = self.rows["readership_dailystats"]
        for day, views in by_day.items():
            reads, by_author, bots = views * 2 // 5, int(day == 0), views // 6
            when = date.fromordinal(first_day + day).isoformat()
            lines.append(f"{index + 1}\t{when}\t{views}\t{reads}\t{by_author}\t0\t{bots}\t0")
            if self.today - first_day - day <= 1:
                kinds = ["counted"] * views + ["author"] * by_author + ["bot"] * bots
                visits = [f"{index + 1}\t{when}\t{self._visitor()}\t{kind}" for kind in kinds]
                self.rows["readership_pageview"] += visits
                self.rows["readership_pageread"] += visits[:reads]

    def _visitor(self) -> str:
        digest = f"{self.rng.getrandbits(128):032x}"
        return f"{digest}\t{digest[::-1]}"
