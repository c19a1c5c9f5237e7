"""The form that makes a draft of a file."""

from __future__ import annotations

import hashlib
import uuid
from collections import Counter
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from accounts.models import User
from articles.fields import TokenField, tag_names
from articles.services.imports import ImportedDraft, import_draft
from core.documents import ACCEPTED_TYPES, Document, load_document
from core.exceptions import ActionNotAllowed


class ImportForm(forms.Form):
    """A file that becomes a draft. Validation stores nothing: `store` does."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        widget=forms.FileInput(
            attrs={
                "accept": ACCEPTED_TYPES,
                "data-too-large": gettext_lazy("This file is larger than 10 MB. Choose a smaller one."),
            }
        ),
        help_text=gettext_lazy("Markdown (.md), HTML or Word (.docx), up to 10 MB."),
        error_messages={"empty": gettext_lazy("The file is empty.")},
    )
    form_key = TokenField()

    def __init__(
        self,
        data: QueryDict | None = None,
        files: MultiValueDict[str, UploadedFile[Any]] | None = None,
        *,
        author: User,
    ) -> None:
        """Create a form for a draft of `author`."""
        self.author = author
        super().__init__(data, files, initial={"form_key": str(uuid.uuid4())})

    def clean_file(self) -> Document:
        """Read the uploaded file."""
        file: UploadedFile[Any] = self.cleaned_data["file"]
        document = load_document(file, file.name or "")
        file.seek(0)
        # With the content of the file: it can be sent twice, and another file can be chosen after "Back".
        self.digest = hashlib.sha256(file.read()).hexdigest()
        document.tags, document.lost["tags"] = valid_tags(document.tags)
        return document

    def store(self) -> ImportedDraft | None:
        """Create the draft of a valid form; a refusal becomes an error of the field."""
        if not self.is_valid():
            return None
        try:
            return import_draft(
                author=self.author,
                document=self.cleaned_data["file"],
                form_key=uuid.uuid5(uuid.NAMESPACE_OID, f"{self.cleaned_data['form_key']}.{self.digest}"),
                language=get_language() or "",
            )
        except ActionNotAllowed as error:
            self.add_error(error.field, str(error))
        return None


def valid_tags(names: list[str]) -> tuple[list[str], int]:
    """Return the first of these tags that an article can have, and how many others there are."""
    valid: list[str] = []
    others = 0
    for name in names[:100]:
        try:
            valid = tag_names(", ".join([*valid, name]))
        except ValidationError:
            others += 1
    return valid, others


def lost_sentences(lost: Counter[str]) -> list[str]:
    """Return in words what could not be taken over from a document (`ImportedDraft.lost`)."""
    counted = {
        "images_unreadable": ngettext(
            "%(count)d image could not be read.", "%(count)d images could not be read.", lost["images_unreadable"]
        ),
        "images_elsewhere": ngettext(
            "%(count)d image was left out because it is not in the file.",
            "%(count)d images were left out because they are not in the file.",
            lost["images_elsewhere"],
        ),
        "images_too_many": ngettext(
            "%(count)d image was left out because the file has too many.",
            "%(count)d images were left out because the file has too many.",
            lost["images_too_many"],
        ),
        "images_not_stored": ngettext(
            "%(count)d image was left out because your image storage is full or not available.",
            "%(count)d images were left out because your image storage is full or not available.",
            lost["images_not_stored"],
        ),
        "elements": ngettext(
            "%(count)d video, formula, drawing or other embedded element was left out.",
            "%(count)d videos, formulas, drawings or other embedded elements were left out.",
            lost["elements"],
        ),
        "comments": ngettext("%(count)d comment was left out.", "%(count)d comments were left out.", lost["comments"]),
        "links": ngettext(
            "%(count)d link to another file was removed; its text is there.",
            "%(count)d links to other files were removed; their texts are there.",
            lost["links"],
        ),
        "tags": ngettext("%(count)d tag was left out.", "%(count)d tags were left out.", lost["tags"]),
        "title": _("The title was too long and was shortened."),
        "summary": _("The summary was too long and was shortened."),
    }
    return [
        sentence % {"count": lost[name]} if "%" in sentence else sentence
        for name, sentence in counted.items()
        if lost[name]
    ]
