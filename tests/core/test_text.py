"""Text that users type: normalised, visible, cut at whole characters."""

from __future__ import annotations

import unicodedata
from xml.etree import ElementTree as ET

import pytest
from django import forms
from hypothesis import given
from hypothesis import strategies as st

from core.forms import OneLineField, TextField
from core.text import CODE_POINTS, clean_text, graphemes, is_visible, shorten, text_length, without_forbidden

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
FLAG = "\U0001f1e6\U0001f1f2"
HAND = "\U0001f44d\U0001f3fd"
ENGLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
INVISIBLE = [
    "\u200b\u200c\u200d",
    "\u3164",
    "\u115f\u1160\uffa0",
    "\u2800\u2800",
    "\u0301\u0302",
    "\ufe0f",
    "\U000e0041\U000e007f",
    "\u00ad\u2060\ufeff",
    "\u180e\u034f",
    "\u200e\u061c",
    "\ufffc",
]


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("  mañana ", "mañana"),
        ("a\x07b\ufffec\U0001fffed", "abcd"),
        ("a\u202eb\u2067c\u202c", "abc"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("\u200eשלום\u200f", "\u200eשלום\u200f"),
        ("  ", ""),
    ],
)
def test_clean_text(typed: str, stored: str) -> None:
    assert clean_text(unicodedata.normalize("NFD", typed)) == stored


@given(st.text())
def test_clean_text_is_idempotent_and_fits_into_xml(text: str) -> None:
    for clean in (clean_text(text), clean_text(text, one_line=True)):
        assert clean_text(clean) == clean
        assert unicodedata.is_normalized("NFC", clean)
    assert ET.fromstring(f"<a>{escaped(clean)}</a>").text == (clean or None)  # noqa: S314
    ET.fromstring(f"<a>{escaped(without_forbidden(text))}</a>")  # noqa: S314


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@pytest.mark.parametrize("text", INVISIBLE)
def test_invisible_text_is_refused(text: str) -> None:
    assert not is_visible(text)
    for field in (TextField(required=False), OneLineField()):
        with pytest.raises(forms.ValidationError):
            field.clean(text)


@pytest.mark.parametrize("text", ["a", "я", "ա", "शब्द", "!", "€", "7", FAMILY, FLAG, "क\u094d\u200d", "ـ"])
def test_visible_text_is_accepted(text: str) -> None:
    assert OneLineField().clean(text) == text


@pytest.mark.parametrize(
    ("text", "number"),
    [
        (FAMILY, 1),
        (FLAG * 2, 2),
        (HAND, 1),
        (ENGLAND, 1),
        ("é", 1),
        ("हिन्दी", 2),
        ("कित", 2),
        ("क्ক", 2),
        ("a\u200db", 2),
        ("❤️x", 2),
    ],
)
def test_graphemes(text: str, number: int) -> None:
    text = unicodedata.normalize("NFD", text)
    assert len(graphemes(text)) == number
    assert "".join(graphemes(text)) == text


@pytest.mark.parametrize("emoji", [FAMILY, FLAG, HAND, ENGLAND, "👩🏽\u200d🚀"])
def test_shorten_never_cuts_an_emoji(emoji: str) -> None:
    for length in range(2, 40):
        assert set(graphemes(shorten(emoji * 40, length))) <= {emoji, "…"}


def test_shorten_ends_after_a_sentence_or_a_word() -> None:
    assert shorten("One two. Three four five six.", 50) == "One two. Three four five six."
    assert shorten("One two three. Four five six.", 20) == "One two three."
    assert shorten("Մեկ երկու երեք։ Չորս հինգ վեց։", 20) == "Մեկ երկու երեք։"
    assert shorten("One. Two three, four five six seven", 22) == "One. Two three, four…"
    assert shorten("One. Two three, four five", 17) == "One. Two three…"
    assert shorten("a" * 30, 10) == "a" * 9 + "…"


@given(st.text(), st.integers(min_value=2, max_value=40))
def test_shorten_is_bounded(text: str, length: int) -> None:
    assert len(shorten(text, length)) <= length


@pytest.mark.parametrize("text", [FAMILY, FLAG, HAND, "é", "नि", "x"])
@pytest.mark.parametrize("field", [TextField(max_length=20), OneLineField(max_length=20)])
def test_max_length_counts_what_users_see_as_characters(field: TextField, text: str) -> None:
    fits = (text + "a") * 5 + "b" * 10
    assert len(graphemes(field.clean(fits))) == 20
    with pytest.raises(forms.ValidationError, match=r"at most 20 characters .it has 21"):
        field.clean(fits + text)


def test_max_length_bounds_code_points() -> None:
    """A grapheme can have any number of marks."""
    text = "a" + "\u0323" * (20 * CODE_POINTS - 1)
    assert OneLineField(max_length=20).clean(text) == unicodedata.normalize("NFC", text)
    with pytest.raises(forms.ValidationError, match=r"at most 20 characters .it has 81"):
        OneLineField(max_length=20).clean(text + "\u0323" * 2)
    assert text_length("a" + "\u0323" * 10_000_000, 20) > 10_000_000
