"""The normalization of texts and queries, without a database."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from articles.search.query import (
    MAX_QUERY_LENGTH,
    MAX_QUERY_WORDS,
    clean_query,
    extract_text,
    fold,
    normalize,
    parse_terms,
    split_words,
)
from core.sanitizer import plain_text, sanitize
from tests.search.test_index import BODIES


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Café MÜLLER naïve", "cafe muller naive"),
        ("Fußball, Straße", "fussball strasse"),
        ("Łódź Ørsted Æther", "lodz orsted aether"),
        ("Wi-Fi", "wi fi wifi"),
        ("e-mail e‑mail", "e mail email e mail email"),
        ("don't O’Brien", "don t dont o brien obrien"),
        ("Node.js", "node js nodejs"),
        ("3.5 km. The end.", "3 5 km the end"),
        ("a_b c/d", "a b c d"),
        ("Ёлка, йод, новый район", "елка иод новый район"),
        ("за\u0301мок И\u0306од", "замок иод"),
        ("Երևան ԵՐԵՎԱՆ ի՞նչ", "երեվան երեվան ինչ"),
        ("cooper\u00adation ﬁn ½", "cooperation fin 1 2"),
        ("שָׁלוֹם مَرْحَبًا", "שלום مرحبا"),
        ("🦔 — …", ""),
    ],
)
def test_normalize_folds_differences_that_do_not_distinguish_words(text: str, words: str) -> None:
    assert normalize(text) == words


@given(st.text())
@settings(max_examples=300)
def test_normalize_gives_words_that_stay_the_same_when_normalized_again(text: str) -> None:
    words = normalize(text)
    assert normalize(words) == words
    assert words == " ".join(words.split())


@given(st.text(max_size=60))
@settings(max_examples=300)
def test_parse_terms_gives_alternatives_that_the_text_itself_contains(text: str) -> None:
    words = set(normalize(text).split())
    terms = parse_terms(text)
    assert len(terms) <= MAX_QUERY_WORDS
    assert all(words.issuperset(alternative) for term in terms for alternative in term)
    assert bool(terms) == bool(words) == bool(split_words(text))


@given(st.text(alphabet="abcé ß-'.йЁև\u0301", max_size=20))
def test_fold_of_ascii_and_other_text_ignores_case(text: str) -> None:
    assert fold(text.upper()) == fold(text.lower()) == fold(text)


def test_parse_terms_of_a_compound_gives_both_spellings() -> None:
    assert parse_terms("Wi-Fi router Wi-Fi") == [(("wifi",), ("wi", "fi")), (("router",),)]


def test_clean_query_removes_control_characters_and_limits_the_length() -> None:
    assert clean_query("  a\t b\u2028c\x07d \n") == "a b c d"
    assert len(clean_query("слово " * 1000)) <= MAX_QUERY_LENGTH


@pytest.mark.parametrize("body", BODIES)
def test_extract_text_gives_the_same_words_as_plain_text(body: str) -> None:
    clean = sanitize(body)
    assert extract_text(clean) == plain_text(clean)
