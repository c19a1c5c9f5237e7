"""The moderators' pages in the admin: submissions, articles, decisions, suspensions, trust, appeals and rules."""

from articles.moderation.admin.appeals import AppealAdmin
from articles.moderation.admin.articles import ArticleAdmin
from articles.moderation.admin.decisions import DecisionAdmin
from articles.moderation.admin.rules import ReasonAdmin, RuleAdmin, WatchWordAdmin
from articles.moderation.admin.submissions import SubmissionAdmin
from articles.moderation.admin.suspensions import SuspensionAdmin
from articles.moderation.admin.trust import TrustAdmin

__all__ = [
    "AppealAdmin",
    "ArticleAdmin",
    "DecisionAdmin",
    "ReasonAdmin",
    "RuleAdmin",
    "SubmissionAdmin",
    "SuspensionAdmin",
    "TrustAdmin",
    "WatchWordAdmin",
]
