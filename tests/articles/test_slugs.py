"""Slugs of titles and tags in any script."""

from __future__ import annotations

import unicodedata

import pytest
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from articles.models import Tag
from articles.models.slugs import slug_of


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("We counted every street lamp", "we-counted-every-street-lamp"),
        ("Сорок километров до темноты", "сорок-километров-до-темноты"),
        ("Երբ քաղաքը լռում է", "երբ-քաղաքը-լռում-է"),
        ("  C++ & <b>Python</b>! ", "c-plus-plus-bpythonb"),
        ("ＦＵＬＬ width", "full-width"),
        ("snake_case-and--dashes", "snake_case-and-dashes"),
        ("🙂🙃", "-"),
        ("C", "c"),
        ("C++", "c-plus-plus"),
        ("C#", "c-sharp"),
        ("F#", "f-sharp"),
        (".NET", "dot-net"),
        ("... and a + b", "and-a-b"),
        ("कम", "कम"),
        ("काम", "काम"),
        ("हिन्दी", "हिन्दी"),
        ("தமிழ்", "தமிழ்"),
        ("Ёлка", "елка"),
        ("1\ufe0f\u20e3 ❤\ufe0f", "1"),
        ("", "-"),
        ("../../etc/passwd", "etcpasswd"),
    ],
)
def test_slug_of_title(text: str, slug: str) -> None:
    assert slug_of(text) == slug


def test_slug_of_long_title_ends_at_a_word() -> None:
    assert slug_of("one two three four five", max_length=15) == "one-two-three"


def test_slug_of_long_word_is_cut() -> None:
    assert slug_of("x" * 100, max_length=60) == "x" * 60


@settings(deadline=None)
@given(st.text(max_size=200), st.integers(min_value=5, max_value=80))
def test_slug_of_any_text_fits_a_url(text: str, max_length: int) -> None:
    slug = slug_of(text, max_length=max_length)
    assert 0 < len(slug) <= max_length
    assert slug == "-" or (slug[0] not in "-_" and slug[-1] not in "-_")
    assert all(
        character.isalnum() or character in "-_" or unicodedata.category(character)[0] == "M" for character in slug
    )
    assert reverse("tag", kwargs={"slug": slug})


@settings(deadline=None)
@given(st.text(max_size=120))
def test_slug_is_idempotent(text: str) -> None:
    assert slug_of(slug_of(text)) == slug_of(text)


@pytest.mark.django_db
def test_spellings_with_the_same_slug_are_one_tag() -> None:
    first, second = Tag.objects.named(["Street Lamps", "Ереван"])
    assert [tag.pk for tag in Tag.objects.named(["ЕРЕВАН", "street lamps", "STREET-LAMPS"])] == [second.pk, first.pk]
    assert first.name == "Street Lamps"
