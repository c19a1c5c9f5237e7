"""What authors must say about a text before they submit it."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.fields import LineField
from core.text import CODE_POINTS


class Disclosure(models.Model):
    """Four answers, each empty until the author gives it, and the details of three of them."""

    class Sponsorship(models.TextChoices):
        NONE = "none", pgettext_lazy("answer", "No")
        SPONSORED = "sponsored", pgettext_lazy("answer", "Yes")

    class Interest(models.TextChoices):
        NONE = "none", pgettext_lazy("answer", "No")
        OWN = "own", pgettext_lazy("answer", "Yes")

    class AIHelp(models.TextChoices):
        NONE = "none", pgettext_lazy("answer", "None")
        CORRECTIONS = "corrections", pgettext_lazy("answer", "Corrections")
        PARTS = "parts", pgettext_lazy("answer", "Parts of the text")
        WHOLE = "whole", pgettext_lazy("answer", "The whole text")

    class Translation(models.TextChoices):
        NONE = "none", pgettext_lazy("answer", "No")
        TRANSLATION = "translation", pgettext_lazy("answer", "Yes")

    # The answers of texts from before the questions stay empty.
    sponsorship = models.CharField(
        _("paid or sponsored"), max_length=9, choices=Sponsorship.choices, blank=True, default="", db_default=""
    )
    sponsor = LineField(_("paid or sponsored by"), max_length=120 * CODE_POINTS, blank=True, default="", db_default="")
    interest = models.CharField(
        _("own interest in the subject"), max_length=4, choices=Interest.choices, blank=True, default="", db_default=""
    )
    interest_note = LineField(
        _("what the interest is"), max_length=200 * CODE_POINTS, blank=True, default="", db_default=""
    )
    ai_help = models.CharField(
        _("help of AI"), max_length=11, choices=AIHelp.choices, blank=True, default="", db_default=""
    )
    translation = models.CharField(
        _("translation"), max_length=11, choices=Translation.choices, blank=True, default="", db_default=""
    )
    translation_of = LineField(_("translation of"), max_length=500 * CODE_POINTS, blank=True, default="", db_default="")

    class Meta:
        abstract = True

    @property
    def is_sponsored(self) -> bool:
        return self.sponsorship == self.Sponsorship.SPONSORED


# The answer that needs details, and the field of the details.
DETAILS = {
    "sponsorship": (Disclosure.Sponsorship.SPONSORED, "sponsor"),
    "interest": (Disclosure.Interest.OWN, "interest_note"),
    "translation": (Disclosure.Translation.TRANSLATION, "translation_of"),
}
DISCLOSURE_FIELDS = (
    *("sponsorship", "sponsor", "interest", "interest_note"),
    *("ai_help", "translation", "translation_of"),
)
# The answers of an author who has nothing to say.
NOTHING_TO_DISCLOSE: dict[str, Any] = dict.fromkeys(("sponsorship", "interest", "ai_help", "translation"), "none")
