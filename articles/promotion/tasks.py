"""Letters of the promotion."""

from __future__ import annotations

from smtplib import SMTPException

from django.db import transaction
from django.tasks import task
from django.urls import reverse
from django.utils import timezone

from accounts.letters import address, send_letter, try_again_later
from accounts.models import User
from articles.models import SiteSettings
from articles.promotion.models import Promotion

SEES = "promotion.view_promotion"


@task()
def tell_moderators(promotion_id: int, attempt: int = 1) -> None:
    """Tell everyone who looks after promotions that there is a request; once, whoever runs this and how often."""
    try:
        with transaction.atomic():
            promotion = (
                Promotion.objects.select_for_update(of=("self",), no_key=True)
                .select_related("article__live", "article__author", "sponsor")
                .filter(pk=promotion_id, mailed_at=None)
                .first()
            )
            if promotion is None:
                return
            backend = "django.contrib.auth.backends.ModelBackend"
            for moderator in User.objects.with_perm(SEES, backend=backend).filter(is_staff=True).order_by("pk"):
                send_letter(
                    to=moderator,
                    template="promotion/mail/requested",
                    context={
                        "site": SiteSettings.current(),
                        "promotion": promotion,
                        "title": str(promotion.article),
                        "article_url": lambda: address(promotion.article.get_absolute_url()),
                        "admin_url": lambda: address(reverse("admin:promotion_promotion_change", args=[promotion.pk])),
                    },
                )
            promotion.mailed_at = timezone.now()
            promotion.save(update_fields=["mailed_at"])
    except (OSError, SMTPException):
        if not try_again_later(tell_moderators, promotion_id, attempt=attempt):
            raise
