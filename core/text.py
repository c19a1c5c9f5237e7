"""Text that users type: every form normalises and checks it with `clean_text` (`core.forms`)."""

from __future__ import annotations

import re
import unicodedata

from django.utils.translation import gettext as _

from core.exceptions import ActionNotAllowed

MAX_REASON = 2000
# Characters that XML 1.0 (and so feeds) does not allow, the other control characters, and the noncharacters, which are
# the last two of each plane. Those of the planes after the first are found with their plane (`_unless_forbidden`),
# because a class of fewer ranges is searched many times as fast.
_FORBIDDEN_CHARACTERS = (
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\U00010000-\U0010ffff"
)
# Embeddings, overrides and isolates change the direction of what follows them, outside the text too. Marks without
# such an effect (U+200E, U+200F, U+061C) stay: Hebrew and Arabic need them.
_DIRECTION_CHARACTERS = "\u202a-\u202e\u2066-\u2069"
_LINE_BREAKS = "\r\x85\u2028\u2029"
_FORBIDDEN = re.compile(f"[{_FORBIDDEN_CHARACTERS}]")
_UNWANTED = re.compile(f"[{_FORBIDDEN_CHARACTERS}{_DIRECTION_CHARACTERS}{_LINE_BREAKS}]")
# Letters and symbols that show nothing: Hangul fillers, the empty Braille pattern, the null note head.
_BLANK = set("\u115f\u1160\u3164\uffa0\u2800\U0001d159\ufffc")
_JOINER = "\u200d"
# Join two Indic consonants in one grapheme.
_LINKERS = set("\u094d\u09cd\u0acd\u0b4d\u0c4d\u0d4d")
# A text can have this many code points for each grapheme that it may have, so that what is stored is bounded.
CODE_POINTS = 4


def without_forbidden(text: str) -> str:
    """Return `text` without the characters that XML 1.0 does not allow, for feeds of any stored text."""
    return _FORBIDDEN.sub(_unless_forbidden, text)


def _unless_forbidden(match: re.Match[str]) -> str:
    code = ord(match[0])
    return match[0] if code > 0xFFFF and code & 0xFFFE != 0xFFFE else ""


def _wanted(match: re.Match[str]) -> str:
    return "\n" if match[0] in _LINE_BREAKS else _unless_forbidden(match)


def clean_text(text: str, *, one_line: bool = False) -> str:
    """Return `text` as it is stored: in NFC, without forbidden characters and marks that override the direction.

    Args:
        one_line: replace all white space by single spaces.
    """
    text = _UNWANTED.sub(_wanted, text.replace("\r\n", "\n"))
    text = unicodedata.normalize("NFC", text)
    return " ".join(text.split()) if one_line else text.strip()


def clean_reason(reason: str, *, required: bool = False) -> str:
    """Return the reason of a decision without surrounding whitespace.

    Raises:
        ActionNotAllowed: it is missing or too long.
    """
    reason = reason.strip()
    if required and not reason:
        raise ActionNotAllowed(_("Enter a reason. The user can read it."), "reason")
    if len(reason) > MAX_REASON:
        raise ActionNotAllowed(_("Enter a reason of up to %(count)d characters.") % {"count": MAX_REASON}, "reason")
    return reason


def is_visible(text: str) -> bool:
    """Return whether `text` has at least one letter, number, punctuation mark or symbol that shows something."""
    return any(unicodedata.category(character)[0] in "LNPS" and character not in _BLANK for character in text)


def graphemes(text: str) -> list[str]:
    """Split `text` into what users see as characters: letters with their marks, whole emoji and flags.

    The rules of Unicode Standard Annex 29 without those for Hangul, which NFC composes.
    """
    clusters: list[str] = []
    for character in text:
        if clusters and _extends(clusters[-1], character):
            clusters[-1] += character
        else:
            clusters.append(character)
    return clusters


def _extends(cluster: str, character: str) -> bool:
    if unicodedata.category(character)[0] == "M" or character in {_JOINER, "\u200c"}:
        return cluster != "\n"
    if "\U0001f3fb" <= character <= "\U0001f3ff" or "\U000e0020" <= character <= "\U000e007f":  # skin tones, tags
        return True
    if "\U0001f1e6" <= character <= "\U0001f1ff":  # Two of them are a flag.
        return len(cluster) == 1 and "\U0001f1e6" <= cluster <= "\U0001f1ff"
    if (linker := cluster.rstrip(_JOINER)[-1:]) in _LINKERS and unicodedata.category(character) == "Lo":
        return ord(linker) >> 7 == ord(character) >> 7  # of the same script
    return cluster.endswith(_JOINER) and unicodedata.category(character) == "So"


def text_length(text: str, max_length: int) -> int:
    """Return how many graphemes a text has, or how many code points if these alone are too many for `max_length`."""
    return len(text) if len(text) > CODE_POINTS * max_length else len(graphemes(text))


def shorten(text: str, max_length: int) -> str:
    """Return the beginning of `text` in one line, cut after a sentence, or else after a word, with an ellipsis.

    Args:
        max_length: in characters; no grapheme is cut.
    """
    text = " ".join(text.split())
    if len(text) <= max_length:
        return text
    head = ""
    for cluster in graphemes(text):
        if len(head) + len(cluster) >= max_length:
            break
        head += cluster
    sentences = re.match(r".*[.!?…\u0589\u06d4\u0964。！？](?=\s)", text[: len(head) + 1])
    if sentences and len(sentences[0]) > len(head) // 2:
        return sentences[0]
    words, _space, _rest = head.rpartition(" ")
    return (words if len(words) > len(head) // 2 else head).rstrip(" ,;:–—-") + "…"
