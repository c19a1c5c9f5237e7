"""demo/seed.py: the demonstration's content, created with the product's service functions."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db.models import Count
from django_tasks_db.models import DBTaskResult
from PIL import Image

from accounts.models import User
from articles.models import Article, Revision, Section
from articles.moderation.models import Decision
from core.models import PendingEmail, SiteSettings
from demo import articles as demo_articles
from demo import content, seed, users
from demo.progress import Progress
from tests import factories

# Enough for every code path: one a language, one author with enough for trust, and every state.
FEW = {"street-lamps", "piano-tuner", "quiet-choir"}


def prepare() -> str:
    """Run `seed.prepare`; return what it printed."""
    stream = io.StringIO()
    seed.prepare(progress=Progress(stream))
    return stream.getvalue()


@pytest.fixture
def small_demo(monkeypatch: pytest.MonkeyPatch, settings: LazySettings, tmp_path: Path) -> list[content.ArticleSource]:
    """A small demonstration with small images, and no static files. `.ci/run` creates all of it."""
    few = [
        article
        for article in content.read_articles()
        if article.name in FEW or article.state != "published" or article.pending_edit
    ]
    for folder, size in (("images", (96, 64)), ("avatars", (64, 64))):
        (tmp_path / folder).mkdir()
        for file in (content.CONTENT / folder).iterdir():
            Image.new("RGB", size, "teal").save(tmp_path / folder / file.name)
    monkeypatch.setattr(demo_articles, "read_articles", lambda: few)
    monkeypatch.setattr(content, "CONTENT", tmp_path)
    monkeypatch.setattr(users, "CONTENT", tmp_path)
    settings.DATA_DIR = settings.STATIC_ROOT = tmp_path
    monkeypatch.setattr(seed, "static_digest", lambda: "unchanged")
    (tmp_path / "static.stamp").write_text("unchanged")
    return few


@pytest.mark.django_db
@pytest.mark.usefixtures("small_demo")
class TestPrepare:
    def test_creates_sections_and_articles_in_every_state(self) -> None:
        prepare()
        states = dict(Article.objects.values_list("state").annotate(Count("pk")))
        assert states == {"published": len(FEW) + 1, "draft": 1, "in_review": 4, "returned": 1, "hidden": 1}
        assert [section.slug for section in Section.objects.all()] == [slug for slug, *_ in seed.SECTIONS]
        assert SiteSettings.objects.get().about
        assert Revision.objects.filter(state="in_review").count() == 5  # One is an edit of a published article.
        for article in Article.objects.published():
            assert article.views > article.likes + article.dislikes
            assert article.published_at == article.article_tags.first().published_at  # type: ignore[union-attr]
            assert article.live is not None
            assert article.live.image is not None
        call_command("recount", "--check")

    def test_creates_decisions_with_reasons(self) -> None:
        prepare()
        for verdict in ("return", "hide"):
            decision = Decision.objects.get(verdict=verdict)
            assert decision.reason
            assert decision.revision.article.author.username == users.AUTHOR.username

    def test_sends_no_email_and_logs_no_events(self, caplog: pytest.LogCaptureFixture) -> None:
        prepare()
        assert not PendingEmail.objects.exists()
        assert not DBTaskResult.objects.exists()
        assert not caplog.records

    def test_creates_users_with_roles_and_avatars(self) -> None:
        prepare()
        assert User.objects.get(username="moderator").has_perm("moderation.decide")
        assert not User.objects.get(username="author").is_staff
        assert User.objects.get(username="admin").is_superuser
        assert EmailAddress.objects.filter(verified=True).count() == User.objects.count()
        for user in users.LOGINS:
            assert User.objects.get(username=user.username).check_password(users.PASSWORD)
        with_avatar = set(User.objects.exclude(avatar_key="").values_list("username", flat=True))
        assert with_avatar == {user.username for user in users.USERS if user.avatar_path.exists()} != set()

    def test_changes_nothing_at_the_second_start(self) -> None:
        prepare()
        factories.draft()
        Article.objects.filter(state="draft", author__username="author").delete()
        User.objects.filter(username="lilit").update(display_name="Somebody else")
        before = list(Article.objects.values_list("pk", "state", "views", "likes"))
        prepare()
        assert list(Article.objects.values_list("pk", "state", "views", "likes")) == before
        assert User.objects.get(username="lilit").name == "Somebody else"

    def test_completes_an_interrupted_start(
        self, small_demo: list[content.ArticleSource], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write = demo_articles._write
        written: list[None] = []

        def write_three(*args: object) -> None:
            if len(written) == 3:
                raise KeyboardInterrupt
            written.append(write(*args))  # type: ignore[arg-type]

        monkeypatch.setattr(demo_articles, "_write", write_three)
        with pytest.raises(KeyboardInterrupt):
            prepare()
        assert Article.objects.count() == 3
        monkeypatch.setattr(demo_articles, "_write", write)
        prepare()
        assert Article.objects.count() == len(small_demo)
        assert User.objects.filter(username="admin").exists()

    def test_refuses_a_real_site(self) -> None:
        factories.published()
        with pytest.raises(seed.PreparationFailed, match="real site"):
            prepare()
        assert Article.objects.count() == User.objects.count() == 1


@pytest.fixture
def stale_static_files(monkeypatch: pytest.MonkeyPatch, settings: LazySettings, tmp_path: Path) -> Path:
    """The stamp file of a data folder whose static files have changed."""
    settings.DATA_DIR = settings.STATIC_ROOT = tmp_path
    monkeypatch.setattr(seed, "static_digest", lambda: "new")
    return tmp_path / "static.stamp"


def replace_command(monkeypatch: pytest.MonkeyPatch, code: str) -> list[list[str]]:
    """Have `subprocess.Popen` run Python code instead; return the list of the commands that it is given."""
    commands: list[list[str]] = []
    popen = subprocess.Popen

    def run(command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        commands.append(command)
        return popen([sys.executable, "-c", code], **options)

    monkeypatch.setattr(subprocess, "Popen", run)
    return commands


def test_collecting_static_files_runs_collectstatic_if_a_file_has_changed(
    stale_static_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = replace_command(monkeypatch, "")
    for _ in range(2):
        with seed.collecting_static_files():
            pass
    assert ["collectstatic" in command for command in commands] == [True]
    assert stale_static_files.read_text() == "new"


def test_collecting_static_files_reports_a_failure(stale_static_files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace_command(monkeypatch, "raise SystemExit(3)")
    with pytest.raises(seed.PreparationFailed, match="exit code 3"), seed.collecting_static_files():
        pass
    assert not stale_static_files.exists()


def test_demo_command_refuses_a_public_origin(settings: LazySettings) -> None:
    settings.ORIGIN = "https://news.example.org"
    with pytest.raises(CommandError, match=r"127\.0\.0\.1"):
        call_command("demo")
