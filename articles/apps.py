from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from core import http_cache


class ArticlesConfig(AppConfig):
    name = "articles"
    verbose_name = _("Articles")

    def ready(self) -> None:
        from articles import signals  # noqa: F401, PLC0415 - connects the receivers
        from articles.selectors import next_publication  # noqa: PLC0415

        http_cache.change_times.append(next_publication)
