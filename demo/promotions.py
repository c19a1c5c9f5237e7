"""Create the demonstration's plans, and promotions in each state, with the product's service functions."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction

from accounts.models import User
from articles.models import Article
from articles.promotion.models import Placement, Plan, Promotion
from articles.promotion.services import decisions, payments, requests
from demo.users import MODERATOR, READER
from spokesperson.operations.progress import Progress

TERMS = (
    "A moderator decides on your request. If it is declined, you get a full refund. "
    "The card is labelled with your name, and with whether you paid.\n\n"
    "If a moderator ends the promotion early, you get a refund for the remaining time."
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


def create_plans() -> None:
    """Set up the placements and their plans, once."""
    for code, capacity in CAPACITY.items():
        Placement.objects.filter(code=code).update(capacity=capacity)
    if Plan.objects.filter(name=PLANS[1][1]).exists():
        return
    Plan.objects.update(is_offered=False)  # The plans of a new site.
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


@transaction.atomic
def create_promotions(*, progress: Progress) -> None:
    """Create paid and editorial promotions that run, one that waits for a moderator, and one that is not paid yet."""
    if Promotion.objects.exists():
        return
    moderator = User.objects.get(username=MODERATOR.username)
    reader = User.objects.get(username=READER.username)
    day, week, section_week, beside_week, beside_month = Plan.objects.filter(is_offered=True).order_by("position")
    steps: list[Callable[[Article], object]] = [
        lambda article: _promote_paid(article, week, moderator),
        lambda article: decisions.create_editorial_pick(
            article=article,
            moderator=moderator,
            placement=week.placement,
            days=5,
            reason="Everybody at the office has asked for this one.",
        ),
        lambda article: _promote_paid(article, beside_week, moderator),
        lambda article: _promote_paid(article, section_week, moderator),
        lambda article: _request(article, day, reader),
        lambda article: _request(article, beside_month, reader),
    ]
    articles = Article.objects.published().filter(language="en").select_related("author").order_by("-likes", "pk")
    for step, article in zip(steps, articles[: len(steps)], strict=False):
        step(article)
    progress.line(f"  {len(PLANS)} plans, and {Promotion.objects.count()} promotions that run or wait")


def _promote_paid(article: Article, plan: Plan, moderator: User) -> None:
    promotion = requests.request_promotion(article=article, sponsor=article.author, plan=plan)
    payment = payments.open_payment(promotion=promotion, variant="dummy")
    payments.record_payment(payment=payment, amount=promotion.price, currency=promotion.currency)
    decisions.approve(promotion=promotion, moderator=moderator)


def _request(article: Article, plan: Plan, sponsor: User) -> None:
    message = "My neighbours should read this."
    requests.request_promotion(article=article, sponsor=sponsor, plan=plan, message=message)
