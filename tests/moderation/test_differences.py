"""What changed between two texts, as a moderator reads it."""

from __future__ import annotations

import time

import pytest

from articles.moderation.differences import body_changed, paragraphs


def test_paragraphs_are_plain_and_show_where_links_lead() -> None:
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
def test_what_changed(before: str, after: str, expected: list[tuple[str, str]]) -> None:
    assert body_changed(before, after) == expected


def test_long_runs_of_the_same_are_one_line() -> None:
    same = "".join(f"<p>paragraph {number}</p>" for number in range(10))
    kinds = [kind for kind, _ in body_changed(same, same + "<p>new</p>")]
    assert kinds == ["gap", "same", "added"]
    assert body_changed(same, same + "<p>new</p>")[0][1] == "9 paragraphs are the same"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<p>" + "word " * 20_000 + "</p>", "<p>" + "word other " * 10_000 + "</p>"),
        ("<p>a</p>" * 10_000, "<p>a</p><p>b</p>" * 5_000),
        ("".join(f"<p>w {n}</p>" for n in range(7_000)), "".join(f"<p>v {n}</p>" for n in range(7_000))),
    ],
)
def test_the_longest_texts_are_compared_in_a_moment(before: str, after: str) -> None:
    begun = time.process_time()
    body_changed(before, after)
    assert time.process_time() - begun < 10
