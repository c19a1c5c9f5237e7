"""Models of moderation."""

from articles.moderation.models.alert import AlertPreference
from articles.moderation.models.appeal import BY_APPEAL_TIME, Appeal
from articles.moderation.models.claim import CLAIM_TIME, Claim
from articles.moderation.models.decision import BY_DECISION_TIME, Decision, Suspension
from articles.moderation.models.figures import MonthlyFigures
from articles.moderation.models.note import StaffNote
from articles.moderation.models.passage_note import PassageNote
from articles.moderation.models.rule import Reason, Rule, RuleVersion
from articles.moderation.models.sample import Sample
from articles.moderation.models.screening import (
    Hint,
    ImageBand,
    ImageHash,
    LinkDomain,
    Screening,
    TextBand,
    WatchWord,
)
from articles.moderation.models.submission import (
    MAX_HISTORY_COUNT,
    MAX_UNREVIEWED_SEARCHED,
    Submission,
    latest_articles,
    version_of,
)

__all__ = [
    "BY_APPEAL_TIME",
    "BY_DECISION_TIME",
    "CLAIM_TIME",
    "MAX_HISTORY_COUNT",
    "MAX_UNREVIEWED_SEARCHED",
    "AlertPreference",
    "Appeal",
    "Claim",
    "Decision",
    "Hint",
    "ImageBand",
    "ImageHash",
    "LinkDomain",
    "MonthlyFigures",
    "PassageNote",
    "Reason",
    "Rule",
    "RuleVersion",
    "Sample",
    "Screening",
    "StaffNote",
    "Submission",
    "Suspension",
    "TextBand",
    "WatchWord",
    "latest_articles",
    "version_of",
]
