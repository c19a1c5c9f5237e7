"""The rows of a plan, as lines in PostgreSQL's text format of COPY, in blocks that any process can make alone.

Every block has dice of its own, so that the same seed gives the same rows however many processes share the work.
Knows nothing of Django: what the columns and their values mean stands in the models (a test compares).
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

from articles.ranking import hot
from articles.slugs import slug_of
from spokesperson.load.plan import LANGUAGES, NEVER_PUBLISHED, Plan, Story, shares, zipf
from spokesperson.load.prose import Prose
from spokesperson.load.words import Language

BLOCK = 2000
COLUMNS: dict[str, tuple[str, ...]] = {
    "accounts_user": tuple(
        "id password last_login is_superuser username email is_staff is_active date_joined display_name biography "
        "avatar_key preferred_language allows_promotion_by_others suspended_until".split()
    ),
    "account_emailaddress": ("user_id", "email", "verified", "primary"),
    "articles_tag": ("id", "slug", "name"),
    "articles_article": tuple(
        "id author_id state state_since live_id latest_id section_id language published_at form_key created_at likes "
        "dislikes views hot".split()
    ),
    "articles_revision": tuple(
        "id article_id number state title section_id language summary body tag_names picture_id caption "
        "alternative_text credit created_at updated_at submitted_at".split()
    ),
    "articles_articletag": ("article_id", "tag_id", "published_at"),
    "moderation_decision": tuple("revision_id moderator_id verdict rule reason decided_at mailed_at".split()),
    "voting_vote": ("article_id", "voter_id", "value", "created_at", "updated_at"),
    "readership_dailystats": tuple("article_id day views reads by_author by_staff by_bots over_rate".split()),
    "readership_view": ("article_id", "day", "visitor", "source", "kind", "rolled_up"),
    "readership_read": ("article_id", "day", "visitor", "source", "kind", "rolled_up"),
}
NULL = r"\N"
Rows = dict[str, list[str]]

_REASONS = (
    "Please say where the figures come from.",
    "The second half repeats the first. Shorten it, then send it again.",
    "This names a private person without need.",
    "The picture belongs to somebody else.",
    "Half of this text is an advertisement.",
    "Copied from another site; write it in your own words.",
)
_RULES = ("sources", "language", "privacy", "picture", "advertising", "copy")
# What share of an article's voters like it; on average eight like for one who does not.
_APPROVAL = (0.66, 0.82, 0.9, 0.94, 0.96, 0.97, 0.98)
# How an article's views spread over its days: many on the first, then ever fewer, for years.
_FADING = [0.55**day + 0.02 / (day + 1) ** 1.3 for day in range(1100)]
_FEW_VIEWS = 40


class Maker:
    """Makes the rows of a plan."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        sizes = plan.sizes
        self.languages = [Language(code, seed=sizes.seed, sentences=sizes.sentences) for code in LANGUAGES]
        self.prose = [Prose(language) for language in self.languages]
        self.zone = ZoneInfo(plan.time_zone)
        self.now = plan.now.replace(tzinfo=None)
        self._make_tags()
        dice = random.Random(f"voters {sizes.seed}")
        self.voters = list(range(1, sizes.members + 1))
        dice.shuffle(self.voters)
        self.voter_weights = list(accumulate(zipf(sizes.members, shift=sizes.members / 50)))
        self.section_weights = list(accumulate(zipf(len(plan.section_ids), shift=2)))
        self.offsets = dice.choices(range(len(_FADING)), weights=_FADING, k=16_384)

    def _make_tags(self) -> None:
        counts = shares(self.plan.sizes.tags, (7, 2, 1))
        self.tag_names: list[str] = []
        self.tags_of: list[range] = []
        slugs: set[str] = set()
        for language, count in zip(self.languages, counts, strict=True):
            names = [name for name in language.subjects(2 * count) if slug_of(name) not in slugs][:count]
            slugs.update(map(slug_of, names))
            self.tags_of.append(range(len(self.tag_names) + 1, len(self.tag_names) + 1 + len(names)))
            self.tag_names += names
        self.tag_weights = [list(accumulate(zipf(len(numbers), shift=3))) for numbers in self.tags_of]

    def tags(self) -> Rows:
        """All tags."""
        lines = [f"{number}\t{slug_of(name)}\t{name}" for number, name in enumerate(self.tag_names, start=1)]
        return {"articles_tag": lines}

    def people(self, first: int, last: int) -> Rows:
        """The people with the places from `first` to before `last`, and their confirmed addresses."""
        dice = random.Random(f"people {self.plan.sizes.seed} {first}")
        people, addresses = [], []
        for place in range(first, last):
            language = self.plan.language_of(place)
            username = f"{self.languages[0].name(dice).lower()}{place + 1}"
            email = f"{username}@example.org"
            name = f"{self.languages[language].name(dice)} {self.languages[language].name(dice)}"
            biography = self.prose[language].paragraph(dice) if dice.random() < 0.1 else ""
            is_moderator = int(place >= self.plan.sizes.members)
            joined = self.plan.joined(place).replace(tzinfo=None)
            # Unusable, as Django marks it: nobody logs in as an invented person.
            password = f"!{dice.getrandbits(160):040x}"
            people.append(
                f"{place + 1}\t{password}\t{NULL}\t0\t{username}\t{email}\t{is_moderator}\t1\t{joined}\t{name}"
                f"\t{biography}\t\t{LANGUAGES[language]}\t1\t{NULL}"
            )
            addresses.append(f"{place + 1}\t{email}\t1\t1")
        return {"accounts_user": people, "account_emailaddress": addresses}

    def articles(self, first: int, last: int) -> Rows:
        """The articles with the places from `first` to before `last`, and everything that belongs to them."""
        block = Block(self, random.Random(f"articles {self.plan.sizes.seed} {first}"))
        for index in range(first, last):
            block.add(index)
        return block.rows


class Block:
    """Some articles in a row and their rows."""

    def __init__(self, maker: Maker, dice: random.Random) -> None:
        self.maker = maker
        self.plan = maker.plan
        self.dice = dice
        self.rows: Rows = defaultdict(list)
        self.before: datetime | None = None

    def add(self, index: int) -> None:
        """Make one article with its revisions, decisions, tags, votes and views."""
        dice, plan, maker = self.dice, self.plan, self.maker
        story = Story(plan.stories[index])
        author = plan.authors[index]
        times = self._times(index, story)
        language = plan.language_of(author)
        section = dice.choices(plan.section_ids, cum_weights=maker.section_weights)[0]
        numbers = maker.tags_of[language]
        tags = list(
            dict.fromkeys(
                dice.choices(numbers, cum_weights=maker.tag_weights[language], k=dice.choice((1, 1, 2, 2, 3, 4, 5)))
            )
        )
        first, latest = index + 1, self._revisions(index, story, times, language, section, tags)
        is_public = story not in NEVER_PUBLISHED
        live = NULL
        likes = dislikes = 0
        published_at, score = NULL, 0.0
        if is_public:
            live = str(latest if story not in {Story.CHANGE_IN_REVIEW, Story.OPEN_DRAFT} else first)
            published_at = str(times.published)
            likes, dislikes = self._votes(index, author, times.published)
            score = hot(likes, dislikes, times.published.replace(tzinfo=UTC))
            self._views(index, times.published)
            if story is not Story.HIDDEN:
                self.rows["articles_articletag"] += [f"{first}\t{tag}\t{published_at}" for tag in tags]
        state = {
            Story.DRAFT: "draft",
            Story.IN_REVIEW: "in_review",
            Story.RETURNED: "returned",
            Story.HIDDEN: "hidden",
        }.get(story, "published")
        self.rows["articles_article"].append(
            f"{first}\t{author + 1}\t{state}\t{times.state_since}\t{live}\t{latest}\t{section}\t{LANGUAGES[language]}"
            f"\t{published_at}\t{dice.getrandbits(128):032x}\t{times.begun}\t{likes}\t{dislikes}\t{plan.views[index]}"
            f"\t{score!r}"
        )

    def _times(self, index: int, story: Story) -> Times:
        begun = self.plan.begun(index).replace(tzinfo=None)
        times = Times(begun, self.maker.now, self.dice)
        reviewed = self.plan.nth[index] <= 3 or story is Story.PUBLISHED_AFTER_RETURN
        times.is_reviewed = reviewed
        times.published = times.decided if reviewed else times.submitted
        if story is Story.PUBLISHED_AFTER_RETURN:
            times.published = times.second_decided
        elif self.before and story is Story.PUBLISHED and self.dice.random() < 0.02:
            # Two articles may be published in the same instant.
            times.begun = min(times.begun, self.before)
            times.submitted = times.published = self.before
            times.is_reviewed = False
        times.state_since = {
            Story.DRAFT: times.begun,
            Story.IN_REVIEW: times.submitted,
            Story.RETURNED: times.decided,
            Story.HIDDEN: times.second_submitted,
            Story.EDITED: times.second_decided,
            Story.CORRECTED: times.second_decided,
            Story.RESTORED: times.second_decided,
        }.get(story, times.published)
        self.before = times.published if story not in NEVER_PUBLISHED else None
        return times

    def _revisions(self, index: int, story: Story, times: Times, language: int, section: int, tags: list[int]) -> int:
        """Write the texts and what was decided on them; the number of the latest text's row."""
        dice, plan = self.dice, self.plan
        title, summary, body = self.maker.prose[language].article(dice)
        names = ", ".join(f'"{self.maker.tag_names[tag - 1]}"' for tag in tags)
        picture = picture_words = NULL
        if plan.picture_ids and dice.random() < 0.4:
            picture = str(dice.choice(plan.picture_ids))
            picture_words = f"{title[:60]}\tA drawing of hills\tDrawn for this page"
        else:
            picture_words = "\t\t"

        def write(number: int, state: str, body: str, begun: datetime, submitted: datetime | None) -> int:
            pk = index + 1 + (number - 1) * plan.sizes.articles
            self.rows["articles_revision"].append(
                f"{pk}\t{index + 1}\t{number}\t{state}\t{title}\t{section}\t{LANGUAGES[language]}\t{summary}\t{body}"
                f"\t[{names}]\t{picture}\t{picture_words}\t{begun}\t{submitted or begun}\t{submitted or NULL}"
            )
            return pk

        state = {
            Story.DRAFT: "draft",
            Story.IN_REVIEW: "in_review",
            Story.RETURNED: "returned",
            Story.PUBLISHED_AFTER_RETURN: "returned",
        }.get(story, "published")
        first = latest = write(1, state, body, times.begun, None if story is Story.DRAFT else times.submitted)
        if state == "returned":
            self._decide(first, "return", times.decided)
        elif state == "published" and times.is_reviewed:
            self._decide(first, "publish", times.published)
        elif state == "published" and story is not Story.HIDDEN and dice.random() < 0.05:
            self._decide(first, "keep", times.second_submitted)
        second = {
            Story.PUBLISHED_AFTER_RETURN: "published",
            Story.EDITED: "published",
            Story.CORRECTED: "published",
            Story.CHANGE_IN_REVIEW: "in_review",
            Story.OPEN_DRAFT: "draft",
        }.get(story)
        if second:
            more = f"{body}<p>{self.maker.prose[language].paragraph(dice)}</p>"
            submitted = None if second == "draft" else times.second_submitted
            if story is Story.CORRECTED:
                submitted = times.second_decided
            latest = write(2, second, more, times.second_begun, submitted)
        match story:
            case Story.PUBLISHED_AFTER_RETURN:
                self._decide(latest, "publish", times.second_decided)
            case Story.EDITED if times.is_reviewed:
                self._decide(latest, "publish", times.second_decided)
            case Story.CORRECTED:
                self._decide(latest, "correct", times.second_decided)
            case Story.HIDDEN:
                self._decide(first, "hide", times.second_submitted)
            case Story.RESTORED:
                self._decide(first, "hide", times.second_submitted)
                self._decide(first, "restore", times.second_decided)
        return latest

    def _decide(self, revision: int, verdict: str, when: datetime) -> None:
        dice, sizes = self.dice, self.plan.sizes
        moderator = sizes.members + 1 + dice.randrange(sizes.moderators)
        rule = reason = ""
        if verdict in {"return", "hide", "correct"}:
            which = dice.randrange(len(_REASONS))
            rule, reason = _RULES[which], _REASONS[which]
        mailed = NULL if verdict == "keep" else str(when)
        self.rows["moderation_decision"].append(
            f"{revision}\t{moderator}\t{verdict}\t{rule}\t{reason}\t{when}\t{mailed}"
        )

    def _votes(self, index: int, author: int, published: datetime) -> tuple[int, int]:
        """Write the votes on an article; how many like it and how many do not."""
        dice, maker, count = self.dice, self.maker, self.plan.votes[index]
        if not count:
            return 0, 0
        # Each once, and never the author.
        seen = dict.fromkeys([author + 1])
        if count * 20 > len(maker.voters):
            seen.update(dict.fromkeys(dice.sample(maker.voters, count + 1)))
        while len(seen) <= count:
            seen.update(dict.fromkeys(dice.choices(maker.voters, cum_weights=maker.voter_weights, k=count)))
        voters = list(seen)[1 : count + 1]
        approval = dice.choice(_APPROVAL)
        span = (maker.now - published).total_seconds()
        lines = self.rows["voting_vote"]
        likes = 0
        for voter in voters:
            value = 1 if dice.random() < approval else -1
            likes += value > 0
            when = published + timedelta(seconds=int(span * dice.random() ** 6))
            lines.append(f"{index + 1}\t{voter}\t{value}\t{when}\t{when}")
        return likes, count - likes

    def _views(self, index: int, published: datetime) -> None:
        """Write an article's days, and for today and yesterday the rows that the days were counted from."""
        dice, maker, total = self.dice, self.maker, self.plan.views[index]
        if not total:
            return
        born = published.replace(tzinfo=UTC).astimezone(maker.zone).toordinal()
        today = self.plan.today.toordinal()
        age = max(0, today - born)
        if total <= _FEW_VIEWS:
            by_day = dict(
                Counter(day if day <= age else day % (age + 1) for day in dice.choices(maker.offsets, k=total))
            )
        else:
            by_day = {day: views for day, views in enumerate(shares(total, _FADING[: age + 1])) if views}
        lines = self.rows["readership_dailystats"]
        for day, views in by_day.items():
            reads, by_author, bots = views * 2 // 5, int(day == 0), views // 6
            when = date.fromordinal(born + day).isoformat()
            lines.append(f"{index + 1}\t{when}\t{views}\t{reads}\t{by_author}\t0\t{bots}\t0")
            if today - born - day <= 1:
                visitors = [f"{dice.getrandbits(128):032x}" for _ in range(views + by_author + bots)]
                kinds = ["counted"] * views + ["author"] * by_author + ["bot"] * bots
                visits = [
                    f"{index + 1}\t{when}\t\\\\x{visitor}\t\\\\x{visitor[::-1]}\t{kind}\t1"
                    for visitor, kind in zip(visitors, kinds, strict=True)
                ]
                self.rows["readership_view"] += visits
                self.rows["readership_read"] += visits[:reads]


class Times:
    """The moments in an article's life, in their order, none after now."""

    def __init__(self, begun: datetime, now: datetime, dice: random.Random) -> None:
        self.begun = begun
        # Each step takes hours or days, and never more than a part of the time that there is.
        left = now - begun
        self.submitted = begun + _step(left, timedelta(hours=8), dice)
        self.decided = self.submitted + _step(left, timedelta(hours=6), dice)
        self.second_begun = self.decided + _step(left, timedelta(days=4), dice)
        self.second_submitted = self.second_begun + _step(left, timedelta(hours=3), dice)
        self.second_decided = self.second_submitted + _step(left, timedelta(hours=6), dice)
        self.published = self.state_since = self.decided
        self.is_reviewed = True


def _step(left: timedelta, usual: timedelta, dice: random.Random) -> timedelta:
    return min(usual * (0.05 + 2 * dice.random() ** 3), left * (0.18 * dice.random()))
