"""Notes on passages: moderators write them, authors answer, moderators resolve."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.cache import caches
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from articles.models import Article
from articles.moderation.models import Decision, PassageNote
from articles.moderation.passages import MAX_QUOTE, Quote
from articles.moderation.selectors import notes_on_passages
from articles.moderation.services import claims, decide, passage_notes
from articles.moderation.services.appeals import appeal_decision, decide_appeal
from articles.moderation.services.passage_notes import Answer, answer_notes, delete_note, resolve_note, write_note
from articles.services import coauthors, publishing
from core.exceptions import ActionNotAllowed
from core.models import SiteSettings
from core.text import MAX_REASON
from tests import factories
from tests.moderation.test_decide import latest
from tests.moderation.test_review_page import form, page_of, preview_of
from tests.moderation.users import moderator

pytestmark = pytest.mark.django_db

BODY = (
    "<p>Nobody had asked for the map, and yet <strong>eleven of us walked</strong> the streets and counted the lamps "
    "for a whole day in October.</p><p>There are 2,340 lamps, says the mayor, and every ninth of them is dark.</p>"
)


def submitted(**changes: Any) -> Article:
    return factories.in_review(**{"body": BODY, **changes})


def note_on(
    article: Article, exact: str = "says the mayor", text: str = "When did she say so?", by: User | None = None
) -> PassageNote:
    return write_note(revision=latest(article), moderator=by or moderator(), quote=Quote(exact), text=text)


def returned(article: Article, by: User | None = None) -> Decision:
    return decide(
        revision=latest(article), moderator=by or moderator(), verdict="return", reason="See the notes.", rule="sources"
    )


def sent_note(article: Article) -> PassageNote:
    note = note_on(article)
    returned(article)
    note.refresh_from_db()
    return note


def resubmitted(article: Article, body: str) -> None:
    publishing.save_draft(article=article, text=factories.text(body=body))
    publishing.submit(article=article)


@pytest.fixture
def admin_client(client: Client) -> Client:
    client.force_login(moderator(display_name="Ruzanna"))
    return client


def test_write_note_stores_the_place_of_the_words() -> None:
    article, user = submitted(), moderator()
    note = note_on(article, " us   walked the\nstreets ", "  Which streets?\u202e ", user)
    assert (note.article, note.moderator, note.text) == (article, user, "Which streets?")
    around = (" for the map, and yet eleven of ", " and counted the lamps for a who")
    assert note.quote == Quote("us walked the streets", *around)
    # Sent twice, it is one note.
    assert note_on(article, "us walked the streets", "Which streets?", user) == note
    assert note_on(article, "us walked the streets", "How many?", user) != note


@pytest.mark.parametrize(
    ("exact", "text", "field"),
    [
        ("the bishop", "x", "quote"),
        ("lamps", "x", "quote"),
        (" ", "x", "quote"),
        ("a" * (MAX_QUOTE + 1), "x", "quote"),
        ("says the mayor", " ", "note"),
        ("says the mayor", "\u3164", "note"),
        ("says the mayor", "x" * (MAX_REASON + 1), "note"),
    ],
)
def test_write_note_of_other_words_is_refused(exact: str, text: str, field: str) -> None:
    with pytest.raises(ActionNotAllowed) as error:
        note_on(submitted(), exact, text)
    assert error.value.field == field
    assert not PassageNote.objects.exists()


def test_write_note_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passage_notes, "MAX_OPEN", 2)
    article = submitted()
    for number in range(2):
        note_on(article, text=f"Note {number}")
    with pytest.raises(ActionNotAllowed, match="2 open notes"):
        note_on(article)


def test_notes_need_permission_and_the_right_state() -> None:
    article, until = submitted(), timezone.now() + timedelta(days=1)
    suspended = moderator(suspended_until=until)
    closed = moderator(is_active=False)
    note = note_on(article)
    for user, error in (
        (factories.UserFactory.create(is_staff=True), PermissionDenied),
        (closed, PermissionDenied),
        (suspended, ActionNotAllowed),
    ):
        for action in (
            lambda user=user: note_on(article, text="Another one", by=user),
            lambda user=user: delete_note(note=note, moderator=user),
            lambda user=user: resolve_note(note=note, moderator=user),
        ):
            with pytest.raises(error):
                action()
    own = submitted(author=moderator())
    with pytest.raises(ActionNotAllowed, match="your own article"):
        note_on(own, by=own.author)
    other = moderator()
    claims.claim(revision=latest(article), moderator=other)
    with pytest.raises(ActionNotAllowed, match="reviews this"):
        note_on(article)
    decide(revision=latest(article), moderator=other, verdict="publish")
    with pytest.raises(ActionNotAllowed, match="no longer in review"):
        note_on(article)


def test_constraints_of_notes() -> None:
    values = {"article": submitted(), "moderator": moderator(), "exact": "x", "text": "x"}
    for change in ({"exact": ""}, {"text": ""}, {"answer": "x"}, {"resolved_at": timezone.now()}):
        with pytest.raises(IntegrityError), transaction.atomic():
            PassageNote.objects.create(**{**values, **change})


def test_notes_are_sent_with_the_return_and_not_before(client: Client) -> None:
    article, user = submitted(title="Lamps"), moderator(display_name="Vahan")
    note_on(article, "says the mayor", "When did <she> say so?", user)
    client.force_login(article.author)
    page = reverse("my_article_notes", args=[article.pk])
    assert "say so" not in client.get(page).text

    returned(article, user)

    (message,) = mail.outbox
    assert "“says the mayor”\nWhen did <she> say so?" in message.body
    assert f"http://testserver{page}" in message.body
    assert "When did &lt;she&gt; say so?" in str(message.alternatives[0][0])  # type: ignore[attr-defined]
    listed = client.get("/my/articles/").text
    assert "Read and answer 1 note on the text" in listed
    assert f'href="{page}"' in listed
    edit = client.get(f"/my/articles/{article.pk}/").text
    assert "says the mayor" in edit
    assert "When did &lt;she&gt; say so?" in edit
    text = client.get(page).text
    assert "When did &lt;she&gt; say so?" in text
    assert "Vahan" not in text
    number = '<a class="passage-number" id="passage-1" href="#passage-note-1">1</a>'
    assert f'lamps, {number}<mark class="passage">says the mayor</mark>, and' in text


def test_notes_that_a_publication_leaves_are_not_sent() -> None:
    article = submitted()
    note = note_on(article)
    decide(revision=latest(article), moderator=moderator(), verdict="publish")
    note.refresh_from_db()
    assert note.decision is None
    # They are sent when the next version is returned, or deleted.
    resubmitted(article, BODY + "<p>More of it.</p>")
    assert notes_on_passages(latest(article))[0][0].note == note
    # It is not about the text that readers see now.
    assert article.live is not None
    assert notes_on_passages(article.live) == ([], [])
    returned(article)
    note.refresh_from_db()
    assert note.decision is not None


def test_hiding_of_an_edit_sends_its_notes() -> None:
    article = factories.published()
    resubmitted(article, BODY)
    note = note_on(article)
    decide(revision=latest(article), moderator=moderator(), verdict="hide", reason="Copied.", rule="copy")
    note.refresh_from_db()
    assert note.decision is not None
    assert "When did she say so?" in mail.outbox[-1].body


def test_author_answers_and_moderator_resolves(client: Client) -> None:
    article = submitted()
    note_on(article, "eleven of us walked", "Who?")
    note_on(article, "says the mayor", "When?")
    returned(article)
    client.force_login(article.author)
    page = reverse("my_article_notes", args=[article.pk])
    who, when = PassageNote.objects.order_by("pk")
    answers = {f"answer_{who.pk}": "The members of our club.", f"done_{when.pk}": "on", "answer_0": "x"}
    answer = client.post(page, answers, follow=True)
    assert "Your answers are saved." in answer.text
    assert "The members of our club." in answer.text
    assert "Change your answer" in client.get(f"/my/articles/{article.pk}/").text
    who.refresh_from_db()
    when.refresh_from_db()
    assert (who.answer, who.done_at) == ("The members of our club.", None)
    assert when.done_at is not None

    resubmitted(article, BODY.replace(", says the mayor,", ", we counted,"))
    reviewer = moderator()
    client.force_login(reviewer)
    text = client.get(page_of(article)).text
    assert "The members of our club." in text
    assert text.count("These words are no longer in the text.") == 1
    framed = client.get(preview_of(article)).text
    assert "</span><strong>" not in framed
    assert '<mark class="passage">eleven of us walked</mark></strong>' in framed
    assert framed.count("<mark") == 1

    page = client.post(page_of(article), form(article, resolve_note=str(who.pk), reason="So far so good.")).text
    assert "So far so good." in page
    assert "Resolved notes" in page
    assert "<mark" not in client.get(preview_of(article)).text
    client.post(page_of(article), form(article, reopen_note=str(who.pk)))
    who.refresh_from_db()
    assert who.resolved_at is None
    client.post(page_of(article), form(article))
    assert not PassageNote.objects.open().exists()
    client.force_login(article.author)
    assert "There are no open notes" in client.get(reverse("my_article_notes", args=[article.pk])).text


def test_answers_of_others_and_to_other_notes_are_left_out(client: Client) -> None:
    article, other = submitted(), submitted(title="Other")
    note = sent_note(article)
    unsent = note_on(other)
    for user, target, pk in (
        (other.author, other, note.pk),
        (article.author, article, unsent.pk),
        (other.author, article, note.pk),
    ):
        assert answer_notes(article=target, author=user, answers={pk: Answer(text="Mine.")}) == 0
    resolve_note(note=note, moderator=moderator())
    assert answer_notes(article=article, author=article.author, answers={note.pk: Answer(text="Late.")}) == 0
    client.force_login(other.author)
    assert client.get(reverse("my_article_notes", args=[article.pk])).status_code == 404
    assert client.post(reverse("my_article_notes", args=[article.pk])).status_code == 404


def test_notes_page_of_a_text_with_footnotes_has_each_id_once(client: Client) -> None:
    article = submitted(body=BODY.replace("</p>", "<foot-note>Counted by hand.</foot-note></p>", 1))
    sent_note(article)
    client.force_login(article.author)
    page = client.get(reverse("my_article_notes", args=[article.pk])).text
    assert sorted(re.findall(r' id="((?:passage-)?note-[^"]+)"', page)) == ["note-1", "note-1-text", "passage-note-1"]


def test_answer_of_suspended_or_closed_account_is_refused(client: Client) -> None:
    article = submitted()
    note = sent_note(article)
    page = reverse("my_article_notes", args=[article.pk])
    client.force_login(article.author)
    User.objects.filter(pk=article.author_id).update(suspended_until=timezone.now() + timedelta(days=1))
    answer = client.post(page, {f"answer_{note.pk}": "My typed answer."})
    assert "Your account is suspended" in answer.text
    assert "My typed answer." in answer.text
    User.objects.filter(pk=article.author_id).update(is_active=False, suspended_until=None)
    with pytest.raises(PermissionDenied):
        answer_notes(article=article, author=article.author, answers={note.pk: Answer(text="x")})
    note.refresh_from_db()
    assert note.answer == ""


def test_answer_that_is_too_long_is_shown_again(client: Client) -> None:
    article = submitted()
    note = sent_note(article)
    client.force_login(article.author)
    page = client.post(reverse("my_article_notes", args=[article.pk]), {f"answer_{note.pk}": "x" * (MAX_REASON + 1)})
    assert f"id_answer_{note.pk}_error" in page.text
    assert "x" * MAX_REASON in page.text


def test_review_page_adds_deletes_and_loses_nothing_typed(admin_client: Client) -> None:
    article = submitted()
    typed = {"verdict": "return", "reason": "Almost.", "rule": "sources", "correction": ""}
    page = admin_client.post(
        page_of(article), form(article, **typed, quote="Says the mayor", note="When?", add_note="")
    ).text
    assert "These words are not in the text." in page
    for words in ("Says the mayor", "When?", "Almost.", '<option value="sources" selected>'):
        assert words in page
    assert not PassageNote.objects.exists()
    page = admin_client.post(
        page_of(article),
        form(article, **typed, quote="lamps", quote_prefix="2,340 ", quote_suffix=", says", note="When?", add_note=""),
    ).text
    assert "The note is added." in page
    assert "Almost." in page
    assert "not sent yet" in page
    assert re.search(r'<textarea name="note"[^>]*>\s*</textarea>', page)
    note = PassageNote.objects.get()
    assert note.suffix.startswith(", says the mayor")
    admin_client.post(page_of(article), form(article, delete_note=str(note.pk)))
    assert not PassageNote.objects.exists()
    admin_client.post(page_of(article), form(article, delete_note="x"))


def test_note_that_was_typed_is_sent_with_the_decision(admin_client: Client) -> None:
    article = submitted()
    typed = {"verdict": "return", "reason": "See below.", "rule": "sources", "note": "When?"}
    refused = admin_client.post(page_of(article), form(article, **typed, quote="the bishop")).text
    assert "These words are not in the text." in refused
    assert not Decision.objects.exists()
    admin_client.post(page_of(article), form(article, **typed, quote="says the mayor"))
    note = PassageNote.objects.get()
    assert note.decision == Decision.objects.get()
    # After that it cannot be deleted.
    with pytest.raises(ActionNotAllowed, match="was sent"):
        delete_note(note=note, moderator=moderator())


def test_own_unsent_notes_are_not_shown_to_moderators_who_wrote_the_article(client: Client) -> None:
    author = moderator()
    article = submitted(author=author)
    note_on(article, text="A secret until it is sent.")
    client.force_login(author)
    assert "A secret until" not in client.get(page_of(article)).text
    assert "<mark" not in client.get(preview_of(article)).text


def test_granted_appeal_resolves_the_notes() -> None:
    article = submitted()
    note_on(article)
    decision = returned(article)
    appeal = appeal_decision(decision=decision, user=article.author, text="They are there.")
    decide_appeal(appeal=appeal, moderator=moderator(), outcome="granted", answer="Indeed.")
    assert not PassageNote.objects.open().exists()


def test_publication_without_review_resolves_the_notes() -> None:
    article = submitted()
    sent_note(article)
    SiteSettings.objects.update_or_create(pk=1, defaults={"reviewed_before_trusted": 0, "sampling_interval": 0})
    caches["local"].clear()
    resubmitted(article, BODY + "<p>More of it.</p>")
    assert latest(article).state == "published"
    assert not PassageNote.objects.open().exists()


def test_notes_are_in_the_order_of_the_text() -> None:
    article = submitted()
    for words in ("says the mayor", "eleven of us", "every ninth of them"):
        note_on(article, words)
    returned(article)
    resubmitted(article, BODY.replace("eleven of us", "some").replace("<p>There", "<p>In our district there"))
    placed, _resolved = notes_on_passages(latest(article))
    assert [one.note.exact for one in placed] == ["says the mayor", "every ninth of them", "eleven of us"]
    assert [one.span is None for one in placed] == [False, False, True]


def test_notes_are_gone_with_a_deleted_draft() -> None:
    article = submitted()
    note_on(article)
    publishing.withdraw(article=article)
    publishing.discard(article=article)
    article.delete()
    assert not PassageNote.objects.exists()


def test_pages_with_notes_need_the_same_queries_for_each_number_of_notes(client: Client) -> None:
    def queries(address: str) -> int:
        # Nothing that is cached for some seconds expires in between.
        with time_machine.travel(timezone.now(), tick=False):
            client.get(address)
            with CaptureQueriesContext(connection) as captured:
                assert client.get(address).status_code == 200
        return len(captured)

    article = submitted()
    note_on(article, text="Note")
    returned(article)
    pages = ["/my/articles/", f"/my/articles/{article.pk}/", reverse("my_article_notes", args=[article.pk])]
    client.force_login(article.author)
    one = [queries(page) for page in pages]
    decision = Decision.objects.get()
    for number in range(4):
        values = {"article": article, "moderator": moderator(), "decision": decision}
        PassageNote.objects.create(exact="says the mayor", text=f"Note {number}", **values)
    assert [queries(page) for page in pages] == one
    assert one[2] <= 6


def test_coauthor_reads_notes_and_is_not_sent_to_the_answers(client: Client) -> None:
    article, user = submitted(), factories.UserFactory.create()
    coauthors.accept(invitation=coauthors.invite(article=article, username=user.username), user=user)
    sent_note(article)
    address, edit = reverse("my_article_notes", args=[article.pk]), reverse("my_article_edit", args=[article.pk])
    client.force_login(user)
    page = client.get(edit).text
    assert "When did she say so?" in page
    assert address not in page
    assert address not in client.get(reverse("my_articles")).text
    assert client.get(address).status_code == 404
    client.force_login(article.author)
    assert all(address in client.get(url).text for url in (edit, reverse("my_articles")))
