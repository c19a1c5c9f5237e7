"""The form for an image of the author's library, and the fields that it shares with the form of an article."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy, pgettext_lazy
from PIL import Image as PILImage

from accounts.models import User
from articles.models import Image
from articles.models.image import WIDTHS, Licence, Shape
from articles.services.images import describe_image, store_image
from core.exceptions import ActionNotAllowed
from core.forms import OneLineField
from core.images import ACCEPTED_TYPES, InvalidImage, load_image

LICENCES = [("", pgettext_lazy("licence of an image", "Not stated")), *Licence.choices]


class ImageTextsForm(forms.Form):
    """What a form says about an image."""

    alternative_text = OneLineField(
        label=gettext_lazy("Alternative text"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Describe what the image shows for readers who cannot see it."),
    )
    caption = OneLineField(label=gettext_lazy("Caption"), max_length=300, required=False)
    credit = OneLineField(
        label=gettext_lazy("Credit"),
        max_length=120,
        required=False,
        help_text=gettext_lazy("The photographer or artist."),
    )


class CropForm(forms.Form):
    """Shape and focal point of an image."""

    shape = forms.ChoiceField(
        label=pgettext_lazy("shape of an image", "Shape"),
        choices=Shape.choices,
        required=False,
        widget=forms.RadioSelect,
    )
    focus_x = forms.IntegerField(
        label=gettext_lazy("Focal point: from the left edge, in percent"), min_value=0, max_value=100
    )
    focus_y = forms.IntegerField(
        label=gettext_lazy("Focal point: from the top edge, in percent"), min_value=0, max_value=100
    )

    def __init__(self, data: QueryDict | None = None, *, image: Image) -> None:
        """Create a form with the present crop of `image`."""
        super().__init__(data, initial={name: getattr(image, name) for name in ("shape", "focus_x", "focus_y")})


class ImageUploadForm(ImageTextsForm):
    """An image with the texts that go with it. Validation stores nothing: `store` does, also for the editor."""

    field_order = ("file",)

    file = forms.FileField(
        label=gettext_lazy("Image"),
        widget=forms.FileInput(
            attrs={
                "accept": ACCEPTED_TYPES,
                "data-too-large": gettext_lazy("This file is larger than 10 MB. Choose a smaller one."),
            }
        ),
        help_text=gettext_lazy("JPEG, PNG, WebP, AVIF, HEIC or a still GIF, up to 10 MB and 40 megapixels."),
    )
    licence = forms.ChoiceField(label=gettext_lazy("Licence"), choices=LICENCES, required=False)

    def __init__(
        self,
        data: QueryDict | None = None,
        files: MultiValueDict[str, UploadedFile[Any]] | None = None,
        *,
        owner: User,
    ) -> None:
        """Create a form for the library of `owner`."""
        self.owner = owner
        super().__init__(data, files)

    def clean_file(self) -> PILImage.Image:
        """Decode the uploaded file."""
        return load_image(self.cleaned_data["file"], min_side=max(WIDTHS))

    def store(self) -> Image | None:
        """Store the image of a valid form. A full quota becomes an error of the field."""
        if not self.is_valid():
            return None
        texts = {name: self.cleaned_data[name] for name in ("alternative_text", "caption", "credit", "licence")}
        try:
            image = store_image(owner=self.owner, pixels=self.cleaned_data["file"])
            return describe_image(image=image, **texts)
        except InvalidImage as error:
            self.add_error("file", error)
        except ActionNotAllowed as error:
            self.add_error(None, str(error))
        return None
