"""The rules of the site: a change adds a version, so that a decision shows what it cited."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.services import lock_acting_user
from articles.moderation.models import Rule, RuleVersion

ADD = "moderation.add_rule"
CHANGE = "moderation.change_rule"


@dataclass(frozen=True, kw_only=True)
class RuleText:
    """What a version of a rule says, in each language."""

    title: str
    title_ru: str = ""
    title_hy: str = ""
    text: str = ""
    text_ru: str = ""
    text_hy: str = ""


@transaction.atomic
def save_rule(*, rule: Rule, moderator: User, text: RuleText, is_retired: bool = False) -> RuleVersion:
    """Save a rule, new ones too, and add a version if its text is another one than that of the last version.

    Raises:
        PermissionDenied: the moderator may not.
        ActionNotAllowed: the moderator is suspended.
    """
    moderator = lock_acting_user(moderator.pk)
    if not moderator.has_perm(CHANGE if rule.pk else ADD):
        raise PermissionDenied
    rule.retired_at = (rule.retired_at or timezone.now()) if is_retired else None
    rule.save()
    # The lock gives concurrent changes different numbers.
    Rule.objects.select_for_update().get(pk=rule.pk)
    last = rule.versions.order_by("-number").first()
    if last is not None and text == text_of(last):
        return last
    return RuleVersion.objects.create(rule=rule, number=last.number + 1 if last else 1, **asdict(text))


def text_of(version: RuleVersion) -> RuleText:
    """Return what a version says."""
    return RuleText(**{name: getattr(version, name) for name in RuleText.__dataclass_fields__})
