"""What readers read and authors write."""

from articles.models.article import Article, ArticleTag, Revision
from articles.models.image import Image
from articles.models.taxonomy import Section, Tag
from core.models import SiteSettings

__all__ = ["Article", "ArticleTag", "Image", "Revision", "Section", "SiteSettings", "Tag"]
