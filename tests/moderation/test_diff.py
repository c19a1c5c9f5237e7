"""The difference between two texts."""

from __future__ import annotations

import time

import pytest

from articles.moderation.diff import diff_bodies, paragraphs


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
    ],
)
def test_diff_bodies_of_largest_texts_is_fast(before: str, after: str) -> None:
    begun = time.process_time()
    diff_bodies(before, after)
    assert time.process_time() - begun < 10
