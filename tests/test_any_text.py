"""Text in any script goes through one door, and every output stays well-formed."""

from __future__ import annotations

import csv
import email
import email.policy
import json
import pkgutil
import re
import unicodedata
import uuid
from contextlib import suppress
from html.parser import HTMLParser
from importlib import import_module
from io import StringIO
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from allauth.account.forms import BaseSignupForm
from django import forms
from django.contrib import admin
from django.core import mail
from django.core.cache import caches
from django.core.mail import EmailMultiAlternatives
from django.http import QueryDict
from django.test import Client, RequestFactory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import accounts
import articles
import core
from accounts.models import User
from accounts.profile_form import ProfileForm
from articles.forms import ArticleForm
from articles.models import Article, Revision, Section
from articles.moderation.admin.review import ReviewAdmin
from articles.moderation.forms import ReasonForm, RemarksForm
from articles.moderation.services import decide
from articles.moderation.services.corrections import add_correction
from articles.promotion.admin import PromotionAdmin
from articles.promotion.forms import CancelForm
from articles.services import publishing
from core.exceptions import ActionNotAllowed
from core.forms import TextField
from core.models import SiteSettings
from core.text import is_visible
from tests import factories
from tests.moderation.users import administrator, moderator

pytestmark = pytest.mark.django_db

# Passwords, codes, usernames and addresses have rules of their own; search words are not stored.
OTHER_FIELDS = {"password", "oldpassword", "password1", "password2", "code", "login", "username", "email", "q"}
# Printable text of many scripts, and the characters that break formats.
TEXT = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"]),
        st.sampled_from("<>&\"'\\]\x00\x07\x1b\ufffe\uffff\u2028\u202e\u2066\u200d\u3164\ufe0f\r\n=+-@,;"),
    ),
    min_size=1,
    max_size=30,
)
ANY_TEXT = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def form_classes() -> set[type[forms.BaseForm]]:
    """Return all forms of the project."""
    for package in (accounts, articles, core):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" not in module.name and not module.name.endswith(("image_decoder",)):
                import_module(module.name)
    found: set[type[forms.BaseForm]] = set()
    waiting: list[type[forms.BaseForm]] = [forms.BaseForm]
    while waiting:
        for form in waiting.pop().__subclasses__():
            waiting.append(form)
            if form.__module__.split(".")[0] in {"accounts", "articles", "core"}:
                found.add(form)
    return found


def free_text_fields(fields: dict[str, forms.Field]) -> dict[str, forms.Field]:
    """Return the fields for text that are not one of `OTHER_FIELDS`."""
    kinds = {forms.CharField, forms.fields.CharField}
    return {
        name: field
        for name, field in fields.items()
        if (type(field) in kinds or isinstance(field, TextField))
        and name not in OTHER_FIELDS
        and not isinstance(field.widget, forms.HiddenInput)
    }


def test_every_form_uses_the_text_field() -> None:
    assert ArticleForm in form_classes()
    for form in form_classes():
        if not issubclass(form, BaseSignupForm):
            for name, field in free_text_fields(getattr(form, "base_fields", {})).items():
                if not issubclass(form, forms.ModelForm) or name in {"display_name", "biography"}:
                    assert isinstance(field, TextField), (form, name)


def test_every_form_of_the_admin_uses_the_text_field(rf: RequestFactory) -> None:
    request = rf.get("/")
    request.user = administrator()
    for model, model_admin in admin.site._registry.items():
        # The review pages have forms of their own.
        if model_admin.has_change_permission(request) and not isinstance(model_admin, (ReviewAdmin, PromotionAdmin)):
            form = model_admin.get_form(request, change=True)
            for name, field in free_text_fields(form.base_fields).items():
                if model.__module__.startswith(("accounts.", "articles.", "core.")):
                    assert isinstance(field, TextField), (model, name)


def checked(form: forms.BaseForm) -> dict[str, Any]:
    """Return the valid texts of a form, which are normalised and visible."""
    form.full_clean()
    for name in free_text_fields(form.fields):
        for value in texts_in(form.cleaned_data.get(name, "")):
            assert unicodedata.is_normalized("NFC", value)
            assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]", value)
            assert not value or is_visible(value)
    return form.cleaned_data


def texts_in(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


@ANY_TEXT
@given(text=TEXT)
def test_any_text_in_every_form(text: str) -> None:
    author = User.objects.filter(username="author").first() or factories.UserFactory.create(username="author")
    checked(ProfileForm({"display_name": text, "biography": text, "preferred_language": "en"}, instance=author))
    for form in (ReasonForm, RemarksForm, CancelForm):
        checked(form(dict.fromkeys(form.base_fields, text)))


class _Page(HTMLParser):
    """The elements of a page, which have to be closed in order."""

    VOID = {"meta", "link", "img", "input", "br", "hr", "source"}

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.scripts = 0
        self.feed(markup)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)
        assert not [name for name, _value in attrs if name.startswith("on")]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@ANY_TEXT
@given(text=TEXT)
def test_any_text_in_every_output(text: str) -> None:
    caches["local"].clear()
    author = User.objects.filter(username="author").first() or factories.UserFactory.create(username="author")
    section = factories.SectionFactory.create()
    fields = ("title", "summary", "tags", "caption", "credit", "alternative_text")
    details = ("sponsor", "interest_note", "translation_of")
    data = QueryDict(mutable=True)
    data.update(
        {
            **dict.fromkeys(fields, text),
            **dict.fromkeys(details, text),
            "sponsorship": "sponsored",
            "interest": "own",
            "ai_help": "parts",
            "translation": "translation",
            "body": f"{factories.BODY}<p>{text}</p>",
            "section": str(section.pk),
            "language": "en",
            "form_key": str(uuid.uuid4()),
        }
    )
    form = ArticleForm(data, user=author)
    checked(form)
    # A draft may be without these, a submission not.
    missing = [name for name in ("title", *details) if not form.cleaned_data.get(name)]
    for name in {*form.errors, *missing}:
        data[name] = "visible" if name != "body" else factories.BODY
    form = ArticleForm(data, user=author)
    assert form.is_valid()
    article = publishing.submit(article=publishing.start_draft(author=author, text=form.to_content()))
    judge = User.objects.filter(username="judge").first() or moderator(username="judge")
    if article.state == Article.State.IN_REVIEW:
        decide(revision=Revision.objects.get(latest_for=article), moderator=judge, verdict="publish", reason=text)
    # Text that was stored before it was checked, or by other means.
    User.objects.filter(pk=author.pk).update(display_name=text.replace("\x00", "")[:60])
    Section.objects.filter(pk=section.pk).update(name=text.replace("\x00", ""))
    SiteSettings.objects.update_or_create(pk=1, defaults={"name": text.replace("\x00", "")})
    article = Article.objects.select_related("live").get(pk=article.pk)
    with suppress(ActionNotAllowed):  # The text shows nothing.
        add_correction(article=article, moderator=judge, text=text)
    client = Client()
    page = client.get(article.get_absolute_url()).text
    for markup in (page, client.get("/").text, client.get("/authors/author/").text, client.get("/corrections/").text):
        _Page(markup)
    json.loads(page.split('<script type="application/ld+json">')[1].split("</script>")[0])
    feeds = ("/feeds/rss.xml", "/feeds/atom.xml", "/authors/author/atom.xml", "/corrections/rss.xml")
    for path in (*feeds, "/corrections/atom.xml", "/sitemap.xml", "/sitemaps/0.xml"):
        ET.fromstring(client.get(path).content)  # noqa: S314 - our own answers
    rows = list(csv.reader(StringIO(client.get("/promotions.csv").text), strict=True))
    assert {len(row) for row in rows} == {len(rows[0])}
    for message in mail.outbox:
        assert isinstance(message, EmailMultiAlternatives)
        read = email.message_from_bytes(message.message().as_bytes(), policy=email.policy.default)
        assert not read.defects
        _Page(str(message.alternatives[0][0]))
    mail.outbox.clear()
