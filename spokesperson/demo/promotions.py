"""The demonstration's plans, and promotions in each state, through the product's own verbs."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction

from accounts.models import User
from articles.models import Article
from articles.promotion.models import Placement, Plan, Promotion
from articles.promotion.services import decisions, payments, requests
from spokesperson.demo.people import MODERATOR, READER
from spokesperson.demo.progress import Say

TERMS = (
    "A moderator decides, and what was paid comes back whole if the answer is no. "
    "The card is labelled with your name, and with whether you paid.\n\n"
    "If a moderator ends the promotion early, you get back what you paid for the time that is left."
)
# (placement, name, days, price in minor units of AMD)
PLANS = (
    ("front_top", "A day on the front page", 1, 0),
    ("front_top", "A week on the front page", 7, 1_500_000),
    ("section_top", "A week at the top of its section", 7, 600_000),
    ("beside", "A week beside other articles", 7, 300_000),
    ("beside", "A month beside other articles", 30, 900_000),
)
CAPACITY = {"front_top": 2, "section_top": 1, "beside": 3}


def offer_plans() -> None:
    """Set up the places and what is offered there, once."""
    for code, capacity in CAPACITY.items():
        Placement.objects.filter(code=code).update(capacity=capacity)
    if Plan.objects.filter(name=PLANS[1][1]).exists():
        return
    Plan.objects.update(is_offered=False)  # what a new site begins with
    for position, (code, name, days, price) in enumerate(PLANS):
        Plan.objects.create(
            placement=Placement.objects.get(code=code),
            name=name,
            days=days,
            price=price,
            currency="AMD",
            terms=TERMS,
            position=position,
        )


def promote_some(*, say: Say) -> None:
    """Running, paid for and chosen by the editors; one waits for a moderator, one for its money."""
    if Promotion.objects.exists():
        return
    with transaction.atomic():
        articles = Article.objects.published().filter(language="en").select_related("author").order_by("-likes", "pk")
        moderator = User.objects.get(username=MODERATOR.username)
        reader = User.objects.get(username=READER.username)
        steps: list[Callable[[Article], object]] = [
            lambda article: _paid(article, article.author, PLANS[1][1], moderator),
            lambda article: _pinned(article, moderator),
            lambda article: _paid(article, article.author, PLANS[3][1], moderator),
            lambda article: _paid(article, article.author, PLANS[2][1], moderator),
            lambda article: _asked(article, reader, PLANS[0][1]),
            lambda article: _asked(article, reader, PLANS[4][1]),
        ]
        for step, article in zip(steps, articles[: len(steps)], strict=False):
            step(article)
    say(f"  {len(PLANS)} plans, and {Promotion.objects.count()} promotions that run or wait")


def _pinned(article: Article, moderator: User) -> None:
    front = Placement.objects.get(code="front_top")
    reason = "Everybody at the office has asked for this one."
    decisions.create_editorial_pick(article=article, moderator=moderator, placement=front, days=5, reason=reason)


def _asked(article: Article, sponsor: User, plan: str) -> None:
    message = "My neighbours should read this."
    requests.request_promotion(article=article, sponsor=sponsor, plan=_plan(plan), message=message)


def _plan(name: str) -> Plan:
    return Plan.objects.get(name=name)


def _paid(article: Article, sponsor: User, plan: str, moderator: User) -> None:
    promotion = requests.request_promotion(article=article, sponsor=sponsor, plan=_plan(plan))
    payment = payments.open_payment(promotion=promotion, variant="dummy")
    payments.record_payment(payment=payment, amount=promotion.price, currency=promotion.currency)
    decisions.approve(promotion=promotion, moderator=moderator)
