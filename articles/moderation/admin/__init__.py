"""The moderators' pages in the Django admin: submissions, articles, decisions, suspensions, rules and reasons."""

from articles.moderation.admin.articles import ArticleAdmin
from articles.moderation.admin.decisions import DecisionAdmin
from articles.moderation.admin.rules import ReasonAdmin, RuleAdmin, WatchWordAdmin
from articles.moderation.admin.submissions import SubmissionAdmin
from articles.moderation.admin.suspensions import SuspensionAdmin

__all__ = [
    "ArticleAdmin",
    "DecisionAdmin",
    "ReasonAdmin",
    "RuleAdmin",
    "SubmissionAdmin",
    "SuspensionAdmin",
    "WatchWordAdmin",
]
