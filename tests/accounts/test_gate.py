"""Who gets a new account: each gate, for each way in."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import caches
from django.test import Client
from django.utils import timezone

from accounts import challenge, gate
from accounts.models import Invitation, SignupRequest, User
from core.exceptions import ActionNotAllowed
from core.models import SignupGate, SiteSettings
from tests.accounts.conftest import PASSWORD, SIGNUP_DATA, Links
from tests.accounts.test_login_code import CONFIRM, REQUEST, SIGNUP, code
from tests.accounts.test_providers import SIGNUP as SOCIAL_SIGNUP
from tests.accounts.test_providers import come, library, provider  # noqa: F401 - fixtures
from tests.factories import UserFactory
from tests.moderation.users import moderator
from tests.test_permissions import filled_in

pytestmark = pytest.mark.django_db
WAITING, WAYS = "/accounts/waiting/", ["password", "code", "provider"]


@pytest.fixture
def site() -> SiteSettings:
    return SiteSettings.objects.create(pk=1)


@pytest.fixture
def way(request: pytest.FixtureRequest) -> str:
    if request.param == "provider":
        request.getfixturevalue("library")
    return str(request.param)


def sign_up(client: Client, way: str, **answers: str) -> Any:
    """Sign up and log in as anna@example.org in one of the ways; return the last response."""
    data = {"username": "Anna", "rules": "on", **answers}
    if way == "password":
        response: Any = client.post(SIGNUP, {**SIGNUP_DATA, **data})
        found = re.search(r"/accounts/confirm-email/\S+", str(mail.outbox[-1].body)) if mail.outbox else None
        return client.post(found.group()) if found else response
    if way == "code":
        client.post(REQUEST, {"email": "anna@example.org"})
        if not re.search(r"^\d{6}$", str(mail.outbox[-1].body), re.MULTILINE):
            return client.get(SIGNUP)
        client.post(CONFIRM, {"code": code()})
        return client.post(SIGNUP, data)
    response = come(client)
    return client.post(SOCIAL_SIGNUP, data) if response.status_code == 302 else response


def is_logged_in(client: Client) -> bool:
    return bool(client.get("/accounts/").status_code == 200)


def solution(page: str) -> str:
    """Solve the challenge of a form as the browser does."""
    data = dict(re.findall(r'data-(token|salt|hash)="([^"]+)"', page))
    number = next(
        number
        for number in range(challenge.MAX_NUMBER)
        if hashlib.sha256(f"{data['salt']}{number}".encode()).hexdigest() == data["hash"]
    )
    return f"{data['token']} {number}"


@pytest.mark.parametrize("way", WAYS, indirect=True)
def test_closed_gate_admits_no_new_users(client: Client, site: SiteSettings, way: str) -> None:
    site.signup_gate = SignupGate.CLOSED
    site.save()
    assert "We are not accepting new accounts" in sign_up(client, way).text
    assert not User.objects.exists()
    user = UserFactory.create()
    client.post(REQUEST, {"email": user.email})
    client.post(CONFIRM, {"code": code()})
    assert is_logged_in(client)


def test_closed_gate_looks_the_same_for_every_address(client: Client, other_client: Client, site: SiteSettings) -> None:
    site.signup_gate = SignupGate.CLOSED
    site.save()
    UserFactory.create(email="known@example.org")
    known = client.post(REQUEST, {"email": "known@example.org"})
    unknown = other_client.post(REQUEST, {"email": "nobody@example.org"})
    assert known.headers["Location"] == unknown.headers["Location"] == CONFIRM
    assert "no account" in mail.outbox[-1].subject
    for attempt in ("", "000000", "undefined"):
        assert other_client.post(CONFIRM, {"code": attempt}).headers.get("Location", REQUEST) == REQUEST


@pytest.mark.parametrize("way", WAYS, indirect=True)
def test_approval_by_staff_after_an_answer(client: Client, other_client: Client, site: SiteSettings, way: str) -> None:
    site.signup_gate, site.signup_question = SignupGate.APPROVAL, "Where do you live?"
    site.save()
    assert "answer" in sign_up(client, way, answer="").context["form"].errors
    if way == "provider":
        response = client.post(SOCIAL_SIGNUP, {"username": "Anna", "rules": "on", "answer": "In Gyumri"})
    else:
        response = sign_up(client, way, answer="In Gyumri")
    assert response.headers["Location"] == WAITING
    assert "waits for approval" in client.get(WAITING).text
    assert EmailAddress.objects.get().verified, "Staff decide on people who own their address."
    assert not is_logged_in(client)

    other_client.force_login(moderator())
    page = other_client.get("/admin/accounts/signuprequest/").text
    assert "In Gyumri" in page
    assert "anna@example.org" in page
    request = SignupRequest.objects.get()
    action = {"action": "approve", "_selected_action": [request.pk]}
    other_client.post("/admin/accounts/signuprequest/", action)
    assert "approved" in mail.outbox[-1].subject
    assert "In Gyumri" not in other_client.get("/admin/accounts/signuprequest/").text
    sent = len(mail.outbox)
    other_client.post("/admin/accounts/signuprequest/?state=all", action)
    assert len(mail.outbox) == sent, "It is decided once."

    client.post(REQUEST, {"email": "anna@example.org"})
    client.post(CONFIRM, {"code": code()})
    assert is_logged_in(client)


def test_refused_account_is_closed_and_its_user_told(client: Client, site: SiteSettings) -> None:
    site.signup_gate = SignupGate.APPROVAL
    site.save()
    sign_up(client, "code", answer="Spam")
    request = SignupRequest.objects.get()
    gate.decide_signup(request=request, moderator=moderator(), is_approved=False)
    assert "was not approved" in mail.outbox[-1].subject
    client.post(REQUEST, {"email": "anna@example.org"})
    assert client.post(CONFIRM, {"code": code()}).headers["Location"] == "/accounts/inactive/"


def test_waiting_account_cannot_log_in_by_password(client: Client, site: SiteSettings) -> None:
    user = UserFactory.create(username="anna")
    SignupRequest.objects.create(user=user, reason="approval")
    response = client.post("/accounts/login/", {"login": "anna", "password": PASSWORD})
    assert response.headers["Location"] == WAITING
    assert not is_logged_in(client)


def test_suspended_moderator_cannot_decide(site: SiteSettings) -> None:
    request = SignupRequest.objects.create(user=UserFactory.create(), reason="approval")
    with pytest.raises(ActionNotAllowed):
        gate.decide_signup(
            request=request,
            moderator=moderator(suspended_until=timezone.now() + timedelta(days=1)),
            is_approved=True,
        )
    assert gate.is_waiting(request.user)


@pytest.mark.parametrize("way", WAYS, indirect=True)
def test_challenge_lets_in_who_solves_it_and_holds_others(
    client: Client, other_client: Client, site: SiteSettings, way: str
) -> None:
    site.signup_gate = SignupGate.CHALLENGE
    site.save()
    page = other_client.get(SIGNUP).text
    answer = solution(page)
    assert sign_up(client, way, challenge=answer).headers["Location"] == "/my/articles/"
    assert is_logged_in(client)
    User.objects.all().delete()
    third = Client()
    assert sign_up(third, way, challenge=answer).headers["Location"] == WAITING, "A solution is for one account."
    assert SignupRequest.objects.get().reason == "challenge"


@pytest.mark.parametrize("answer", ["", "x", "x 1", "a:b:c 1", "\x00 1"])
def test_challenge_wrong_answers(answer: str) -> None:
    assert not challenge.is_solved(answer)


def test_challenge_expires_and_is_ours(client: Client, site: SiteSettings, settings: Any) -> None:
    site.signup_gate = SignupGate.CHALLENGE
    site.save()
    answer = solution(client.get(SIGNUP).text)
    token, _, number = answer.rpartition(" ")
    assert not challenge.is_solved(f"{token} {int(number) + 1}")
    with time_machine.travel(timezone.now() + timedelta(hours=1, minutes=1)):
        assert not challenge.is_solved(answer)
    settings.SECRET_KEY = "another"
    assert not challenge.is_solved(answer)


@pytest.mark.parametrize("way", WAYS, indirect=True)
def test_invitation_lets_one_user_in(client: Client, other_client: Client, site: SiteSettings, way: str) -> None:
    site.signup_gate = SignupGate.INVITATION
    site.save()
    assert "You need an invitation" in sign_up(Client(), way).text
    inviter = UserFactory.create(username="inviter", display_name="Nare")
    other_client.force_login(inviter)
    other_client.post("/accounts/invitations/")
    invitation = Invitation.objects.get()
    link = f"/accounts/invitations/{invitation.token}/"
    assert f"http://testserver{link}" in other_client.get("/accounts/invitations/").text
    assert "Nare invites you" in client.get(link).text
    assert not client.session.keys(), "Only a press accepts it."
    assert client.post(link).headers["Location"] == SIGNUP
    assert sign_up(client, way).status_code == 302
    assert is_logged_in(client)
    invitation.refresh_from_db()
    assert invitation.invitee == User.objects.get(username="Anna")
    assert Client().get(link).status_code == 404


def test_invitation_that_was_used_meanwhile_is_refused(client: Client, site: SiteSettings) -> None:
    site.signup_gate = SignupGate.INVITATION
    site.save()
    invitation = gate.create_invitation(user=UserFactory.create())
    with pytest.raises(ActionNotAllowed):
        gate.admit(user=UserFactory.create(), credentials=gate.Credentials(invitation="x"))
    gate.admit(user=UserFactory.create(), credentials=gate.Credentials(invitation=invitation.token))
    with pytest.raises(ActionNotAllowed):
        gate.admit(user=UserFactory.create(), credentials=gate.Credentials(invitation=invitation.token))


def test_invitations_are_bounded_and_end(client: Client, site: SiteSettings) -> None:
    user = UserFactory.create()
    client.force_login(user)
    client.post("/accounts/invitations/")
    assert not Invitation.objects.exists(), "The site has none."
    site.signup_gate, site.invitations_per_user = SignupGate.INVITATION, 2
    site.save()
    caches["local"].clear()
    for _ in range(3):
        page = client.post("/accounts/invitations/", follow=True).text
    assert "You have made all your invitations" in page
    first, second = Invitation.objects.order_by("pk")
    client.post("/accounts/invitations/", {"withdraw": str(first.pk)})
    links = [f"/accounts/invitations/{one.token}/" for one in (first, second)]
    assert [Client().get(link).status_code for link in links] == [404, 200]
    User.objects.update(suspended_until=timezone.now() + timedelta(days=1))
    assert Client().get(links[1]).status_code == 404
    User.objects.update(suspended_until=None)
    with time_machine.travel(timezone.now() + timedelta(days=15)):
        assert Client().get(links[1]).status_code == 404


def test_invitation_of_another_user_cannot_be_withdrawn(client: Client, site: SiteSettings) -> None:
    site.signup_gate = SignupGate.INVITATION
    site.save()
    invitation = gate.create_invitation(user=UserFactory.create())
    client.force_login(UserFactory.create())
    client.post("/accounts/invitations/", {"withdraw": str(invitation.pk)})
    assert Invitation.objects.get().is_open


def test_tree_of_invitations_is_for_staff(
    client: Client, site: SiteSettings, django_assert_max_num_queries: Any
) -> None:
    users = [UserFactory.create(username=name) for name in ("root", "branch", "leaf", "other")]
    expires = timezone.now()
    for inviter, invitee in ((0, 1), (1, 2), (0, 3)):
        Invitation.objects.create(inviter=users[inviter], invitee=users[invitee], expires_at=expires)
    url = "/admin/accounts/invitation/tree/"
    client.force_login(users[0])
    assert client.get(url).status_code == 302
    client.force_login(moderator())
    client.get(url)
    with django_assert_max_num_queries(8):
        page = client.get(url)
    assert [(depth, user.username) for depth, user in page.context["rows"]] == [
        *[(0, "root"), (1, "branch"), (2, "leaf"), (1, "other")]
    ]
    assert client.get("/admin/accounts/invitation/").status_code == 200


@pytest.mark.parametrize("email", ["anna@mailinator.com", "anna@sub.Mailinator.com"])
def test_disposable_addresses_are_refused_by_a_setting(client: Client, site: SiteSettings, email: str) -> None:
    page = client.post(SIGNUP, {**SIGNUP_DATA, "email": email})
    assert "Disposable addresses are not accepted" in page.text
    client.post(REQUEST, {"email": email})
    client.post(CONFIRM, {"code": code()})
    assert "Disposable addresses are not accepted" in client.post(SIGNUP, {"username": "Anna", "rules": "on"}).text
    user = UserFactory.create()
    client.force_login(user)
    assert client.post("/accounts/email/", {"email": email, "action_add": ""}).status_code in {200, 302}
    assert not EmailAddress.objects.filter(email=email.lower()).exists()
    client.logout()
    site.refuses_disposable_addresses = False
    site.save()
    caches["local"].clear()
    assert client.post(SIGNUP, {**SIGNUP_DATA, "email": email}).status_code == 302


def test_disposable_address_of_a_user_still_logs_in(client: Client, site: SiteSettings) -> None:
    UserFactory.create(email="anna@mailinator.com")
    client.post(REQUEST, {"email": "anna@mailinator.com"})
    client.post(CONFIRM, {"code": code()})
    assert is_logged_in(client)


def test_address_corrected_after_a_known_one_passes_the_gate(client: Client, links: Links, site: SiteSettings) -> None:
    site.signup_gate = SignupGate.APPROVAL
    site.save()
    UserFactory.create(email="owner@example.org")
    client.post(SIGNUP, {**SIGNUP_DATA, "email": "owner@example.org", "answer": "In Gyumri"})
    site.signup_gate = SignupGate.CLOSED
    site.save()
    caches["local"].clear()
    page = client.post("/accounts/confirm-email/", {"email": "anna@example.org"}).text
    assert "We are not accepting new accounts" in page
    assert not User.objects.filter(email="anna@example.org").exists()
    site.signup_gate = SignupGate.APPROVAL
    site.save()
    caches["local"].clear()
    client.post("/accounts/confirm-email/", {"email": "anna@example.org"})
    assert SignupRequest.objects.get().answer == "In Gyumri"
    assert client.post(links()[0]).headers["Location"] == WAITING


def test_settings_of_the_gate_are_in_the_admin(client: Client) -> None:
    client.force_login(UserFactory.create(is_staff=True, is_superuser=True))
    url = "/admin/core/sitesettings/1/change/"
    data = {**filled_in(client, url), "signup_gate": "closed", "signup_question": "Why?"}
    assert client.post(url, data).status_code == 302
    assert SiteSettings.objects.get().signup_gate == SignupGate.CLOSED
