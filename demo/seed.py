"""Prepare the demonstration: tables, static files, and content written with the product's service functions.

Each step skips what exists already, so that a start after an interrupted one completes it. The administrator is created
last and marks the content as complete: later starts do not change the content.
"""

from __future__ import annotations

import hashlib
import logging
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import connection, transaction
from django_tasks_db.models import DBTaskResult
from PIL import Image

from accounts.models import User
from accounts.services import save_avatar
from articles.models import Section
from core.models import PendingEmail, SiteSettings
from demo.articles import write_articles
from demo.content import CONTENT, to_html
from demo.promotions import create_plans, create_promotions
from demo.users import ADMINISTRATOR, MODERATOR, PASSWORD, USERS, DemoUser
from spokesperson.operations.progress import Progress
from spokesperson.operations.serve import end_with_parent

# Slug and name in English, Russian and Armenian.
SECTIONS = (
    ("politics", "Politics", "Политика", "Քաղաքականություն"),
    ("economy", "Economy", "Экономика", "Տնտեսություն"),
    ("society", "Society", "Общество", "Հասարակություն"),
    ("culture", "Culture", "Культура", "Մշակույթ"),
    ("technology", "Technology", "Технологии", "Տեխնոլոգիա"),
    ("science", "Science", "Наука", "Գիտություն"),
    ("sport", "Sport", "Спорт", "Սպորտ"),
)


class PreparationFailed(Exception):
    """The demonstration cannot run; `str(error)` says why in one line."""


def prepare(*, progress: Progress) -> None:
    """Create everything that the demonstration still lacks.

    Raises:
        PreparationFailed: the database has users of a real site (and was not changed), or collectstatic failed.
    """
    _refuse_real_site()
    progress.status("Preparing the database and static files ...")
    with collecting_static_files():
        call_command("migrate", verbosity=0, interactive=False)
        if User.objects.filter(username=ADMINISTRATOR.username).exists():
            return
        progress.line("Creating the demonstration content, once:")
        with _quiet():
            _create_content(progress)


def _create_content(progress: Progress) -> None:
    _create_site()
    _create_users(USERS)
    progress.line(f"  {len(SECTIONS)} sections and {len(USERS)} users")
    write_articles(progress=progress)
    create_plans()
    create_promotions(progress=progress)
    _create_users((ADMINISTRATOR,))


@contextmanager
def _quiet() -> Iterator[None]:
    """Log no line for each vote, and send no emails about what the block creates."""
    logging.disable(logging.INFO)
    try:
        yield
        PendingEmail.objects.all().delete()
        DBTaskResult.objects.all().delete()
    finally:
        logging.disable(logging.NOTSET)


def _refuse_real_site() -> None:
    if User._meta.db_table not in connection.introspection.table_names():
        return
    if User.objects.exists() and not User.objects.filter(username=MODERATOR.username, email=MODERATOR.email).exists():
        raise PreparationFailed("This database holds a real site, not a demonstration: nothing was changed.")


@contextmanager
def collecting_static_files() -> Iterator[None]:
    """Run `collectstatic` beside the block, if a static file has changed since its last run.

    It compresses every file, which takes about as long as creating the content.
    """
    stamp, digest = settings.DATA_DIR / "static.stamp", static_digest()
    if stamp.exists() and stamp.read_text() == digest and settings.STATIC_ROOT.is_dir():
        yield
        return
    command = [sys.executable, "-m", "django", "collectstatic", "--no-input", "--verbosity", "0"]
    process = subprocess.Popen(command, start_new_session=True, preexec_fn=end_with_parent)  # noqa: S603, PLW1509
    try:
        yield
        if process.wait():
            raise PreparationFailed(f"collectstatic failed (exit code {process.returncode}).")
        stamp.write_text(digest)
    finally:
        process.kill()
        process.wait()


def static_digest() -> str:
    """Return a digest that changes with any static file of the project or a library."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list([]):
            status = Path(storage.path(path)).stat()
            digest.update(f"{path} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _create_site() -> None:
    about = to_html((CONTENT / "about.md").read_text(encoding="utf-8"))
    SiteSettings.objects.get_or_create(pk=1, defaults={"about": about})
    SiteSettings.objects.filter(pk=1, about="").update(about=about)
    for position, (slug, name, name_ru, name_hy) in enumerate(SECTIONS):
        names = {"name": name, "name_ru": name_ru, "name_hy": name_hy, "position": position}
        Section.objects.update_or_create(slug=slug, defaults=names)


def _create_users(users: tuple[DemoUser, ...]) -> None:
    # Hashing is slow by design; all users share one hash.
    password = make_password(PASSWORD)
    for user in users:
        with transaction.atomic():
            _create_user(user, password)


def _create_user(user: DemoUser, password: str) -> None:
    account, is_new = User.objects.get_or_create(
        username=user.username,
        defaults={
            "email": user.email,
            "password": password,
            "display_name": user.name,
            "biography": user.biography,
            "preferred_language": user.language,
            "is_staff": user.is_moderator or user.is_administrator,
            "is_superuser": user.is_administrator,
        },
    )
    if not is_new:
        return
    EmailAddress.objects.create(user=account, email=user.email, verified=True, primary=True)
    if user.avatar_path.exists():
        save_avatar(user=account, image=Image.open(user.avatar_path))
    if user.is_moderator:
        account.groups.add(Group.objects.get_or_create(name="Moderators")[0])
