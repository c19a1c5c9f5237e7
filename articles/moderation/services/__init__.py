"""The actions of moderators."""

from articles.moderation.services.decisions import allowed_verdicts, correct, decide
from articles.moderation.services.permissions import DECIDE, LIFT, SUSPEND
from articles.moderation.services.suspensions import clear_profile, lift, suspend

__all__ = ["DECIDE", "LIFT", "SUSPEND", "allowed_verdicts", "clear_profile", "correct", "decide", "lift", "suspend"]
