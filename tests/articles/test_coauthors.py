"""Articles that users write together: invitations, what a co-author may do, and the byline."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest
from django.core import mail
from django.core.cache import caches
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from accounts.models import User
from accounts.services import update_profile
from articles.models import Article, CoAuthor, Image
from articles.selectors import own_article
from articles.services import coauthors, drafts, publishing
from articles.services.coauthors import MAX_COAUTHORS
from articles.services.revisions import PageState
from core import events
from core.exceptions import ActionNotAllowed
from tests import factories
from tests.moderation.users import administrator

pytestmark = pytest.mark.django_db
DC_CREATOR = "{http://purl.org/dc/elements/1.1/}creator"


@pytest.fixture
def author() -> User:
    user: User = factories.UserFactory.create(username="anna", display_name="Anna")
    return user


@pytest.fixture
def user() -> User:
    user: User = factories.UserFactory.create(username="scribe", display_name="Boris & Co")
    return user


def joined(article: Article, user: User) -> CoAuthor:
    """Make the user a co-author."""
    return coauthors.accept(invitation=coauthors.invite(article=article, username=user.username), user=user)


def suspend(user: User) -> None:
    User.objects.filter(pk=user.pk).update(suspended_until=timezone.now() + timedelta(days=1))


def refusal(article: Article, username: str) -> ActionNotAllowed:
    with pytest.raises(ActionNotAllowed) as caught:
        coauthors.invite(article=article, username=username)
    return caught.value


# --- Invitations -------------------------------------------------------------------------------


def test_invite_accept_edit_in_pages(
    author: User, user: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    article, client, other = factories.draft(author, title="Lamps"), Client(), Client()
    client.force_login(author)
    other.force_login(user)
    url, edit = reverse("my_article_coauthors", args=[article.pk]), reverse("my_article_edit", args=[article.pk])
    assert url in client.get(reverse("my_articles")).text
    with django_capture_on_commit_callbacks(execute=True):
        page = client.post(url, {"username": "@SCRIBE"}, follow=True)
    assert "Boris &amp; Co is invited and gets an email." in page.text
    assert "Invited, has not answered yet" in page.text
    (email,) = mail.outbox
    assert email.to == [user.email]
    assert "Anna invites you to write “Lamps” together" in email.subject
    assert reverse("my_articles") in str(email.body)
    # An invitation gives no access.
    assert other.get(edit).status_code == 404
    page = other.get(reverse("my_articles"))
    assert "Anna invites you to write “Lamps” together." in page.text
    row = CoAuthor.objects.get()
    accepted = other.post(reverse("coauthor_accept", args=[row.pk]), follow=True).text
    assert "You are a co-author of this article now." in accepted
    assert "The author, Anna, submits the article." in accepted
    for name in ("submit", "discard"):
        assert reverse(f"my_article_{name}", args=[article.pk]) not in accepted
    form = other.get(edit).text
    assert "Submit for review" not in form
    assert other.get(reverse("my_article_preview", args=[article.pk])).status_code == 200
    assert "Leave" in other.get(url).text
    assert "Invite a co-author" not in other.get(url).text


def test_invite_refuses_users_who_cannot_be_invited(author: User, user: User) -> None:
    article = factories.draft(author)
    suspended = factories.UserFactory.create(suspended_until=timezone.now() + timedelta(days=1))
    unconfirmed, closed = (
        factories.UserFactory.create(confirmation=False),
        factories.UserFactory.create(is_active=False),
    )
    sentences = {str(refusal(article, name)) for name in ("nobody", suspended.username, unconfirmed.username)}
    assert sentences == {str(refusal(article, closed.username))} == {"No user with this username can be invited."}
    assert "You are the author" in str(refusal(article, "ANNA"))
    assert refusal(article, "anna").field == "username"
    publishing.discard(article=article)
    assert "trash" in str(refusal(article, user.username))


def test_invite_needs_an_author_who_may_act(author: User, user: User) -> None:
    article = factories.draft(author)
    suspend(author)
    assert "suspended" in str(refusal(article, user.username))
    unconfirmed = factories.UserFactory.create(confirmation=False)
    assert "Confirm your email" in str(refusal(factories.draft(unconfirmed), user.username))
    assert not CoAuthor.objects.exists()


def test_invite_twice_sends_one_email(
    author: User, user: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    article = factories.draft(author)
    with django_capture_on_commit_callbacks(execute=True):
        rows = {coauthors.invite(article=article, username=name).pk for name in ("scribe", "Scribe")}
    assert len(rows) == len(mail.outbox) == 1


def test_invite_has_a_maximum(author: User, client: Client) -> None:
    article = factories.draft(author)
    rows = [
        coauthors.invite(article=article, username=one.username)
        for one in factories.UserFactory.create_batch(MAX_COAUTHORS)
    ]
    client.force_login(author)
    url = reverse("my_article_coauthors", args=[article.pk])
    assert "An article can have 5 co-authors." in client.get(url).text
    another = factories.UserFactory.create()
    page = client.post(url, {"username": another.username})
    assert "An article can have 5 co-authors. Remove one before you invite another." in page.text
    coauthors.end(row=rows[0], user=rows[0].user)  # A declined invitation does not count.
    coauthors.invite(article=article, username=another.username)


def test_declined_invitation_cannot_be_repeated(author: User, user: User, client: Client) -> None:
    article = factories.draft(author)
    row = coauthors.invite(article=article, username="scribe")
    suspend(user)  # It changes nothing public.
    client.force_login(user)
    assert "You declined the invitation." in client.post(reverse("coauthor_end", args=[row.pk]), follow=True).text
    User.objects.update(suspended_until=None)
    assert "Boris &amp; Co has declined" not in client.get(reverse("my_articles")).text
    assert "has declined your invitation" in str(refusal(article, "scribe"))
    with pytest.raises(ActionNotAllowed, match="no longer exists"):
        coauthors.accept(invitation=row, user=user)
    coauthors.end(row=row, user=author)  # Changes nothing.
    assert CoAuthor.objects.get().declined_at


def test_withdrawn_invitation_cannot_be_accepted(author: User, user: User, client: Client) -> None:
    row = coauthors.invite(article=factories.draft(author), username="scribe")
    coauthors.end(row=row, user=author)
    client.force_login(user)
    page = client.post(reverse("coauthor_accept", args=[row.pk]), follow=True)
    assert "This invitation no longer exists." in page.text
    client.post(reverse("coauthor_end", args=[row.pk]))  # Pressed twice.
    assert not CoAuthor.objects.exists()


def test_accept_only_by_the_invited_user_who_may_act(author: User, user: User, client: Client) -> None:
    row = coauthors.invite(article=factories.draft(author), username="scribe")
    stranger = factories.UserFactory.create()
    for one in (author, stranger):
        with pytest.raises(PermissionDenied):
            coauthors.accept(invitation=row, user=one)
    with pytest.raises(PermissionDenied):
        coauthors.end(row=row, user=stranger)
    client.force_login(stranger)
    for name in ("coauthor_accept", "coauthor_end"):
        client.post(reverse(name, args=[row.pk]))
    suspend(user)
    with pytest.raises(ActionNotAllowed, match="suspended"):
        coauthors.accept(invitation=row, user=user)
    assert CoAuthor.objects.get().is_pending


@pytest.mark.parametrize("who_ends", ["author", "co-author"])
def test_end_by_either_side(author: User, user: User, client: Client, who_ends: str) -> None:
    article = factories.published(author)
    row = joined(article, user)
    ending = author if who_ends == "author" else user
    suspend(ending)
    client.force_login(ending)
    page = client.post(reverse("coauthor_end", args=[row.pk]), follow=True)
    assert "Your account is suspended, so you cannot do this." in page.text
    User.objects.update(suspended_until=None)
    page = client.post(reverse("coauthor_end", args=[row.pk]), follow=True)
    assert "no longer a co-author" in page.text
    article.refresh_from_db()
    assert article.coauthors == []
    assert not CoAuthor.objects.exists()
    with pytest.raises(Http404):
        own_article(user, article.pk, or_as_coauthor=True)


# --- What a co-author may do -------------------------------------------------------------------


def test_own_article_as_coauthor(author: User, user: User) -> None:
    article = factories.draft(author)
    joined(article, user)
    assert own_article(user, article.pk, or_as_coauthor=True) == article
    with pytest.raises(Http404):
        own_article(user, article.pk)
    for name in ("submit", "withdraw", "discard", "undiscard", "preview_link", "preview_link_end"):
        client = Client()
        client.force_login(user)
        assert client.post(reverse(f"my_article_{name}", args=[article.pk])).status_code == 404, name


def test_coauthor_saves_and_restores(author: User, user: User, client: Client) -> None:
    article = factories.draft(author, title="First")
    joined(article, user)
    client.force_login(user)
    live = article.latest
    assert live is not None
    form = {"title": "Second", "body": live.body, "language": "en", "version": live.version, "series": "1"}
    answer = client.post(reverse("my_article_autosave", args=[article.pk]), form).json()
    assert answer["unsaved"] == {}
    page = client.post(
        reverse("my_article_edit", args=[article.pk]), {**form, "title": "Third", "action": "submit", "version": 2}
    )
    assert page.status_code == 302
    article.refresh_from_db()
    assert str(article.latest) == "Third"
    assert article.state == Article.State.DRAFT  # Only the author submits.
    page = client.get(reverse("my_article_versions", args=[article.pk]))
    assert page.status_code == 200
    # The author's own page does not know the text.
    author_client = Client()
    author_client.force_login(author)
    conflict = author_client.post(reverse("my_article_edit", args=[article.pk]), {**form, "title": "Mine"})
    assert conflict.status_code == 409
    assert "Third" in conflict.text


def test_coauthor_who_is_removed_or_suspended_saves_nothing(author: User, user: User) -> None:
    article = factories.draft(author, title="First")
    row = joined(article, user)
    read = own_article(user, article.pk, or_as_coauthor=True)
    suspend(user)
    user.refresh_from_db()
    page = PageState(version=1)
    text = factories.text(title="Theirs")
    with pytest.raises(ActionNotAllowed, match="suspended"):
        drafts.autosave(article=read, text=text, page=page, editor=user)
    User.objects.update(suspended_until=None)
    coauthors.end(row=row, user=author)
    with pytest.raises(ActionNotAllowed, match="no longer a co-author"):
        publishing.save_draft(article=read, text=text, editor=user)
    article.refresh_from_db()
    assert str(article.latest) == "First"


def test_trashed_draft_is_gone_for_the_coauthor(author: User, user: User, client: Client) -> None:
    article = factories.draft(author, title="First")
    joined(article, user)
    pending = factories.UserFactory.create()
    coauthors.invite(article=article, username=pending.username)
    publishing.discard(article=article)
    client.force_login(user)
    assert client.get(reverse("my_article_edit", args=[article.pk])).status_code == 404
    assert "First" not in client.get(reverse("my_articles")).text
    client.force_login(pending)
    assert "First" not in client.get(reverse("my_articles")).text
    Article.objects.update(deleted_at=timezone.now() - timedelta(days=31))
    assert drafts.delete_trashed() == 1
    assert not CoAuthor.objects.exists()


def test_images_of_coauthors_are_shown_and_stay(author: User, user: User, client: Client) -> None:
    article = factories.draft(author)
    row = joined(article, user)
    image, foreign = (
        Image.objects.create(owner=owner, key=key * 16, width=900, height=600, size=1)
        for owner, key in ((user, "ab"), (factories.UserFactory.create(), "cd"))
    )
    figures = "".join(f'<figure><img data-image="{one.pk}" alt="A lamp"></figure>' for one in (image, foreign))
    publishing.save_draft(article=article, text=factories.text(body=factories.BODY + figures), editor=user)
    client.force_login(author)
    preview = reverse("my_article_preview", args=[article.pk])
    page = client.get(preview).text
    assert image.key in page
    assert foreign.key not in page
    # The author sees it in the editor too.
    assert client.get(reverse("my_image_file", args=[image.pk])).status_code == 302
    assert client.get(reverse("my_image_file", args=[foreign.pk])).status_code == 404
    coauthors.end(row=row, user=user)
    assert image.key in client.get(preview).text
    publishing.publish(article=publishing.submit(article=article), revision_number=1)
    changed = publishing.save_draft(article=article, text=factories.text(title="New", body=factories.BODY + figures))
    assert changed.latest is not None
    assert [one.pk for one in Image.objects.filter(used_in=changed.latest)] == [image.pk]
    publishing.hide(article=article)
    image.refresh_from_db()
    assert image.is_hidden
    publishing.restore(article=article)
    image.refresh_from_db()
    assert not image.is_hidden


def test_library_of_a_former_coauthor_names_no_unpublished_text(author: User, user: User, client: Client) -> None:
    article = factories.draft(author)
    row = joined(article, user)
    image = Image.objects.create(owner=user, key="ab" * 16, width=900, height=600, size=1)
    figure = f'<figure><img data-image="{image.pk}" alt="A lamp"></figure>'
    text = factories.text(title="Secret lamps", body=factories.BODY + figure)
    article = publishing.save_draft(article=article, text=text, editor=user)
    client.force_login(user)
    assert "Secret lamps" in client.get(reverse("my_images")).text
    coauthors.end(row=row, user=user)
    page = client.get(reverse("my_images")).text
    assert "<li>@anna</li>" in page
    assert "Secret lamps" not in page
    article = publishing.publish(article=publishing.submit(article=article), revision_number=1)
    assert f'href="{article.get_absolute_url()}"' in client.get(reverse("my_images")).text


# --- The byline --------------------------------------------------------------------------------


def test_byline_is_everywhere(author: User, user: User, client: Client) -> None:
    article = factories.published(author, title="Lamps")
    joined(article, user)
    article.refresh_from_db()
    name, address = "Boris &amp; Co", user.get_absolute_url()
    for url in (
        article.get_absolute_url(),
        *(reverse("front"), reverse("hot"), reverse("top", args=["week"]), reverse("tag", args=["street-lamps"])),
        *(reverse("section", args=["technology"]), author.get_absolute_url(), address, "/search/?q=lamps"),
    ):
        page = client.get(url).text
        assert f'href="{address}"' in page, url
        assert name in page, url
    data = re.search(r'<script type="application/ld\+json">(.*?)</script>', client.get(article.get_absolute_url()).text)
    assert data
    assert [one["name"] for one in json.loads(data[1])["author"]] == ["Anna", "Boris & Co"]
    rss, atom = client.get("/feeds/rss.xml").text, client.get("/authors/scribe/atom.xml").text
    names = {one.text for one in ET.fromstring(rss).iter(DC_CREATOR)}  # noqa: S314 - our own feed
    assert names == {"Anna", "Boris & Co"}
    assert atom.count("<author>") == 2
    assert f"<name>{name}</name>" in atom
    staff = Client()
    staff.force_login(administrator())
    assert name in staff.get(reverse("admin:articles_article_change", args=[article.pk])).text


def test_author_page_of_a_coauthor(author: User, user: User, client: Client) -> None:
    alone, together = factories.published(user, title="Alone"), factories.published(author, title="Together")
    Article.objects.filter(pk=together.pk).update(views=40, published_at=timezone.now() - timedelta(days=1))
    Article.objects.filter(pk=alone.pk).update(views=2)
    joined(together, user)
    page = client.get(user.get_absolute_url()).text
    assert "2 articles · 42 views" in page
    assert page.index("Alone") < page.index("Together")
    publishing.hide(article=Article.objects.get(pk=together.pk))
    assert "Together" not in client.get(user.get_absolute_url()).text
    assert "Together" not in client.get("/authors/scribe/rss.xml").text


def test_public_page_of_a_coauthor_is_linked_and_suggested(author: User, user: User, client: Client) -> None:
    article, address = factories.published(author), user.get_absolute_url()
    pages = ["/accounts/", "/search/suggestions/?q=scri"]
    client.force_login(user)
    invitation = coauthors.invite(article=article, username=user.username)
    assert [address in client.get(page).text for page in pages] == [False, False]
    coauthors.accept(invitation=invitation, user=user)
    assert [address in client.get(page).text for page in pages] == [True, True]
    publishing.hide(article=article)
    assert [address in client.get(page).text for page in pages] == [False, False]


def test_author_page_of_a_coauthor_continues_in_order(
    author: User, user: User, client: Client, settings: pytest.FixtureRequest
) -> None:
    settings.PAGE_SIZE = 3  # type: ignore[attr-defined]
    for number in range(4):
        factories.published(user, title=f"Own {number}")
        joined(factories.published(author, title=f"With {number}"), user)
    found: list[str] = []
    url = more = user.get_absolute_url()
    while more:
        page = client.get(more).text
        found += re.findall(r"<h2[^>]*><a [^>]*>((?:Own|With) \d)</a>", page)
        following = re.search(r'<a class="button" href="(\?after=[^"]+)"', page)
        more = url + following[1] if following else ""
    assert found == [f"{kind} {number}" for number in (3, 2, 1, 0) for kind in ("With", "Own")]


@pytest.mark.parametrize("url", ["/", "/authors/scribe/", "/search/?q=lamps", "/sections/technology/rss.xml"])
def test_byline_needs_no_query_per_article(
    author: User, user: User, client: Client, url: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    def warm_up() -> None:
        caches["local"].clear()  # It holds what every page reads for five seconds.
        client.get(url)

    factories.published(user, title="Lamps of mine")
    articles = [factories.published(author, title=f"Lamps {number}") for number in range(4)]
    warm_up()
    with django_assert_max_num_queries(50) as few:
        client.get(url)
    count = len(few)
    for article in articles:
        joined(article, user)
    warm_up()
    with django_assert_max_num_queries(count + ("scribe" in url)):
        assert client.get(url).text.count("Boris &amp; Co") >= 4


def test_byline_follows_a_new_name(author: User, user: User, client: Client) -> None:
    article = factories.published(author, title="Quiet streets")
    joined(article, user)
    factories.published(author)
    update_profile(user=user, display_name="Lilit", biography="")
    page = client.get(article.get_absolute_url()).text
    assert "Lilit" in page
    assert "Boris" not in page
    assert "Quiet streets" in client.get("/search/?q=Lilit").text.replace("<mark>", "").replace("</mark>", "")
    assert "No results" in client.get("/search/?q=Boris").text
    assert "Quiet streets" in client.get("/search/?q=streets&author=scribe").text.replace("<mark>", "").replace(
        "</mark>", ""
    )


def test_closed_account_is_no_coauthor(author: User, user: User) -> None:
    article, other = factories.published(author), factories.published(author)
    joined(article, user)
    coauthors.invite(article=other, username="scribe")
    staff = Client()
    staff.force_login(administrator())
    url = reverse("admin:accounts_user_change", args=[user.pk])
    form = {"username": "scribe", "display_name": "Boris", "email": user.email, "preferred_language": "en"}
    assert staff.post(url, form).status_code == 302
    article.refresh_from_db()
    assert article.coauthors == []
    assert not CoAuthor.objects.exists()


def test_recount_repairs_names(author: User, user: User) -> None:
    article = factories.published(author)
    joined(article, user)
    assert list(coauthors.recount(repair=False)) == []
    Article.objects.filter(pk=article.pk).update(coauthors=[])
    stale = factories.published(author)
    Article.objects.filter(pk=stale.pk).update(coauthors=[[user.pk, "x", "y"]])
    assert len(list(coauthors.recount(repair=False))) == 2
    assert len(list(coauthors.recount(repair=True))) == 2
    assert list(coauthors.recount(repair=False)) == []
    article.refresh_from_db()
    assert article.coauthors == [[user.pk, "scribe", "Boris & Co"]]


def test_events_are_sent(author: User, user: User) -> None:
    sent: list[str] = []

    def note(signal: object, article: Article, user: User, **kwargs: object) -> None:
        sent.append("added" if signal is events.coauthor_added else "removed")

    for signal in (events.coauthor_added, events.coauthor_removed):
        signal.connect(note)
    try:
        row = joined(factories.draft(author), user)
        coauthors.accept(invitation=row, user=user)  # Pressed twice.
        coauthors.end(row=row, user=author)
        coauthors.end(row=row, user=author)
    finally:
        for signal in (events.coauthor_added, events.coauthor_removed):
            signal.disconnect(note)
    assert sent == ["added", "removed"]
