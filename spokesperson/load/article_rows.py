"""An article's rows: its own, its texts, what was decided on them, its tags, votes and views.

What each story writes is what the verbs of `articles.services.publishing` and `articles.moderation.services` would have left.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from articles.models.ranking import hot
from spokesperson.load.plan import LANGUAGES, NEVER_PUBLISHED, Story, shares
from spokesperson.load.times import Times

if TYPE_CHECKING:
    from spokesperson.load.rows import Maker, Rows

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
# Why something was refused, and the rule.
_REASONS = (
    ("Please say where the figures come from.", "sources"),
    ("The second half repeats the first. Shorten it, then send it again.", "language"),
    ("This names a private person without need.", "privacy"),
    ("The picture belongs to somebody else.", "picture"),
    ("Half of this text is an advertisement.", "advertising"),
    ("Copied from another site; write it in your own words.", "copy"),
)
_REFUSALS = {"return", "hide", "correct"}
# What share of an article's voters like it; on average eight like for one who does not.
_APPROVAL = (0.66, 0.82, 0.9, 0.94, 0.96, 0.97, 0.98)
# How an article's views spread over its days: many on the first, then ever fewer, for years.
FADING = [0.55**day + 0.02 / (day + 1) ** 1.3 for day in range(1100)]
# Up to so many, each view falls on a day by itself.
_FEW_VIEWS = 40


@dataclass(frozen=True, kw_only=True)
class About:
    """What an article is, before its rows are written."""

    index: int
    story: Story
    times: Times
    language: int
    section: int
    tags: list[int]


class Block:
    """Some articles in a row and their rows."""

    def __init__(self, maker: Maker, dice: random.Random) -> None:
        self.maker = maker
        self.plan = maker.plan
        self.today = maker.plan.today.toordinal()
        self.dice = dice
        self.rows: Rows = defaultdict(list)
        self.before: datetime | None = None

    def add(self, index: int) -> None:
        """Write all rows of one article."""
        dice, maker = self.dice, self.maker
        story = Story(self.plan.stories[index])
        language = self.plan.language_of(self.plan.authors[index])
        tags = dice.choices(
            maker.tags_of[language],
            cum_weights=maker.tag_weights[language],
            k=dice.choice((1, 1, 2, 2, 3, 4, 5)),
        )
        about = About(
            index=index,
            story=story,
            times=self._times(index, story),
            language=language,
            section=dice.choices(self.plan.section_ids, cum_weights=maker.section_weights)[0],
            tags=list(dict.fromkeys(tags)),
        )
        self._texts(about)
        self._decisions(about)
        self._article(about)

    def _times(self, index: int, story: Story) -> Times:
        # Two articles may be published in the same instant.
        beside = self.before if story is Story.PUBLISHED and self.dice.random() < 0.02 else None
        times = Times(
            self.plan.begun(index).replace(tzinfo=None),
            self.maker.now,
            self.dice,
            story=story,
            # A new author's first three are reviewed.
            is_reviewed=self.plan.nth[index] <= 3 or story is Story.PUBLISHED_AFTER_RETURN,
            beside=beside,
        )
        self.before = times.published_by(story)
        return times

    def _article(self, about: About) -> None:
        index, story, times = about.index, about.story, about.times
        author = self.plan.authors[index]
        latest = self._number_of(about, 2 if story in _SECOND else 1)
        live = published_at = NULL
        likes = dislikes = 0
        score = 0.0
        if story not in NEVER_PUBLISHED:
            live = str(latest if _SECOND.get(story, "published") == "published" else self._number_of(about, 1))
            published_at = str(times.published)
            likes, dislikes = self._votes(index, author, times.published)
            score = hot(likes, dislikes, times.published.replace(tzinfo=UTC))
            self._views(index, times.published)
            if story is not Story.HIDDEN:
                self.rows["articles_articletag"] += [f"{index + 1}\t{tag}\t{published_at}" for tag in about.tags]
        self.rows["articles_article"].append(
            f"{index + 1}\t{author + 1}\t{_STATES.get(story, 'published')}\t{times.state_since}\t{live}\t{latest}"
            f"\t{about.section}\t{LANGUAGES[about.language]}\t{published_at}\t{self.dice.getrandbits(128):032x}"
            f"\t{times.begun}\t{likes}\t{dislikes}\t{self.plan.views[index]}\t{score!r}"
        )

    def _number_of(self, about: About, text: int) -> int:
        """The primary key of an article's first or second text."""
        return about.index + 1 + (text - 1) * self.plan.sizes.articles

    def _texts(self, about: About) -> None:
        dice, story, times = self.dice, about.story, about.times
        title, summary, body = self.maker.prose[about.language].article(dice)
        names = ", ".join(f'"{self.maker.tag_names[tag - 1]}"' for tag in about.tags)
        picture = f"{NULL}\t\t\t"
        if self.plan.picture_ids and dice.random() < 0.4:
            which = dice.choice(self.plan.picture_ids)
            picture = f"{which}\t{title[:60]}\tA drawing, the same under many articles\tDrawn by the computer"
        same = f"{title}\t{about.section}\t{LANGUAGES[about.language]}\t{summary}"

        def write(number: int, state: str, body: str, begun: datetime, submitted: datetime) -> None:
            self.rows["articles_revision"].append(
                f"{self._number_of(about, number)}\t{about.index + 1}\t{number}\t{state}\t{same}\t{body}\t[{names}]"
                f"\t{picture}\t{begun}\t{submitted}\t{NULL if state == 'draft' else submitted}"
            )

        write(1, _FIRST.get(story, "published"), body, times.begun, times.submitted)
        if second := _SECOND.get(story):
            # A moderator's correction is live at once.
            submitted = times.second_decided if story is Story.CORRECTED else times.second_submitted
            more = f"<p>{self.maker.prose[about.language].paragraph(dice)}</p>"
            write(2, second, body + more, times.second_begun, submitted)

    def _decisions(self, about: About) -> None:
        story, times = about.story, about.times
        first = _FIRST.get(story, "published")
        if first == "returned":
            self._decide(about, 1, "return", times.decided)
        elif first == "published" and times.is_reviewed:
            self._decide(about, 1, "publish", times.published)
        elif story is Story.PUBLISHED and self.dice.random() < 0.05:
            self._decide(about, 1, "keep", times.second_submitted)
        if story in {Story.HIDDEN, Story.RESTORED}:
            self._decide(about, 1, "hide", times.second_submitted)
        if story is Story.RESTORED:
            self._decide(about, 1, "restore", times.second_decided)
        elif story is Story.CORRECTED:
            self._decide(about, 2, "correct", times.second_decided)
        elif story is Story.PUBLISHED_AFTER_RETURN or (story is Story.EDITED and times.is_reviewed):
            self._decide(about, 2, "publish", times.second_decided)

    def _decide(self, about: About, text: int, verdict: str, when: datetime) -> None:
        sizes = self.plan.sizes
        moderator = sizes.members + 1 + self.dice.randrange(sizes.moderators)
        reason, rule = self.dice.choice(_REASONS) if verdict in _REFUSALS else ("", "")
        mailed = NULL if verdict == "keep" else str(when)
        self.rows["moderation_decision"].append(
            f"{self._number_of(about, text)}\t{moderator}\t{verdict}\t{rule}\t{reason}\t{when}\t{mailed}"
        )

    def _votes(self, index: int, author: int, published: datetime) -> tuple[int, int]:
        """Write the votes on an article; how many like it and how many do not."""
        dice, maker, count = self.dice, self.maker, self.plan.votes[index]
        # Each votes once, and the author never.
        seen = dict.fromkeys([author + 1])
        if count * 20 > len(maker.voters):
            seen.update(dict.fromkeys(dice.sample(maker.voters, count + 1)))
        while len(seen) <= count:
            seen.update(dict.fromkeys(dice.choices(maker.voters, cum_weights=maker.voter_weights, k=count)))
        approval = dice.choice(_APPROVAL)
        span = (maker.now - published).total_seconds()
        lines = self.rows["voting_vote"]
        likes = 0
        for voter in list(seen)[1 : count + 1]:
            value = 1 if dice.random() < approval else -1
            likes += value > 0
            when = published + timedelta(seconds=int(span * dice.random() ** 6))
            lines.append(f"{index + 1}\t{voter}\t{value}\t{when}\t{when}")
        return likes, count - likes

    def _views(self, index: int, published: datetime) -> None:
        """Write an article's days, and for today and yesterday the rows that the days were counted from."""
        maker, total = self.maker, self.plan.views[index]
        born = published.replace(tzinfo=UTC).astimezone(maker.zone).toordinal()
        age = max(0, self.today - born)
        if total <= _FEW_VIEWS:
            fallen = self.dice.choices(maker.offsets, k=total)
            by_day = dict(Counter(day if day <= age else day % (age + 1) for day in fallen))
        else:
            by_day = {day: views for day, views in enumerate(shares(total, FADING[: age + 1])) if views}
        lines = self.rows["readership_dailystats"]
        for day, views in by_day.items():
            reads, by_author, bots = views * 2 // 5, int(day == 0), views // 6
            when = date.fromordinal(born + day).isoformat()
            lines.append(f"{index + 1}\t{when}\t{views}\t{reads}\t{by_author}\t0\t{bots}\t0")
            if self.today - born - day <= 1:
                kinds = ["counted"] * views + ["author"] * by_author + ["bot"] * bots
                visits = [f"{index + 1}\t{when}\t{self._visitor()}\t{kind}" for kind in kinds]
                self.rows["readership_view"] += visits
                self.rows["readership_read"] += visits[:reads]

    def _visitor(self) -> str:
        digest = f"{self.dice.getrandbits(128):032x}"
        return rf"\\x{digest}" + "\t" + rf"\\x{digest[::-1]}"
