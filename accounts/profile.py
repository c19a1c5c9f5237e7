"""What a person says about themselves: the form, and the one way to write it."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from PIL import Image

from accounts.avatars import SIZES, remove_avatar, save_avatar
from accounts.models import User
from core import events
from core.images import InvalidImage, load_image

# Invisible characters that no name needs; joiners and marks of direction are left to the scripts that do.
_INVISIBLE = re.compile("[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u200b\u2028-\u202e\u2060-\u2069\ufeff]")


class ProfileForm(forms.ModelForm[User]):
    """Name, biography, portrait and language."""

    avatar = forms.FileField(
        label=_("Portrait"),
        required=False,
        help_text=_("JPEG, PNG, WebP, AVIF or a still GIF, up to 10 MB. We crop it to a square."),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp,image/avif,image/gif"}),
    )
    without_avatar = forms.BooleanField(label=_("Remove my portrait"), required=False)

    class Meta:
        model = User
        fields = ["display_name", "biography", "preferred_language", "allows_promotion_by_others"]
        widgets = {"biography": forms.Textarea(attrs={"rows": 5})}
        help_texts = {
            "display_name": _("What readers see above your articles; your username, where you leave it empty."),
            "biography": _("A few sentences for your page, up to 1,000 characters."),
            "preferred_language": _("Of our letters to you, and of the pages that you see after log-in."),
        }

    field_order = [
        "display_name",
        "biography",
        "avatar",
        "without_avatar",
        "preferred_language",
        "allows_promotion_by_others",
    ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["display_name"].widget.attrs["autocomplete"] = "name"
        if not self.instance.avatar_key:
            del self.fields["without_avatar"]

    def clean_display_name(self) -> str:
        name = unicodedata.normalize("NFC", self.cleaned_data["display_name"])
        if _INVISIBLE.search(name):
            raise ValidationError(_("The name holds characters that cannot be seen. Type it anew."))
        return " ".join(name.split())

    def clean_biography(self) -> str:
        text = unicodedata.normalize("NFC", self.cleaned_data["biography"].replace("\r\n", "\n"))
        return _INVISIBLE.sub("", text).strip()

    def clean_avatar(self) -> Image.Image | None:
        file: UploadedFile[Any] | None = self.cleaned_data["avatar"]
        if file is None:
            return None
        try:
            return load_image(file, at_least=max(SIZES))
        except InvalidImage as refusal:
            raise ValidationError(str(refusal)) from refusal


def update_profile(
    *,
    user: User,
    display_name: str,
    biography: str,
    preferred_language: str,
    allows_promotion_by_others: bool,
    avatar: Image.Image | None = None,
    without_avatar: bool = False,
) -> None:
    """Write what `ProfileForm` took; a new portrait comes before the wish to have none."""
    with transaction.atomic():
        is_renamed = user.display_name != display_name
        user.display_name = display_name
        user.biography = biography
        user.preferred_language = preferred_language
        user.allows_promotion_by_others = allows_promotion_by_others
        user.save(update_fields=["display_name", "biography", "preferred_language", "allows_promotion_by_others"])
        if avatar is not None:
            save_avatar(user=user, image=avatar)
        elif without_avatar:
            remove_avatar(user=user)
        if is_renamed:
            events.user_renamed.send(User, user=user)
