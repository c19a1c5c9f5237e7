"""The author's form: checks each field and makes an `ArticleContent` of them."""

from __future__ import annotations

import re
import uuid
from typing import Any

from django import forms
from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.forms.models import model_to_dict
from django.http import QueryDict
from django.urls import reverse_lazy
from django.utils.datastructures import MultiValueDict
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _
from PIL import Image as PILImage

from accounts.models import User
from articles.body import with_embeds
from articles.disclosure_form import DisclosureForm
from articles.fields import CachedSectionField, SectionField, TokenField, tag_names
from articles.image_forms import ImageTextsForm
from articles.models import Article, Image, Revision, Section, Series
from articles.models.content import MAX_CORRECTION
from articles.models.disclosure import DISCLOSURE_FIELDS
from articles.models.image import WIDTHS
from articles.page_state_form import PageStateForm
from articles.schedule_forms import PublicationForm
from articles.series import series_pk_of
from articles.services.images import store_image
from articles.services.revisions import MAX_BODY_LENGTH, ArticleContent
from articles.typography import fix_typography
from articles.widgets import BodyWidget
from core.exceptions import ActionNotAllowed
from core.forms import OneLineField, TextField
from core.images import ACCEPTED_TYPES, InvalidImage, load_image
from core.markdown import from_form

IMAGE_SALT = "articles.forms.image"
# Fields that the form, `Revision` and `ArticleContent` have in common.
SAME_NAMED_FIELDS = (
    *("title", "summary", "body", "section", "language", "alternative_text", "caption", "credit"),
    *(*DISCLOSURE_FIELDS, "canonical_url", "correction", "publish_at"),
)
_END_OF_BLOCK = re.compile(
    r"(</(?:p|h2|h3|ul|ol|li|blockquote|pre|table|tr|figure)>|<ul>|<ol[^>]*>|<hr>)(?!\n|</(?:li|blockquote|td|th))"
)


def image_token_for(image: Image, user: User) -> str:
    """Return a signed token for an image in a form; only this user can use it."""
    return signing.dumps(image.pk, salt=f"{IMAGE_SALT}.{user.pk}")


def image_from_token(token: str, user: User, stored: Revision | None = None) -> Image | None:
    """Return the image of a token of this user, or None if the token is not valid.

    Args:
        stored: a revision whose image is loaded, which saves a query if it is this one.
    """
    try:
        pk = signing.loads(token, salt=f"{IMAGE_SALT}.{user.pk}")
        return stored.image if stored and stored.image_id == pk else Image.objects.filter(pk=pk).first()
    except (signing.BadSignature, ValueError):
        return None


class ArticleForm(PageStateForm, PublicationForm, DisclosureForm, ImageTextsForm):
    """The content of an article.

    Validation stores nothing. The view calls `store_image()` also when other fields are invalid: the form is shown
    again with a signed token of the stored image, so that the user need not choose it again.
    """

    # A textarea, because it wraps long titles on a phone.
    title = OneLineField(
        label=gettext_lazy("Title"), max_length=140, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    summary = OneLineField(
        label=pgettext_lazy("of an article", "Summary"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "data-counted": ""}),
        help_text=gettext_lazy(
            "One or two sentences for article lists. If you leave this empty, the start of the text is used."
        ),
    )
    body = TextField(
        label=pgettext_lazy("of an article", "Text"),
        required=False,
        widget=BodyWidget(max_length=MAX_BODY_LENGTH),
        help_text=gettext_lazy("Leave an empty line to start a new paragraph. You can use Markdown."),
    )
    # For edits of published articles only.
    correction = OneLineField(
        label=gettext_lazy("Correction"),
        max_length=MAX_CORRECTION,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy(
            "If something was wrong, say what: “The sum was 40, not 400.” When the new version is published, readers "
            "see this below the article with its date. Leave it empty if nothing was wrong."
        ),
    )
    # Shown without JavaScript; the editor has a button.
    typography = forms.BooleanField(
        label=gettext_lazy("Fix quotation marks, dashes and spaces when the text is saved"), required=False
    )
    section: forms.Field = SectionField(
        label=gettext_lazy("Section"),
        queryset=Section.objects.all(),
        required=False,
        empty_label=gettext_lazy("Choose a section"),
    )
    language = forms.ChoiceField(label=gettext_lazy("Language of the text"), choices=settings.LANGUAGES)
    tags = TextField(
        label=gettext_lazy("Tags"),
        required=False,
        max_length=400,
        widget=forms.TextInput(
            attrs={"data-suggestions": reverse_lazy("my_tag_suggestions"), "data-found": gettext_lazy("Tags found")}
        ),
        help_text=gettext_lazy("Up to five tags, separated by commas."),
    )
    image = forms.FileField(
        label=gettext_lazy("Lead image"),
        required=False,
        widget=forms.FileInput(
            attrs={
                "accept": ACCEPTED_TYPES,
                "data-too-large": gettext_lazy("This file is larger than 10 MB. Choose a smaller one."),
            }
        ),
        help_text=gettext_lazy("JPEG, PNG, WebP, AVIF, HEIC or a still GIF, up to 10 MB and 40 megapixels."),
    )
    remove_image = forms.BooleanField(label=gettext_lazy("Remove this image"), required=False)
    image_token = TokenField()
    series = forms.ModelChoiceField(
        label=gettext_lazy("Series"),
        queryset=Series.objects.none(),
        required=False,
        empty_label=gettext_lazy("In no series"),
        help_text=gettext_lazy("A new part comes last. Change the order on the page of the series."),
    )
    # The series when the page was opened: only another choice changes it (`articles.views.series.place_chosen`).
    initial_series = TokenField()

    def __init__(
        self,
        data: QueryDict | None = None,
        files: MultiValueDict[str, UploadedFile[Any]] | None = None,
        *,
        user: User,
        article: Article | None = None,
        initial: dict[str, str] | None = None,
    ) -> None:
        """Create a form for a new article, or for the latest revision of `article`.

        Args:
            initial: replaces stored values, for example with text that was recovered after the session expired.
        """
        self.user = user
        self.stored_image: Image | None = None
        self.revision = article.latest if article else None
        if data is not None:
            super().__init__(data.copy(), files)  # Mutable: the hidden fields are renewed.
        else:
            values: dict[str, Any] = {"language": get_language(), "form_key": str(uuid.uuid4()), "version": "0"}
            if article is not None and article.latest is not None:
                values |= self._initial_of(article.latest)
                values["series"] = values["initial_series"] = series_pk_of(article)
            values |= initial or {}
            values["save_key"] = str(uuid.uuid4())
            super().__init__(initial=values)
            self.stored_image = image_from_token(str(values.get("image_token", "")), user, self.revision)
        if article is not None and article.live_id:
            del self.fields["publish_at"]
        if article is None or article.live_id is None or article.is_scheduled:
            del self.fields["correction"]
        self._offer_series(article)

    def _offer_series(self, article: Article | None) -> None:
        """Offer the series of the author, who alone puts the article into one; without any there is no field."""
        field = self.fields["series"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Series.objects.filter(author=self.user).order_by("-pk")
        if (article is not None and article.author_id != self.user.pk) or not field.queryset.exists():
            self._remove_series()

    def _remove_series(self) -> None:
        del self.fields["series"], self.fields["initial_series"]

    def _initial_of(self, revision: Revision) -> dict[str, Any]:
        return model_to_dict(revision, SAME_NAMED_FIELDS) | {
            # One block per line, for browsers without JavaScript, which show the markup.
            "body": _END_OF_BLOCK.sub("\\g<0>\n", revision.body),
            "tags": ", ".join(revision.tag_names),
            "image_token": image_token_for(revision.image, self.user) if revision.image else "",
            "version": str(revision.version),
            "correction": revision.pending_correction,
        }

    def clean_body(self) -> str:
        body = str(self.cleaned_data["body"])
        if len(body) > MAX_BODY_LENGTH:
            raise ValidationError(
                _(
                    "The text has %(count)d characters including formatting. The maximum is %(max)d. Split "
                    "it into two articles."
                )
                % {"count": len(body), "max": MAX_BODY_LENGTH}
            )
        return from_form(with_embeds(body))

    def clean_tags(self) -> list[str]:
        return tag_names(self.cleaned_data["tags"])

    def clean_image(self) -> PILImage.Image | None:
        """Decode the uploaded file."""
        file = self.cleaned_data["image"]
        return load_image(file, min_side=max(WIDTHS)) if file else None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        token = cleaned.get("image_token", "")
        self.stored_image = image_from_token(token, self.user, self.revision) if token else None
        if cleaned.get("remove_image"):
            self.stored_image = None
        elif token and not self.stored_image and not cleaned.get("image"):
            # A moderator's correction has no field for another image.
            field = "image" if "image" in self.fields else None
            self.add_error(field, _("The image that you chose no longer exists. Choose an image again."))
        self._renew_image_fields()
        if cleaned.get("typography") and "body" in cleaned and "language" in cleaned:
            cleaned["body"] = fix_typography(cleaned["body"], cleaned["language"])
        return cleaned

    def store_image(self) -> None:
        """Store the uploaded image if it is valid. A full quota becomes an error of the field."""
        if pixels := self.cleaned_data.get("image"):
            try:
                self.stored_image = store_image(owner=self.user, pixels=pixels)
            except InvalidImage as error:
                self.add_error("image", error)
            except ActionNotAllowed as error:
                self.add_error("image", str(error))
            self._renew_image_fields()

    def _renew_image_fields(self) -> None:
        self._renew("image_token", image_token_for(self.stored_image, self.user) if self.stored_image else "")
        self._renew("remove_image", "")

    def to_content(self) -> ArticleContent:
        """Return the values of a valid form."""
        return self._content(self.cleaned_data)

    def to_storable_content(self) -> ArticleContent:
        """Return the valid values; of an invalid field the value that is stored."""
        stored: dict[str, Any] = {"language": get_language(), "tags": []}
        if self.revision:
            # The section of a revision is a query.
            invalid = [name for name in SAME_NAMED_FIELDS if name not in self.cleaned_data]
            stored = {name: getattr(self.revision, name) for name in invalid}
            stored |= {"tags": self.revision.tag_names, "correction": self.revision.pending_correction}
        return self._content(stored | self.cleaned_data)

    def _content(self, values: dict[str, Any]) -> ArticleContent:
        fields = {name: values[name] for name in SAME_NAMED_FIELDS if name in values}
        return ArticleContent(**fields, tag_names=values["tags"], image=self.stored_image)


class AutosaveForm(ArticleForm):
    """The form as static/js/autosave.js sends it while the author writes: without a file, and with few queries."""

    section = CachedSectionField()

    def __init__(self, data: QueryDict, *, user: User, article: Article | None = None) -> None:
        super().__init__(data, user=user, article=article)
        del self.fields["image"]

    def _offer_series(self, article: Article | None) -> None:
        self._remove_series()  # `articles.views.series.place_chosen` reads them.
