"""`spokesperson backup` and `restore`: everything is there again, on an empty site only."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing, nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from accounts.models import User
from articles.models import Article, Image
from core import periodic
from core.models import PeriodicRun
from spokesperson.operations import OperationError, backup, restore
from spokesperson.operations import verify as verification
from spokesperson.operations.archive import ArchiveReader, ArchiveWriter
from spokesperson.operations.dump import _dump_postgres
from tests.operations.backup.conftest import article_with_image
from tests.operations.backup.snapshot import files, rows

COMMITS = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def folder(settings: LazySettings, tmp_path: Path) -> Path:
    """Return the folder for backups."""
    settings.BACKUP_URL, settings.DATA_DIR = str(tmp_path / "backups"), tmp_path / "data"
    return tmp_path / "backups"


def make_backup(**options: Any) -> int:
    return backup.run(argparse.Namespace(**{"to": None, "verify": None, "identity": None, "scratch": None, **options}))


def restore_backup(**options: Any) -> int:
    return restore.run(
        argparse.Namespace(**{"path": "", "identity": None, "replace": False, "scratch": None, **options})
    )


def delete_site(settings: LazySettings) -> None:
    call_command("flush", interactive=False, verbosity=0)
    shutil.rmtree(settings.MEDIA_ROOT)


def newest(folder: Path) -> Path:
    return max(folder.iterdir())


def members(file: Path) -> dict[str, bytes]:
    with file.open("rb") as stream:
        return {name: content.read() for name, content in ArchiveReader(stream).members()}


@COMMITS
def test_restore_brings_back_rows_and_images(settings: LazySettings, capsys: pytest.CaptureFixture[str]) -> None:
    article_with_image()
    before = rows(), files()
    assert make_backup() == 0
    delete_site(settings)
    assert restore_backup() == 0
    assert (rows(), files()) == before
    assert len(before[1]) == 3
    assert "counters, ledger, search index and images agree" in capsys.readouterr().out
    # New rows do not collide with restored ones.
    article_with_image()


@COMMITS
def test_restore_from_a_bucket_to_images_in_a_bucket(settings: LazySettings, s3_url: str, s3_media: str) -> None:
    settings.BACKUP_URL = f"{s3_url}/backups"
    article_with_image()
    before = rows()
    make_backup()
    call_command("flush", interactive=False, verbosity=0)
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "core.storage.S3Storage", "OPTIONS": {"url": f"{s3_media}/new"}},
    }
    assert restore_backup() == 0
    assert rows() == before


@COMMITS
def test_restore_refuses_a_site_that_is_not_empty(settings: LazySettings) -> None:
    article_with_image()
    make_backup()
    with pytest.raises(OperationError, match="has users: an empty one is needed"):
        restore_backup()
    call_command("flush", interactive=False, verbosity=0)
    with pytest.raises(OperationError, match="The storage of images is not empty"):
        restore_backup()
    assert not User.objects.exists()


@COMMITS
def test_restore_replaces_a_site_if_asked(settings: LazySettings) -> None:
    article_with_image()
    before = rows()
    make_backup()
    article_with_image()
    Article.objects.update(likes=7)
    assert restore_backup(replace=True) == 0
    assert rows() == before


@COMMITS
def test_restore_reports_what_does_not_agree(
    settings: LazySettings, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    article = article_with_image()
    Article.objects.update(likes=7)
    make_backup()
    delete_site(settings)
    with pytest.raises(OperationError, match="is restored, but 1 checks fail"):
        restore_backup()
    assert "recount: 1 counter differs" in capsys.readouterr().err
    assert Article.objects.get().pk == article.pk


@COMMITS
def test_restore_of_a_newer_version_is_refused(settings: LazySettings, folder: Path) -> None:
    make_backup()
    with newest(folder).open("rb") as stream:
        archive = ArchiveReader(stream)
        archive.manifest["migrations"].append(["articles", "9999_future"])
        with (folder / "spokesperson-20990101T000000Z.tar").open("wb") as target:
            writer = ArchiveWriter(target)
            writer.add_json("manifest.json", archive.manifest)
            writer.add_pieces("database", (content.read() for name, content in archive.members() if "database" in name))
            writer.close()
    with pytest.raises(OperationError, match=r"has no migration articles\.9999_future"):
        restore_backup()


@COMMITS
def test_restore_says_that_the_secret_key_differs(settings: LazySettings, capsys: pytest.CaptureFixture[str]) -> None:
    make_backup()
    settings.SECRET_KEY = "another " * 10
    restore_backup()
    restored = settings.DATA_DIR / "restored-keys" / "secret-key"
    assert restored.read_text().startswith("only for tests")
    assert restored.stat().st_mode & 0o777 == 0o600
    assert str(restored) in capsys.readouterr().out


@COMMITS
def test_backup_has_keys_version_and_settings(folder: Path, settings: LazySettings) -> None:
    make_backup()
    with newest(folder).open("rb") as stream:
        manifest = ArchiveReader(stream).manifest
    assert manifest["engine"] == connection.vendor
    assert ["core", "0001_initial"] in manifest["migrations"]
    content = members(newest(folder))
    assert content["keys/secret-key"].decode() == settings.SECRET_KEY
    environment = content["keys/environment"].decode()
    assert "ORIGIN=http://testserver\n" in environment
    assert "SECRET_KEY='only for tests" in environment
    assert "PATH=" not in environment


@COMMITS
def test_backup_while_an_image_is_deleted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    article_with_image()
    monkeypatch.setattr(backup, "walk", lambda _storage: ["pictures/gone.webp", *Image.objects.get().paths])
    assert make_backup() == 0
    assert sum(name.startswith("media/") for name in members(newest(folder))) == 3


@COMMITS
def test_backup_writes_the_marker_and_says_that_it_is_not_encrypted(
    folder: Path, settings: LazySettings, capsys: pytest.CaptureFixture[str]
) -> None:
    make_backup()
    assert marker(settings)["path"] == str(newest(folder))
    assert marker(settings)["finished_at"]
    assert marker(settings)["verified_at"] is None
    assert "It is not encrypted" in capsys.readouterr().out
    assert newest(folder).stat().st_mode & 0o777 == 0o600


@COMMITS
def test_backup_deletes_expired_ones(folder: Path, settings: LazySettings) -> None:
    folder.mkdir()
    for day in ("20200101", "20200102"):
        (folder / f"spokesperson-{day}T000000Z.tar").touch()
    settings.BACKUP_RETENTION = (2, 0, 0)
    make_backup()
    assert [file.name[:26] for file in sorted(folder.iterdir())] == [
        "spokesperson-20200102T0000",
        newest(folder).name[:26],
    ]


@COMMITS
def test_backup_that_fails_is_one_sentence_and_recorded(settings: LazySettings) -> None:
    PeriodicRun.objects.create(pk="spokesperson.operations.backup.start", started_at=timezone.now())
    settings.BACKUP_URL = "/dev/null/backups"
    with pytest.raises(OperationError, match="cannot be read or stored"):
        make_backup()
    run = PeriodicRun.objects.get()
    assert run.has_failed
    assert "cannot be read or stored" in run.outcome
    settings.BACKUP_URL = str(settings.DATA_DIR / "good")
    make_backup()
    run.refresh_from_db()
    assert (run.has_failed, run.outcome) == (False, "Stored.")


def test_backup_of_a_database_without_tables_is_one_sentence(tmp_path: Path) -> None:
    environment = {**os.environ, "DATABASE_URL": f"sqlite:///{tmp_path}/empty.sqlite3", "BACKUP_URL": str(tmp_path)}
    command = [sys.executable, "-m", "spokesperson", "backup"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "There is nothing to back up: the database of DATABASE_URL has no tables.\n"
    assert not list(tmp_path.glob("*.tar"))


@pytest.mark.django_db
def test_start_runs_a_backup_in_a_process_of_its_own(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Any] = []
    monkeypatch.setattr(subprocess, "Popen", lambda command, env: started.append((command, env)))
    settings.PERIODIC_JOBS = {"spokesperson.operations.backup.start": timedelta(days=1)}
    periodic.run_due()
    periodic.run_due()
    [(command, environment)] = started
    assert command == [sys.executable, "-m", "spokesperson", "backup"]
    assert environment["PYTHONPATH"] == str(settings.BASE_DIR)
    assert PeriodicRun.objects.get().outcome == "Started."


# --- Verify ------------------------------------------------------------------------------------


def marker(settings: LazySettings) -> dict[str, str]:
    return dict(json.loads((settings.DATA_DIR / "backups" / "last.json").read_text()))


@COMMITS
def test_verify_restores_into_a_scratch_database(settings: LazySettings) -> None:
    """In a process of its own, because it replaces the settings."""
    article_with_image()
    make_backup()
    before = rows()
    url = os.environ["DATABASE_URL"]
    if url:
        url = f"{url.rpartition('/')[0]}/{connection.settings_dict['NAME']}"
    ended = subprocess.run(
        [sys.executable, "-m", "spokesperson", "backup", "--verify"],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DATABASE_URL": url, "DATA_DIR": str(settings.DATA_DIR), "BACKUP_URL": settings.BACKUP_URL},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert "search index and 1 images agree with their rows" in ended.stdout
    assert marker(settings)["verified_at"] > marker(settings)["finished_at"]
    assert rows() == before
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            name = f"{connection.settings_dict['NAME']}_verify"
            cursor.execute("SELECT count(*) FROM pg_database WHERE datname = %s", [name])
            assert cursor.fetchone() == (0,)


@COMMITS
def test_verify_says_what_is_wrong(
    settings: LazySettings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file is lost, another is damaged, a third is incomplete, and a counter is wrong."""
    article_with_image()
    article_with_image()
    Article.objects.update(dislikes=7)
    first, second = Image.objects.order_by("pk")
    (settings.MEDIA_ROOT / first.paths[0]).unlink()
    (settings.MEDIA_ROOT / first.paths[1]).write_bytes(b"RIFF")
    with (settings.MEDIA_ROOT / second.paths[0]).open("ab") as file:
        file.write(b"more")
    make_backup()
    # Into the database of the test.
    monkeypatch.setattr(verification, "_database", lambda _engine, _scratch: nullcontext(""))
    monkeypatch.setenv("DATABASE_URL", "")
    with pytest.raises(OperationError, match="is not as it should be: 4 problems"):
        make_backup(verify=str(newest(Path(settings.BACKUP_URL))))
    assert capsys.readouterr().err.splitlines()[-4:] == [
        "recount: 2 counters differ.",
        f"The image {first.paths[0]} is missing.",
        f"The image {first.paths[1]} is damaged.",
        f"The files of image {second.pk} have {second.size + 4} bytes instead of {second.size}.",
    ]
    assert marker(settings)["verified_at"] is None


def test_verify_without_a_backup_is_one_sentence(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKUP_URL", settings.BACKUP_URL)
    with pytest.raises(OperationError, match="There is no backup in"):
        make_backup(verify="")


@pytest.mark.parametrize(
    ("engine", "scratch", "own", "expected"),
    [
        ("postgresql", "postgres://scratch", "", "postgres://scratch"),
        ("sqlite", "postgres://scratch", "postgres://own", "sqlite:///"),
        ("sqlite", None, "", "sqlite:///"),
    ],
)
def test_scratch_database_is_of_the_engine_of_the_backup(
    monkeypatch: pytest.MonkeyPatch, engine: str, scratch: str | None, own: str, expected: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", own)
    with verification._database(engine, scratch) as url:
        assert url.startswith(expected)


@pytest.mark.parametrize("own", ["", "sqlite:///site.sqlite3"])
def test_verify_of_postgresql_needs_a_server(monkeypatch: pytest.MonkeyPatch, own: str) -> None:
    monkeypatch.setenv("DATABASE_URL", own)
    with (
        pytest.raises(OperationError, match="name an empty database by --scratch"),
        verification._database("postgresql", None),
    ):
        pass


# --- Engines -----------------------------------------------------------------------------------


def test_tool_that_fails_is_one_sentence(tmp_path: Path) -> None:
    database = {"HOST": "127.0.0.1", "PORT": 1, "NAME": "none", "USER": "nobody", "PASSWORD": "secret"}
    with pytest.raises(OperationError, match=r"pg_dump: error: connection to server .* failed") as caught:
        list(_dump_postgres(database))
    assert "secret" not in str(caught.value)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="of SQLite")
@COMMITS
def test_backup_of_sqlite_has_one_moment_while_others_write(folder: Path, settings: LazySettings) -> None:
    article_with_image()
    with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("DELETE FROM articles_articletag")
        backup.create(settings.BACKUP_URL)
        other.execute("ROLLBACK")
    before = rows()
    delete_site(settings)
    restore_backup()
    assert rows() == before
    assert not list(settings.DATA_DIR.glob("*.sqlite3"))
