"""The difference between two texts."""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pytest

from articles.diff import MAX_COMPARED, diff_bodies, paragraphs
from core.diff import MAX_DEPTH, match


def text(seed: int) -> str:
    """Return paragraphs of 1,500 words."""
    rng = random.Random(seed)  # noqa: S311
    words = [f"w{int(rng.paretovariate(0.6)) % 5_000}" for _ in range(18_000)]
    return "".join(f"<p>{' '.join(words[start : start + 1_500])}</p>" for start in range(0, len(words), 1_500))


def test_paragraphs_are_plain_text_with_link_urls() -> None:
    link = '<a href="https://a.example/" rel="x">three</a>'
    html = f"<h2>Head</h2><p>One <em>two</em> {link}.<br>Four</p><ul><li>&lt;five&gt;</li></ul><hr>"
    assert paragraphs(html) == ["Head", "One two three [https://a.example/]. Four", "<five>"]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("<p>same</p>", "<p>same</p>", []),
        ("<p>same</p>", "<h2>same</h2>", []),
        ("<p>a</p>", "<p>a</p><p>b</p>", [("same", "a"), ("added", "<ins>b</ins>")]),
        ("<p>a</p><p>b</p>", "<p>b</p>", [("removed", "<del>a</del>"), ("same", "b")]),
        (
            "<p>one two three four</p>",
            "<p>one two 3 four</p>",
            [("changed", "one two <del>three</del> <ins>3</ins> four")],
        ),
        (
            "<p>all old words</p>",
            "<p>brand new text</p>",
            [("removed", "<del>all old words</del>"), ("added", "<ins>brand new text</ins>")],
        ),
        ("", "<p>&lt;b&gt;</p>", [("added", "<ins>&lt;b&gt;</ins>")]),
    ],
)
def test_diff_bodies(before: str, after: str, expected: list[tuple[str, str]]) -> None:
    assert diff_bodies(before, after) == expected


def test_diff_bodies_collapses_unchanged_paragraphs() -> None:
    same = "".join(f"<p>paragraph {number}</p>" for number in range(10))
    kinds = [kind for kind, _ in diff_bodies(same, same + "<p>new</p>")]
    assert kinds == ["gap", "same", "added"]
    assert diff_bodies(same, same + "<p>new</p>")[0][1] == "9 unchanged paragraphs"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<p>" + "word " * 20_000 + "</p>", "<p>" + "word other " * 10_000 + "</p>"),
        ("<p>a</p>" * 10_000, "<p>a</p><p>b</p>" * 5_000),
        ("".join(f"<p>w {n}</p>" for n in range(7_000)), "".join(f"<p>v {n}</p>" for n in range(7_000))),
        *((text(seed=1), text(seed=seed)) for seed in (1, 2)),
    ],
)
def test_diff_bodies_of_largest_texts_has_all_words(before: str, after: str) -> None:
    merged = "".join(html for kind, html in diff_bodies(before, after) if kind != "gap")
    assert set(re.findall(r"\w+", after)) - {"p"} <= set(re.findall(r"\w+", merged)) or before == after


def of_paragraphs(texts: Iterable[str]) -> str:
    return "".join(f"<p>{one}</p>" for one in texts)


def han(start: int, number: int) -> list[str]:
    """Return different letters."""
    return [chr(start + n) for n in range(number)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (of_paragraphs("abcd" * 3_125), of_paragraphs("ab" * 6_250)),
        (of_paragraphs(han(0x4E00, 12_500)), of_paragraphs(han(0x8E00, 12_500))),
        (of_paragraphs(han(0x4E00, 12_500)), of_paragraphs(reversed(han(0x4E00, 12_500)))),
        (of_paragraphs(f"{a}{b}" for a, b in pairwise(han(0x4E00, 11_000))), of_paragraphs("ab" * 6_250)),
        (of_paragraphs(f"a {x}" for x in han(0x4E00, 10_000)), of_paragraphs(f"a {x}" for x in han(0x8E00, 10_000))),
        (" x ".join(han(0x4E00, 20_000)), " y ".join(han(0x4E00, 20_000))),
        ("<hr>x" * 20_000, "<hr>y" * 20_000),
        ("&lt; " * 20_000, "&gt; " * 20_000),
    ],
)
def test_diff_bodies_does_bounded_work(before: str, after: str) -> None:
    """Count the calls of functions: a comparison of 12,500 paragraphs by their words would take 1,400,000."""
    assert 70_000 <= len(before) <= 100_000
    calls = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    sys.setprofile(count)
    try:
        diff_bodies(before, after)
    finally:
        sys.setprofile(None)
    assert calls < 450_000


def test_diff_bodies_compares_no_words_after_many_paragraphs() -> None:
    before, after = ([f"one two {n} {end}" for n in range(MAX_COMPARED + 5)] for end in ("three", "four"))
    kinds = [kind for kind, _html in diff_bodies(of_paragraphs(before), of_paragraphs(after))]
    assert kinds == ["changed"] * MAX_COMPARED + ["removed", "added"] * 5


class Counted(str):
    """A string that counts comparisons and hashes."""

    operations = 0

    def __eq__(self, other: object) -> bool:
        Counted.operations += 1
        return str.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        Counted.operations += 1
        return str.__ne__(self, other)

    def __hash__(self) -> int:
        Counted.operations += 1
        return str.__hash__(self)


def items(kind: str, size: int, seed: int) -> list[Any]:
    """Return `size` words of a text: natural, all the same, two in turn, or all different."""
    rng = random.Random(seed)  # noqa: S311
    if kind == "natural":
        return [Counted(f"w{int(rng.paretovariate(0.6)) % 5_000}") for _ in range(size)]
    number = {"same": 1, "two": 2, "different": size, "reversed": size}[kind]
    words = [Counted(f"w{index % number}") for index in range(size)]
    return words[:: 1 if seed == 1 or kind != "reversed" else -1]


@pytest.mark.parametrize("kind", ["natural", "same", "two", "different", "reversed"])
@pytest.mark.parametrize("cut", [0, 1, 7])
def test_match_does_bounded_work(kind: str, cut: int) -> None:
    size = 20_000  # The words of 100,000 characters.
    old, new = items(kind, size, 1), items(kind, size, 2)[cut:]
    Counted.operations = 0
    pairs = match(old, new)
    assert Counted.operations < 14 * MAX_DEPTH * size
    assert all(str(old[i]) == str(new[k]) for i, k in pairs)
    assert pairs == sorted(set(pairs))
    assert all(a[0] < b[0] and a[1] < b[1] for a, b in pairwise(pairs))


def test_match_finds_small_changes_in_long_paragraphs() -> None:
    old = [f"w{n % 700}" for n in range(1_500)]
    new = [*old[:400], "new", *old[401:900], *old[950:]]
    assert len(match(old, new)) >= 1_400
