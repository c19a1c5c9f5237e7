"""Read the stored text of an article, and show it: images, embedded pages and footnotes as readers see them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape, unescape
from typing import NamedTuple
from urllib.parse import urljoin

from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from articles import embeds
from articles.models.image import LICENCE_URLS, Image, Licence
from core.sanitizer import sanitize, with_absolute_links, with_sponsored_links

# Of an image in the column of the text.
SIZES = "(min-width: 48rem) 44rem, 92vw"
# What `core.sanitizer` leaves has exactly this form.
_IMAGE = re.compile(
    r'<figure><img data-image="(\d+)"((?: [a-z-]+="[^"]*")*)>(?:<figcaption>(.*?)</figcaption>)?</figure>'
)
_ATTRIBUTE = re.compile(r' ([a-z-]+)="([^"]*)"')
_EMBED = re.compile(r'<figure class="embed">(<a href="([^"]*)"[^>]*>.*?</a>)</figure>')
_NOTE = re.compile(r"<foot-note>(.*?)</foot-note>")
_ADDRESS_ALONE = re.compile(r"[ \t]*(https?://[^\s<>]+)[ \t]*")
# In escaped text.
_ADDRESS = re.compile(r"https?://(?:(?!&lt;|&gt;|&quot;)[^\s<>])+(?<![.,;:!?)])")


class BodyImage(NamedTuple):
    """An image in a text: the primary key, and what this text says about it."""

    pk: int
    alternative_text: str
    caption: str
    credit: str
    licence: str


def images_in(body: str) -> list[BodyImage]:
    """Return the images of a sanitised text, in its order."""
    return [_described(match) for match in _IMAGE.finditer(body)] if "<figure" in body else []


def without_images(body: str, pks: set[int]) -> str:
    """Return a sanitised text without these images."""
    return _IMAGE.sub(lambda match: "" if int(match[1]) in pks else match[0], body) if pks else body


def short_code(image: Image) -> str:
    """Return the line that shows an image in a text that is typed without the editor (`core.markdown.from_form`)."""
    alternative_text = image.alternative_text.replace("[", "(").replace("]", ")")
    return f"![{alternative_text}](image:{image.pk}{f' "{image.caption}"' if image.caption else ''})"


def with_embeds(text: str) -> str:
    """Return what was typed without the editor, in which lines that are an address alone embed the page."""

    return "\n".join(map(_with_embed, text.replace("\r\n", "\n").split("\n")))


def _with_embed(line: str) -> str:
    match = _ADDRESS_ALONE.fullmatch(line)
    if match is None or embeds.recognise(match[1]) is None:
        return line
    address = escape(match[1])
    return f'\n\n<figure class="embed"><a href="{address}">{address}</a></figure>\n\n'


def has_embeds(body: str) -> bool:
    """Return whether a sanitised text has embedded pages."""
    return '<figure class="embed">' in body


def render(body: str, images: Mapping[int, Image], *, is_paid_for: bool = False) -> SafeString:
    """Return a stored text as HTML for the article page.

    Args:
        images: those that the text may show, by their primary keys; others are left out.
        is_paid_for: give links `rel="sponsored"` too.
    """
    html: str = sanitize(body)
    if is_paid_for:
        html = with_sponsored_links(html)
    rel = f"{'sponsored ' if is_paid_for else ''}nofollow ugc noopener"
    html = _IMAGE.sub(lambda match: _figure(match, images), html)
    html = _EMBED.sub(_embed, html)
    return mark_safe(_with_notes(html, rel))  # noqa: S308 - sanitised above


def render_for_feed(body: str, images: Mapping[int, Image], *, url: str) -> str:
    """Return a stored text as HTML for feeds of the article at `url`: all addresses are complete, no scripts needed."""
    html = with_absolute_links(sanitize(body), url)
    html = _IMAGE.sub(lambda match: _figure(match, images, is_page=False), html)
    html = _EMBED.sub(r"<p>\1</p>", html)
    return str(_with_notes(html, "nofollow ugc noopener", url))


def _described(match: re.Match[str]) -> BodyImage:
    attributes = {name: unescape(value) for name, value in _ATTRIBUTE.findall(match[2])}
    return BodyImage(
        pk=int(match[1]),
        alternative_text=attributes.get("alt", ""),
        caption=unescape(match[3] or ""),
        credit=attributes.get("data-credit", ""),
        licence=attributes.get("data-licence", ""),
    )


def _figure(match: re.Match[str], images: Mapping[int, Image], *, is_page: bool = True) -> str:
    text = _described(match)
    image = images.get(text.pk)
    if image is None:
        return ""
    if is_page:
        shown = format_html(
            '<img src="{}" srcset="{}" sizes="{}" width="{}" height="{}" alt="{}" loading="lazy" decoding="async">',
            *(image.url(960), image.srcset, SIZES, image.width, image.height, text.alternative_text),
        )
    else:
        shown = format_html(
            '<img src="{}" alt="{}">', urljoin(settings.ORIGIN + "/", image.url(960)), text.alternative_text
        )
    notes = [format_html("<span>{}</span>", text.caption)] if text.caption else []
    if text.credit:
        notes.append(format_html('<span class="credit">{}</span>', text.credit))
    if licence := _licence(text.licence):
        notes.append(format_html('<span class="credit">{}</span>', licence))
    caption = format_html("<figcaption>{}</figcaption>", mark_safe(" ".join(notes))) if notes else ""  # noqa: S308
    return f"<figure>{shown}{caption}</figure>"


def _licence(code: str) -> str:
    """Return the licence as readers see it, "" for a code that says nothing to them."""
    if code not in Licence.values or code == Licence.OWN:
        return ""
    licence = Licence(code)
    if url := LICENCE_URLS.get(licence):
        return format_html('<a href="{}" rel="license nofollow noopener">{}</a>', url, licence.label)
    return str(licence.label)


def _embed(match: re.Match[str]) -> str:
    embed = embeds.recognise(unescape(match[2]))
    if embed is None:
        return f"<p>{match[1]}</p>"
    return format_html(
        '<figure class="embed" data-src="{}" data-kind="{}" data-show="{}" data-notice="{}">{}</figure>',
        *(embed.url, embed.provider.kind, _("Show the content of %(site)s") % {"site": embed.provider.name}),
        _("%(site)s then receives your address and can set cookies.") % {"site": embed.provider.name},
        mark_safe(match[1]),  # noqa: S308 - sanitised
    )


def _with_notes(html: str, rel: str, url: str = "") -> str:
    """Number the footnotes and move them to the end, with links both ways."""
    notes: list[str] = []

    def reference(match: re.Match[str]) -> str:
        notes.append(match[1])
        number = len(notes)
        label = _("Footnote %(number)d") % {"number": number}
        return format_html(
            '<sup class="footnote"><a href="{2}#note-{0}" id="note-{0}-text" role="doc-noteref" aria-label="{1}">'
            "{0}</a></sup>",
            *(number, label, url),
        )

    html = _NOTE.sub(reference, html)
    if not notes:
        return html
    items = ""
    for number, note in enumerate(notes, start=1):
        linked = _ADDRESS.sub(rf'<a href="\g<0>" rel="{rel}">\g<0></a>', note)
        back = _("Back to the text of footnote %(number)d") % {"number": number}
        items += format_html(
            '<li id="note-{0}">{1} <a class="back" href="{3}#note-{0}-text" role="doc-backlink" aria-label="{2}">'
            "↩</a></li>",
            *(number, mark_safe(linked), back, url),  # noqa: S308 - sanitised
        )
    label = escape(_("Footnotes"))
    return f'{html}<section class="footnotes" role="doc-endnotes" aria-label="{label}"><ol>{items}</ol></section>'
