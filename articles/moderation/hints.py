"""Hints in words, one sentence each."""

from __future__ import annotations

from django.urls import reverse
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from articles.moderation.models import Hint

Kind = Hint.Kind


def in_words(hint: Hint) -> SafeString:
    """Return what a hint says, with a link to the other submission if there is one."""
    data = hint.data
    match hint.kind:
        case Kind.TEXT:
            sentence = _("%(percent)s%% of the text is also in %(link)s by %(author)s.")
            return _with_link(sentence, hint, percent=data["percent"])
        case Kind.IMAGE:
            return _with_link(_("The same image is in %(link)s by %(author)s."), hint)
        case Kind.DOMAINS:
            domains = ", ".join(data["domains"])
            return _escape(_("No published article of another author links to: %(domains)s."), domains=domains)
        case Kind.WORDS:
            return _escape(_("The text contains watch words: %(words)s."), words=", ".join(data["words"]))
        case Kind.SUBMISSIONS:
            sentence = ngettext(
                "The author submitted %(count)s text within a day.",
                "The author submitted %(count)s texts within a day.",
                data["count"],
            )
            return _escape(sentence, count=data["count"])
        case Kind.ACCOUNT if data["days"]:
            sentence = ngettext(
                "The account was %(count)s day old at the submission.",
                "The account was %(count)s days old at the submission.",
                data["days"],
            )
            return _escape(sentence, count=data["days"])
    return _escape(_("The account was less than a day old at the submission."))


def _with_link(sentence: str, hint: Hint, **values: object) -> SafeString:
    url = reverse("admin:moderation_submission_change", args=[hint.data["revision"]])
    link = format_html('<a href="{}">{}</a>', url, hint.data["title"])
    return _escape(sentence, link=link, author=hint.data["author"], **values)


def _escape(sentence: str, **values: object) -> SafeString:
    """Return a translated sentence with values that are escaped, unless they are HTML."""
    escaped = {
        name: conditional_escape(value if isinstance(value, str) else str(value)) for name, value in values.items()
    }
    return SafeString(conditional_escape(sentence) % escaped)
