"""Files that authors import texts from: what is taken over, what is counted as lost, and hostile files."""

from __future__ import annotations

import subprocess
import sys
import time
from base64 import b64encode
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import documents
from core.document_converter import MAX_ENTRIES, MAX_IMAGES, MAX_UNPACKED
from core.documents import Document, InvalidDocument, load_document
from core.markdown_files import without_html
from core.plain_html import MAX_LENGTH, TooLong, to_page
from tests.docx import docx, footnote, image, link, paragraph, run, table

ROOT = Path(__file__).parents[2]
EXPANDING = '<!DOCTYPE x [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;">]>'
EXTERNAL = '<!DOCTYPE x [<!ENTITY b SYSTEM "file:///etc/passwd">]>'


def load(content: bytes | str, name: str = "text.md") -> Document:
    return load_document(BytesIO(content.encode() if isinstance(content, str) else content), name)


def refusal(content: bytes | str, name: str = "text.docx") -> str:
    """Return the key of the sentence with which a file is refused."""
    with pytest.raises(InvalidDocument) as error:
        load(content, name)
    return next(key for key, sentence in documents.REFUSALS.items() if sentence == error.value.message)


# --- .docx


def test_docx_keeps_its_structure() -> None:
    document = load(
        docx(
            paragraph("Every lamp <counted>", style="Title"),
            paragraph("One ", run("bold", bold=True), " ", run("word", italic=True), link("web", "there"), footnote(2)),
            paragraph("What we found", style="Heading1"),
            paragraph("Details", style="Heading2"),
            paragraph("first", number=1),
            paragraph("second", number=1),
            paragraph("third", number=2),
            table(("Street", "Lamps"), ("Garden Lane", "40")),
            paragraph("It was dark.", style="Quote"),
            links={"web": "https://example.org/?a=1&b=2"},
            notes={2: "From the <archive>."},
        ),
        "text.docx",
    )
    assert document.title == "Every lamp <counted>"
    assert document.html == (
        '<p>One <strong>bold</strong> <em>word</em><a href="https://example.org/?a=1&amp;b=2">there</a>'
        "<foot-note> From the &lt;archive&gt;. </foot-note></p>"
        "<h1>What we found</h1><h3>Details</h3>"
        "<ul><li><p>first</p></li><li><p>second</p></li></ul><ol><li><p>third</p></li></ol>"
        "<table><tbody><tr><td><p>Street</p></td><td><p>Lamps</p></td></tr>"
        "<tr><td><p>Garden Lane</p></td><td><p>40</p></td></tr></tbody></table>"
        "<blockquote><p>It was dark.</p></blockquote>"
    )
    assert +document.lost == {}


def test_docx_images_stand_between_paragraphs_with_alternative_text_and_caption() -> None:
    document = load(
        docx(
            paragraph("before", image("a", 'A "lamp"'), "after", image("b")),
            paragraph("By night", style="Caption"),
            paragraph(image("a", "Again")),
            images={"a": b"first", "b": b"second"},
        ),
        "text.docx",
    )
    assert document.html == (
        '<p>before</p><figure><img src="image:0" alt="A &quot;lamp&quot;"></figure><p>after</p>'
        '<figure><img src="image:1" alt=""><figcaption>By night</figcaption></figure>'
        '<figure><img src="image:0" alt="Again"></figure>'
    )
    assert document.images == [b"first", b"second"]


def test_docx_counts_what_it_loses() -> None:
    many = {f"i{n}": str(n).encode() for n in range(MAX_IMAGES + 3)}
    document = load(
        docx(
            paragraph(image("web", by="link"), image("missing"), link("file", "the table"), link("web", "there")),
            *(paragraph(image(name)) for name in many),
            "<w:p><m:oMath><m:r/></m:oMath></w:p>",
            images=many,
            links={"web": "https://example.org/x.png", "file": "table.xlsx", "missing": "media/no.png"},
            others={"word/comments.xml": b"<comments><comment/><comment/></comments>"},
        ),
        "text.docx",
    )
    assert document.lost == {
        "images_elsewhere": 1,
        "images_unreadable": 1,
        "images_too_many": 3,
        "links": 1,
        "elements": 1,
        "comments": 2,
    }
    assert len(document.images) == MAX_IMAGES
    assert '<p>the table<a href="https://example.org/x.png">there</a></p>' in document.html


@pytest.mark.parametrize("declaration", [EXPANDING, EXTERNAL])
def test_docx_with_entities_is_refused(declaration: str) -> None:
    for encoding in ("utf-8", "utf-16"):
        xml = f'{declaration}<w:document xmlns:w="x"><w:body>&b;</w:body></w:document>'.encode(encoding)
        assert refusal(docx(others={"word/document.xml": xml})) == "damaged"


def test_docx_reads_no_file_of_the_server(tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"secret")
    addresses = {"a": secret.as_uri(), "b": str(secret), "c": "../../../../../../../../etc/passwd"}
    document = load(docx(*(paragraph(image(name, by="link")) for name in addresses), links=addresses), "text.docx")
    assert document.images == []
    assert document.lost["images_elsewhere"] == 3


def test_docx_that_unpacks_to_much_is_refused() -> None:
    started = time.monotonic()
    assert refusal(docx(others={"word/media/x.png": bytes(MAX_UNPACKED)})) == "unpacked"
    assert refusal(docx(others={f"x{n}": b"" for n in range(MAX_ENTRIES)})) == "unpacked"
    assert refusal(docx(run("x" * 12 * 1024 * 1024))) == "long"
    assert refusal(docx("<w:ins>" * 5_000 + "</w:ins>" * 5_000)) == "long"
    assert refusal(docx(paragraph("word " * 100_000))) == "long"
    assert time.monotonic() - started < 30


def test_converter_process_has_a_memory_limit() -> None:
    program = "from core import document_converter as d; d.limit_resources(); bytearray(d.MAX_MEMORY)"
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert "MemoryError" in done.stderr


def test_converter_that_hangs_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "CONVERTER_TIMEOUT", 0.001)
    assert refusal(docx(paragraph("x"))) == "long"


def test_other_files_are_refused_with_what_to_do() -> None:
    complete = docx(paragraph("x"))
    encrypted = bytearray(complete)
    encrypted[encrypted.rindex(b"PK\x01\x02") + 8] |= 1
    assert refusal(b"") == "empty"
    assert refusal(b" \n\t") == "empty"
    assert refusal(b"x" * (documents.MAX_BYTES + 1), "text.md") == "size"
    assert refusal(b"\xd0\xcf\x11\xe0" + bytes(600), "text.doc") == "old"
    assert refusal(b"%PDF-1.7", "text.pdf") == "pdf"
    assert refusal(bytes(encrypted)) == "encrypted"
    assert refusal(complete[: len(complete) // 2]) == "damaged"
    assert refusal(b"not a zip", "text.docx") == "unknown"
    assert refusal("text", "text.rtf") == "unknown"
    assert refusal(bytes(range(256)), "text.md") == "encoding"
    assert refusal("Übergröße café naïve".encode("latin-1"), "text.md") == "encoding"


@settings(max_examples=8, deadline=None)
@given(cut=st.floats(0, 1), changes=st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), max_size=8))
def test_damaged_docx_raises_only_invalid_document(cut: float, changes: list[tuple[float, int]]) -> None:
    data = bytearray(docx(paragraph("One", style="Title"), paragraph(image("a"), footnote(1)), images={"a": b"x"}))
    for place, value in changes:
        data[int(place * len(data))] = value
    with suppress(InvalidDocument):
        load(bytes(data[: int(len(data) * (1 - cut / 4))]), "text.docx")


# --- HTML


def test_html_becomes_paragraphs_and_blocks() -> None:
    document = load(
        '<!doctype html><html lang="ru-RU"><head><title>Site | page</title>'
        "<style>p {}</style></head><body><nav>Menu</nav><div class=post><h1>Every <em>lamp</em></h1>"
        "loose text<br>and more"
        '<p onclick="x()">Para <img src=https://example.org/x.png> goes on</p><div><b>bold<div>inner</div></b></div>'
        f'<figure><img src="data:image/png;base64,{b64encode(b"png").decode()}" alt="A lamp">'
        "<figcaption>By <i>night</i></figcaption></figure>"
        "<ul><li>one<ul><li>two</ul></ul><h3>Sub <img src='data:image/png;base64,!'></h3>"
        '<a href="page2.html">next</a> <a href="#top">up</a> <a href="javascript:x">js</a>'
        "<pre>a\n <b>b</b></pre><iframe src=https://example.org/></iframe><script>alert(1)</script></div>",
        "page.HTM",
    )
    assert document.title == "Every lamp"
    assert document.language == "ru"
    assert document.images == [b"png"]
    assert document.html == (
        "<p>loose text<br>and more</p><p>Para  goes on</p><p><b>bold</b></p><p><b>inner</b></p>"
        '<figure><img src="image:0" alt="A lamp"><figcaption>By night</figcaption></figure>'
        "<ul><li><p>one</p><ul><li><p>two</p></li></ul></li></ul><h3>Sub </h3><p>next up js</p><pre>a\n b</pre>"
    )
    assert +document.lost == {"images_elsewhere": 1, "images_unreadable": 1, "links": 1, "elements": 1}


@pytest.mark.parametrize(
    ("html", "title", "rest"),
    [
        ("<title>A &amp; b</title><p>x</p>", "A & b", "<p>x</p>"),
        ("<h2>First</h2><h2>Second</h2>", "First", "<h2>Second</h2>"),
        ("<p>x</p><h1>Only</h1><p>y</p>", "Only", "<p>x</p><p>y</p>"),
        ("<p>x</p><h1>One</h1><h1>Two</h1><h2>a</h2>", "", "<p>x</p><h1>One</h1><h1>Two</h1><h3>a</h3>"),
    ],
)
def test_html_title_is_its_first_heading(html: str, title: str, rest: str) -> None:
    document = load(html, "x.html")
    assert (document.title, document.html) == (title, rest)


def test_to_page_does_bounded_work() -> None:
    with pytest.raises(TooLong):
        to_page(f'<a href="https://example.org/{"x" * 5_000}">' + "<p>x</p>" * (MAX_LENGTH // 5_000))
    assert refusal("<p>x</p>" * 200_000, "x.html") == "long"


# --- Markdown


def test_markdown_with_front_matter() -> None:
    document = load(
        "---\r\ntitle: 'Every lamp'\nlayout: post\ndescription: >\n  A weekend\n  and more\n"
        'tags:\n  - street lamps\n  - "maps"\nlang: hy\n---\n\n# Every lamp\n\nText with **stars**[^1].\n\n'
        "| a | b |\n|---|---|\n| 1 | 2 |\n\n[^1]: The note.\n"
    )
    assert (document.title, document.summary, document.language) == ("Every lamp", "A weekend and more", "hy")
    assert document.tags == ["street lamps", "maps"]
    assert document.html == (
        "<p>Text with <strong>stars</strong><foot-note>The note.</foot-note>.</p>"
        "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table>"
    )


@pytest.mark.parametrize(
    ("text", "title", "html"),
    [
        ("# One #\n\ntext", "One", "<p>text</p>"),
        ("One\n===\n\ntext", "One", "<p>text</p>"),
        ("---\ntags: [a, 'b, c', d]\n---\n## Two\ntext", "Two", "<p>text</p>"),
        ("---\ntitle: Other\n---\n# One", "Other", "<h2>One</h2>"),
        ("text\n\n# One", "", "<p>text</p><h2>One</h2>"),
        ("---\n\ntext\n", "", "<hr><p>text</p>"),
    ],
)
def test_markdown_title(text: str, title: str, html: str) -> None:
    document = load(text)
    assert (document.title, document.html) == (title, html)


def test_markdown_without_images_of_other_sites_and_html() -> None:
    document = load(
        "A ![lamp](https://example.org/x.png) <img src=y> <!-- hidden --> <div>here</div> <b>bold</b>\n"
        '\n<video src="x">no</video>\n\n`<img>` stays\n\n```\n<!-- ![a](b) <div> -->\n```\n\n![own](image:12 "c")\n'
    )
    assert document.html == (
        "<p>A    here <strong>bold</strong></p><p><code>&lt;img&gt;</code> stays</p>"
        "<pre><code>&lt;!-- ![a](b) &lt;div&gt; --&gt;</code></pre>"
        '<figure><img data-image="12" alt="own"><figcaption>c</figcaption></figure>'
    )
    assert +document.lost == {"images_elsewhere": 2, "elements": 1}


@pytest.mark.parametrize("piece", ["<!--", "```a\n", "<script ", "`", "![a](", "<div ", "---\n", "a: \n", "~~~\n"])
def test_markdown_file_takes_linear_time(piece: str) -> None:
    started = time.process_time()
    without_html(piece * (documents.MAX_MARKDOWN // len(piece)), Document("").lost)
    assert time.process_time() - started < 1
    assert refusal("x" * (documents.MAX_MARKDOWN + 1), "x.md") == "long"


# --- Encodings


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "windows-1251", "koi8-r"])
def test_text_is_decoded(encoding: str) -> None:
    text = "Мы сосчитали все фонари города. США нет."
    assert load(text.encode(encoding), "x.txt").html == f"<p>{text}</p>"


def test_html_is_decoded_as_it_declares() -> None:
    page = '<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-1"><p>Größe</p>'
    assert load(page.encode("iso-8859-1"), "x.html").html == "<p>Größe</p>"
    for name in ("no-such", "idna", "unicode_escape", "hex", "utf-16"):
        assert refusal(page.replace("iso-8859-1", name).encode("iso-8859-1"), "x.html") == "encoding"
    # A page that was converted without changing what it declares.
    assert load(page.encode(), "x.html").html == "<p>Größe</p>"
