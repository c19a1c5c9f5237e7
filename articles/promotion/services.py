"""Replaced by lifecycle in the next commit."""

from articles.models import Article
from accounts.models import User
from articles.promotion.models import Promotion

MAX_MESSAGE = 1000


def open_request(*, article: Article, sponsor: User) -> Promotion | None:
    return Promotion.objects.open().filter(article=article, sponsor=sponsor).first()


def request_promotion(*, article: Article, sponsor: User, message: str = "") -> Promotion:
    raise NotImplementedError
