"""The actions of moderators."""

from articles.moderation.services.decisions import allowed_verdicts, correct, decide
from articles.moderation.services.permissions import DECIDE, LIFT, SUSPEND
from articles.moderation.services.suspensions import clear_profile, lift, suspend
from articles.moderation.services.trust import change_trust

__all__ = [
    "DECIDE",
    "LIFT",
    "SUSPEND",
    "allowed_verdicts",
    "change_trust",
    "clear_profile",
    "correct",
    "decide",
    "lift",
    "suspend",
]
