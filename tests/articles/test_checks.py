"""What is found in a text before its submission."""

from __future__ import annotations

from typing import Any

import pytest

from articles.checks import LINK_WORDS, MAX_FINDINGS, Finding, Kind, find_in
from articles.models import Revision
from articles.services.revisions import MAX_BODY_LENGTH
from core.sanitizer import sanitize
from tests.factories import BODY

QUOTATION = "<blockquote><p>They shine for the cats.</p></blockquote>"


def found(body: str = "", **fields: Any) -> list[Finding]:
    """Return what is found in a text, whose body must be as it is stored."""
    assert sanitize(body) == body
    return list(find_in(Revision(body=body, **fields)))


def places(kind: Kind, body: str, **fields: Any) -> list[str]:
    findings = found(body, **fields)
    assert {finding.kind for finding in findings} <= {kind}
    return [finding.place or finding.field for finding in findings]


def link(words: str) -> str:
    return f'<a href="https://example.org/" rel="nofollow ugc noopener">{words}</a>'


def image(attributes: str) -> str:
    return f'<figure><img data-image="7" {attributes}></figure>'


def test_text_without_faults() -> None:
    assert found(BODY, title="We counted every street lamp") == []
    assert found() == []


def test_images_need_alternative_texts_and_credits() -> None:
    body = "".join(
        map(image, ('alt="A lamp" data-credit="Ani"', 'alt="" data-credit="Ani"', 'alt="A lamp"', 'alt="Two lamps"'))
    )
    findings = found(body, image_id=1, caption="At dusk")
    assert findings == [
        Finding(Kind.ALTERNATIVE_TEXT, "alternative_text", words="At dusk"),
        Finding(Kind.ALTERNATIVE_TEXT, place="alt-2"),
        Finding(Kind.CREDIT, "credit", words="At dusk"),
        Finding(Kind.CREDIT, place="credit-3", words="A lamp"),
        Finding(Kind.CREDIT, place="credit-4", words="Two lamps"),
    ]
    assert found(image_id=1, alternative_text="A lamp", credit="Ani") == []
    assert found(image('alt="A lamp" data-licence="own"')) == []
    assert len(found(image('alt="A lamp" data-licence="cc-by"'))) == 1


@pytest.mark.parametrize(
    ("levels", "expected"),
    [("22323", []), ("323", ["heading-1"]), ("33", ["heading-1"]), ("", []), ("2", [])],
)
def test_headings_do_not_jump(levels: str, expected: list[str]) -> None:
    body = "".join(f"<h{level}>Lamps</h{level}><p>Text</p>" for level in levels)
    assert places(Kind.HEADING, body) == expected


@pytest.mark.parametrize(
    ("language", "words", "is_found"),
    [
        ("en", "here", True),
        ("en", "<strong>Click</strong> here!", True),
        ("en", "the list of lamps", False),
        ("en", "hereabouts", False),
        ("en", "здесь", False),
        ("ru", "Здесь", True),
        ("ru", "по&nbsp;ссылке", True),
        ("ru", "список фонарей", False),
        ("hy", "այստեղ՝", True),
        ("hy", "Այս հղումով", True),
        ("hy", "լապտերների ցանկը", False),
    ],
)
def test_words_of_links(language: str, words: str, is_found: bool) -> None:
    body = f"<p>See {link('the map')} and {link(words)}.</p>"
    assert places(Kind.LINK, body, language=language) == ["link-2"] * is_found


def test_link_words_of_each_language_of_the_site(settings: Any) -> None:
    assert LINK_WORDS.keys() == dict(settings.LANGUAGES).keys()


def test_embedded_pages_are_not_counted_as_links() -> None:
    embed = f'<figure class="embed">{link("here")}</figure>'
    assert places(Kind.LINK, f"{embed}<p>{link('here')}</p>") == ["link-1"]


@pytest.mark.parametrize(
    ("title", "is_found"),
    [
        ("WE COUNTED EVERY LAMP", True),
        ("МЫ ПОСЧИТАЛИ ФОНАРИ", True),
        ("ՄԵՆՔ ՀԱՇՎԵՑԻՆՔ ԼԱՊՏԵՐՆԵՐԸ", True),
        ("NASA: 2026", False),
        ("We counted NASA’s lamps", False),
        ("街灯を数えました、すべて", False),
        ("2026 – 12345678901", False),
    ],
)
def test_title_in_capitals(title: str, is_found: bool) -> None:
    assert [finding.field for finding in found(title=title)] == ["title"] * is_found


@pytest.mark.parametrize(
    "body",
    [
        f"<p>Ani says:</p>{QUOTATION}",
        f"{QUOTATION}<p>— Ani, in 2024</p>",
        "<blockquote><p>They shine.</p><p>– Ani</p></blockquote>",
        "<blockquote><p>They shine.<br>-- Ani</p></blockquote>",
        f"<blockquote><p>They {link('shine')}.</p></blockquote>",
        "<blockquote><p>They shine<foot-note>Ani, 2024</foot-note>.</p></blockquote>",
        '<blockquote class="pull-quote"><p>They shine.</p></blockquote>',
        f"<p>Ani says:</p><blockquote><p>He says</p>{QUOTATION}<p>indeed.</p></blockquote>",
    ],
)
def test_quotation_with_source(body: str) -> None:
    assert found(body) == []


@pytest.mark.parametrize(
    "body",
    [
        QUOTATION,
        f"<p>All is said.</p>{QUOTATION}<p>Then we left.</p>",
        f"{QUOTATION}<p>Then.</p><p>— Ani</p>",
        "<blockquote><p>— They shine.</p></blockquote>",
        f"<p>{link('Lamps')}</p>{QUOTATION}<p>{link('Lamps')}</p>",
    ],
)
def test_quotation_without_source(body: str) -> None:
    (finding,) = found(body)
    assert (finding.kind, finding.place) == (Kind.QUOTATION, "quotation-1")
    assert "They shine" in finding.words


@pytest.mark.parametrize(
    "block",
    [
        f"<p>{link('here')}</p>",
        QUOTATION,
        image('alt=""'),
        "<h3>Lamps</h3>",
        "<blockquote>" * 50 + "<p>x</p>" * 50 + "</blockquote>" * 50,
    ],
)
def test_findings_of_the_longest_text_are_bounded(block: str) -> None:
    body = block * (MAX_BODY_LENGTH // len(block))
    findings = list(find_in(Revision(body=body, language="en")))
    assert all([finding.kind for finding in findings].count(kind) <= MAX_FINDINGS for kind in Kind)
    assert all(len(finding.words) <= 100 for finding in findings)
