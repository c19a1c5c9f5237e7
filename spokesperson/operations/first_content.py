"""What `spokesperson init` creates with Django: tables, static files, the first administrator, section and name."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import connection
from django.utils.text import slugify

from accounts.models import User
from articles.models import Section
from core.models import SiteSettings
from spokesperson import checks
from spokesperson.operations import OperationError
from spokesperson.operations.console import Console, ask_password


def create_folders(console: Console) -> None:
    """Create the folders of the site; the web server in front reads images and static files."""
    folders = {settings.MEDIA_ROOT: 0o755, settings.STATIC_ROOT: 0o755, settings.DATA_DIR / "backups": 0o700}
    for folder, mode in folders.items():
        if not folder.is_dir():
            try:
                folder.mkdir(parents=True)
            except OSError as error:
                raise OperationError(f"{folder} cannot be created: {error.strerror}.") from error
            folder.chmod(mode)
            console.done(f"Created {folder}.")


def prepare_database(console: Console) -> None:
    """Apply the migrations that are missing."""
    if connection.vendor == "sqlite":
        # Before SQLite creates it for everyone to read.
        Path(connection.settings_dict["NAME"]).touch(mode=0o600)
    if sentence := checks.database():
        raise OperationError(sentence)
    if checks.migrations():
        console.done("Creating the tables of the database …")
        call_command("migrate", verbosity=0, interactive=False)


def collect_static_files(console: Console) -> None:
    """Collect the static files if they never were."""
    if checks.static_files():
        console.done("Collecting the static files …")
        call_command("collectstatic", verbosity=0, interactive=False)


def create_administrator(console: Console, *, username: str | None, email: str | None, password: str | None) -> None:
    """Create the first administrator, whose address counts as confirmed."""
    if User.objects.filter(is_superuser=True, is_active=True).exists():
        return
    user = User()

    def check(name: str, text: str) -> str:
        setattr(user, name, text)
        try:
            # Uniqueness in any case is a constraint.
            user.clean_fields(exclude={field.name for field in User._meta.fields} - {name})
            user.validate_constraints(exclude={"username", "email"} - {name})
        except ValidationError as error:
            return f"{name.capitalize()}: {' '.join(error.messages)}"
        return ""

    def check_password(text: str) -> str:
        if not text:
            return (
                "Type the same password twice, or give it in DJANGO_SUPERUSER_PASSWORD or with --admin-password-stdin."
            )
        try:
            validate_password(text, user)
        except ValidationError as error:
            return f"Password: {' '.join(error.messages)}"
        return ""

    username = console.answer("Username of the administrator", username, lambda text: check("username", text))
    email = console.answer("Email address of the administrator", email, lambda text: check("email", text))
    password = console.answer("Password of the administrator", password, check_password, read=ask_password)
    User.objects.create_superuser(username, email, password)
    console.done(f"Created the administrator {username}.")


def create_section(console: Console, name: str | None) -> None:
    """Create the first section: without one, no article can be written."""
    if Section.objects.exists():
        return

    def check(text: str) -> str:
        try:
            section = Section(name=text, slug=slugify(text)[:60] or "articles")
            section.full_clean()
        except ValidationError as error:
            return f"Section: {' '.join(error.messages)}"
        return ""

    name = console.answer("Name of the first section, such as News", name, check)
    Section.objects.create(name=name, slug=slugify(name)[:60] or "articles")
    console.done(f"Created the section {name}.")


def name_site(console: Console, name: str | None) -> None:
    """Name the site, if that was never done."""
    if SiteSettings.objects.exists():
        return
    default = SiteSettings().name

    def check(text: str) -> str:
        try:
            SiteSettings(pk=1, name=text).clean_fields()
        except ValidationError as error:
            return f"Name of the site: {' '.join(error.messages)}"
        return ""

    name = console.answer(f"Name of the site (nothing: {default})", name, check, default=default)
    SiteSettings.objects.create(pk=1, name=name)
    console.done(f"The site's name is {name}.")
