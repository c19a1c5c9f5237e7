"""The rich-text editor of the author's form: which extensions it has, its words, and where its modules are."""

from __future__ import annotations

from typing import Any

from django.templatetags.static import static
from django.utils.translation import gettext as _
from django_prose_editor.widgets import ProseEditorWidget
from js_asset import ImportMap, Media, Script

# Where the browser finds what static/js/editor.js imports, under the names that static files are stored by.
IMPORTS = ImportMap(
    {
        "django-prose-editor/editor": "django_prose_editor/editor.js",
        "editor-paste": "js/editor-paste.js",
        "editor-toolbar": "js/editor-toolbar.js",
    }
)


class BodyWidget(ProseEditorWidget):  # type: ignore[misc]
    """The rich-text editor, put together by static/js/editor.js; without JavaScript a plain text field."""

    def __init__(self, *, most: int) -> None:
        """An editor whose page warns beyond `most` characters of mark-up."""
        config = {
            "extensions": {
                "Paragraph": True,
                "Heading": {"levels": [2, 3]},
                "Bold": True,
                "Italic": True,
                "BulletList": True,
                "OrderedList": True,
                "ListItem": True,
                "Blockquote": True,
                "Link": {"enableTarget": False, "protocols": ["http", "https", "mailto"]},
                "HorizontalRule": True,
                "HardBreak": True,
                "History": True,
                # Ours, so that its words are translated and its buttons have names.
                "Menu": False,
            }
        }
        super().__init__(config=config, preset="desk", attrs={"rows": 20, "data-most": most})

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "icons": static("img/editor.svg"),
            "words": {
                "toolbar": _("Formatting"),
                "heading2": _("Heading"),
                "heading3": _("Smaller heading"),
                "bold": _("Bold"),
                "italic": _("Italic"),
                "link": _("Link"),
                "bullets": _("List"),
                "numbers": _("Numbered list"),
                "quotation": _("Quotation"),
                "rule": _("Dividing line"),
                "undo": _("Undo"),
                "redo": _("Redo"),
                "linkAddress": _("Where the link leads"),
                "linkHint": _("An address on the web, or an e-mail address."),
                "linkSet": _("Set the link"),
                "linkRemove": _("Remove the link"),
                "linkWrong": _("This is not an address that a link can have."),
                "cancel": _("Cancel"),
                "count": _("Words"),
                "tooLong": _("This is too long for one article."),
            },
        }

    @property
    def media(self) -> Media:
        return Media(importmap=IMPORTS, js=[Script("js/editor.js", type="module")])
