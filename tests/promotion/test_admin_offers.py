"""What is offered is kept in the admin: prices as people write them, places as the pages have them."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from articles.promotion.models import Plan, PromotionSettings
from tests.moderation.users import moderator as group_member
from tests.promotion import making

pytestmark = pytest.mark.django_db
PLANS, PLACES, SETTINGS = (f"/admin/promotion/{name}/" for name in ("plan", "placement", "promotionsettings"))


@pytest.fixture
def moderator(client: Client) -> User:
    user = group_member(username="mod")
    client.force_login(user)
    return user


def filled(**changes: object) -> dict[str, object]:
    typed = {"name": "A week", "days": "7", "price_typed": "12.50", "currency": "EUR", "terms": "", "position": "77"}
    return {"placement": making.place().pk, "is_offered": "on", **typed, **changes}


@pytest.mark.parametrize(
    ("price", "currency", "minor"),
    [("12.50", "EUR", 1250), ("12.5", "EUR", 1250), ("0", "EUR", 0), ("1250", "JPY", 1250), ("0.01", "USD", 1)],
)
def test_a_price_is_kept_in_minor_units(client: Client, moderator: User, price: str, currency: str, minor: int) -> None:
    assert client.post(f"{PLANS}add/", filled(price_typed=price, currency=currency)).status_code == 302
    assert Plan.objects.get(name="A week").price == minor


@pytest.mark.parametrize(
    ("price", "currency"),
    [
        ("12.505", "EUR"),
        ("12.50", "JPY"),
        ("-1", "EUR"),
        ("99999999", "EUR"),
        ("NaN", "EUR"),
        ("", "EUR"),
        ("1e9", "EUR"),
    ],
)
def test_a_price_that_cannot_be_is_refused_next_to_it(
    client: Client, moderator: User, price: str, currency: str
) -> None:
    answer = client.post(f"{PLANS}add/", filled(price_typed=price, currency=currency))
    assert "price_typed" in answer.context["adminform"].form.errors
    assert not Plan.objects.filter(position=77).exists()


@pytest.mark.parametrize(
    "changes", [{"days": "0"}, {"days": "91"}, {"currency": "XXX"}, {"name": ""}, {"placement": "99"}]
)
def test_a_plan_has_bounds(client: Client, moderator: User, changes: dict[str, str]) -> None:
    assert client.post(f"{PLANS}add/", filled(**changes)).status_code == 200
    assert not Plan.objects.filter(position=77).exists()


def test_changing_a_plan_changes_no_promotion(client: Client, moderator: User) -> None:
    asked = making.awaiting(price=2500)
    page = f"{PLANS}{asked.plan_id}/change/"
    assert 'value="25.00"' in client.get(page).content.decode()
    assert client.post(page, filled(price_typed="30")).status_code == 302
    asked.refresh_from_db()
    assert asked.plan is not None
    assert (asked.plan.price, asked.price) == (3000, 2500)


def test_plans_are_listed_with_their_prices(client: Client, moderator: User) -> None:
    making.plan(price=123456, currency="AMD")
    making.plan(price=0)
    html = client.get(PLANS).content.decode()
    assert "1,234.56\u00a0AMD" in html
    assert "free" in html


def test_a_plan_that_served_is_not_deleted_even_by_an_administrator(client: Client, moderator: User) -> None:
    served, unused = making.requested().plan, making.plan()
    assert served is not None
    moderator.is_superuser = True
    moderator.save(update_fields=["is_superuser"])
    assert client.post(f"{PLANS}{served.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.post(f"{PLANS}{unused.pk}/delete/", {"post": "yes"}).status_code == 302
    assert set(Plan.objects.filter(pk__in=[served.pk, unused.pk])) == {served}


def test_places_are_changed_but_neither_added_nor_taken_away(client: Client, moderator: User) -> None:
    place = making.place()
    typed = {"code": "beside", "capacity": "5", "per_author_cap": "1", "author_may_refuse_hours": "24"}
    assert client.post(f"{PLACES}{place.pk}/change/", typed).status_code == 302
    place.refresh_from_db()
    assert (place.code, place.capacity, place.author_may_refuse_hours, place.is_offered) == ("front_top", 5, 24, False)
    assert client.get(f"{PLACES}add/").status_code == 403
    assert client.post(f"{PLACES}{place.pk}/delete/", {"post": "yes"}).status_code == 403
    answer = client.post(f"{PLACES}{place.pk}/change/", {**typed, "capacity": "0"})
    assert "capacity" in answer.context["adminform"].form.errors


def test_the_one_setting_is_a_form_without_a_list(client: Client, moderator: User) -> None:
    answer = client.get(SETTINGS, follow=True)
    assert "shows_exact_prices" in answer.content.decode()
    assert PromotionSettings.current().shows_exact_prices
    assert client.post(f"{SETTINGS}1/change/", {}).status_code == 302
    assert not PromotionSettings.current().shows_exact_prices
    assert client.get(f"{SETTINGS}2/change/", follow=True).status_code == 200
    assert PromotionSettings.objects.count() == 1
