from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PromotionConfig(AppConfig):
    name = "articles.promotion"
    label = "promotion"
    verbose_name = _("Promotions")

    def ready(self) -> None:
        from articles.promotion import signals  # noqa: F401, PLC0415 - connects the receivers
