"""The author's form: what may stand in each field, and how it becomes a `publishing.Text`."""

from __future__ import annotations

import re
import unicodedata
import uuid
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Div, Layout
from django import forms
from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import get_language, gettext_lazy, ngettext, pgettext_lazy
from django.utils.translation import gettext as _

from accounts.models import User
from articles.models import Article, Image, Revision, Section
from articles.models.slugs import slug_of
from articles.services.images import InvalidImage, store_image
from articles.services.publishing import MAX_TAGS, ArticleContent
from articles.widgets import BodyWidget
from core.sanitizer import from_form

MAX_BODY = 100_000
MAX_TAG = 40
IMAGE_TOKEN_SALT = "articles.forms.image"
# The formats that core.images takes.
ACCEPTED_IMAGE_TYPES = "image/jpeg,image/png,image/webp,image/avif,image/gif"
_COMMAS = re.compile(r"[,;،，、\n]")
_END_OF_BLOCK = re.compile(r"(</(?:p|h2|h3|ul|ol|li|blockquote)>|<[uo]l>|<hr>)(?!\n|</(?:li|blockquote))")
_DIRECTION_MARKS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])


def one_line(value: str) -> str:
    """`value` in one line, without control characters and without marks that turn the direction of what follows."""
    value = " ".join(value.translate(_DIRECTION_MARKS).split())
    return "".join(character for character in value if unicodedata.category(character) not in {"Cc", "Cs"})


def tag_names(value: str) -> list[str]:
    """The tags that one line holds, each once whatever its spelling.

    Raises:
        ValidationError: too many, one too long, or one without a letter or digit.
    """
    named: dict[str, str] = {}
    for part in _COMMAS.split(value):
        if name := one_line(part).lstrip("#").strip():
            if len(name) > MAX_TAG:
                raise ValidationError(
                    _("The tag “%(name)s” is longer than %(count)d characters.")
                    % {"name": f"{name[:20]}…", "count": MAX_TAG}
                )
            if slug_of(name, default="") == "":
                raise ValidationError(_("The tag “%(name)s” needs a letter or a digit.") % {"name": name})
            named.setdefault(slug_of(name), name)
    if len(named) > MAX_TAGS:
        raise ValidationError(
            ngettext(
                "Give at most %(most)d tags; there is %(count)d.",
                "Give at most %(most)d tags; there are %(count)d.",
                len(named),
            )
            % {"most": MAX_TAGS, "count": len(named)}
        )
    return list(named.values())


def image_token_for(image: Image, user: User) -> str:
    """What stands for an uploaded picture in a form: of use to this person alone."""
    return signing.dumps({"image": image.pk, "user": user.pk}, salt=IMAGE_TOKEN_SALT, compress=True)


def image_from_token(token: str, user: User) -> Image | None:
    """The picture that a token of this person stands for; None for anything else."""
    try:
        content = signing.loads(token, salt=IMAGE_TOKEN_SALT)
    except (signing.BadSignature, ValueError):
        return None
    if content["user"] != user.pk:
        return None
    return Image.objects.filter(pk=content["image"]).first()


class OneLineField(forms.CharField):
    """Text in one line, whatever was pasted."""

    def to_python(self, value: Any) -> str:
        if isinstance(value, str) and "\x00" not in value:  # The field's own validator has a sentence for those.
            value = one_line(value)
        return super().to_python(value) or ""


class TokenField(forms.Field):
    """What the form tells itself. A person cannot mend it, so it is never refused: a wrong one counts as none."""

    widget = forms.HiddenInput

    def __init__(self) -> None:
        super().__init__(required=False)

    def to_python(self, value: Any) -> str:
        return value if isinstance(value, str) and len(value) <= 500 else ""


class SectionField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Sections under their names in the language of the interface."""

    def label_from_instance(self, obj: Any) -> str:
        return str(obj.name_in(get_language() or settings.LANGUAGE_CODE))


class ArticleForm(forms.Form):
    """Everything that an author says about an article.

    An image that is good is kept at once, even where another field is refused: its signed token travels in the form,
    so that it need not be chosen again.
    """

    # It may be longer than a line on a phone, so its field wraps.
    title = OneLineField(label=gettext_lazy("Title"), max_length=140, widget=forms.Textarea(attrs={"rows": 2}))
    summary = OneLineField(
        label=pgettext_lazy("of an article", "Summary"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("One or two sentences for lists. Left empty, the beginning of the text is taken."),
    )
    body = forms.CharField(
        label=pgettext_lazy("of an article", "Text"),
        required=False,
        widget=BodyWidget(most=MAX_BODY),
        help_text=gettext_lazy("An empty line begins a new paragraph."),
    )
    section = SectionField(
        label=gettext_lazy("Section"), queryset=Section.objects.all(), empty_label=gettext_lazy("Choose a section")
    )
    language = forms.ChoiceField(label=gettext_lazy("Language of the text"), choices=settings.LANGUAGES)
    tags = forms.CharField(
        label=gettext_lazy("Tags"),
        required=False,
        max_length=400,
        help_text=gettext_lazy("Up to five, with commas between them."),
    )
    image = forms.FileField(
        label=gettext_lazy("Lead image"),
        required=False,
        widget=forms.FileInput(
            attrs={
                "accept": ACCEPTED_IMAGE_TYPES,
                "data-too-large": gettext_lazy("This file is larger than 10 MB. Choose a smaller one."),
            }
        ),
        help_text=gettext_lazy("JPEG, PNG, WebP, AVIF or a still GIF, at most 10 MB and 40 megapixels."),
    )
    remove_image = forms.BooleanField(label=gettext_lazy("Remove this image"), required=False)
    alternative_text = OneLineField(
        label=gettext_lazy("Alternative text"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("What the image shows, for those who cannot see it."),
    )
    caption = OneLineField(label=gettext_lazy("Caption"), max_length=300, required=False)
    credit = OneLineField(
        label=gettext_lazy("Credit"), max_length=120, required=False, help_text=gettext_lazy("Who made the image.")
    )
    image_token = TokenField()
    form_key = TokenField()

    def __init__(
        self,
        data: QueryDict | None = None,
        files: MultiValueDict[str, UploadedFile[Any]] | None = None,
        *,
        user: User,
        article: Article | None = None,
        kept: dict[str, str] | None = None,
        takes_images: bool = True,
    ) -> None:
        """A form for a new article, or for the latest text of `article`.

        Args:
            kept: fields to show instead of what is stored, such as those that arrived after the session's end.
            takes_images: False where the person uploaded too much lately; a chosen image is then refused.
        """
        self.user = user
        self.stored_image: Image | None = None
        self._takes_images = takes_images
        initial: dict[str, Any] = {"language": get_language(), "form_key": str(uuid.uuid4())}
        if article is not None and article.latest is not None:
            initial |= self._initial_of(article.latest)
        initial |= kept or {}
        if data is not None:
            data = data.copy()  # The tokens in it are renewed.
        super().__init__(data, files, initial=initial)
        if not self.is_bound:
            self.stored_image = image_from_token(str(initial.get("image_token", "")), user)

    def _initial_of(self, revision: Revision) -> dict[str, Any]:
        return {
            "title": revision.title,
            "summary": revision.summary,
            # One block a line, for those who see the mark-up.
            "body": _END_OF_BLOCK.sub("\\g<0>\n", revision.body),
            "section": revision.section_id,
            "language": revision.language,
            "tags": ", ".join(revision.tag_names),
            "alternative_text": revision.alternative_text,
            "caption": revision.caption,
            "credit": revision.credit,
            "image_token": image_token_for(revision.image, self.user) if revision.image else "",
        }

    @property
    def helper(self) -> FormHelper:
        """How crispy lays the form out: the writing on one side, the particulars on the other."""
        helper = FormHelper()
        helper.form_tag = False
        helper.disable_csrf = True  # The template has it, beside the buttons.
        helper.include_media = False  # The template gives it a nonce.
        helper.layout = Layout(
            "form_key",
            "image_token",
            Div("title", "body", css_class="writing"),
            Div(
                Div("section", "language", css_class="pair"),
                "tags",
                "summary",
                HTML('{% include "articles/my/_image.html" %}'),
                "image",
                *(["remove_image"] if self.stored_image else []),
                "alternative_text",
                "caption",
                "credit",
                css_class="particulars",
            ),
        )
        return helper

    def clean_body(self) -> str:
        body = str(self.cleaned_data["body"])
        if len(body) > MAX_BODY:
            raise ValidationError(
                _("The text has %(count)d characters with its mark-up; %(most)d is the most. Make two articles of it.")
                % {"count": len(body), "most": MAX_BODY}
            )
        return from_form(body)

    def clean_tags(self) -> list[str]:
        return tag_names(self.cleaned_data["tags"])

    def clean_form_key(self) -> uuid.UUID:
        try:
            key = uuid.UUID(self.cleaned_data["form_key"])
        except ValueError:
            key = uuid.uuid4()
        self._renew("form_key", str(key))
        return key

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        token = cleaned.get("image_token", "")
        self.stored_image = image_from_token(token, self.user) if token else None
        if cleaned.get("remove_image"):
            self.stored_image = None
        elif token and not self.stored_image:
            self.add_error("image", _("The image that was chosen before is not there any more. Choose it again."))
        if file := cleaned.get("image"):
            self._take(file)
        self._renew("image_token", image_token_for(self.stored_image, self.user) if self.stored_image else "")
        self._renew("remove_image", "")
        return cleaned

    def _take(self, file: UploadedFile[Any]) -> None:
        if not self._takes_images:
            self.add_error("image", _("You have sent many images in a short time. Wait a little before the next one."))
            return
        try:
            self.stored_image = store_image(owner=self.user, file=file)
        except InvalidImage as refusal:
            self.add_error("image", str(refusal))

    def _renew(self, name: str, value: str) -> None:
        if isinstance(self.data, QueryDict):
            self.data[name] = value

    def to_text(self) -> ArticleContent:
        """What was written, as `publishing` takes it; for a valid form."""
        cleaned = self.cleaned_data
        return ArticleContent(
            title=cleaned["title"],
            section=cleaned["section"],
            language=cleaned["language"],
            summary=cleaned["summary"],
            body=cleaned["body"],
            tag_names=cleaned["tags"],
            image=self.stored_image,
            caption=cleaned["caption"],
            alternative_text=cleaned["alternative_text"],
            credit=cleaned["credit"],
        )
