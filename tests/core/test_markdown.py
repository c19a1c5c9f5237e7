"""What is typed without the editor: Markdown, with lines for images and footnotes."""

from __future__ import annotations

import string
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.markdown import from_form
from core.sanitizer import plain_text, sanitize


@settings(max_examples=200, deadline=None)
@given(
    st.text(
        st.characters(exclude_categories=["Cs", "Cc"], exclude_characters=f"{string.punctuation}\ufffe\uffff"),
        max_size=200,
    )
)
def test_from_form_preserves_text_without_markup(text: str) -> None:
    assert plain_text(from_form(text)).split() == text.split()


@pytest.mark.parametrize(
    ("given_text", "stored"),
    [
        ("One\n\nTwo", "<p>One</p><p>Two</p>"),
        ("One\r\ntwo\r\n\r\n\r\nthree", "<p>One<br>two</p><p>three</p>"),
        ("5<6 and 7>3 & so on", "<p>5&lt;6 and 7&gt;3 &amp; so on</p>"),
        ("a <unknown> word", "<p>a &lt;unknown&gt; word</p>"),
        ("see <a href='https://x.am'>x</a>", '<p>see <a href="https://x.am" rel="nofollow ugc noopener">x</a></p>'),
        ("<h1>Title</h1>", "<h2>Title</h2>"),
        ("   \n\n  ", ""),
        ("<p></p><p> <br></p><p>x</p>", "<p>x</p>"),
    ],
)
def test_from_form_makes_paragraphs(given_text: str, stored: str) -> None:
    assert from_form(given_text) == stored


@pytest.mark.parametrize(
    ("markdown", "stored"),
    [
        ("# Title\n## Part\n### Smaller", "<h2>Title</h2><h2>Part</h2><h3>Smaller</h3>"),
        ("- one\n- two", "<ul><li>one</li><li>two</li></ul>"),
        ("3. one\n4. two", '<ol start="3"><li>one</li><li>two</li></ol>'),
        ("> one\n> two", "<blockquote><p>one<br>two</p></blockquote>"),
        ("**a** *b* `c < d`", "<p><strong>a</strong> <em>b</em> <code>c &lt; d</code></p>"),
        ("```\nif a < b:\n    c\n```", "<pre><code>if a &lt; b:\n    c</code></pre>"),
        ("a\n\n---\n\nb", "<p>a</p><hr><p>b</p>"),
        ("    a\n\tb", "<p>a<br>b</p>"),
        ("[x](https://x.am)", '<p><a href="https://x.am" rel="nofollow ugc noopener">x</a></p>'),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"),
        ("![x](https://x.am/y.png)", '<p>!<a href="https://x.am/y.png" rel="nofollow ugc noopener">x</a></p>'),
        ("[x]: https://x.am", "<p>[x]: https://x.am</p>"),
        (
            "| a | b |\n|---|---|\n| 1 | 2 |",
            "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table>",
        ),
        (
            "One[^1] and two[^b].\n\n[^1]: See <this> & *that*.\n[^c]: Alone",
            "<p>One<foot-note>See &lt;this&gt; &amp; that.</foot-note> and two[^b].</p><p>[^c]: Alone</p>",
        ),
    ],
)
def test_from_form_markdown(markdown: str, stored: str) -> None:
    assert from_form(markdown) == stored
    assert sanitize(stored) == stored


def test_from_form_stored_html_is_no_markdown() -> None:
    assert from_form("<p>*a* # b</p>") == "<p>*a* # b</p>"


@pytest.mark.parametrize(
    "piece",
    ["[", "*", "_a*", "`a", "> ", "- ", "[a](", "[^a]", "|a\n|-\n", "![", "<a", "[^a]: b\n", "<figure>", "<foot-note>"],
)
def test_from_form_takes_linear_time(piece: str) -> None:
    def seconds(length: int) -> float:
        start = time.process_time()
        from_form(piece * (length // len(piece)))
        return time.process_time() - start

    # Four times the text, with room for noise; quadratic work would be sixteen times as much.
    assert seconds(40_000) < 10 * seconds(10_000) + 0.2
