"""Models of moderation."""

from articles.moderation.models.claim import CLAIM_TIME, Claim
from articles.moderation.models.decision import BY_DECISION_TIME, Decision, Suspension
from articles.moderation.models.rule import Reason, Rule, RuleVersion
from articles.moderation.models.submission import (
    MAX_HISTORY_COUNT,
    MAX_UNREVIEWED_SEARCHED,
    Submission,
    latest_articles,
    version_of,
)

__all__ = [
    "BY_DECISION_TIME",
    "CLAIM_TIME",
    "MAX_HISTORY_COUNT",
    "MAX_UNREVIEWED_SEARCHED",
    "Claim",
    "Decision",
    "Reason",
    "Rule",
    "RuleVersion",
    "Submission",
    "Suspension",
    "latest_articles",
    "version_of",
]
