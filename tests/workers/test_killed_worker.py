"""A worker process is killed (SIGKILL) at every step of a task or a periodic job, and another one finishes it.

Money moves exactly once. An email is sent at least once: it is sent twice if the worker is killed between the answer of
the mail server and the deletion of the row, because nobody knows then whether the server has taken it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.db.models import F
from django.tasks import TaskResultStatus
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from PIL import Image as PILImage

from accounts.services import save_avatar
from articles.models import Article, Image
from articles.promotion.models import Payment, PendingPromotionCount, Promotion, PromotionDay
from articles.promotion.models.ledger import verify_ledger
from articles.promotion.services import decisions, payments
from articles.readership.models import DailySalt, DailyStats, PageView, PendingCount
from articles.readership.visitors import today
from articles.search import services
from articles.search.tasks import update_index
from articles.services.images import store_image
from core.mail import enqueue_email
from core.models import PendingDeletion, PendingEmail, PeriodicRun
from tests import factories
from tests.promotion import actions
from tests.promotion.actions import events
from tests.promotion.stripe_server import StripeServer
from tests.smtp_server import SmtpServer
from tests.workers.conftest import Workers

pytestmark = pytest.mark.django_db(transaction=True)

type Check = Callable[[], object]


class Work(NamedTuple):
    """What a process does until it is killed.

    Attributes:
        call: a function of `tests.workers.process`, and its arguments.
        check: asserts, after another worker, that everything is done.
    """

    call: list[Any]
    check: Check


class Site:
    """What the tasks work on."""

    def __init__(self, workers: Workers, mail: SmtpServer, stripe: StripeServer) -> None:
        self.workers, self.mail, self.stripe = workers, mail, stripe

    def email(self) -> Work:
        address = f"reader{len(self.mail.recipients)}@example.org"
        context = {"ip": "192.0.2.1", "user_agent": "curl"}
        enqueue_email(to=address, template="account/email/email_confirm", context=context)

        def check() -> None:
            assert not PendingEmail.objects.exists()
            assert self.mail.recipients.count(address) == EMAILS_SENT.get(self.step, 1)

        return Work(["run_tasks"], check)

    def payment(self) -> Work:
        made = actions.awaiting()

        def check() -> None:
            self.workers.run("start_payment", made.pk)  # The sponsor tries again.
            payment = made.payments.get()
            [session] = [one for one in self.stripe.sessions.values() if one["client_reference_id"] == payment.token]
            assert payment.attrs.sessions == [session["id"]]
            session.update(payment_status="paid", payment_intent=f"pi_{payment.token}")
            self.finish()
            check_paid(payment)

        return Work(["start_payment", made.pk], check)

    def reconciled_payment(self) -> Work:
        made = actions.awaiting()
        self.workers.run("start_payment", made.pk)
        payment = made.payments.get()
        paid = {"payment_status": "paid", "payment_intent": f"pi_{payment.token}"}
        self.stripe.sessions[payment.attrs.sessions[0]].update(paid)
        make_due()
        return Work(["work"], partial(check_paid, payment))

    def refund(self) -> Work:
        payment = payments.open_payment(promotion=actions.awaiting(), variant="stripe")
        intent = f"pi_{payment.token}"
        payments.record_payment(payment=payment, amount=7000, currency="EUR", reference=intent)
        decisions.decline(promotion=payment.promotion, moderator=actions.moderator(), reason="No.")

        def check() -> None:
            made = [one["amount"] for one in self.stripe.refunds.values() if one["payment_intent"] == intent]
            assert made == [7000]
            payment.refresh_from_db()
            assert (payment.refunded, payment.refund_status) == (7000, Payment.Status.CONFIRMED)
            assert events(payment.promotion).count("refunded") == 1
            assert verify_ledger() is None

        return Work(["run_tasks"], check)

    def hidden_images(self) -> Work:
        author = factories.UserFactory.create()
        image = store_image(owner=author, pixels=PILImage.new("RGB", (700, 500), "red"))
        article = factories.published(author, image=image)
        public = {path: default_storage.open(path).read() for path in image.paths}

        def check() -> None:
            image.refresh_from_db()
            assert not any(map(default_storage.exists, public))
            assert [default_storage.open(path).read() for path in image.paths] == list(public.values())
            assert image.retired_key == ""

        return Work(["hide_article", article.pk], check)

    def deleted_image(self) -> Work:
        image = store_image(owner=factories.UserFactory.create(), pixels=PILImage.new("RGB", (700, 500)))
        paths, pk = image.paths, image.pk

        def check() -> None:
            assert not Image.objects.filter(pk=pk).exists()
            check_deleted(paths)

        return Work(["delete_image", pk], check)

    def cleared_profile(self) -> Work:
        user = factories.UserFactory.create()
        save_avatar(user=user, image=PILImage.new("RGB", (500, 500)))
        folder = f"avatars/{user.avatar_key[:2]}"
        paths = [f"{folder}/{name}" for name in default_storage.listdir(folder)[1] if user.avatar_key in name]
        assert len(paths) == 2
        return Work(["remove_avatar", user.pk], partial(check_deleted, paths))

    def views(self) -> Work:
        article = factories.published()
        PendingCount.objects.bulk_create(
            PendingCount(article=article, day=today(), metric=metric, number=3) for metric in ("views", "reads")
        )

        def check() -> None:
            article.refresh_from_db()
            stats = DailyStats.objects.get(article=article)
            assert (article.views, stats.views, stats.reads) == (3, 3, 3)
            assert not PendingCount.objects.exists()

        make_due()
        return Work(["work"], check)

    def promotion_counts(self) -> Work:
        made = actions.approved()
        PendingPromotionCount.objects.create(promotion=made, day=today(), metric="clicks", number=3)

        def check() -> None:
            assert PromotionDay.objects.get(promotion=made).clicks == 3
            assert not PendingPromotionCount.objects.exists()

        make_due()
        return Work(["work"], check)

    def ended_promotions(self) -> Work:
        made = [actions.approved() for _ in range(2)]
        ended = timezone.now() - timedelta(minutes=5)
        Promotion.objects.update(starts_at=ended - timedelta(days=1), ends_at=ended)

        def check() -> None:
            assert [events(promotion).count("ended") for promotion in made] == [1, 1]
            assert verify_ledger() is None

        make_due()
        return Work(["work"], check)

    def old_hits(self) -> Work:
        day = today() - timedelta(days=4)
        article = factories.published()
        DailySalt.objects.create(day=day, salt=b"x" * 32)
        PageView.objects.create(article=article, day=day, visitor="0" * 32, source="0" * 32)

        def check() -> None:
            assert not DailySalt.objects.filter(day=day).exists()
            assert not PageView.objects.filter(day=day).exists()

        make_due()
        return Work(["work"], check)

    def search_index(self) -> Work:
        article = factories.published(title="Lanterns of Gyumri")
        Article.objects.filter(pk=article.pk).update(state=Article.State.HIDDEN)
        update_index.enqueue([article.pk])

        def check() -> None:
            assert services.check() == (0, 0)

        return Work(["run_tasks"], check)

    def lost_task(self) -> Work:
        factories.UserFactory.create()
        update_index.enqueue([])
        DBTaskResult.objects.update(
            status=TaskResultStatus.RUNNING, started_at=timezone.now() - timedelta(hours=1), worker_ids=["killed"]
        )
        make_due()
        return Work(["work"], lambda: None)

    def finish(self) -> None:
        """Let another worker do what is due after a quarter of an hour."""
        make_due()
        self.workers.run("work")

    step = ""


def make_due() -> None:
    """Let a quarter of an hour pass, and the times at which hourly jobs are due."""
    passed = timedelta(minutes=16)
    DBTaskResult.objects.filter(status=TaskResultStatus.RUNNING).update(started_at=F("started_at") - passed)
    PendingEmail.objects.update(next_attempt_at=F("next_attempt_at") - passed)
    Payment.objects.update(sent_at=F("sent_at") - passed, refund_sent_at=F("refund_sent_at") - passed)
    for job, interval in settings.PERIODIC_JOBS.items():
        if interval <= timedelta(hours=1):
            runs = PeriodicRun.objects.filter(pk=job)
            runs.update(started_at=F("started_at") - max(passed, interval))


def check_paid(payment: Payment) -> None:
    payment.refresh_from_db()
    assert payment.status == Payment.Status.CONFIRMED
    assert Promotion.objects.get(pk=payment.promotion_id).state == Promotion.State.PAID
    assert events(payment.promotion).count("paid") == 1


def check_deleted(paths: list[str]) -> None:
    assert not any(map(default_storage.exists, paths))
    assert not PendingDeletion.objects.exists()


STRIPE = "articles.promotion.payments.stripe_checkout"
COMMITTED = ("django.db.backends.base.base.BaseDatabaseWrapper.run_and_clear_commit_hooks", "before")
DONE = ("django_tasks_db.models.DBTaskResult.set_successful", "before")
# What is done → the step at which the process is killed → a function, before or after it.
STEPS: dict[Callable[[Site], Work], dict[str, tuple[str, str]]] = {
    Site.email: {
        "before the claim": ("core.tasks.send_pending_emails", "before"),
        "after the claim": ("django.core.mail.EmailMultiAlternatives.send", "before"),
        "after the mail server took it": ("django.core.mail.EmailMultiAlternatives.send", "after"),
        "after the row was deleted": DONE,
    },
    Site.payment: {
        "after it is recorded as sent": (f"{STRIPE}.record_sent", "after"),
        "after Stripe has made the page": ("stripe.checkout.Session.create", "after"),
        "after the page is recorded": ("articles.promotion.models.Payment.save", "after"),
    },
    Site.reconciled_payment: {
        "after the claim": (f"{STRIPE}.StripeProvider.check_payment", "before"),
        "after Stripe has answered": ("stripe.checkout.Session.retrieve", "after"),
        "in the transaction that records it": ("articles.promotion.services.payments.transition", "after"),
        "after it is recorded": (f"{STRIPE}.record_payment", "after"),
    },
    Site.refund: {
        "before the claim": ("articles.promotion.services.refunds.refund", "before"),
        "after the claim": (f"{STRIPE}.StripeProvider.send_refund", "before"),
        "after Stripe has refunded": ("stripe.Refund.create", "after"),
        "in the transaction that records it": ("articles.promotion.services.refunds.record_money", "after"),
        "after it is recorded": DONE,
    },
    Site.hidden_images: {
        "after the commit": COMMITTED,
        "before the files move": ("articles.services.images._move_files", "before"),
        "after one file is copied": ("django.core.files.storage.FileSystemStorage.save", "after"),
        "after one file has moved": ("django.core.files.storage.FileSystemStorage.delete", "after"),
        "after all files have moved": ("articles.services.images._move_files", "after"),
    },
    Site.deleted_image: {
        "after the commit": COMMITTED,
        "after one file is deleted": ("django.core.files.storage.FileSystemStorage.delete", "after"),
    },
    Site.cleared_profile: {
        "after the commit": COMMITTED,
        "after one file is deleted": ("django.core.files.storage.FileSystemStorage.delete", "after"),
    },
    Site.views: {
        "after the articles are changed": ("articles.readership.services._add_to_articles", "after"),
        "after the statistics are changed": ("articles.readership.tracking._add_to_stats", "after"),
        "after the commit": ("articles.readership.services.rollup", "after"),
    },
    Site.promotion_counts: {
        "after the statistics are changed": ("articles.readership.tracking._add_to_stats", "after"),
    },
    Site.ended_promotions: {
        "after one is stored": ("articles.promotion.services.state_machine.transition", "after"),
        "between its two parts": ("articles.promotion.tasks.reconcile", "before"),
    },
    Site.old_hits: {
        "after the keys are destroyed": ("articles.readership.services.destroy_old_salts", "after"),
        "after the views are deleted": ("articles.readership.tracking.delete_old_hits", "after"),
    },
    Site.search_index: {
        "before": ("articles.search.tasks.get_backend", "before"),
        "after": DONE,
    },
    Site.lost_task: {
        "before the commit": ("django_tasks_db.models.DBTaskResult.save", "after"),
        "after the commit": ("core.periodic.requeue_lost_tasks", "after"),
    },
}
EMAILS_SENT = {"after the mail server took it": 2}
CASES = [
    pytest.param(work, step, *where, id=f"{work.__name__}: {step}")
    for work, steps in STEPS.items()
    for step, where in steps.items()
]


@pytest.fixture
def site(workers: Workers, mail_server: SmtpServer, provider_server: StripeServer) -> Site:
    now = timezone.now()
    PeriodicRun.objects.bulk_create(
        PeriodicRun(job=job, started_at=now, finished_at=now) for job in settings.PERIODIC_JOBS
    )
    return Site(workers, mail_server, provider_server)


@pytest.mark.parametrize(("prepare", "step", "function", "when"), CASES)
def test_another_worker_finishes_what_a_killed_one_left(
    site: Site, prepare: Callable[[Site], Work], step: str, function: str, when: str
) -> None:
    site.step = step
    work = prepare(site)
    site.workers.kill(function, when, *work.call)
    site.finish()
    work.check()
    stuck = DBTaskResult.objects.exclude(status=TaskResultStatus.SUCCESSFUL)
    assert not stuck.filter(run_after__lte=timezone.now()).values_list("task_path", "status")
    assert not PendingEmail.objects.exists()
    assert not PeriodicRun.objects.filter(finished_at=None).exists()
    assert not PeriodicRun.objects.filter(has_failed=True).values_list("job", "outcome")
