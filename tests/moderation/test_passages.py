"""Passages: quoted, found again after edits, and marked."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from articles.body import render
from articles.moderation.passages import LONG_QUOTE, MAX_CONTEXT, MIN_CONTEXT, NotOnce, Passages, Quote
from core.sanitizer import sanitize

FIRST, LAST = "<p>the first of the old paragraphs</p>", "<p>the last of the old paragraphs</p>"
WORDS = st.text(st.sampled_from("abc xyz  éա中\n&<>“\"’'–-\u00a0\u200d🌍"), min_size=1, max_size=40)


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\u00a0", "&nbsp;")


INLINE = st.recursive(
    WORDS.map(escaped),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.tuples(st.sampled_from(["em", "strong", "sub", "code"]), inner).map("<{0[0]}>{0[1]}</{0[0]}>".format),
        inner.map('<a href="https://example.org/?a=1&amp;b=2">{}</a>'.format),
        inner.map("x<br>{}".format),
        WORDS.map(escaped).map("<foot-note>{}</foot-note>".format),
    ),
    max_leaves=6,
)
BLOCK = st.one_of(
    INLINE.map("<p>{}</p>".format),
    INLINE.map("<h2>{}</h2>".format),
    INLINE.map("<ul><li>{0}</li><li><p>{0}</p></li></ul>".format),
    INLINE.map("<blockquote><p>{}</p></blockquote>".format),
    INLINE.map("<table><tbody><tr><td>{0}</td><td>{0}</td></tr></tbody></table>".format),
)
HTML = st.lists(BLOCK, min_size=1, max_size=4).map("\n".join).map(sanitize)


def passages(html: str) -> Passages:
    return Passages(render(html, {}))


def part_of(text: str, data: Any) -> tuple[int, int]:
    """Draw a part of a text without white space at its ends."""
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    assume(text[start:end] == text[start:end].strip())
    return start, end


def marks_in(html: str) -> list[str]:
    return re.findall(r'<mark class="passage">(.*?)</mark>', html, re.DOTALL)


@given(html=HTML, data=st.data())
def test_quoted_passage_is_found_and_marked_where_it_stands(html: str, data: Any) -> None:
    text = passages(html)
    assume(text.text)
    start, end = part_of(text.text, data)

    quote = text.quote(text.text[start:end], text.text[:start][-20:] or "^", text.text[end:][:20])
    assert quote is not None
    assert quote.exact == text.text[start:end]
    assert max(len(quote.prefix), len(quote.suffix)) <= MAX_CONTEXT
    span = text.find(quote)
    assert span is not None
    assert text.text[span.start : span.end] == quote.exact

    marked = text.marked({7: span})
    number = '<span class="passage-number" id="passage-7">7</span>'
    # The marks change nothing else, and nothing but the passage is marked.
    assert re.sub("</?mark[^>]*>", "", marked.replace(number, "")) == text.html
    assert marked.count(number) == 1
    inside = "".join("".join(Passages(part).text.split()) for part in marks_in(marked))
    assert inside == "".join(quote.exact.split())
    # Well-formed: no element begins inside of a mark and ends outside.
    assert not any("<" in part for part in marks_in(marked))


@given(html=HTML, before=HTML, after=HTML, data=st.data())
def test_quoted_passage_is_found_after_edits_around_it(html: str, before: str, after: str, data: Any) -> None:
    # Footnotes stand at the end of a text, so the edits would be between it and them.
    html = re.sub("</?foot-note>", "", html)
    text = passages(FIRST + html + LAST)
    start, end = part_of(text.text, data)
    quote = text.quote(text.text[start:end], text.text[:start], text.text[end:])
    assert quote is not None
    edited = passages(f"{before}{FIRST}{html}{LAST}{after}")
    span = edited.find(quote)
    assert span is not None
    assert edited.text[span.start : span.end] == quote.exact


@given(before=WORDS, after=WORDS, words=WORDS)
def test_long_quotation_is_found_whatever_stands_around_it(before: str, after: str, words: str) -> None:
    exact = f"the words that the note is about {' '.join(words.split())}".strip()
    quote = Quote(exact, "what was before it", "what was after it")
    edited = passages(sanitize(f"<p>{escaped(before)} {escaped(exact)} {escaped(after)}</p>"))
    assert (edited.find(quote) is None) == (" ".join(exact.split()) not in edited.text)


@given(html=HTML, quote=st.builds(Quote, WORDS, WORDS, WORDS))
def test_find_of_any_quotation_returns_its_words_or_nothing(html: str, quote: Quote) -> None:
    text = passages(html)
    span = text.find(quote)
    if span is not None:
        same = Passages(escaped(text.text[span.start : span.end]))
        assert span.end - span.start == len(quote.exact)
        assert same._folded.strip() == Passages(escaped(quote.exact))._folded.strip()


TEXT = (
    "<h2>The lamps</h2><p>We counted <strong>every lamp</strong> in the <a href='https://a.example/'>old town</a>."
    "<foot-note>By hand.</foot-note> Nobody had asked for the lamp.</p><ul><li>every lamp</li><li>each bench</li></ul>"
)


@pytest.mark.parametrize(
    ("exact", "marked"),
    [
        ("counted every lamp in", ["counted ", "every lamp", " in"]),
        ("the old town. Nobody", ["the ", "old town", ".", " Nobody"]),
        ("lamps We", ["lamps", "We"]),
        ("By hand.", ["By hand."]),
    ],
)
def test_passage_across_elements_is_marked_in_pieces(exact: str, marked: list[str]) -> None:
    text = passages(sanitize(TEXT))
    quote = text.quote(exact)
    assert quote is not None
    span = text.find(quote)
    assert span is not None
    assert marks_in(text.marked({1: span})) == marked


def test_number_of_a_passage_in_a_link_stands_before_the_link() -> None:
    text = passages(sanitize(TEXT))
    quote = text.quote("town")
    assert quote is not None
    span = text.find(quote)
    assert span is not None
    html = text.marked({2: span}, is_linked=True)
    assert '<a class="passage-number" id="passage-2" href="#passage-note-2">2</a><a href="https://a.example/"' in html
    assert 'old <mark class="passage">town</mark></a>' in html


def test_overlapping_passages_have_both_numbers() -> None:
    text = passages("<p>one two three four</p>")
    spans = {}
    for number, words in ((1, "one two three"), (2, "two"), (3, "three four")):
        quote = text.quote(words)
        assert quote is not None
        spans[number] = text.find(quote)
    html = text.marked({number: span for number, span in spans.items() if span})
    assert "".join(marks_in(html)).replace("<span", "").count("one") == 1
    assert re.sub("<span[^>]*>[0-9]</span>|</?mark[^>]*>", "", html) == text.html
    assert re.findall('id="passage-([0-9])"', html) == ["1", "2", "3"]


def test_words_that_occur_several_times_need_what_stands_around_them() -> None:
    text = passages(sanitize(TEXT))
    with pytest.raises(NotOnce) as error:
        text.quote("every lamp")
    assert error.value.count == 2
    quote = text.quote("every lamp", "lamp. ", " each")
    assert quote is not None
    assert quote.suffix.startswith(" each bench")
    span = text.find(quote)
    assert span is not None
    assert marks_in(text.marked({1: span})) == ["every lamp"]
    assert text.marked({1: span}).index("<mark") > text.html.index("<li>")
    # The list is gone: the same words elsewhere are not meant.
    assert passages(sanitize(TEXT.partition("<ul>")[0])).find(quote) is None


def test_quotation_marks_dashes_and_spaces_can_change() -> None:
    quote = passages('<p>He said: "It\'s - at\n last - done."</p>').quote('"It\'s - at last - done."')
    assert quote is not None
    text = passages("<p>He said: “It’s – at&nbsp;last — done.”</p>")
    span = text.find(quote)
    assert span is not None
    assert text.text[span.start : span.end] == "“It’s – at last — done.”"


def test_short_words_are_found_with_little_of_the_same_around_them() -> None:
    assert LONG_QUOTE > MIN_CONTEXT
    quote = passages("<p>We saw the lamp yesterday evening.</p>").quote("lamp")
    assert quote is not None
    assert passages("<p>They saw the lamp.</p>").find(quote)
    assert passages("<p>A lamp is a lamp</p>").find(quote) is None
    # All of a text has nothing around it.
    alone = passages("<p>Lamp</p>").quote("Lamp")
    assert alone is not None
    assert passages("<p>Another Lamp</p>").find(alone)


@pytest.mark.parametrize("unit", ["a", "ab ", "&amp;", "<em>a</em>", "<p>a</p>", "</p>", "<a", 'x"'])
def test_passages_do_bounded_work(unit: str) -> None:
    html = unit * (100_000 // len(unit))
    quote = Quote("a" * 500, "b" * 32, "c" * 32)
    began = time.process_time()
    text = Passages(html)
    for _note in range(50):
        text.find(quote)
        text.find(Quote("a"))
    assert time.process_time() - began < 2
