"""What a person says when they put an article forward."""

from __future__ import annotations

from crispy_forms.helper import FormHelper
from django import forms
from django.utils.translation import gettext_lazy as _

from articles.promotion.services import MAX_MESSAGE


class PromotionForm(forms.Form):
    """A message to the moderators, who decide."""

    message = forms.CharField(
        label=_("Message to the moderators"),
        max_length=MAX_MESSAGE,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("Why should more people read it? You may leave this empty."),
    )

    @property
    def helper(self) -> FormHelper:
        helper = FormHelper()
        helper.form_tag = False
        helper.disable_csrf = True  # The template has it, beside the button.
        return helper
