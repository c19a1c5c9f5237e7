"""The forms of the profile and of the username."""

import re
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import get_adapter
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext_lazy as _
from PIL import Image

from accounts.identity import imitates_staff
from accounts.models import User, username_validators
from accounts.selectors import AVATAR_SIZES
from core.forms import OneLineField, TextField
from core.images import ACCEPTED_TYPES, load_image

# Invisible characters that no name needs; joiners and direction marks that scripts need are allowed.
_INVISIBLE = re.compile("[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u200b\u2028-\u202e\u2060-\u2069\ufeff]")


MAX_LINKS = 5
MAX_LINK_LENGTH = 200
_check_link = URLValidator(schemes=["http", "https"])


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
            "links",
            "avatar",
            "without_avatar",
            "preferred_language",
            "allows_promotion_by_others",
        ]
        field_classes = {"display_name": OneLineField, "biography": TextField, "links": TextField}
        widgets = {"biography": forms.Textarea(attrs={"rows": 5}), "links": forms.Textarea(attrs={"rows": 3})}
        help_texts = {
            "display_name": _(
                "Readers see this name above your articles. If you leave it empty, they see your username."
            ),
            "biography": _("A few sentences for your public page, up to 1,000 characters."),
            "links": _("Your website and profiles on other sites, up to five, one per line."),
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

    def clean_links(self) -> str:
        links = self.cleaned_data["links"].split()
        if len(links) > MAX_LINKS:
            raise ValidationError(_("Enter at most five links."))
        for link in links:
            _check_link(link)
            if len(link) > MAX_LINK_LENGTH or "@" in urlsplit(link).netloc:
                raise ValidationError(URLValidator.message)
        return "\n".join(links)

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


class UsernameForm(forms.Form):
    """Another username. `accounts.services.change_username` stores it."""

    username = forms.CharField(
        label=_("Username"),
        min_length=settings.ACCOUNT_USERNAME_MIN_LENGTH,
        validators=username_validators,
        help_text=_("You can change it once in 14 days. Links to your old page lead to the new one."),
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false", "autocomplete": "username"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_username(self) -> str:
        """Refuse what a new user could not take, but not the user's own present and former names."""
        username = str(self.cleaned_data["username"])
        own = {self.user.username.lower(), *self.user.former_usernames.values_list("username", flat=True)}
        return username if username.lower() in own else str(get_adapter().clean_username(username))
