"""Maintenance: reading goes on, nothing is written, and users are told."""

from __future__ import annotations

from datetime import timedelta
from html.parser import HTMLParser

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from articles.models import Article, Revision
from articles.voting.models import Vote
from core import maintenance, periodic
from core.models import PeriodicRun, SiteSettings
from spokesperson import checks
from tests import factories
from tests.articles.author_form import filled
from tests.moderation.users import administrator

pytestmark = pytest.mark.django_db
BAR = "The site is read-only during maintenance."


@pytest.fixture
def article() -> Article:
    return factories.published()


@pytest.fixture
def maintained(article: Article) -> None:
    maintenance.switch(on=True)


def test_switch_returns_whether_it_changed() -> None:
    assert not maintenance.is_on()
    assert maintenance.switch(on=True)
    since = SiteSettings.objects.get().maintenance_since
    assert not maintenance.switch(on=True)
    assert SiteSettings.objects.get().maintenance_since == since
    assert maintenance.is_on()
    assert maintenance.switch(on=False)
    assert not maintenance.switch(on=False)
    assert not maintenance.is_on()


@pytest.mark.usefixtures("maintained")
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_writing_during_maintenance_is_503(client: Client, article: Article, method: str) -> None:
    client.force_login(factories.UserFactory.create())
    response = getattr(client, method)(f"/articles/{article.pk}/vote/", {"vote": "1"})
    assert response.status_code == 503
    assert response["Retry-After"] == "120"
    assert "Nothing was saved" in response.content.decode()
    assert not Vote.objects.exists()


@pytest.mark.usefixtures("maintained")
@pytest.mark.parametrize(
    ("prefix", "word"), [("", "Nothing was saved"), ("/ru", "Ничего не сохранено"), ("/hy", "Ոչինչ չի պահպանվել")]
)
def test_refusal_during_maintenance_is_in_the_language_of_the_page(client: Client, prefix: str, word: str) -> None:
    response = client.post(f"{prefix}/accounts/login/", {"login": "anna", "password": "secret"})
    assert response.status_code == 503
    assert word in response.content.decode()


class HiddenFields(HTMLParser):
    """The hidden fields of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: dict[str, str | None] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "input" and attributes.get("type") == "hidden":
            self.fields[attributes["name"] or ""] = attributes["value"]


def test_text_that_is_refused_during_maintenance_can_be_sent_again(client: Client) -> None:
    client.force_login(factories.UserFactory.create())
    sent = filled(title='"Lamps" & <b>dusk</b>', body="<p>One</p>\r\n<p>two</p>")
    maintenance.switch(on=True)
    response = client.post("/my/articles/new/", sent)
    assert response.status_code == 503
    fields = HiddenFields(response.content.decode()).fields
    assert fields == {name: str(value) for name, value in sent.items()}
    # Again too early.
    assert HiddenFields(client.post("/my/articles/new/", fields).content.decode()).fields == fields
    maintenance.switch(on=False)
    assert client.post("/my/articles/new/", fields).status_code == 302
    assert Revision.objects.get().title == '"Lamps" & <b>dusk</b>'


def test_password_that_is_refused_during_maintenance_is_not_repeated(client: Client) -> None:
    maintenance.switch(on=True)
    response = client.post("/accounts/login/", {"login": "anna", "password": "correct horse"})
    assert "correct horse" not in response.content.decode()


def test_reading_during_maintenance_goes_on_with_a_notice(client: Client, article: Article) -> None:
    for path in ("/", article.get_absolute_url(), "/search/?q=news", "/feeds/rss.xml"):
        assert client.get(path).status_code == 200
    assert BAR not in client.get("/").content.decode()
    maintenance.switch(on=True)
    for path in ("/", article.get_absolute_url(), "/search/?q=news", "/feeds/rss.xml", "/health/"):
        assert client.get(path).status_code == 200
    assert BAR in client.get("/").content.decode()
    assert "public" in client.get("/")["Cache-Control"]
    maintenance.switch(on=False)
    assert BAR not in client.get("/").content.decode()


def test_admin_shows_maintenance(client: Client) -> None:
    client.force_login(administrator())
    assert "Read-only for maintenance since" not in client.get("/admin/").content.decode()
    maintenance.switch(on=True)
    assert "Read-only for maintenance since" in client.get("/admin/").content.decode()


def test_site_settings_that_are_saved_do_not_end_maintenance(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that began before maintenance ends after its beginning."""
    client.force_login(administrator())
    SiteSettings.objects.create(pk=1)
    fields = {"name": "Our news", "tagline": "", "about": "", "rules": "<p>x</p>", "reviewed_before_trusted": "3"}
    fields |= {"sampling_interval": "10", "signup_gate": "open", "invitations_per_user": "0"}
    clean = SiteSettings.clean_fields

    def begin_maintenance(settings: SiteSettings, exclude: set[str] | None = None) -> None:
        SiteSettings.objects.update(maintenance_since=timezone.now())
        clean(settings, exclude)

    monkeypatch.setattr(SiteSettings, "clean_fields", begin_maintenance)
    assert client.post("/admin/core/sitesettings/1/change/", fields).status_code == 302
    assert SiteSettings.objects.get().name == "Our news"
    assert SiteSettings.objects.get().maintenance_since is not None


def test_periodic_jobs_wait_during_maintenance(settings: LazySettings) -> None:
    settings.PERIODIC_JOBS = {"core.maintenance.is_on": timedelta(minutes=1)}
    maintenance.switch(on=True)
    periodic.run_due()
    assert not PeriodicRun.objects.exists()
    maintenance.switch(on=False)
    periodic.run_due()
    assert PeriodicRun.objects.exists()


def test_worker_that_waits_during_maintenance_is_not_reported() -> None:
    assert "No task worker runs" in checks.worker()
    maintenance.switch(on=True)
    assert checks.worker() == ""
