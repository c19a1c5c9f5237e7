"""What runs where, as a picture: rows are places, bars are promotions. Here is where each stroke goes.

Across, everything is a share of the width, so that one picture fits a telephone and a desk; down, it is pixels.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from articles.models import Section
from articles.promotion.models import Placement, Promotion
from articles.promotion.schedule import start_of

AXIS, HEADING, LANE, GAP = 46, 26, 28, 20
State, Phase = Promotion.State, Promotion.Phase
TOOK_PLACE = (State.APPROVED, State.ENDED, State.REVOKED, State.CANCELLED)


@dataclass(frozen=True)
class Window:
    """The time that the picture shows."""

    since: datetime
    until: datetime

    def at(self, moment: datetime) -> str:
        """Where a moment is, as a share of the width; what is outside stands on the edge."""
        inside = min(max(moment, self.since), self.until)
        return f"{100 * ((inside - self.since) / (self.until - self.since)):.3f}%"

    def across(self, start: datetime, end: datetime) -> str:
        """How wide the visible part of [start, end) is."""
        return self.at(self.since + (min(end, self.until) - max(start, self.since)))

    def shows(self, start: datetime, end: datetime) -> bool:
        """Whether anything of [start, end) is inside."""
        return start < end and start < self.until and end > self.since


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One promotion: from where to where, how it looks, and what it says."""

    promotion: Promotion
    x: str
    width: str
    y: int
    look: str
    text: str
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Band:
    """A time in which a place has no room for one more."""

    x: str
    width: str


@dataclass(frozen=True, kw_only=True)
class Tick:
    """A Monday."""

    x: str
    text: str
    is_second: bool


@dataclass(kw_only=True)
class Row:
    """One place: its name, how full it is now, and what stands there."""

    name: str
    taken: str
    y: int
    height: int = 0
    bars: list[Bar] = field(default_factory=list)
    full: list[Band] = field(default_factory=list)

    @property
    def name_y(self) -> int:
        return self.y + 17

    @property
    def lanes_y(self) -> int:
        return self.y + HEADING

    @property
    def lanes_height(self) -> int:
        return self.height - HEADING

    @property
    def bottom(self) -> int:
        return self.y + self.height


@dataclass(frozen=True, kw_only=True)
class Image:
    """All of it, ready for the template."""

    window: Window
    height: int
    ticks: list[Tick]
    today: str | None
    rows: list[Row]


def draw(*, promotions: Sequence[Promotion], placements: Iterable[Placement], window: Window, now: datetime) -> Image:
    """Lay out the promotions that stood, stand or will stand somewhere in the window.

    Args:
        promotions: with their cards; those that never stood anywhere are left out.
        placements: each gets a row, or a row for each section with promotions, even when nothing stands there.
    """
    rows, y = [], AXIS
    for placement in placements:
        for section, some in _by_section(placement, promotions):
            row = _row(placement, section, some, y=y, window=window, now=now)
            rows.append(row)
            y = row.bottom + GAP
    today = window.at(now) if window.shows(now, now + timedelta(seconds=1)) else None
    return Image(window=window, height=y, ticks=_ticks(window), today=today, rows=rows)


def when_stood(promotion: Promotion) -> tuple[datetime, datetime] | None:
    """From when to when it really stood or will stand; None for one that never did."""
    start, end = promotion.starts_at, promotion.ran_until
    if promotion.state not in TOOK_PLACE or start is None or end is None or start >= end:
        return None
    return start, end


def is_paused(promotion: Promotion, phase: Promotion.Phase) -> bool:
    """Whether it has its time, but readers do not see it: its article was hidden, or its text changed."""
    if phase not in {Phase.RUNNING, Phase.SCHEDULED}:
        return False
    return not promotion.article.is_public or promotion.article.live_id != promotion.approved_revision_id


def when_full(intervals: list[tuple[datetime, datetime]], capacity: int) -> list[tuple[datetime, datetime]]:
    """The stretches of time in which `capacity` or more of the half-open intervals stand side by side."""
    steps = sorted([(start, 1) for start, _end in intervals] + [(end, -1) for _start, end in intervals])
    found: list[tuple[datetime, datetime]] = []
    running, began = 0, None
    for moment, step in steps:  # At one moment, ends (-1) come before beginnings (+1).
        running += step
        if running >= capacity and began is None:
            began = moment
        elif running < capacity and began is not None:
            found.append((began, moment))
            began = None
    return found


def _by_section(
    placement: Placement, promotions: Sequence[Promotion]
) -> Iterable[tuple[Section | None, list[Promotion]]]:
    here = [one for one in promotions if one.placement_id == placement.pk]
    sections = {one.section_id: one.section for one in here if one.section is not None}
    if not placement.is_per_section or not sections:
        return [(None, here)]
    ordered = sorted(sections.values(), key=lambda section: (section.position, section.pk))
    return [(section, [one for one in here if one.section_id == section.pk]) for section in ordered]


def _row(
    placement: Placement, section: Section | None, promotions: list[Promotion], *, y: int, window: Window, now: datetime
) -> Row:
    name = str(placement)
    if section is not None:
        name = f"{name}: {section.name_in(get_language() or 'en')}"
    running = sum(one.phase_at(now) == Phase.RUNNING for one in promotions)
    taken = ""
    if window.since <= now < window.until:
        taken = _("%(running)d of %(capacity)d now") % {"running": running, "capacity": placement.capacity}
    row = Row(name=name, taken=taken, y=y)
    stood = [(times, one) for one in promotions if (times := when_stood(one)) and window.shows(*times)]
    lanes: list[datetime] = []  # The end of each lane's last bar.
    for (start, end), promotion in sorted(stood, key=lambda one: (one[0], one[1].pk)):
        lane = next((number for number, last in enumerate(lanes) if last <= start), len(lanes))
        lanes[lane : lane + 1] = [end]
        row.bars.append(_bar(promotion, start, end, y=y + HEADING + lane * LANE, window=window, now=now))
    row.height = HEADING + max(len(lanes), 1) * LANE
    row.full = [
        Band(x=window.at(start), width=window.across(start, end))
        for start, end in when_full([times for times, _one in stood], placement.capacity)
        if window.shows(start, end)
    ]
    return row


def _bar(promotion: Promotion, start: datetime, end: datetime, *, y: int, window: Window, now: datetime) -> Bar:
    title = promotion.article.live.title if promotion.article.live else f"#{promotion.article_id}"
    phase = promotion.phase_at(now)
    paused = is_paused(promotion, phase)
    words = {
        "title": title,
        "sponsor": promotion.sponsor.name,
        "kind": promotion.get_kind_display(),
        "state": pgettext("state of a promotion", "Paused") if paused else phase.label,
        "start": date_format(timezone.localtime(start), "j F Y"),
        "end": date_format(timezone.localtime(end), "j F Y"),
    }
    return Bar(
        promotion=promotion,
        x=window.at(start),
        width=window.across(start, end),
        y=y,
        look=f"bar--{promotion.kind} bar--{'paused' if paused else phase}",
        text=title,
        sentence=_("%(title)s · %(sponsor)s, %(kind)s · %(state)s, %(start)s – %(end)s") % words,
    )


def _ticks(window: Window) -> list[Tick]:
    day = timezone.localdate(window.since)
    day += timedelta(days=(7 - day.weekday()) % 7)
    found: list[Tick] = []
    while start_of(day) < window.until - timedelta(days=4):  # Its text needs room to stand in.
        text = date_format(day, pgettext("day on the calendar", "j M"))
        found.append(Tick(x=window.at(start_of(day)), text=text, is_second=len(found) % 2 == 1))
        day += timedelta(days=7)
    return found
