from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class VotingConfig(AppConfig):
    name = "articles.voting"
    label = "voting"
    verbose_name = _("Votes")

    def ready(self) -> None:
        from articles.voting import signals  # noqa: F401, PLC0415 - connects the receivers
