"""What readers read and authors write."""

from articles.models.article import Article, ArticleTag, Revision
from articles.models.pictures import Picture
from articles.models.site import SiteSettings
from articles.models.taxonomy import Section, Tag

__all__ = ["Article", "ArticleTag", "Picture", "Revision", "Section", "SiteSettings", "Tag"]
