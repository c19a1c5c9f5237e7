"""The form of the profile."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from PIL import Image

from accounts.identity import imitates_staff
from accounts.models import User
from accounts.selectors import AVATAR_SIZES
from core.forms import OneLineField, TextField
from core.images import ACCEPTED_TYPES, load_image

# Invisible characters that no name needs; joiners and direction marks that scripts need are allowed.
_INVISIBLE = re.compile("[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u200b\u2028-\u202e\u2060-\u2069\ufeff]")


class ProfileForm(forms.ModelForm[User]):
    """Name, biography, avatar and language. `accounts.services.update_profile` stores what it returns."""

    avatar = forms.FileField(
        label=_("Profile photo"),
        required=False,
        help_text=_("JPEG, PNG, WebP, AVIF, HEIC or a still GIF, up to 10 MB. We crop it to a square."),
        widget=forms.FileInput(attrs={"accept": ACCEPTED_TYPES}),
    )
    without_avatar = forms.BooleanField(label=_("Remove my profile photo"), required=False)

    class Meta:
        model = User
        fields = [
            "display_name",
            "biography",
            "avatar",
            "without_avatar",
            "preferred_language",
            "allows_promotion_by_others",
        ]
        field_classes = {"display_name": OneLineField, "biography": TextField}
        widgets = {"biography": forms.Textarea(attrs={"rows": 5})}
        help_texts = {
            "display_name": _(
                "Readers see this name above your articles. If you leave it empty, they see your username."
            ),
            "biography": _("A few sentences for your public page, up to 1,000 characters."),
            "preferred_language": _("The language of emails to you and of the pages that you see after you log in."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["display_name"].widget.attrs["autocomplete"] = "name"
        if not self.instance.avatar_key:
            del self.fields["without_avatar"]

    def clean_display_name(self) -> str:
        name = str(self.cleaned_data["display_name"])
        if _INVISIBLE.search(name):
            raise ValidationError(_("The name contains invisible characters. Type it again."))
        return name

    def clean_biography(self) -> str:
        return _INVISIBLE.sub("", self.cleaned_data["biography"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        name, user = cleaned.get("display_name", ""), self.instance
        if name and name != self.initial["display_name"] and not user.is_staff:
            of_others = User.objects.by_username(name).exclude(pk=user.pk)
            if of_others.exists() or imitates_staff(name):
                self.add_error(
                    "display_name", _("This name could be mistaken for that of another user or of the staff.")
                )
        return cleaned

    def clean_avatar(self) -> Image.Image | None:
        file = self.cleaned_data["avatar"]
        return load_image(file, min_side=max(AVATAR_SIZES)) if file else None
