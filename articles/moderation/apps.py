from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ModerationConfig(AppConfig):
    name = "articles.moderation"
    label = "moderation"
    verbose_name = _("Moderation")

    def ready(self) -> None:
        from articles.moderation import signals  # noqa: F401, PLC0415 - connects the receivers
