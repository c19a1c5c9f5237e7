"""Models of the publishing app."""

from articles.models.article import Article, ArticleTag
from articles.models.checkpoint import Checkpoint
from articles.models.coauthor import CoAuthor
from articles.models.correction import Correction
from articles.models.image import Image
from articles.models.preview import PreviewLink
from articles.models.recovery import RecoveredDraft
from articles.models.revision import Revision
from articles.models.series import Series, SeriesPart
from articles.models.taxonomy import Section, Tag
from articles.models.trust import Trust

__all__ = [
    "Article",
    "ArticleTag",
    "Checkpoint",
    "CoAuthor",
    "Correction",
    "Image",
    "PreviewLink",
    "RecoveredDraft",
    "Revision",
    "Section",
    "Series",
    "SeriesPart",
    "Tag",
    "Trust",
]
