"""Prepares the demonstration: tables, static files, and content made through the product's own verbs.

Every step finds out what is there already, so that a start after an interrupted one completes it. The administrator's
account is made last and marks the content as complete: from then on a start changes nothing that people did.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import connection, transaction

from accounts.avatars import save_avatar
from accounts.models import User
from articles.models import Section
from core.models import SiteSettings
from spokesperson.demo import articles as demo_articles
from spokesperson.demo import pictures, promotions
from spokesperson.demo.people import ADMINISTRATOR, EVERYONE, MODERATOR, PASSWORD, Person
from spokesperson.demo.progress import Say
from spokesperson.demo.texts import CONTENT

SECTIONS = (
    ("politics", "Politics", "Политика", "Քաղաքականություն"),
    ("economy", "Economy", "Экономика", "Տնտեսություն"),
    ("society", "Society", "Общество", "Հասարակություն"),
    ("culture", "Culture", "Культура", "Մշակույթ"),
    ("technology", "Technology", "Технологии", "Տեխնոլոգիա"),
    ("science", "Science", "Наука", "Գիտություն"),
    ("sport", "Sport", "Спорт", "Սպորտ"),
)


class NotADemonstration(Exception):
    """The database holds somebody's site; `str(error)` says so in one line."""


def prepare(*, say: Say) -> None:
    """Make whatever the demonstration still lacks.

    Raises:
        NotADemonstration: the database holds people whom no demonstration made; nothing was changed.
    """
    _refuse_a_real_site()
    say("Preparing the database ...", stays=False)
    call_command("migrate", verbosity=0, interactive=False)
    collect_static_files(say=say)
    if User.objects.filter(username=ADMINISTRATOR.username).exists():
        return
    say("Filling in the demonstration content, once:")
    _set_up_site()
    _make_people(EVERYONE)
    say(f"  {len(SECTIONS)} sections and {len(EVERYONE)} people")
    demo_articles.write_all(say=say)
    promotions.offer_plans()
    promotions.promote_some(say=say)
    _make_people((ADMINISTRATOR,))


def _refuse_a_real_site() -> None:
    if User._meta.db_table not in connection.introspection.table_names():
        return
    if User.objects.exists() and not User.objects.filter(username=MODERATOR.username, email=MODERATOR.email).exists():
        raise NotADemonstration("This database holds a real site, not a demonstration: nothing was changed.")


def collect_static_files(*, say: Say) -> None:
    """Run `collectstatic` where a static file has changed since it ran last; compressing them takes a while."""
    stamp, digest = settings.DATA_DIR / "static.stamp", static_digest()
    if stamp.exists() and stamp.read_text() == digest and settings.STATIC_ROOT.is_dir():
        return
    say("Preparing static files ...", stays=False)
    call_command("collectstatic", verbosity=0, interactive=False)
    stamp.write_text(digest)


def static_digest() -> str:
    """A digest that changes with any static file, ours or a library's."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list([]):
            status = Path(storage.path(path)).stat()
            digest.update(f"{path} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _set_up_site() -> None:
    about = (CONTENT / "about.html").read_text(encoding="utf-8")
    SiteSettings.objects.get_or_create(pk=1, defaults={"about": about})
    SiteSettings.objects.filter(pk=1, about="").update(about=about)
    for position, (slug, name, name_ru, name_hy) in enumerate(SECTIONS):
        names = {"name": name, "name_ru": name_ru, "name_hy": name_hy, "position": position}
        Section.objects.update_or_create(slug=slug, defaults=names)


def _make_people(people: tuple[Person, ...]) -> None:
    # Hashing is slow by intent; the demonstration's one password is hashed once.
    password = make_password(PASSWORD)
    for index, person in enumerate(people):
        with transaction.atomic():
            _make_person(person, password, index)


def _make_person(person: Person, password: str, seed: int) -> None:
    account, is_new = User.objects.get_or_create(
        username=person.username,
        defaults={
            "email": person.email,
            "password": password,
            "display_name": person.name,
            "biography": person.biography,
            "preferred_language": person.language,
            "is_staff": person.is_moderator or person.is_administrator,
            "is_superuser": person.is_administrator,
        },
    )
    if not is_new:
        return
    EmailAddress.objects.create(user=account, email=person.email, verified=True, primary=True)
    # Most people have a portrait; the others are shown by their initial.
    if person.biography or seed % 3:
        save_avatar(user=account, image=pictures.avatar(seed + 7 * len(person.username), 512))
    if person.is_moderator:
        account.groups.add(Group.objects.get_or_create(name="Moderators")[0])
