"""Quotation marks, dashes and spaces as a language has them, for a text that was typed on a plain keyboard.

static/js/editor-typography.js reads `RULES` too, so the patterns mean the same in Python and in JavaScript: no classes
such as `\\s` or `\\w`, and lookbehinds of one width. They are applied to a block of text (a paragraph, a heading) in
which code, addresses and footnotes are replaced by `FIXED` and line breaks by a newline.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cache
from html import escape, unescape
from itertools import accumulate
from typing import Any, NamedTuple

FIXED = "\ufffc"
NBSP = "\u00a0"
NARROW = "\u202f"
_ALPHABET = "A-Za-zÀ-ÖØ-öø-ɏА-яЁёԱ-Ֆա-և"
SPACES = f" {NBSP}{NARROW}\n"
_SI = "mm|cm|m|km|mg|g|kg|t|ml|l|ha|W|kW|MW|Hz|kHz|MHz|kB|MB|GB|TB|km/h|min|h|s"
_DASHES = rf"(?<=[^{SPACES}-])[ {NBSP}]?---?[ {NBSP}]?(?=[^{SPACES}-])"

Rule = tuple[str, str]

_FIRST: list[Rule] = [
    ("(?<=[0-9])--(?=[0-9])", "–"),
    (r"(?<!\.)\.\.\.(?!\.)", "…"),
    (f"(?<=[{_ALPHABET}])'(?=[{_ALPHABET}])", "’"),
    ("([№§]) ?(?=[0-9])", f"$1{NBSP}"),
]


def _before_units(units: str) -> Rule:
    return f"(?<=[0-9]) (?=(?:{units})(?![{_ALPHABET}]))", NBSP


def _spaced_dash(dash: str) -> list[Rule]:
    return [
        (_DASHES, f"{NBSP}{dash} "),
        (rf"(?<=[^{SPACES}-])[ {NBSP}][–—-][ {NBSP}](?=[^{SPACES}0-9-])", f"{NBSP}{dash} "),
    ]


_DIALOGUE: Rule = (f"^(?:---?|[–—-])[ {NBSP}](?=[^{SPACES}-])", f"—{NBSP}")

# By language: the rules before and after the quotation marks, and for each mark of the keyboard its pairs: the outer
# one, and the one inside of it.
RULES: dict[str, dict[str, Any]] = {
    "en": {
        "first": [*_FIRST, (_DASHES, "—"), ("'(?=[0-9][0-9]s)", "’")],
        "quotes": {'"': ["“”", "‘’"], "'": ["‘’"]},
        "last": [(f"(?<=[{_ALPHABET}])'", "’"), _before_units(f"{_SI}|%|°C|°F|lb|ft|mph|million|billion")],
    },
    "ru": {
        "first": [*_FIRST, _DIALOGUE, *_spaced_dash("—")],
        "quotes": {'"': ["«»", "„“"]},
        "last": [
            (f"(?<=[ВКСОУИАвксоуиа])(?<![{_ALPHABET}0-9-].) (?=[^{SPACES}–—-])", NBSP),
            _before_units(
                "мм|см|м|км|мг|г|кг|т|мл|л|га|Вт|кВт|МВт|Гц|кГц|МГц|кБ|МБ|ГБ|ТБ|км/ч|мин|ч|с|%|°C|₽|€|руб|коп|тыс|млн|млрд|чел"
            ),
        ],
    },
    "hy": {
        "first": [*_FIRST, _DIALOGUE, *_spaced_dash("—")],
        "quotes": {'"': ["«»", "“”"]},
        "last": [_before_units("մմ|սմ|մ|կմ|մգ|գ|կգ|տ|մլ|լ|հա|Վտ|կՎտ|ՄՎտ|կմ/ժ|ժ|րոպե|վ|%|°C|֏|€|դրամ|հազար|մլն|մլրդ")],
    },
    "fr": {
        "first": [*_FIRST, *_spaced_dash("–")],
        "quotes": {'"': ["«»", "“”"]},
        "last": [
            (f"«[ {NBSP}{NARROW}]?", f"«{NARROW}"),
            (f"[ {NBSP}{NARROW}]?»", f"{NARROW}»"),
            (f"(?<=[^{SPACES};!?«(])[ {NBSP}]?([;!?])", f"{NARROW}$1"),
            (f"(?<=[{_ALPHABET}»)])[ {NARROW}]?:(?= |$)", f"{NBSP}:"),
            _before_units(f"{_SI}|%|°C|€|millions|milliards"),
        ],
    },
    "de": {
        "first": [*_FIRST, *_spaced_dash("–")],
        "quotes": {'"': ["„“", "‚‘"]},
        "last": [_before_units(f"{_SI}|%|°C|€|Uhr|Mio|Mrd")],
    },
}
# What stays as it is.
ADDRESSES = rf'(?:https?://|www\.)[^{SPACES}<>"»”]+'

_PART = re.compile(r'<(?:"[^"]*"|[^">])*>|[^<]+')
_INLINE = re.compile(r"</?(?:a|strong|em|sub|sup|code|foot-note|br)[ >]")
_EMPTY = re.compile(r"<(strong|em|sub|sup)></\1>")
_STARTS_FIXED = re.compile(r"<(pre|figure|code|foot-note)[ >]")
_BEFORE_OPENING = frozenset(f"{SPACES}([{{/—–-«“„‘‚")


class Edit(NamedTuple):
    start: int
    end: int
    text: str


@dataclass
class Piece:
    """A tag or a piece of text. `plain` is what the rules see of it; only text that is not fixed can change."""

    markup: str
    plain: str = ""
    is_fixed: bool = True


def fix_typography(html: str, language: str) -> str:
    """Return sanitised HTML with the typography of a language; in code, addresses and figures nothing changes."""
    rules = RULES.get(language)
    if rules is None:
        return html
    parts: list[str] = []
    block: list[Piece] = []
    fixed_by = ""

    def end_block() -> None:
        _fix_block(block, rules)
        parts.extend(piece.markup if piece.is_fixed else escape(piece.plain, quote=False) for piece in block)
        block.clear()

    for match in _PART.finditer(html):
        part = match[0]
        if not part.startswith("<"):
            text = unescape(part)
            block.append(Piece(part, FIXED) if fixed_by else Piece(part, text, is_fixed=False))
            continue
        if not _INLINE.match(part):
            end_block()
        block.append(Piece(part, "\n" if part == "<br>" else ""))
        if fixed_by:
            fixed_by = "" if part == f"</{fixed_by}>" else fixed_by
        elif start := _STARTS_FIXED.match(part):
            fixed_by = start[1]
    end_block()
    return _EMPTY.sub("", "".join(parts))


def _fix_block(block: list[Piece], rules: dict[str, Any]) -> None:
    if all(piece.is_fixed for piece in block):
        return
    for pattern, replacement in rules["first"]:
        _apply(block, _replacements(_text_of(block), pattern, replacement))
    for mark, pairs in rules["quotes"].items():
        _apply(block, _quotation_marks(_text_of(block), mark, pairs))
    for pattern, replacement in rules["last"]:
        _apply(block, _replacements(_text_of(block), pattern, replacement))


def _text_of(block: list[Piece]) -> str:
    text = "".join(piece.plain for piece in block)
    return re.sub(ADDRESSES, lambda match: FIXED * len(match[0]), text)


@cache
def _compiled(pattern: str, replacement: str) -> tuple[re.Pattern[str], str]:
    return re.compile(pattern, re.MULTILINE), replacement.replace("$1", r"\1")


def _replacements(text: str, pattern: str, replacement: str) -> list[Edit]:
    compiled, template = _compiled(pattern, replacement)
    edits = (Edit(match.start(), match.end(), match.expand(template)) for match in compiled.finditer(text))
    return [edit for edit in edits if edit.text != text[edit.start : edit.end]]


def _quotation_marks(text: str, mark: str, pairs: list[str]) -> list[Edit]:
    """Return the pairs of a mark of the keyboard as the language has them. A mark without its other one stays.

    Args:
        pairs: the outer one, and the one inside of it.
    """
    edits: list[Edit] = []
    # What is open: the pair, and where it was typed; -1 if it is a mark of the language already.
    opened: list[tuple[str, int]] = []
    for index, character in enumerate(text):
        if opened and opened[-1][1] < 0 and character == opened[-1][0][1]:
            opened.pop()
        elif found := [pair for pair in pairs if pair[0] == character]:
            opened.append((found[0], -1))
        elif character == mark:
            before, after = text[index - 1] if index else " ", text[index + 1 : index + 2] or " "
            is_after_opening = bool(opened) and opened[-1][1] == index - 1
            if (before in _BEFORE_OPENING or is_after_opening) and after not in SPACES:
                is_inner = any(pair == pairs[0] for pair, _start in opened[-2:])
                opened.append((pairs[-1] if is_inner else pairs[0], index))
            elif opened and opened[-1][1] >= 0:
                pair, start = opened.pop()
                edits += [Edit(start, start + 1, pair[0]), Edit(index, index + 1, pair[1])]
    return sorted(edits)


def _apply(block: list[Piece], edits: list[Edit]) -> None:
    """Change the text of a block. The new text of an edit is in the piece in which its old text begins."""
    if not edits:
        return
    starts = [0, *accumulate(len(piece.plain) for piece in block)]
    for edit in reversed(edits):
        end = edit.end
        first = _index_of(starts, edit.start)
        for index in range(_index_of(starts, end - 1), first - 1, -1):
            piece, offset = block[index], starts[index]
            if piece.is_fixed:
                continue
            text = edit.text if index == first else ""
            piece.plain = piece.plain[: max(edit.start - offset, 0)] + text + piece.plain[end - offset :]
            end = min(end, offset)


def _index_of(starts: list[int], position: int) -> int:
    """Return the index of the piece that has the character at a position; pieces without text are passed over."""
    return bisect_right(starts, position) - 1
