"""Appeals: the services, the pages of users and moderators, and the public list."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import User
from articles.models import Article
from articles.moderation.models import Appeal, Decision, Suspension
from articles.moderation.services import decide, suspend
from articles.moderation.services.appeals import appeal_decision, appeal_suspension, decide_appeal
from articles.services import publishing
from core.exceptions import ActionNotAllowed
from tests import factories
from tests.moderation.test_decide import latest
from tests.moderation.users import moderator

pytestmark = pytest.mark.django_db


def returned(**changes: Any) -> Decision:
    article = factories.in_review(**changes)
    return decide(revision=latest(article), moderator=moderator(), verdict="return", reason="Too thin.", rule="sources")


def hidden() -> Decision:
    article = factories.published()
    return decide(revision=latest(article), moderator=moderator(), verdict="hide", reason="Copied.", rule="copy")


def suspended(user: User | None = None) -> Suspension:
    until = timezone.now() + timedelta(days=7)
    return suspend(user=user or factories.UserFactory.create(), moderator=moderator(), until=until, reason="Threats.")


def author_of(decision: Decision) -> User:
    return decision.revision.article.author


def appealed(decision: Decision) -> Appeal:
    return appeal_decision(decision=decision, user=author_of(decision), text="It is not.")


def state_of(decision: Decision) -> str:
    return Article.objects.get(pk=decision.revision.article_id).state


def test_appeal_granted_publishes_what_was_returned() -> None:
    decision, other = returned(), moderator()
    appeal = appealed(decision)
    mail.outbox.clear()

    decide_appeal(appeal=appeal, moderator=other, outcome="granted", answer="You are right.")

    assert state_of(decision) == "published"
    assert Decision.objects.filter(verdict="publish", moderator=other, revision=decision.revision).exists()
    (message,) = mail.outbox
    assert message.to == [author_of(decision).email]
    assert message.subject == "Your appeal was granted"
    assert "You are right." in message.body
    assert f"/my/decisions/{decision.pk}/appeal/" in message.body


def test_appeal_granted_shows_hidden_article_again_without_text_in_the_log(client: Client) -> None:
    decision = hidden()
    decide_appeal(appeal=appealed(decision), moderator=moderator(), outcome="granted", answer="Not a copy.")
    assert state_of(decision) == "published"
    page = client.get("/moderation/").text
    assert "An article was shown again" in page
    assert "Not a copy." not in page


def test_appeal_granted_lifts_suspension() -> None:
    suspension = suspended()
    appeal = appeal_suspension(suspension=suspension, user=suspension.user, text="It was not me.")
    decide_appeal(appeal=appeal, moderator=moderator(), outcome="granted", answer="Mistaken identity.")
    suspension.user.refresh_from_db()
    assert not suspension.user.is_suspended


@pytest.mark.parametrize("make", [returned, hidden])
def test_appeal_refused_changes_nothing_but_answers(make: type[Decision]) -> None:
    decision: Decision = make()
    before = state_of(decision)
    appeal = decide_appeal(appeal=appealed(decision), moderator=moderator(), outcome="refused", answer="It is.")
    assert state_of(decision) == before
    assert (appeal.outcome, appeal.answer) == ("refused", "It is.")
    assert mail.outbox[-1].subject == "Your appeal was refused"


def test_appeal_granted_after_author_changed_the_text_answers_only() -> None:
    decision = returned()
    appeal = appealed(decision)
    article = Article.objects.get(pk=decision.revision.article_id)
    publishing.save_draft(article=article, text=factories.text(title="Changed"))
    decide_appeal(appeal=appeal, moderator=moderator(), outcome="granted", answer="You were right.")
    assert state_of(decision) == "draft"
    assert "submit it again" in mail.outbox[-1].body


def test_appeal_granted_of_returned_change_of_hidden_article_is_in_the_log() -> None:
    first = hidden()
    article = Article.objects.get(pk=first.revision.article_id)
    publishing.save_draft(article=article, text=factories.text(title="Changed"))
    publishing.submit(article=article)
    decision = decide(revision=latest(article), moderator=moderator(), verdict="return", reason="Still copied.")
    decide_appeal(appeal=appealed(decision), moderator=moderator(), outcome="granted", answer="No.")
    assert state_of(decision) == "published"
    assert Decision.objects.filter(revision=decision.revision, verdict="restore").exists()


def test_appeal_once() -> None:
    decision, suspension = returned(), suspended()
    appealed(decision)
    appeal_suspension(suspension=suspension, user=suspension.user, text="No.")
    with pytest.raises(ActionNotAllowed, match="already appealed"):
        appealed(decision)
    with pytest.raises(ActionNotAllowed, match="already appealed"):
        appeal_suspension(suspension=suspension, user=suspension.user, text="No.")
    assert Appeal.objects.count() == 2


def test_appeal_by_another_user_or_without_reason_is_refused() -> None:
    decision, suspension, other = returned(), suspended(), factories.UserFactory.create()
    with pytest.raises(ActionNotAllowed, match="no longer applies"):
        appeal_decision(decision=decision, user=other, text="No.")
    with pytest.raises(ActionNotAllowed, match="has ended"):
        appeal_suspension(suspension=suspension, user=other, text="No.")
    with pytest.raises(ActionNotAllowed, match="Enter a reason"):
        appeal_decision(decision=decision, user=author_of(decision), text=" ")
    assert not Appeal.objects.exists()


def test_appeal_against_superseded_decision_is_refused() -> None:
    decision = returned()
    article = Article.objects.get(pk=decision.revision.article_id)
    publishing.save_draft(article=article, text=factories.text(title="Changed"))
    publishing.submit(article=article)
    with pytest.raises(ActionNotAllowed, match="no longer applies"):
        appealed(decision)
    suspension = suspended()
    Suspension.objects.update(lifted_at=timezone.now())
    suspension.refresh_from_db()
    with pytest.raises(ActionNotAllowed, match="has ended"):
        appeal_suspension(suspension=suspension, user=suspension.user, text="No.")


def test_appeal_while_suspended_is_possible() -> None:
    decision = returned()
    suspended(author_of(decision))
    assert appealed(decision).pk


def test_decide_appeal_by_first_moderator_or_its_author_is_refused() -> None:
    decision = returned(author=moderator())
    appeal = appealed(decision)
    for user in (decision.moderator, author_of(decision)):
        with pytest.raises(ActionNotAllowed, match="Another moderator"):
            decide_appeal(appeal=appeal, moderator=user, outcome="refused", answer="No.")
    with pytest.raises(PermissionDenied):
        decide_appeal(appeal=appeal, moderator=factories.UserFactory.create(), outcome="refused", answer="No.")
    with pytest.raises(ActionNotAllowed, match="Enter a reason"):
        decide_appeal(appeal=appeal, moderator=moderator(), outcome="refused", answer=" ")
    assert not Appeal.objects.get().outcome


def test_decide_appeal_twice_is_refused() -> None:
    decision = returned()
    appeal = appealed(decision)
    decide_appeal(appeal=appeal, moderator=moderator(), outcome="refused", answer="No.")
    with pytest.raises(ActionNotAllowed, match="already decided"):
        decide_appeal(appeal=appeal, moderator=moderator(), outcome="granted", answer="Yes.")
    assert state_of(decision) == "returned"


def test_constraint_first_moderator_cannot_decide() -> None:
    decision = returned()
    appeal = appealed(decision)
    with pytest.raises(IntegrityError), transaction.atomic():
        Appeal.objects.filter(pk=appeal.pk).update(
            outcome="refused", answer="No.", decided_by=decision.moderator, decided_at=timezone.now()
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        Appeal.objects.filter(pk=appeal.pk).update(outcome="refused")


# --- Pages --------------------------------------------------------------------------------------------


def test_author_appeals_from_my_articles_and_sees_outcome(client: Client) -> None:
    decision = returned(title="The lamps")
    client.force_login(author_of(decision))
    address = f"/my/decisions/{decision.pk}/appeal/"
    assert f'href="{address}"' in client.get("/my/articles/").text
    page = client.get(address).text
    assert "The lamps" in page
    assert "Too thin." in page
    assert client.post(address, {"text": " "}).context["form"].errors
    page = client.post(address, {"text": "There are <b>five</b> sources."}, follow=True).text
    assert "Your appeal is sent." in page
    assert "There are &lt;b&gt;five&lt;/b&gt; sources." in page
    assert 'name="text"' not in page
    assert "Your appeal is waiting for another moderator." in client.get("/my/articles/").text

    decide_appeal(appeal=Appeal.objects.get(), moderator=moderator(), outcome="refused", answer="None has an address.")
    assert "Refused" in client.get("/my/articles/").text
    assert "None has an address." in client.get(address).text


def test_suspended_user_appeals(client: Client) -> None:
    suspension = suspended()
    client.force_login(suspension.user)
    address = f"/my/suspensions/{suspension.pk}/appeal/"
    page = client.get("/my/articles/").text
    assert f'href="{address}"' in page
    assert "Threats." in page
    assert client.post(address, {"text": "It was not me."}).status_code == 302
    assert Appeal.objects.get().user == suspension.user


@pytest.mark.parametrize("pk", ["999999", "9" * 30])
def test_appeal_page_of_others_is_not_found(pk: str, client: Client) -> None:
    decision, suspension = returned(), suspended()
    address = f"/my/decisions/{decision.pk}/appeal/"
    assert client.get(address)["Location"].startswith("/accounts/login/")
    client.force_login(factories.UserFactory.create())
    for path in (
        address,
        f"/my/suspensions/{suspension.pk}/appeal/",
        f"/my/decisions/{pk}/appeal/",
        f"/my/suspensions/{pk}/appeal/",
    ):
        assert client.get(path).status_code == client.post(path, {"text": "x"}).status_code == 404


def test_emails_of_decisions_link_to_appeal() -> None:
    decision, suspension = returned(), suspended()
    assert f"/my/decisions/{decision.pk}/appeal/" in mail.outbox[0].body
    assert f"/my/suspensions/{suspension.pk}/appeal/" in mail.outbox[1].body


def test_admin_lists_and_answers_appeal(client: Client) -> None:
    decision = returned(title="The lamps")
    appeal = appealed(decision)
    client.force_login(moderator())
    assert "1 appeal waiting" in client.get("/admin/").text
    assert "Return of an article" in client.get("/admin/moderation/appeal/").text
    address = f"/admin/moderation/appeal/{appeal.pk}/change/"
    page = client.get(address).text
    assert "It is not." in page
    assert "Too thin." in page
    assert client.post(address, {"outcome": "granted", "answer": ""}).context["form"].errors
    response = client.post(address, {"outcome": "granted", "answer": "Yes."}, follow=True)
    assert "The answer is sent to the user." in response.text
    assert state_of(decision) == "published"
    assert "Return of an article" not in client.get("/admin/moderation/appeal/").text
    assert "Return of an article" in client.get("/admin/moderation/appeal/?view=decided").text
    assert client.post(address, {"outcome": "refused", "answer": "No."}).context["form"].errors


def test_admin_first_moderator_has_no_form(client: Client) -> None:
    decision = returned()
    appeal = appealed(decision)
    client.force_login(decision.moderator)
    assert "appeal waiting" not in client.get("/admin/").text
    address = f"/admin/moderation/appeal/{appeal.pk}/change/"
    assert 'name="outcome"' not in client.get(address).text
    assert client.post(address, {"outcome": "refused", "answer": "No."}).context["form"].errors
    assert not Appeal.objects.get().outcome


def test_public_list_has_outcomes_without_texts_and_names(client: Client) -> None:
    decision = returned(title="A secret title", author=factories.UserFactory.create(display_name="Gayane"))
    decide_appeal(appeal=appealed(decision), moderator=moderator(display_name="Vahan"), outcome="refused", answer="No.")
    suspension = suspended()
    appeal_suspension(suspension=suspension, user=suspension.user, text="It was not me.")
    page = client.get("/moderation/appeals/").text
    assert "An appeal was refused" in page
    assert "1. Unsourced facts" in page
    for absent in ("It is not.", "A secret title", "Gayane", "Vahan", "Suspension", "It was not me."):
        assert absent not in page
