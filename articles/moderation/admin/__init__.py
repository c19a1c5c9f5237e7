"""The moderators' pages in the Django admin: submissions, articles, decisions and suspensions."""

from articles.moderation.admin.articles import ArticleAdmin
from articles.moderation.admin.decisions import DecisionAdmin
from articles.moderation.admin.submissions import SubmissionAdmin
from articles.moderation.admin.suspensions import SuspensionAdmin

__all__ = ["ArticleAdmin", "DecisionAdmin", "SubmissionAdmin", "SuspensionAdmin"]
