"""The moderators' desk in the Django admin: the queue, the articles, decisions and suspensions."""

from articles.moderation.admin.people import SanctionAdmin
from articles.moderation.admin.published import ArticleAdmin
from articles.moderation.admin.queue import SubmissionAdmin
from articles.moderation.admin.record import DecisionAdmin

__all__ = ["ArticleAdmin", "DecisionAdmin", "SanctionAdmin", "SubmissionAdmin"]
