"""The text of an article as readers see it: images, footnotes, short codes."""

from __future__ import annotations

from articles.body import images_in, render, render_for_feed, short_code, with_embeds
from articles.models import Image
from articles.search.query import extract_text
from core.markdown import from_form
from core.sanitizer import plain_text, sanitize

FIGURE = (
    '<figure><img data-image="12" alt="A &quot;lamp&quot;" data-credit="Ani" data-licence="cc-by">'
    "<figcaption>On the corner &amp; beyond</figcaption></figure>"
)


def image(pk: int = 12) -> Image:
    return Image(pk=pk, key="a" * 32, width=1200, height=800)


def test_render_image_with_sizes_and_texts() -> None:
    html = render(FIGURE, {12: image()})
    assert f'src="{image().url(960)}" srcset="{image().srcset}" sizes="(min-width: 48rem) 44rem, 92vw"' in html
    assert 'width="1200" height="800" alt="A &quot;lamp&quot;" loading="lazy" decoding="async">' in html
    assert '<figcaption><span>On the corner &amp; beyond</span> <span class="credit">Ani</span> ' in html
    assert (
        '<a href="https://creativecommons.org/licenses/by/4.0/" rel="license nofollow noopener">CC BY 4.0</a>' in html
    )
    assert "data-" not in html


def test_render_leaves_out_images_that_the_text_may_not_show() -> None:
    assert render(f"<p>a</p>{FIGURE}<p>b</p>", {13: image(13)}) == "<p>a</p><p>b</p>"


def test_render_unknown_licence_shows_nothing() -> None:
    html = render('<figure><img data-image="12" alt="" data-licence="other"></figure>', {12: image()})
    assert "figcaption" not in html
    assert 'alt=""' in html


def test_render_for_feed_has_absolute_addresses() -> None:
    html = render_for_feed(FIGURE, {12: image()}, url="https://news.example.org/a/")
    assert f'<img src="http://testserver{image().url(960)}" alt="A &quot;lamp&quot;">' in html
    assert "srcset" not in html


def test_images_in_reads_what_the_text_says() -> None:
    (found,) = images_in(sanitize(FIGURE))
    assert found == (12, 'A "lamp"', "On the corner & beyond", "Ani", "cc-by")


def test_footnotes_are_numbered_and_linked_both_ways() -> None:
    body = sanitize(
        "<p>One<foot-note>See https://example.org/a?b=1&amp;c=2.</foot-note> and two"
        "<foot-note>Ibid. &lt;x&gt;</foot-note></p>"
    )
    html = render(body, {})
    assert '<sup class="footnote"><a href="#note-2" id="note-2-text" role="doc-noteref"' in html
    assert '<li id="note-1">See <a href="https://example.org/a?b=1&amp;c=2" rel="nofollow ugc noopener">' in html
    assert '<li id="note-2">Ibid. &lt;x&gt; <a class="back" href="#note-2-text" role="doc-backlink"' in html
    assert html.index("and two") < html.index('<section class="footnotes"')
    feed = render_for_feed(body, {}, url="https://news.example.org/a/")
    assert 'href="https://news.example.org/a/#note-1"' in feed


def test_links_of_footnotes_in_paid_articles_are_sponsored() -> None:
    html = render("<p>x<foot-note>https://example.org</foot-note></p>", {}, is_paid_for=True)
    assert 'rel="sponsored nofollow ugc noopener">https://example.org</a>' in html


def test_text_for_search_and_summaries_has_no_figures_and_footnotes() -> None:
    body = f"<p>Before<foot-note>hidden note</foot-note> it.</p>{FIGURE}<p>After.</p>"
    assert plain_text(body) == "Before it. After."
    assert extract_text(body) == "Before it. After."


def test_short_code_of_an_image_shows_it() -> None:
    stored = Image(pk=12, alternative_text='A "lamp" [left]', caption='The "third" one')
    line = short_code(stored)
    assert line == '![A "lamp" (left)](image:12 "The "third" one")'
    for text in (
        f"Before\n{line}\nafter",
        f"<p>Before</p>\n{line}\n<p>after</p>",
        f"<p>Before</p><p>x</p>\n<p>{line}</p>",
    ):
        (found,) = images_in(from_form(text))
        assert found == (12, 'A "lamp" (left)', 'The "third" one', "", "")
    assert from_form(f"Before\r\n{line}\r\nafter").startswith("<p>Before</p><figure>")


def test_address_alone_in_a_line_is_embedded() -> None:
    body = from_form(with_embeds("Look:\nhttps://youtu.be/aBcDeFgHi_1\nand https://youtu.be/aBcDeFgHi_2"))
    assert body == (
        '<p>Look:</p><figure class="embed"><a href="https://youtu.be/aBcDeFgHi_1" rel="nofollow ugc noopener">'
        "https://youtu.be/aBcDeFgHi_1</a></figure><p>and https://youtu.be/aBcDeFgHi_2</p>"
    )
    assert from_form(with_embeds("https://example.org/a")) == "<p>https://example.org/a</p>"
