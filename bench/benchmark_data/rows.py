"""The rows of a plan as lines in the text format of COPY, in blocks that any process can generate.

Each block has its own random generator: the same seed gives the same rows, however many processes work. A test
compares `COLUMNS` with the models.
"""

from __future__ import annotations

import random
from itertools import accumulate
from zoneinfo import ZoneInfo

from articles.models.slugs import slug_of
from bench.benchmark_data.article_rows import FADING, NULL, Block
from bench.benchmark_data.plan import LANGUAGES, Plan, shares, zipf
from bench.benchmark_data.prose import Prose
from bench.benchmark_data.words import Language

BLOCK = 2000
_COLUMNS = {
    "accounts_user": (
        "id password last_login is_superuser username email is_staff is_active date_joined display_name biography "
        "avatar_key preferred_language allows_promotion_by_others suspended_until"
    ),
    "account_emailaddress": "user_id email verified primary",
    "articles_tag": "id slug name",
    "articles_article": (
        "id author_id state state_since live_id latest_id section_id language published_at form_key created_at likes "
        "dislikes views hot"
    ),
    "articles_revision": (
        "id article_id number state title section_id language summary body tag_names image_id caption "
        "alternative_text credit created_at updated_at submitted_at"
    ),
    "articles_articletag": "article_id tag_id published_at",
    "moderation_decision": "revision_id moderator_id verdict rule reason decided_at",
    "voting_vote": "article_id voter_id value created_at updated_at",
    "readership_dailystats": "article_id day views reads by_author by_staff by_bots over_rate",
    "readership_pageview": "article_id day visitor source kind",
    "readership_pageread": "article_id day visitor source kind",
}
COLUMNS = {table: tuple(columns.split()) for table, columns in _COLUMNS.items()}
Rows = dict[str, list[str]]


class RowFactory:
    """Generates the rows of a plan."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        sizes = plan.sizes
        self.languages = [Language(code, seed=sizes.seed, sentences=sizes.sentences) for code in LANGUAGES]
        self.prose = [Prose(language) for language in self.languages]
        self.zone = ZoneInfo(plan.time_zone)
        self.now = plan.now.replace(tzinfo=None)
        self._make_tags()
        rng = random.Random(f"voters {sizes.seed}")
        self.voters = list(range(1, sizes.members + 1))
        rng.shuffle(self.voters)
        self.voter_weights = list(accumulate(zipf(sizes.members, shift=sizes.members / 50)))
        self.section_weights = list(accumulate(zipf(len(plan.section_ids), shift=2)))
        self.offsets = rng.choices(range(len(FADING)), weights=FADING, k=16_384)

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
        """Generate all tags."""
        lines = [f"{number}\t{slug_of(name)}\t{name}" for number, name in enumerate(self.tag_names, start=1)]
        return {"articles_tag": lines}

    def users(self, first: int, last: int) -> Rows:
        """Generate the users from index `first` to before `last`, and their confirmed email addresses."""
        rng = random.Random(f"users {self.plan.sizes.seed} {first}")
        users, addresses = [], []
        for place in range(first, last):
            language = self.plan.language_of(place)
            username = f"{self.languages[0].name(rng).lower()}{place + 1}"
            email = f"{username}@example.org"
            name = f"{self.languages[language].name(rng)} {self.languages[language].name(rng)}"
            biography = self.prose[language].paragraph(rng) if rng.random() < 0.1 else ""
            is_moderator = int(place >= self.plan.sizes.members)
            joined = self.plan.joined(place).replace(tzinfo=None)
            # Unusable, as Django marks it.
            password = f"!{rng.getrandbits(160):040x}"
            users.append(
                f"{place + 1}\t{password}\t{NULL}\t0\t{username}\t{email}\t{is_moderator}\t1\t{joined}\t{name}"
                f"\t{biography}\t\t{LANGUAGES[language]}\t1\t{NULL}"
            )
            addresses.append(f"{place + 1}\t{email}\t1\t1")
        return {"accounts_user": users, "account_emailaddress": addresses}

    def articles(self, first: int, last: int) -> Rows:
        """Generate the articles from index `first` to before `last`, with all their rows."""
        block = Block(self, random.Random(f"articles {self.plan.sizes.seed} {first}"))
        for index in range(first, last):
            block.add(index)
        return block.rows
