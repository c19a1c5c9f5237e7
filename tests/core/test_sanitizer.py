"""The sanitiser: only the allow-list remains, and no text is lost."""

from __future__ import annotations

import html
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import sanitizer
from core.markdown import from_form
from core.sanitizer import MAX_DEPTH, MAX_PASSES, TAGS, for_display, plain_text, sanitize, without_asides


class Inventory(HTMLParser):
    """Collect elements and attributes as a browser parses them."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.comments: list[str] = []
        self.text = ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)


def assert_clean(markup: str) -> None:
    inventory = Inventory(markup)
    assert not inventory.comments
    for tag, attributes in inventory.found:
        assert tag in TAGS
        assert set(attributes) <= {
            "a": {"href", "rel"},
            "ol": {"start"},
            "td": {"colspan", "rowspan"},
            "th": {"colspan", "rowspan"},
            "img": {"data-image", "alt", "data-credit", "data-licence"},
            "figure": {"class"},
            "blockquote": {"class"},
        }.get(tag, set())
        assert attributes.get("class") in {None, {"figure": "embed", "blockquote": "pull-quote"}.get(tag)}
        if tag == "img":
            assert str(attributes["data-image"]).isdecimal()
        if tag == "a":
            assert attributes["rel"] == "nofollow ugc noopener"
        if href := attributes.get("href"):
            assert urlsplit(href).scheme in {"http", "https", "mailto", ""}
            assert not href.lower().lstrip().startswith(("javascript", "data:", "vbscript"))


PIECES = [
    "<p>",
    "</p>",
    "<P class=x title=y lang=z>",
    "<h1>",
    "</h1>",
    "<h2 id=a>",
    "</h2>",
    "<h6>",
    "<b>",
    "</b>",
    "<strong>",
    "</strong>",
    "<i style='x'>",
    "</i>",
    "<em>",
    "<ol start='5'>",
    "<ol start=-1 type=a>",
    "<pre>\n\n  x",
    "</pre>",
    "<table><tr><td style=x>",
    "</td>",
    "</table>",
    "<sub>",
    "</sup>",
    "<code class=x>",
    "</em>",
    "<ul>",
    "<li>",
    "</li>",
    "</ul>",
    "<blockquote cite='javascript:x'>",
    "</blockquote>",
    "<a href='javascript:alert(1)'>",
    "<a href=' jAvascript&#58;alert(1)'>",
    "<a href='data:text/html,x'>",
    "<a href='https://example.org/?a=1&b=2' onclick=x target=_blank>",
    "<a name=x>",
    "</a>",
    "<script>",
    "</script>",
    "<style>",
    "</style>",
    "<svg><a xlink:href='javascript:x'>",
    "</svg>",
    "<math><mtext>",
    "<img src=x onerror=alert(1)>",
    "<iframe src=//x>",
    "<img data-image=7 src=//x alt='<b>' onload=x>",
    "<img data-image=x data-credit=' a  b '>",
    "<figure>",
    "<figure class='embed x'>",
    "</figure>",
    "<figcaption>",
    "</figcaption>",
    "<foot-note onclick=x>",
    "</foot-note>",
    "<blockquote class='pull-quote y'>",
    '![a](image:7 "b")',
    "<td colspan=2 rowspan=99999>",
    "<template>",
    "</template>",
    "<noscript>",
    "<!-- c -->",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "&lt;",
    "&amp;lt;b&gt;",
    "&nbsp;",
    "<hr>",
    "<br/>",
    "<",
    ">",
    '"',
    "'",
    "\x00",
    "\x0b",
    "word",
    " ",
    "\n",
    "слово",
    "բառ",
    "<p><select><option><p>",
    "<table><td>",
    "<form>",
    "<select><option>",
    "<title>",
    "<textarea>",
    "</textarea>",
    "<plaintext>",
    "<object>",
    "<p/x",
]
mark_up = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=6)), max_size=24).map("".join)


@settings(max_examples=400, deadline=None)
@given(mark_up)
def test_sanitize_output_is_in_allow_list(markup: str) -> None:
    assert_clean(sanitize(markup))
    assert_clean(from_form(markup))


@settings(max_examples=400, deadline=None)
@given(mark_up)
def test_sanitize_is_idempotent(markup: str) -> None:
    once = sanitize(markup)
    assert sanitize(str(once)) == once
    assert str(for_display(str(once))) == without_asides(once)


def test_sanitize_of_its_own_result_is_free_until_that_is_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    once = sanitize("<p>a<script>b</script></p>")
    monkeypatch.setattr(sanitizer, "_cleaned", pytest.fail)
    assert sanitize(once) is once
    monkeypatch.undo()
    for changed in (once + "<script>", f"{once}<script>", once.replace("a", "<script>"), "<script>".join([once, ""])):
        assert "<script" not in sanitize(changed)


@pytest.mark.parametrize(
    ("dirty", "clean"),
    [
        ("<p>Hi<script>alert(1)</script></p>", "<p>Hi</p>"),
        ('<p style="color:red" class="x" id="y" data-z="1">Hi</p>', "<p>Hi</p>"),
        ("<p><b>a</b><i>b</i></p>", "<p><strong>a</strong><em>b</em></p>"),
        ("<h1>a</h1><h4>b</h4>", "<h2>a</h2><h3>b</h3>"),
        ('<p><img src="https://x/y.png">x</p>', "<p>x</p>"),
        ('<p><a href="javascript:alert(1)">x</a></p>', '<p><a rel="nofollow ugc noopener">x</a></p>'),
        ("<p>a\x08b\x1b</p>", "<p>ab</p>"),
    ],
)
def test_sanitize_known_cases(dirty: str, clean: str) -> None:
    assert sanitize(dirty) == clean


@settings(max_examples=200, deadline=None)
@given(mark_up)
def test_plain_text_is_what_a_parser_reads(markup: str) -> None:
    once = without_asides(sanitize(markup))
    assert "".join(plain_text(once).split()) == "".join(Inventory(once).text.split())


def test_plain_text_is_escaped_once_when_displayed() -> None:
    words = plain_text("<p>Fish &amp; chips &lt;b&gt;</p><h2>Next</h2><ul><li>one</li><li>two</li></ul>a<br>b")
    assert words == "Fish & chips <b> Next one two a b"
    assert html.escape(words).count("&amp;amp;") == 0


@pytest.mark.parametrize(
    "markup",
    [
        '<ol start="5"><li>Five</li></ol>',
        "<pre><code>def f():\n    return 1</code></pre>",
        "<p>x<sup>2</sup> and H<sub>2</sub>O</p>",
        "<table><tbody><tr><th>City</th><td>Gyumri</td></tr></tbody></table>",
    ],
)
def test_sanitize_keeps_structure(markup: str) -> None:
    assert sanitize(markup) == from_form(markup) == markup


@pytest.mark.parametrize(
    "markup",
    [
        '<figure><img data-image="12" alt="A &lt;lamp&gt;" data-credit="Ani" data-licence="cc-by"></figure>',
        '<figure><img data-image="12" alt=""><figcaption>One &amp; two</figcaption></figure>',
        '<figure class="embed"><a href="https://youtu.be/x" rel="nofollow ugc noopener">A film</a></figure>',
        "<p>One<foot-note>See https://example.org &amp; others.</foot-note>.</p>",
        '<blockquote class="pull-quote"><p>x</p></blockquote>',
        '<table><tbody><tr><td colspan="2" rowspan="3"><p>x</p></td></tr></tbody></table>',
    ],
)
def test_sanitize_keeps_blocks(markup: str) -> None:
    assert sanitize(markup) == from_form(markup) == markup


@pytest.mark.parametrize(
    ("dirty", "clean"),
    [
        (
            '<figure><img data-image="12" src="https://x/y.png" onerror=x></figure>',
            '<figure><img data-image="12" alt=""></figure>',
        ),
        ('<figure><img src="https://x/y.png" alt="x"><figcaption>y</figcaption></figure>', "<p>y</p>"),
        ('<p>a<img data-image="12" alt="x">b</p>', "<p>ab</p>"),
        ('<figure><img data-image="0" alt="x"></figure>', ""),
        ('<figure><p>x</p><img data-image="12" alt=""></figure>', "<p>x</p>"),
        ('<figure><figure><img data-image="1"></figure></figure>', '<figure><img data-image="1" alt=""></figure>'),
        ('<figure class="embed"><a href="javascript:x">a</a></figure>', '<a rel="nofollow ugc noopener">a</a>'),
        ('<figure class="other">x</figure>', "x"),
        (
            "<p>a<foot-note><b>b</b> <foot-note>c</foot-note></foot-note></p>",
            "<p>a<strong>b</strong> <foot-note>c</foot-note></p>",
        ),
        ("<p>a<foot-note> </foot-note></p>", "<p>a</p>"),
        (
            f'<figure><img data-image="1" alt="{"x" * 900}"></figure>',
            f'<figure><img data-image="1" alt="{"x" * 200}"></figure>',
        ),
    ],
)
def test_sanitize_gives_blocks_one_form(dirty: str, clean: str) -> None:
    assert sanitize(dirty) == clean


def test_for_display_has_no_images_and_footnotes() -> None:
    html_of_page = '<p>a<foot-note>b</foot-note></p><figure><img data-image="1" alt=""></figure>'
    assert for_display(html_of_page) == "<p>a</p>"


def test_sanitize_drops_other_attributes() -> None:
    assert sanitize('<ol start="5x" type="a"><li>A</li></ol>') == "<ol><li>A</li></ol>"
    assert sanitize('<table class="x"><tr><td colspan="1" headers="x" style="x">A</td></tr></table>') == (
        "<table><tbody><tr><td>A</td></tr></tbody></table>"
    )


@pytest.mark.parametrize(
    "piece",
    [
        "<p>",
        "<b>",
        "</p>",
        "<a href=x>",
        "<table><td>",
        "<select><option><p>",
        "<svg><math>",
        "&lt;",
        "<",
        "<ul><li>",
        "a b ",
        "<figure>",
        "</figure>",
        "<figure><img data-image=1>",
        "<foot-note>",
        "<foot-note>a</foot-note>",
        "<figcaption>",
    ],
)
def test_sanitize_does_bounded_work(piece: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the largest text: at most `MAX_PASSES` of the parser, which is linear, and none of them over a longer text."""
    lengths: list[int] = []
    clean = sanitizer._cleaned

    def counted(html: str) -> str:
        lengths.append(len(html))
        return clean(html)

    monkeypatch.setattr(sanitizer, "_cleaned", counted)
    text = piece * (100_000 // len(piece))
    once = from_form(text)
    assert len(lengths) <= MAX_PASSES
    assert max(lengths) <= 20 * len(text)
    lengths.clear()
    assert sanitize(str(once)) == once
    assert len(lengths) == 1, "Stored text takes one pass each time that it is displayed."


@pytest.mark.parametrize("element", ["ul", "blockquote", "div", "b", "section"])
def test_sanitize_bounds_the_depth_of_the_parser(element: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """For each new block the parser looks through all open elements."""
    parsed: list[str] = []
    clean = sanitizer._cleaned

    def recorded(html: str) -> str:
        parsed.append(html)
        return clean(html)

    monkeypatch.setattr(sanitizer, "_cleaned", recorded)
    sanitize(f"<{element}><li>x" * 9_000)
    assert max(html.count(f"<{element}>") for html in parsed) <= MAX_DEPTH
    side_by_side = "<ul><li>x</li></ul>" * 3_000
    assert sanitize(side_by_side) == side_by_side


def test_plain_text_keeps_cells_apart() -> None:
    assert plain_text("<table><tr><td>City</td><td>Lamps</td></tr></table>") == "City Lamps"
