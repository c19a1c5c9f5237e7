"""The author's answers about a text: what is missing, and what readers, feeds and search engines are told."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from articles.models.content import Content
from articles.models.disclosure import DETAILS, Disclosure
from core.sanitizer import LINK_REL

_AI = Disclosure.AIHelp
# https://schema.org/IPTCDigitalSourceEnumeration. Corrections do not change where a text comes from.
_SOURCE_TYPES = {
    _AI.PARTS: "https://schema.org/CompositeWithTrainedAlgorithmicMediaDigitalSource",
    _AI.WHOLE: "https://schema.org/TrainedAlgorithmicMediaDigitalSource",
}
_is_address = URLValidator(schemes=["http", "https"])


def missing_answers(content: Disclosure) -> dict[str, str]:
    """Return what an author has not answered, as field name → sentence."""
    sentences = {
        "sponsorship": _("Say whether the text is paid or sponsored."),
        "interest": _("Say whether you have an interest of your own in the subject."),
        "ai_help": _("Say whether AI helped with the text."),
        "translation": _("Say whether the text is a translation."),
        "sponsor": _("Name who paid for the text or sponsored it."),
        "interest_note": _("Say what your interest is."),
        "translation_of": _("Enter the address or the title of the original."),
    }
    names = [name for name in ("sponsorship", "interest", "ai_help", "translation") if not getattr(content, name)]
    names += [
        detail
        for name, (answer, detail) in DETAILS.items()
        if getattr(content, name) == answer and not getattr(content, detail)
    ]
    return {name: sentences[name] for name in names}


def disclosures(content: Disclosure) -> list[SafeString]:
    """Return in short words what the author has disclosed, as HTML; nothing for "no", "none" and no answer."""
    words = []
    if content.sponsorship == Disclosure.Sponsorship.SPONSORED:
        words.append(format_html(_("Paid or sponsored by {}"), _isolated(content.sponsor)))
    if content.interest == Disclosure.Interest.OWN:
        words.append(format_html(_("The author’s interest: {}"), _isolated(content.interest_note)))
    ai_words = {
        _AI.CORRECTIONS: _("Corrected with AI"),
        _AI.PARTS: _("Parts written by AI"),
        _AI.WHOLE: _("Written by AI"),
    }
    if content.ai_help in ai_words:
        words.append(format_html("{}", ai_words[_AI(content.ai_help)]))
    if content.translation == Disclosure.Translation.TRANSLATION:
        original = content.translation_of
        shown = link_to(original) if is_address(original) else _isolated(original)
        words.append(format_html(_("Translation of {}"), shown))
    return words


def first_published(content: Content) -> SafeString:
    """Return a sentence that says where a text appeared first, as HTML; empty if that was here."""
    if not content.canonical_url:
        return SafeString()
    return format_html(_("First published at {}."), link_to(content.canonical_url))


def _isolated(text: str) -> SafeString:
    """Return what an author typed, in its own direction."""
    return format_html("<bdi>{}</bdi>", text)


def is_address(value: str) -> bool:
    """Return whether a value is a complete http or https URL."""
    try:
        _is_address(value)
    except ValidationError:
        return False
    return True


def link_to(url: str) -> SafeString:
    """Return a link with the name of the host, which is all that readers need to see of a long address."""
    host = (urlsplit(url).hostname or url).removeprefix("www.")
    return format_html('<a href="{}" rel="{}">{}</a>', url, LINK_REL, host)


def json_ld(content: Disclosure) -> dict[str, Any]:
    """Return the answers as properties of a schema.org CreativeWork."""
    data: dict[str, Any] = {}
    if content.is_sponsored:
        data["sponsor"] = content.sponsor
    if source_type := _SOURCE_TYPES.get(content.ai_help):  # type: ignore[call-overload]
        data["digitalSourceType"] = source_type
    if content.translation == Disclosure.Translation.TRANSLATION:
        key = "url" if is_address(content.translation_of) else "name"
        data["translationOfWork"] = {"@type": "CreativeWork", key: content.translation_of}
    return data
