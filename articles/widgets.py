"""The rich-text editor of the author's form: its extensions, texts and JavaScript modules."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_prose_editor.widgets import ProseEditorWidget
from js_asset import ImportMap, Media, Script

from articles.embeds import MASTODON_HOSTS
from articles.image_forms import LICENCES
from articles.typography import ADDRESSES, RULES, SPACES
from core.images import ACCEPTED_TYPES, MAX_BYTES

# Maps the imports of static/js/editor.js to the hashed names of static files.
IMPORTS = ImportMap(
    {
        "article-copies": "js/article-copies.js",
        "django-prose-editor/editor": "django_prose_editor/editor.js",
        "editor-blocks": "js/editor-blocks.js",
        "editor-dialog": "js/editor-dialog.js",
        "editor-images": "js/editor-images.js",
        "editor-paste": "js/editor-paste.js",
        "editor-toolbar": "js/editor-toolbar.js",
        "editor-typography": "js/editor-typography.js",
    }
)

# What the modules of the editor show.
WORDS = {
    "toolbar": _("Formatting"),
    "heading2": _("Heading"),
    "heading3": _("Subheading"),
    "bold": _("Bold"),
    "italic": _("Italic"),
    "code": _("Code in a line"),
    "codeBlock": pgettext_lazy("text of a program", "Code"),
    "link": _("Link"),
    "bullets": _("List"),
    "numbers": _("Numbered list"),
    "quotation": _("Quote"),
    "pullQuote": _("Pull quote"),
    "rule": _("Horizontal line"),
    "undo": _("Undo"),
    "redo": _("Redo"),
    "cancel": _("Cancel"),
    "count": _("Words"),
    "minutes": _("Minutes to read"),
    "tooLong": _("The text is too long for one article."),
    # Typography
    "typography": _("Fix typography"),
    "typographyChanged": _("Places changed"),
    # Keyboard shortcuts
    "shortcuts": _("Keyboard shortcuts"),
    "tool": _("Tool"),
    "keys": _("Keys"),
    "typed": _("Or type"),
    "close": _("Close"),
    # Links
    "linkAddress": _("Link address"),
    "linkHint": _("Enter a web address or an email address."),
    "linkSet": _("Save link"),
    "linkRemove": _("Remove link"),
    "linkWrong": _("This is not a valid link address."),
    # Footnotes
    "footnote": _("Footnote"),
    "footnoteText": _("Text of the footnote"),
    "footnoteHint": _("Readers see a number in the text and the footnote at the end. Web addresses become links."),
    "footnoteSave": _("Save footnote"),
    "footnoteRemove": _("Remove footnote"),
    "footnoteEmpty": _("Enter the text of the footnote."),
    # Pages of other sites
    "embed": _("Video, post or map"),
    "embedAddress": _("Address of the page"),
    "embedHint": _(
        "A page of YouTube, Vimeo, Telegram, X, Mastodon or OpenStreetMap. Readers choose whether to load it."
    ),
    "embedInsert": _("Insert"),
    "embedRemove": pgettext_lazy("an embedded page", "Remove"),
    "embedUnknown": _("This is not the address of a video, post or map of these sites. Use a link instead."),
    # Tables
    "table": _("Table"),
    "tableTools": _("Rows and columns of the table"),
    "rowAbove": _("Row above"),
    "rowBelow": _("Row below"),
    "rowRemove": _("Delete row"),
    "columnBefore": _("Column before"),
    "columnAfter": _("Column after"),
    "columnRemove": _("Delete column"),
    "headerRow": _("Header row"),
    "tableRemove": _("Delete table"),
    # Images
    "image": _("Image"),
    "imageUpload": _("Upload from this device"),
    "imageHint": _("You can choose several files. You can also drop or paste images into the text."),
    "imageSearch": _("Or choose from your images"),
    "imageNone": _("No images found."),
    "imageAdded": _("The image was added. Describe it below the image."),
    "imageRemove": _("Remove image"),
    "imageLost": _("This image no longer exists."),
    "imagesLost": _("Some images could not be pasted. Save them as files and drop them into the text."),
    "alt": _("Alternative text"),
    "altHint": _("Describe what the image shows for readers who cannot see it."),
    "caption": _("Caption"),
    "credit": _("Credit"),
    "licence": _("Licence"),
    "uploading": _("Uploading"),
    "uploadFailed": _("The connection failed. Check it and try again."),
    "uploadGone": _("This upload was interrupted. Remove it and add the image again."),
    "uploadWait": _("Wait until all images are uploaded, or cancel them."),
    "tooLarge": _("This file is larger than 10 MB. Choose a smaller one."),
}


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
                "Code": True,
                "CodeBlock": True,
                # Without buttons: for text that is pasted.
                "Subscript": True,
                "Superscript": True,
                "Table": True,
                "TableRow": True,
                "TableHeader": True,
                "TableCell": True,
                "HardBreak": True,
                "Dropcursor": True,
                "Gapcursor": True,
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
            "images": reverse("my_images"),
            "files": reverse("my_image_file", kwargs={"pk": 0}),
            "accept": ACCEPTED_TYPES,
            "maxBytes": MAX_BYTES,
            "licences": [(value, str(label)) for value, label in LICENCES],
            "mastodon": MASTODON_HOSTS,
            "typography": {
                "rules": {language: RULES[language] for language, _name in settings.LANGUAGES if language in RULES},
                "addresses": ADDRESSES,
                "spaces": SPACES,
            },
            "words": {name: str(words) for name, words in WORDS.items()},
        }

    @property
    def media(self) -> Media:
        return Media(importmap=IMPORTS, js=[Script("js/editor.js", type="module")])
