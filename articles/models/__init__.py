"""Models of the publishing app."""

from articles.models.article import Article, ArticleTag
from articles.models.checkpoint import Checkpoint
from articles.models.image import Image
from articles.models.preview import PreviewLink
from articles.models.recovery import RecoveredDraft
from articles.models.revision import Revision
from articles.models.taxonomy import Section, Tag
from articles.models.trust import Trust

__all__ = [
    "Article",
    "ArticleTag",
    "Checkpoint",
    "Image",
    "PreviewLink",
    "RecoveredDraft",
    "Revision",
    "Section",
    "Tag",
    "Trust",
]
