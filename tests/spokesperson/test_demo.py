"""The demonstration: content through the product's verbs, and a command that leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db.models import Count
from PIL import Image

from accounts.models import User
from articles.models import Article, Revision, Section
from articles.moderation.models import Decision
from core.models import SiteSettings
from spokesperson.demo import articles as demo_articles
from spokesperson.demo import filling, ground, people, pictures, texts
from tests import factories

ROOT = Path(texts.CONTENT).parents[2]
# Enough to meet every path: one a language, one author with enough for trust, and every state.
FEW = {"street-lamps", "piano-tuner", "quiet-choir"}


def silent(line: str, *, stays: bool = True) -> None:
    """Progress that nobody reads."""


class TestTheTexts:
    def test_there_is_a_whole_site_of_them(self) -> None:
        published = [text for text in texts.every_text() if text.state == "published"]
        assert len(published) >= 40
        assert len({text.section for text in published}) >= 6
        assert len({text.author for text in published}) >= 8
        assert {text.language for text in published} == {"en", "ru", "hy"}

    @pytest.mark.parametrize("text", texts.every_text(), ids=lambda text: text.file)
    def test_each_is_complete(self, text: texts.Text) -> None:
        assert text.section in {slug for slug, *_ in filling.SECTIONS}
        assert text.author in {person.username for person in people.EVERYONE}
        assert text.alt
        assert text.caption
        assert len(text.title) <= 140
        assert len(text.summary) <= 300
        assert 1 <= len(text.tags) <= 5
        assert text.state == "draft" or len(text.body.split()) > 120

    def test_one_of_each_state_is_the_authors(self) -> None:
        states = sorted(text.state for text in texts.every_text() if text.author == people.AUTHOR.username)
        assert states == ["draft", "hidden", "in_review", "published", "returned"]

    def test_several_are_of_today_and_the_oldest_is_weeks_old(self) -> None:
        ages = [age.total_seconds() / 3600 for _, age in texts.published_with_ages(texts.every_text())]
        assert ages == sorted(ages, reverse=True)
        assert sum(age < 12 for age in ages) >= 3
        assert 24 * 28 < ages[0] < 24 * 45


@pytest.fixture
def few_texts(monkeypatch: pytest.MonkeyPatch, settings: LazySettings, tmp_path: Path) -> list[texts.Text]:
    """A small demonstration with small pictures, and no static files. `.ci/run` makes the whole of it."""
    few = [text for text in texts.every_text() if text.file in FEW or text.state != "published" or text.open_edit]
    monkeypatch.setattr(demo_articles, "every_text", lambda: few)
    monkeypatch.setattr(pictures, "draw", lambda *_: Image.new("RGB", (96, 64), "teal"))
    monkeypatch.setattr(pictures, "avatar", lambda *_: Image.new("RGB", (64, 64), "teal"))
    settings.DATA_DIR = settings.STATIC_ROOT = tmp_path
    monkeypatch.setattr(filling, "static_digest", lambda: "as before")
    (tmp_path / "static.stamp").write_text("as before")
    return few


@pytest.mark.django_db
class TestFilling:
    def test_a_site_comes_to_life(self, few_texts: list[texts.Text]) -> None:
        filling.prepare(say=silent)
        states = dict(Article.objects.values_list("state").annotate(Count("pk")))
        assert states == {"published": len(FEW) + 1, "draft": 1, "in_review": 4, "returned": 1, "hidden": 1}
        assert [section.slug for section in Section.objects.all()] == [slug for slug, *_ in filling.SECTIONS]
        assert SiteSettings.objects.get().about
        assert Revision.objects.in_review().count() == 5  # an edit of a published article waits among them
        for article in Article.objects.published():
            assert article.views > article.likes + article.dislikes
            assert article.published_at == article.article_tags.first().published_at  # type: ignore[union-attr]
            assert article.live is not None
            assert article.live.image is not None
        call_command("recount", "--check")

    def test_reasons_and_roles(self, few_texts: list[texts.Text]) -> None:
        filling.prepare(say=silent)
        for verdict in ("return", "hide"):
            decision = Decision.objects.get(verdict=verdict)
            assert decision.reason
            assert decision.revision.article.author.username == people.AUTHOR.username
        assert not Decision.objects.filter(mailed_at=None).exists()  # nobody gets letters about the past
        assert User.objects.get(username="moderator").has_perm("moderation.decide")
        assert not User.objects.get(username="author").is_staff
        assert User.objects.get(username="admin").is_superuser
        assert EmailAddress.objects.filter(verified=True).count() == User.objects.count()
        for person in people.LOG_INS:
            assert User.objects.get(username=person.username).check_password(people.PASSWORD)

    def test_a_second_start_changes_nothing_that_people_did(self, few_texts: list[texts.Text]) -> None:
        filling.prepare(say=silent)
        factories.draft()
        Article.objects.filter(state="draft", author__username="author").delete()
        User.objects.filter(username="lilit").update(display_name="Somebody else")
        before = list(Article.objects.values_list("pk", "state", "views", "likes"))
        filling.prepare(say=silent)
        assert list(Article.objects.values_list("pk", "state", "views", "likes")) == before
        assert User.objects.get(username="lilit").name == "Somebody else"

    def test_what_was_interrupted_is_completed(
        self, few_texts: list[texts.Text], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write = demo_articles._write
        done: list[None] = []

        def write_three(*args: object) -> None:
            if len(done) == 3:
                raise KeyboardInterrupt
            done.append(write(*args))  # type: ignore[arg-type]

        monkeypatch.setattr(demo_articles, "_write", write_three)
        with pytest.raises(KeyboardInterrupt):
            filling.prepare(say=silent)
        assert Article.objects.count() == 3
        monkeypatch.setattr(demo_articles, "_write", write)
        filling.prepare(say=silent)
        assert Article.objects.count() == len(few_texts)
        assert User.objects.filter(username="admin").exists()

    def test_a_real_site_is_left_alone(self, few_texts: list[texts.Text]) -> None:
        factories.published()
        with pytest.raises(filling.NotADemonstration):
            filling.prepare(say=silent)
        assert Article.objects.count() == User.objects.count() == 1

    def test_it_runs_on_this_machine_alone(self, settings: LazySettings) -> None:
        settings.ORIGIN = "https://news.example.org"
        with pytest.raises(CommandError, match=r"127\.0\.0\.1"):
            call_command("demo")


class TestTheGround:
    @pytest.mark.parametrize("text", ["", "abc", "0", "65536", "-1", "80.5", "８０００"])
    def test_what_is_no_port(self, text: str) -> None:
        with pytest.raises(ground.NotReady, match="is no port"):
            ground.port_of(text)

    def test_an_occupied_port(self) -> None:
        with socket.create_server((ground.HOST, 0)) as taken:
            port = taken.getsockname()[1]
            with pytest.raises(ground.NotReady, match=f"Port {port} is in use"):
                ground.check_port(port)

    def test_a_folder_that_is_none(self, tmp_path: Path) -> None:
        (tmp_path / "var").write_text("a file")
        with pytest.raises(ground.NotReady, match="cannot be written to"):
            ground.check_folder(tmp_path / "var")

    def test_the_key_is_kept_and_nobody_else_reads_it(self, tmp_path: Path) -> None:
        ground.keep_secret_key(tmp_path / "key")
        key = (tmp_path / "key").read_text()
        assert len(key.strip()) >= 50
        assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
        ground.keep_secret_key(tmp_path / "key")
        assert (tmp_path / "key").read_text() == key
        assert [file.name for file in tmp_path.iterdir()] == ["key"]


def _find_python(python: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "spokesperson/demo/find-python", "-c", "print('runs')"],  # noqa: S607
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHON": python},
        capture_output=True,
        text=True,
        check=False,
    )


class TestFindingPython:
    def test_one_that_is_new_enough(self) -> None:
        assert _find_python(sys.executable).stdout == "runs\n"

    def test_one_that_is_too_old_is_told_in_one_line(self, tmp_path: Path) -> None:
        old = tmp_path / "old-python"
        old.write_text('#!/bin/sh\ncase "$2" in *exit*) exit 1;; *) echo 3.8.18;; esac\n')
        old.chmod(0o755)
        run = _find_python(str(old))
        assert run.returncode == 1
        assert run.stderr.count("\n") == 1
        assert "3.12 or newer" in run.stderr
        assert "3.8.18" in run.stderr


def _environment(folder: Path, port: int) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "ORIGIN": f"http://{ground.HOST}:{port}",
        "SECRET_KEY": "k" * 60,
        "DATA_DIR": str(folder),
        "PYTHONUNBUFFERED": "1",
    }


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that looks as if a start had prepared everything, so that the next is quick."""
    folder = tmp_path_factory.mktemp("prepared")
    (folder / "static").mkdir()
    (folder / "static.stamp").write_text(filling.static_digest())
    made = "from accounts.models import User as U; from spokesperson.demo.people import *; "
    made += "[U.objects.create(username=p.username, email=p.email) for p in (MODERATOR, ADMINISTRATOR)]"
    for arguments in (["migrate", "-v0"], ["shell", "-v0", "-c", made]):
        command = [sys.executable, "manage.py", *arguments]
        subprocess.run(command, cwd=ROOT, env=_environment(folder, 8000), check=True)  # noqa: S603
    return folder


class Running:
    """`manage.py demo` in a process of its own."""

    def __init__(self, folder: Path, *, stdout: int = subprocess.PIPE, reads: int | None = None) -> None:
        with socket.create_server((ground.HOST, 0)) as free:
            self.port = free.getsockname()[1]
        self.address = f"http://{ground.HOST}:{self.port}/"
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "demo"],
            cwd=ROOT,
            env=_environment(folder, self.port),
            stdout=stdout,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.output = ""
        while part := self._next(reads):
            self.output += part
            if "Ctrl-C stops it" in self.output:
                return
        pytest.fail(f"It did not start:\n{self.output}")

    def _next(self, terminal: int | None) -> str:
        if terminal is not None:
            return os.read(terminal, 65536).decode(errors="replace")
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def descendants(self) -> dict[int, str]:
        """Every process that stands under the command now, with its command line."""
        parents, lines = {}, {}
        for status in Path("/proc").glob("[0-9]*/stat"):
            try:
                pid, rest = int(status.parent.name), status.read_text().rpartition(")")[2].split()
                parents[pid], lines[pid] = int(rest[1]), (status.parent / "cmdline").read_text().replace("\0", " ")
            except OSError:
                continue
        found = {self.process.pid}
        while more := {pid for pid, parent in parents.items() if parent in found} - found:
            found |= more
        return {pid: lines[pid] for pid in found - {self.process.pid}}

    def end(self) -> tuple[int, str]:
        """Wait for the command; its exit code and all that it printed."""
        rest, _ = self.process.communicate(timeout=30)
        return self.process.returncode, self.output + rest


@pytest.fixture
def running(prepared: Path, tmp_path: Path) -> Iterator[Running]:
    """The command on a copy of the prepared folder; whatever a failed test leaves is ended."""
    demo = Running(shutil.copytree(prepared, tmp_path / "var"))
    yield demo
    left = demo.descendants()
    for pid in [demo.process.pid, *left]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def _alive(pids: dict[int, str]) -> list[str]:
    return [line for pid, line in pids.items() if Path(f"/proc/{pid}/cmdline").exists() and _is_running(pid)]


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes under /proc")
class TestServing:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    def test_it_serves_and_a_signal_ends_all_of_it(self, running: Running, number: signal.Signals) -> None:
        for promise in (running.address, people.PASSWORD, *(one.username for one in people.LOG_INS)):
            assert promise in running.output
        with socket.create_connection((ground.HOST, running.port), timeout=5):
            pass
        started = running.descendants()
        assert any("granian" in line for line in started.values())
        assert any("db_worker" in line for line in started.values())
        os.kill(running.process.pid, number)
        code, output = running.end()
        assert code == (0 if number == signal.SIGINT else 128 + number)
        assert "Traceback" not in output
        assert _alive(started) == []

    @pytest.mark.parametrize("victim", ["db_worker", "granian"])
    def test_one_that_ends_by_itself_ends_all_with_a_word_why(self, running: Running, victim: str) -> None:
        started = running.descendants()
        os.kill(min(pid for pid, line in started.items() if victim in line), signal.SIGKILL)
        code, output = running.end()
        assert code == 1
        assert "ended by itself" in output.splitlines()[-1]
        assert _alive(started) == []

    def test_a_closed_terminal_ends_all_of_it_also_where_only_another_process_is_told(
        self, prepared: Path, tmp_path: Path
    ) -> None:
        folder = shutil.copytree(prepared, tmp_path / "var")
        terminal, of_the_command = os.openpty()
        running = Running(folder, stdout=of_the_command, reads=terminal)
        started = running.descendants()
        assert started
        os.close(of_the_command)
        os.close(terminal)
        running.process.wait(timeout=30)
        assert _alive(started) == []

    def test_nothing_is_left_where_the_command_itself_is_killed(self, running: Running) -> None:
        started = running.descendants()
        running.process.kill()
        running.process.wait()
        deadline = time.monotonic() + 15
        while _alive(started) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert _alive(started) == []
