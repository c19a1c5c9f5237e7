"""Plans and placements in the admin."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from articles.promotion.models import Plan
from tests.moderation.users import moderator as group_member
from tests.promotion import actions

pytestmark = pytest.mark.django_db
PLANS, PLACES = "/admin/promotion/plan/", "/admin/promotion/placement/"


@pytest.fixture
def moderator(client: Client) -> User:
    user = group_member(username="mod")
    client.force_login(user)
    return user


def plan_form(**changes: object) -> dict[str, object]:
    values = {"name": "A week", "days": "7", "price": "12.50", "currency": "EUR", "terms": "", "position": "77"}
    return {"placement": actions.place().pk, "is_offered": "on", **values, **changes}


@pytest.mark.parametrize(
    ("price", "currency", "minor"),
    [("12.50", "EUR", 1250), ("12.5", "EUR", 1250), ("0", "EUR", 0), ("1250", "JPY", 1250), ("0.01", "USD", 1)],
)
def test_plan_price_is_stored_in_minor_units(
    client: Client, moderator: User, price: str, currency: str, minor: int
) -> None:
    assert client.post(f"{PLANS}add/", plan_form(price=price, currency=currency)).status_code == 302
    assert Plan.objects.get(name="A week").price == minor


@pytest.mark.parametrize(
    ("price", "currency"),
    [
        ("12.505", "EUR"),
        ("12.50", "JPY"),
        ("-1", "EUR"),
        ("99999999", "EUR"),
        ("10000000", "JPY"),
        ("NaN", "EUR"),
        ("", "EUR"),
        ("1e9", "EUR"),
    ],
)
def test_plan_with_invalid_price_shows_error_at_field(
    client: Client, moderator: User, price: str, currency: str
) -> None:
    answer = client.post(f"{PLANS}add/", plan_form(price=price, currency=currency))
    assert "price" in answer.context["adminform"].form.errors
    assert not Plan.objects.filter(position=77).exists()


@pytest.mark.parametrize(
    "changes", [{"days": "0"}, {"days": "91"}, {"currency": "XXX"}, {"name": ""}, {"placement": "99"}]
)
def test_plan_with_invalid_values_is_refused(client: Client, moderator: User, changes: dict[str, str]) -> None:
    assert client.post(f"{PLANS}add/", plan_form(**changes)).status_code == 200
    assert not Plan.objects.filter(position=77).exists()


def test_changing_plan_does_not_change_promotions(client: Client, moderator: User) -> None:
    asked = actions.awaiting(price=2500)
    page = f"{PLANS}{asked.plan_id}/change/"
    assert 'value="25.00"' in client.get(page).content.decode()
    assert client.post(page, plan_form(price="30")).status_code == 302
    asked.refresh_from_db()
    assert asked.plan is not None
    assert (asked.plan.price, asked.price) == (3000, 2500)


def test_plan_list_shows_prices(client: Client, moderator: User) -> None:
    actions.plan(price=123456, currency="AMD")
    actions.plan(price=0)
    html = client.get(PLANS).content.decode()
    assert "1,234.56\u00a0AMD" in html
    assert "free" in html


def test_used_plan_cannot_be_deleted_by_superuser(client: Client, moderator: User) -> None:
    used, unused = actions.requested().plan, actions.plan()
    assert used is not None
    moderator.is_superuser = True
    moderator.save(update_fields=["is_superuser"])
    assert client.post(f"{PLANS}{used.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.post(f"{PLANS}{unused.pk}/delete/", {"post": "yes"}).status_code == 302
    assert set(Plan.objects.filter(pk__in=[used.pk, unused.pk])) == {used}


def test_placements_can_be_changed_but_not_added_or_deleted(client: Client, moderator: User) -> None:
    place = actions.place()
    values = {"code": "beside", "capacity": "5", "per_author_cap": "1", "author_can_refuse_hours": "24"}
    assert client.post(f"{PLACES}{place.pk}/change/", values).status_code == 302
    place.refresh_from_db()
    assert (place.code, place.capacity, place.author_can_refuse_hours, place.is_offered) == ("front_top", 5, 24, False)
    assert client.get(f"{PLACES}add/").status_code == 403
    assert client.post(f"{PLACES}{place.pk}/delete/", {"post": "yes"}).status_code == 403
    answer = client.post(f"{PLACES}{place.pk}/change/", {**values, "capacity": "0"})
    assert "capacity" in answer.context["adminform"].form.errors
