"""Who may do what: every URL and every admin action, requested by every kind of user, compared with permissions.md.

A cell is the status of the response; "login" and "password" are redirects to these pages, "→" is another redirect, and
"✎" means that the request changed the database. Requests that are not in the table are 405 for everyone. To write the
table again: UPDATE_PERMISSIONS=1.
"""

from __future__ import annotations

import os
import re
from collections.abc import Container, Iterator
from datetime import timedelta
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.core.cache import caches
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, reset_queries, transaction
from django.forms import FileField, ModelChoiceField, MultiWidget
from django.tasks import TaskResultStatus
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from accounts.models import Invitation, SignupRequest, User
from articles.models import (
    Article,
    CoAuthor,
    Image,
    PreviewLink,
    Revision,
    Section,
    Series,
    SeriesPart,
    Tag,
    Trust,
)
from articles.moderation.models import Appeal, Decision, Suspension, WatchWord, version_of
from articles.moderation.services import decide
from articles.promotion.models import Payment
from articles.services import coauthors
from core.models import PendingDeletion, PendingEmail, PeriodicRun
from tests import factories
from tests.moderation.users import administrator, moderator
from tests.promotion import actions

pytestmark = pytest.mark.django_db
FORM_OF_ADMIN = re.compile("admin:.*_(?:add|change|delete)")
TABLE = Path(__file__).with_name("permissions.md")
ACTORS = ["anonymous", "reader", "author", "other author", "suspended", "moderator", "suspended moderator", "admin"]
SUSPENDED = {"suspended", "suspended moderator"}
# What a request may write without changing anything for others: the user's own log-in and the counting of readers.
IGNORED_TABLES = (
    "session",
    "emailaddress",
    "readership_",
    "promotion_pending",
    "django_task",
    "search_",
    'SET "last_login"',
)
# Of the fields that are empty in a new form.
VALUES: dict[str, Any] = {
    "name": "Other name",
    "slug": "another",
    "position": 7,
    "number": 99,
    "title": "Title",
    "text": "Text",
    "word": "word",
    "username": "newcomer",
    "email": "newcomer@example.org",
    "usable_password": "false",
    "price": 100,
    "days": 3,
    "type": "totp",
    "data": '{"a": 1}',
    "ip": "192.0.2.2",
    "session_key": "y",
    "user_agent": "y",
    "provider": "github",
    "client_id": "x",
    "provider_id": "library",
    "server_url": "https://id.example.org",
}
# Suspended users can still take care of their own account, take back a text that is not public, and decline.
OPEN_TO_SUSPENDED = {
    *("account_change_password", "account_reset_password", "my_article_discard", "my_article_preview_link_end"),
    "coauthor_end",
}


class World:
    """One object of each kind, and the users."""

    def __init__(self) -> None:
        until = timezone.now() + timedelta(days=7)
        self.author = factories.UserFactory.create(username="author")
        self.users: dict[str, User | None] = {
            "anonymous": None,
            "reader": factories.UserFactory.create(username="reader"),
            "author": self.author,
            "other author": factories.UserFactory.create(username="other"),
            "suspended": factories.UserFactory.create(username="suspended", suspended_until=until),
            "moderator": moderator(username="moderator1"),
            "suspended moderator": moderator(username="moderator2", suspended_until=until),
            "admin": administrator(username="admin1"),
        }
        self.article = factories.published(self.author)
        self.in_review = factories.in_review(self.author)
        self.hidden = factories.hidden(self.author)
        # Each user has a draft; a suspended one wrote it before.
        self.drafts: dict[str, Article] = {}
        for name, user in self.users.items():
            if user is not None:
                User.objects.filter(pk=user.pk).update(suspended_until=None)
                self.drafts[name] = factories.draft(User.objects.get(pk=user.pk))
                User.objects.filter(pk=user.pk).update(suspended_until=user.suspended_until)
        # Those of drafts have expired, so that each user can create and end one.
        for article in self.drafts.values():
            PreviewLink.objects.create(article=article, expires_at=timezone.now())
        # Each user is invited to the draft of another one, and has a series.
        names = list(self.drafts)
        self.invitations = {
            name: CoAuthor.objects.create(article=self.drafts[names[index - 1]], user_id=self.drafts[name].author_id)
            for index, name in enumerate(names)
        }
        self.own_series = {
            name: Series.objects.create(author=user, title="x") for name, user in self.users.items() if user is not None
        }
        self.series = Series.objects.create(author=self.author, title="x")
        SeriesPart.objects.create(series=self.series, article=self.article, position=1)
        # The reader is a co-author.
        self.together = factories.draft(self.author)
        reader = self.users["reader"]
        assert reader is not None
        invitation = coauthors.invite(article=self.together, username=reader.username)
        coauthors.accept(invitation=invitation, user=reader)
        self.preview_link = PreviewLink.objects.create(article=self.in_review, expires_at=until)
        judge = factories.UserFactory.create(username="judge")
        self.other_article = factories.published()
        self.suspension = Suspension.objects.create(user=self.author, moderator=judge, reason="x", ends_at=until)
        Trust.objects.create(user=self.author, moderator=judge, reason="x", kind="computed")
        sponsor = self.users["reader"]
        self.plan = actions.plan(actions.place(author_can_refuse_hours=24))
        self.promotion = actions.requested(article=self.article, sponsor=sponsor, plan=self.plan)
        Authenticator.objects.create(user=judge, type="totp", data={"secret": ""})
        session = UserSession.objects.create(user=judge, ip="192.0.2.1", session_key="x", user_agent="x")
        image = Image.objects.create(owner=self.author, key="ab" * 16, width=900, height=600, size=1)
        Decision.objects.create(revision_id=self.article.live_id or 0, moderator=judge, verdict="keep")
        hiding = Decision.objects.create(
            revision_id=self.hidden.live_id or 0, moderator=judge, verdict="hide", reason="x"
        )
        self.return_ = decide(
            revision=Revision.objects.get(latest_for=factories.in_review(self.author)),
            moderator=moderator(username="moderator3"),
            verdict="return",
            reason="x",
        )
        appeal = Appeal.objects.create(decision=hiding, against=judge, user=self.author, text="x")
        now = timezone.now()
        email = PendingEmail.objects.create(to="x@example.org", subject="x", text="x", html="x", next_attempt_at=None)
        task = DBTaskResult.objects.create(
            task_path="core.tasks.send_emails",
            status=TaskResultStatus.FAILED,
            args_kwargs={"args": [], "kwargs": {}},
            backend_name="default",
            run_after=now,
        )
        payment = Payment.objects.create(
            promotion=self.promotion, variant="manual", amount=1, total=1, currency="EUR", status="requested"
        )
        self.invitation = Invitation.objects.create(inviter=judge, expires_at=until)
        self.objects: dict[str, Any] = {
            # Without versions that would protect them from deletion.
            "articles.section": Section.objects.create(name="Empty", slug="empty", position=9).pk,
            "articles.series": Series.objects.create(author=self.author, title="Empty").pk,
            "articles.tag": Tag.objects.create(name="Empty", slug="empty").pk,
            "promotion.plan": actions.plan(self.plan.placement, name="Unused").pk,
            "core.pendingdeletion": PendingDeletion.objects.create(path="images/x.webp").pk,
            "core.pendingemail": email.pk,
            "core.periodicrun": PeriodicRun.objects.create(job="x", started_at=now).pk,
            "django_tasks_database.dbtaskresult": task.pk,
            "promotion.payment": payment.pk,
            "account.emailaddress": EmailAddress.objects.create(user=judge, email="other@example.org").pk,
            "articles.image": image.pk,
            "articles.article": self.article.pk,
            "moderation.submission": self.in_review.latest_id,
            "moderation.suspension": self.suspension.pk,
            "moderation.appeal": appeal.pk,
            "moderation.watchword": WatchWord.objects.create(word="x").pk,
            "promotion.promotion": self.promotion.pk,
            "auth.group": Group.objects.get(name="Moderators").pk,
            "accounts.user": self.users["reader"].pk,  # type: ignore[union-attr]
            "usersessions.usersession": session.pk,
            "core.sitesettings": 1,
            "accounts.signuprequest": SignupRequest.objects.create(user=judge, reason="approval").pk,
            "accounts.invitation": self.invitation.pk,
            "socialaccount.socialaccount": SocialAccount.objects.create(user=judge, provider="vk", uid="1").pk,
            "socialaccount.socialapp": SocialApp.objects.create(provider="vk", name="VK", client_id="x").pk,
        }

    def pk_of(self, label: str) -> Any:
        """Return the primary key of the object whose pages in the admin are requested."""
        if label in self.objects:
            return self.objects[label]
        model = next(model for model in admin.site._registry if model._meta.label_lower == label)
        return model._default_manager.values_list("pk", flat=True).first() or "0"

    def arguments(self, name: str, parameters: list[str], actor: str) -> dict[str, Any]:
        """Return arguments for a URL."""
        namespace, _colon, local = name.rpartition(":")
        values: dict[str, Any] = {
            "pk": self.article.pk,
            "slug": {"article": self.article.slug, "series": self.series.slug}.get(local, "technology"),
            "username": "author",
            "span": "week",
            "key": "x" * 20,
            "uidb36": "1",
            "number": 0,
            "token": "00000000-0000-0000-0000-000000000000",
            "variant": "manual",
            "path": "x.webp",
            "app_label": "moderation",
            "id": self.objects["accounts.user"],
            "content_type_id": ContentType.objects.get_for_model(Article).pk,
            "object_id": self.article.pk,
            "decision": self.return_.pk,
            "suspension": self.suspension.pk,
            "provider_id": "library",
        }
        if local == "tag":
            values["slug"] = Tag.objects.values_list("slug", flat=True)[0]
        if local == "rule":
            values["slug"] = "copy"
        if local == "promote":
            values["pk"] = self.other_article.pk
        pks = {
            "my_image": self.objects["articles.image"],
            "promotion": self.promotion.pk,
            "my_article": self.drafts.get(actor, self.drafts["author"]).pk,
            "coauthor": self.invitations.get(actor, self.invitations["author"]).pk,
            "my_series": self.own_series.get(actor, self.series).pk,
            "series": self.series.pk,
            "feed_series": self.series.pk,
        }
        values["pk"] = next((pk for prefix, pk in pks.items() if local.startswith(prefix)), values["pk"])
        if local in {"preview_link", "invitation"}:
            values["token"] = (self.preview_link if local == "preview_link" else self.invitation).token
        if local == "moderation_suspension_lift":
            values["pk"] = self.suspension.pk
        if namespace == "admin" and "object_id" in parameters and local != "view_on_site":
            label, model, _page = local.replace("django_tasks_database", "tasks").split("_", 2)
            values["object_id"] = self.pk_of(f"{label.replace('tasks', 'django_tasks_database')}.{model}")
        return {parameter: values[parameter] for parameter in parameters}

    def data(self, name: str, actor: str = "author") -> dict[str, Any]:
        """Return a valid form for the requests that change something for others; other requests are empty."""
        live = self.article.live
        assert live is not None
        text = {"title": "Ours", "body": live.body, "section": live.section_id, "language": "en", "summary": "x"}
        submitted = version_of(Revision.objects.get(latest_for=self.in_review))
        passwords, place = dict.fromkeys(("password1", "password2"), "another good phrase"), self.plan.placement_id
        forms: dict[str, dict[str, Any]] = {
            "account_profile": {"display_name": "New", "biography": "New", "preferred_language": "en"},
            "account_change_password": {"oldpassword": "correct horse battery", "password1": "another good phrase"},
            "account_reset_password": {"email": "reader@example.org"},
            "account_request_login_code": {"email": "reader@example.org"},
            "vote": {"vote": "1"},
            "my_article_new": text,
            "my_article_autosave_new": text,
            "my_article_import": {"file": SimpleUploadedFile("text.md", b"Our words")},
            "my_article_edit": {**text, "version": 1, "action": "save"},
            "my_article_autosave": {**text, "version": 1},
            "my_article_merge": {**text, "version": 1, "keep": "mine"},
            "my_article_restore": {"version": 1},
            "my_article_coauthors": {"username": "judge"},
            "my_series": {"title": "x"},
            "my_series_edit": {"title": "y"},
            "my_series_part": {"action": "add", "article": self.drafts.get(actor, self.drafts["author"]).pk},
            "promote": {"plan": self.plan.pk, "accepted": "on", "terms": "on"},
            "promotion_author": {"answer": "agree"},
            "admin:moderation_submission_change": {"verdict": "publish", "submitted": submitted},
            "admin:articles_article_change": {"verdict": "hide", "reason": "x", "submitted": ""},
            "admin:articles_article_correct": {**text, "revision": live.number, "reason": "x"},
            "admin:moderation_suspension_add": {"username": "reader", "until": "2031-01-01T00:00", "reason": "x"},
            "admin:articles_trust_add": {"username": "reader", "kind": "frozen", "reason": "x"},
            "admin:moderation_submission_alerts": {"frequency": "never", "threshold": 2, "daily_at": "09:00"},
            "appeal_decision": {"text": "x"},
            "appeal_suspension": {"text": "x"},
            "admin:moderation_appeal_change": {"outcome": "refused", "answer": "x"},
            "admin:moderation_submission_note": {"text": "x", "about": "author"},
            "admin:promotion_promotion_change": {"action": "decline", "reason": "x"},
            "admin:promotion_promotion_add": {"article": self.other_article.pk, "placement": place, "days": 1},
            "admin:auth_user_password_change": {**passwords, "usable_password": "true"},
            "admin:password_change": {
                "old_password": "correct horse battery",
                **{f"new_{name}": value for name, value in passwords.items()},
            },
            "admin:core_sitesettings_change": {
                "name": "N",
                "rules": "<p>x</p>",
                "reviewed_before_trusted": 1,
                "signup_gate": "open",
                "invitations_per_user": 1,
                "sampling_interval": 1,
            },
            "admin:accounts_user_change": {"display_name": "N", "preferred_language": "en", "username": "reader"},
        }
        return forms.get(name, {})


def patterns() -> Iterator[tuple[str, list[str]]]:
    """Return name and parameters of each URL; the first one of a name."""
    seen: dict[str, list[str]] = {}

    def walk(entries: list[Any], namespace: str, parameters: list[str]) -> None:
        for entry in entries:
            own = parameters + list(entry.pattern.regex.groupindex)
            if isinstance(entry, URLResolver):
                walk(entry.url_patterns, f"{entry.namespace}:" if entry.namespace else namespace, own)
            elif isinstance(entry, URLPattern) and entry.name:
                seen.setdefault(namespace + entry.name, own)

    walk(get_resolver().url_patterns, "", [])
    yield from sorted(seen.items())


def admin_actions(world: World) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Return name, URL and form of each action that a list of the admin offers to a superuser."""
    request = RequestFactory().get("/")
    for model, model_admin in sorted(admin.site._registry.items(), key=lambda item: item[0]._meta.label_lower):
        for view in ("", "?view=unreviewed", "?view=returned"):
            if view and model._meta.label_lower != "moderation.submission":
                continue
            request = RequestFactory().get("/" + view)
            request.user = world.users["admin"]  # type: ignore[assignment]
            url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist") + view
            for action in model_admin.get_actions(request):
                pk = world.other_article.live_id if "unreviewed" in view else world.pk_of(model._meta.label_lower)
                selected, form = [str(pk)], world.data("admin:moderation_submission_change")
                data = {
                    "action": action,
                    "_selected_action": selected,
                    "shown": [f"{pk}@{form['submitted']}"],
                    "confirmed": "yes",
                    "post": "yes",
                    "reason": "x",
                }
                yield f"admin action {model._meta.label_lower}.{action}", url, data


def filled_in(client: Client, url: str) -> dict[str, Any]:
    """Return a page of the admin as a form that changes something, or the confirmation of a deletion."""
    response = client.get(url)
    if response.status_code != 200 or "adminform" not in response.context:
        return {"post": "yes"}
    data: dict[str, Any] = {}
    for bound in response.context["adminform"].form:
        value, widget = bound.value(), bound.field.widget
        if value in (None, "") or bound.name in {"name", "data", "usable_password"}:
            value = VALUES.get(bound.name, value)
        if isinstance(bound.field, ModelChoiceField) and bound.field.queryset is not None and value in (None, ""):
            value = bound.field.queryset.order_by("-pk")[0].pk
        if isinstance(widget, MultiWidget):
            parts = widget.decompress(value or timezone.now()) or []
            data |= {f"{bound.html_name}_{n}": part for n, part in enumerate(parts)}
        elif value is not None and not isinstance(bound.field, FileField):
            data[bound.html_name] = value
    return data


def request_as(client: Client, method: str, url: str, data: dict[str, Any]) -> str:
    """Do a request and roll it back; return the cell of the table."""
    for cache in caches.all():
        cache.clear()
    reset_queries()
    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        response = getattr(client, method)(url, data)
        if response.streaming:
            response.getvalue()
        transaction.set_rollback(True)
    cell = str(response.status_code)
    if response.status_code in {301, 302, 303}:
        target = response.headers["Location"].partition("?")[0]
        cell = {"/accounts/login/": "login", "/accounts/reauthenticate/": "password"}.get(target, "→")
    changes = [
        sql
        for query in queries
        if (sql := query["sql"]).startswith(("INSERT", "UPDATE", "DELETE"))
        and not any(table in sql.split("WHERE")[0] for table in IGNORED_TABLES)
    ]
    return cell + " ✎" * bool(changes)


def column(actor: str, rows: Container[str] | None = None) -> dict[str, str]:
    """Return the cells of one actor by row; only of these rows, if given."""
    world = World()
    client, staff, cells = Client(), Client(), {}
    staff.force_login(world.users["admin"])  # type: ignore[arg-type]
    if user := world.users[actor]:
        client.force_login(user)
    cookies = client.cookies.output()

    def add(row: str, method: str, url: str, data: dict[str, Any]) -> None:
        if rows is not None and row not in rows:
            return
        client.cookies = SimpleCookie(cookies.replace("Set-Cookie: ", ""))
        cells[row] = request_as(client, method, url, data)

    for name, parameters in patterns():
        url = reverse(name, kwargs=world.arguments(name, parameters, actor))
        add(f"GET {name}", "get", url, {})
        data = world.data(name, actor)
        if not data and FORM_OF_ADMIN.fullmatch(name) and (rows is None or f"POST {name}" in rows):
            data = filled_in(staff, url)
        add(f"POST {name}", "post", url, data)
    for state in ("draft", "in_review", "hidden"):
        article = world.drafts["author"] if state == "draft" else getattr(world, state)
        for name in ("article", "my_article_edit", "my_article_preview"):
            kwargs = world.arguments(name, ["pk", "slug"] if name == "article" else ["pk"], actor) | {"pk": article.pk}
            add(f"GET {name} ({state} of author)", "get", reverse(name, kwargs=kwargs), {})
    for page in ("edit", "preview", "versions", "coauthors", "statistics", "submit", "discard", "preview_link"):
        url = reverse(f"my_article_{page}", args=[world.together.pk])
        method = "post" if page in {"submit", "discard", "preview_link"} else "get"
        add(f"{method.upper()} my_article_{page} (reader is co-author)", method, url, {})
    for name, url, data in admin_actions(world):
        add(name, "post", url, data)
    return cells


def read_table() -> dict[str, dict[str, str]]:
    """Return actor → row → cell."""
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in TABLE.read_text().splitlines() if "|" in line]
    head = rows[0]
    return {actor: {row[0]: row[head.index(actor)] for row in rows[2:]} for actor in ACTORS}


@pytest.mark.skipif("UPDATE_PERMISSIONS" in os.environ, reason="the table is written")
@pytest.mark.parametrize("actor", ACTORS)
def test_every_request_as(actor: str) -> None:
    expected = read_table()[actor]
    found = column(actor, rows=None if actor in {"anonymous", "admin"} else expected)
    assert {
        row: f"{found.get(row)}, not {expected.get(row, '405')}"
        for row in expected.keys() | found.keys()
        if found.get(row) != expected.get(row, "405")
    } == {}


def test_admin_forms_of_the_table_are_valid() -> None:
    """An invalid form, or no object, would be refused for everybody: it would say nothing about permissions."""
    rows = {
        row: cell for row, cell in read_table()["admin"].items() if re.match(r"POST admin:.*_(add|change|delete)$", row)
    }
    assert len(rows) > 60
    assert {row for row, cell in rows.items() if cell not in {"→ ✎", "403"}} == set()


def test_suspended_users_change_nothing_for_others() -> None:
    table = read_table()
    for actor in SUSPENDED:
        changed = {row.split()[1] for row, cell in table[actor].items() if "✎" in cell}
        assert changed <= OPEN_TO_SUSPENDED, actor


@pytest.mark.parametrize("actor", ["anonymous", "reader", "author", "suspended", "suspended moderator"])
def test_only_staff_has_an_admin(actor: str) -> None:
    for row, cell in read_table()[actor].items():
        if "admin" in row and "admin:logout" not in row:
            assert cell in {"403", "404", "405", "login", "→"}, row


@pytest.mark.skipif("UPDATE_PERMISSIONS" not in os.environ, reason="only on demand")
def test_write_table() -> None:
    columns = {}
    for actor in ACTORS:
        with transaction.atomic():
            columns[actor] = column(actor)
            transaction.set_rollback(True)
    lines = [f"| request | {' | '.join(ACTORS)} |", f"|---|{'---|' * len(ACTORS)}"]
    for row in columns["anonymous"]:
        cells = [columns[actor][row] for actor in ACTORS]
        lines += [f"| {row} | {' | '.join(cells)} |"] if set(cells) != {"405"} else []
    TABLE.write_text("\n".join(lines) + "\n")
