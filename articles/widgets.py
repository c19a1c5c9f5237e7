"""The rich-text editor of the author's form: its extensions, texts and JavaScript modules."""

from __future__ import annotations

from typing import Any

from django.templatetags.static import static
from django.utils.translation import gettext as _
from django_prose_editor.widgets import ProseEditorWidget
from js_asset import ImportMap, Media, Script

# Maps the imports of static/js/editor.js to the hashed names of static files.
IMPORTS = ImportMap(
    {
        "article-copies": "js/article-copies.js",
        "django-prose-editor/editor": "django_prose_editor/editor.js",
        "editor-paste": "js/editor-paste.js",
        "editor-toolbar": "js/editor-toolbar.js",
    }
)


class BodyWidget(ProseEditorWidget):  # type: ignore[misc]
    """The rich-text editor of static/js/editor.js; a plain textarea without JavaScript."""

    def __init__(self, *, max_length: int) -> None:
        """Create an editor that warns beyond `max_length` characters of markup."""
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
                # Without buttons: for text that is pasted.
                "CodeBlock": True,
                "Subscript": True,
                "Superscript": True,
                "Table": True,
                "TableRow": True,
                "TableHeader": True,
                "TableCell": True,
                "HardBreak": True,
                "History": True,
                # static/js/editor-toolbar.js replaces it: translated, with labelled buttons.
                "Menu": False,
            }
        }
        super().__init__(config=config, preset="article", attrs={"rows": 20, "data-max-length": max_length})

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
                "quotation": _("Quote"),
                "rule": _("Horizontal line"),
                "undo": _("Undo"),
                "redo": _("Redo"),
                "linkAddress": _("Link address"),
                "linkHint": _("Enter a web address or an email address."),
                "linkSet": _("Save link"),
                "linkRemove": _("Remove link"),
                "linkWrong": _("This is not a valid link address."),
                "cancel": _("Cancel"),
                "count": _("Words"),
                "tooLong": _("The text is too long for one article."),
            },
        }

    @property
    def media(self) -> Media:
        return Media(importmap=IMPORTS, js=[Script("js/editor.js", type="module")])
