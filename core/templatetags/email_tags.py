"""The paragraphs of emails."""

from django import template
from django.conf import settings
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

register = template.Library()


@register.filter
def paragraph(text: str) -> SafeString:
    """Return a paragraph of plain text as HTML: a button if it is one of the site's URLs alone, otherwise its lines."""
    if text.startswith(f"{settings.ORIGIN}/") and len(text.split()) == 1:
        return format_html(
            '<p><a class="button" href="{0}">{1}</a></p><p class="quiet" style="word-break: break-all">{0}</p>',
            text,
            _("Open the page"),
        )
    return format_html("<p>{}</p>", format_html_join(SafeString("<br>"), "{}", ((line,) for line in text.splitlines())))
