"""The form of an article: it is saved while the author writes, by its buttons, and after a change elsewhere."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django.views.generic import View

from articles.diff import paragraphs, side_by_side
from articles.forms import SAME_NAMED_FIELDS, ArticleForm, AutosaveForm
from articles.models import Article, RecoveredDraft, Revision
from articles.presenters import section_name
from articles.selectors import own_article, own_draft, recent_save_keys
from articles.services import drafts, merge, publishing
from articles.services.revisions import MAX_BODY_LENGTH, ArticleContent, StaleVersion, missing_for_submission
from articles.views import draft_recovery
from articles.views.author import login_required, signed_in_user, submission_status
from articles.views.images import seconds_until_upload
from articles.views.series import place_chosen
from articles.views.submission import add_submission_message, needs_checklist
from core.exceptions import ActionNotAllowed
from core.forms import sent_fields
from core.ratelimit import RateLimited, check_rate_limit
from core.zones import in_zones

# What the page of a conflict sends again.
SENT_FIELDS = (*SAME_NAMED_FIELDS, "tags", "image_token", "series", "initial_series", "form_key", "save_key")
MAX_ARTICLES_PER_HOUR = 30
# static/js/autosave.js sends one in three seconds at most.
MAX_AUTOSAVES_PER_HOUR = 3600


class EditView(View):
    """The form for a new article, and for one of the author's own."""

    def dispatch(self, request: HttpRequest, *args: Any, pk: int | None = None) -> HttpResponseBase:
        if not request.user.is_authenticated:
            # The session expired while the user was writing: stash the text until after the login.
            return draft_recovery.stash_and_redirect(request) or redirect_to_login(request.get_full_path())
        user = request.user
        self.article = own_article(user, pk, or_in_trash=True, or_as_coauthor=True) if pk is not None else None
        return super().dispatch(request, *args)

    def get(self, request: HttpRequest) -> HttpResponse:
        user, article = signed_in_user(request), self.article
        if article and article.deleted_at and article.author_id != user.pk:
            raise Http404
        if article and article.deleted_at:
            messages.info(request, _("This draft is in the trash. Restore it to edit it."))
            return redirect("my_articles_trash")
        stashed = draft_recovery.stashed(user, article) if "stored" not in request.GET else None
        if article and article.latest and article.latest.state == Revision.State.IN_REVIEW and not stashed:
            is_author = article.author_id == user.pk
            wait = _(
                "This version is in review. You can edit it when a moderator has decided or the author withdraws it."
            )
            messages.info(request, _("This version is in review. Withdraw it to edit it.") if is_author else wait)
            return redirect("my_article_preview", pk=article.pk)
        form = ArticleForm(user=user, article=article, initial=stashed.fields if stashed else None)
        return self._render(form, stashed=stashed)

    def post(self, request: HttpRequest) -> HttpResponse:
        user = signed_in_user(request)
        retry_after = seconds_until_upload(request) if request.FILES else 0
        files = None if retry_after else request.FILES
        form = ArticleForm(request.POST, files, user=user, article=self.article)
        form.full_clean()
        form.store_image()
        if retry_after:
            form.add_error("image", _("You have uploaded too many images in a short time. Try again later."))
        if not form.is_valid():
            return self._render(form, retry_after=retry_after)
        try:
            article = _save(request, form, self.article)
        except RateLimited as error:
            form.add_error(None, _("You have started too many articles in a short time. Try again later."))
            return self._render(form, retry_after=error.retry_after)
        except StaleVersion:
            return conflict_page(request, form, self.article or _article_of(form))
        except ActionNotAllowed as error:
            form.add_error(None, str(error))
            return self._render(form)
        if refusal := place_chosen(request.POST, article, self.article, user=user):
            messages.warning(request, refusal)
        draft_recovery.discard_stash(user, self.article)
        action = request.POST.get("action")
        if action == "submit":
            return self._submit(form, article.pk)
        if action == "preview":
            return redirect("my_article_preview", pk=article.pk)
        if action == "crop":
            return redirect("my_article_crop", pk=article.pk)
        messages.success(request, _("Saved."))
        return redirect("my_article_edit", pk=article.pk)

    def _submit(self, form: ArticleForm, pk: int) -> HttpResponse:
        user = signed_in_user(self.request)
        self.article = article = own_article(user, pk, or_as_coauthor=True)
        if article.author_id != user.pk:
            messages.success(self.request, _("Saved as a draft."))
            messages.warning(self.request, _("Only the author can submit this article."))
            return redirect("my_article_edit", pk=pk)
        if article.latest and article.latest.is_editable:
            for field, sentence in missing_for_submission(article.latest).items():
                form.add_error(field, sentence)
            if not form.is_valid():
                form.renew_page_state(article.latest)
                return self._render(form, saved=True)
            if needs_checklist(self.request, article):
                return redirect("my_article_checklist", pk=pk)
            try:
                article = publishing.submit(article=article)
            except ActionNotAllowed as error:
                messages.success(self.request, _("Saved as a draft."))
                messages.warning(self.request, str(error))
                return redirect("my_article_edit", pk=pk)
        # Otherwise the form was submitted twice.
        add_submission_message(self.request, article)
        return redirect("my_articles")

    def _render(
        self,
        form: ArticleForm,
        *,
        stashed: RecoveredDraft | None = None,
        saved: bool = False,
        retry_after: int = 0,
    ) -> HttpResponse:
        user, article = signed_in_user(self.request), self.article
        context = {
            "form": form,
            "article": article,
            "articles": [article] if article else [],
            "is_author": article is None or article.author_id == user.pk,
            "stashed": stashed,
            "saved": saved,
            "author_token": draft_recovery.author_token(user),
            "saved_keys": [article.latest.save_key] if article and article.latest else recent_save_keys(user),
            "here": "write",
            **submission_status(user),
        }
        response = render(self.request, "articles/my/edit.html", context, status=429 if retry_after else 200)
        if retry_after:
            response["Retry-After"] = str(retry_after)
        return response


@require_POST
def autosave(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Save what the author has written so far; the answer is JSON.

    Invalid fields stay as they are stored; `unsaved` has their errors. A refusal has a `message`; 403 is the answer
    for a session that ended, 409 for a text that cannot be saved by itself.
    """
    if not request.user.is_authenticated:
        return JsonResponse({"message": ""}, status=403)
    user = signed_in_user(request)
    article = own_draft(user, pk) if pk is not None else None
    fields = sent_fields(request)
    form = AutosaveForm(fields, user=user, article=article)
    form.full_clean()
    try:
        check_rate_limit(request, "autosave", limit=MAX_AUTOSAVES_PER_HOUR, seconds=3600)
        if article is None:
            saved = _start(request, form, form.to_storable_content()).latest
        else:
            text = form.to_storable_content()
            saved = drafts.autosave(article=article, text=text, editor=user, page=form.page_state)
    except RateLimited as error:
        answer = JsonResponse({"message": _("You have saved too often in a short time.")}, status=429)
        answer["Retry-After"] = str(error.retry_after)
        return answer
    except ActionNotAllowed as error:
        return JsonResponse({"message": str(error), "is_stale": isinstance(error, StaleVersion)}, status=409)
    assert saved is not None  # `start_draft` creates both
    unsaved = {name: " ".join(map(str, errors)) for name, errors in form.errors.items()}
    if refusal := place_chosen(fields, saved.article, article, user=user):
        unsaved["series"] = refusal
    return JsonResponse(
        {
            "version": saved.version,
            "saved_at": timezone.localtime(saved.updated_at).isoformat(timespec="seconds"),
            "url": reverse("my_article_edit", args=[saved.article_id]),
            "unsaved": unsaved,
        }
    )


@require_POST
@login_required
def merge_texts(request: HttpRequest, pk: int) -> HttpResponse:
    """Save what the author chose on the page of `conflict_page`, unless the text was changed again."""
    user = signed_in_user(request)
    article = own_article(user, pk, or_in_trash=True, or_as_coauthor=True)
    form = ArticleForm(request.POST, user=user, article=article)
    if not form.is_valid() or article.latest is None:
        return conflict_page(request, form, article)
    keep, mine = request.POST.get("keep"), form.to_content()
    if keep == merge.THEIRS:
        messages.success(request, _("The other text stays as it is."))
        return redirect("my_article_edit", pk=pk)
    if keep != merge.MINE:
        theirs = drafts.content_of(article.latest)
        mine = merge.merge(theirs, mine, lambda name: request.POST.get(f"choose-{name}", merge.MINE))
    if len(mine.body) > MAX_BODY_LENGTH:
        return conflict_page(request, form, article, error=_("Both texts together are too long for one article."))
    try:
        # What the author replaces was not written by this page, so it can be restored.
        publishing.save_draft(article=article, text=mine, editor=user, page=form.page_state, with_checkpoint=True)
    except StaleVersion:
        return conflict_page(request, form, own_article(user, pk, or_as_coauthor=True))
    except ActionNotAllowed as error:
        return conflict_page(request, form, article, error=str(error))
    if refusal := place_chosen(request.POST, article, article, user=user):
        messages.warning(request, refusal)
    messages.success(request, _("Saved."))
    return redirect("my_article_edit", pk=pk)


def conflict_page(request: HttpRequest, form: ArticleForm, article: Article, *, error: str = "") -> HttpResponse:
    """Show the text of a form beside the stored one, which was changed since the form was opened."""
    latest = article.latest
    assert latest is not None  # `start_draft` creates both
    mine, theirs = form.to_storable_content(), drafts.content_of(latest)
    compared = merge.places(theirs.body, mine.body)
    is_long = len(merge.differing(compared)) > merge.MAX_PLACES
    context = {
        "form": form,
        "sent_fields": SENT_FIELDS,
        "article": article,
        "latest": latest,
        "choices": [(merge.THEIRS, _("The other text")), (merge.MINE, _("My text")), (merge.BOTH, _("Both"))],
        "error": error,
        "fields": [_field_row(form, name, theirs, mine) for name in merge.changed_fields(theirs, mine)],
        "places": [] if is_long else _place_rows(compared),
        "is_long": is_long,
        "here": "write",
    }
    return render(request, "articles/my/conflict.html", context, status=409)


def _save(request: HttpRequest, form: ArticleForm, article: Article | None) -> Article:
    if article is None:
        return _start(request, form, form.to_content())
    return publishing.save_draft(article=article, text=form.to_content(), editor=form.user, page=form.page_state)


def _start(request: HttpRequest, form: ArticleForm, text: ArticleContent) -> Article:
    check_rate_limit(request, "article", limit=MAX_ARTICLES_PER_HOUR, seconds=3600)
    key = form.cleaned_data["form_key"]
    return publishing.start_draft(author=form.user, text=text, form_key=key, page=form.page_state)


def _article_of(form: ArticleForm) -> Article:
    """Return the article that an earlier save of a new form created."""
    made = Article.objects.only("pk").get(author=form.user, form_key=form.cleaned_data["form_key"])
    return own_article(form.user, made.pk, or_in_trash=True)


def _field_row(form: ArticleForm, name: str, theirs: ArticleContent, mine: ArticleContent) -> dict[str, Any]:
    """Return what the conflict page shows of a field that differs."""
    field = form.fields.get("tags" if name == "tag_names" else name)
    row: dict[str, Any] = {"name": f"choose-{name}", "label": field.label if field else ""}
    if name == "image":
        return row | {"label": _("Lead image"), "images": [theirs.image, mine.image]}
    return row | {"texts": side_by_side(_shown(name, theirs), _shown(name, mine))}


def _shown(name: str, content: ArticleContent) -> str:
    value = getattr(content, name)
    if isinstance(value, datetime):
        return in_zones(value)
    if name == "section":
        return section_name(value) if value else ""
    if labels := dict(Revision._meta.get_field(name).flatchoices):  # type: ignore[union-attr]
        return str(labels.get(value, ""))
    return ", ".join(value) if isinstance(value, list) else str(value)


def _place_rows(compared: list[merge.Place]) -> list[dict[str, Any]]:
    """Return the body in pieces: equal paragraphs, and the numbered places where the texts differ."""
    rows: list[dict[str, Any]] = []
    number = 0
    for place in compared:
        theirs, mine = "\n".join(paragraphs("".join(place.theirs))), "\n".join(paragraphs("".join(place.mine)))
        if place.is_same:
            rows.append({"same": theirs})
        else:
            rows.append({"name": f"choose-place-{number}", "number": number + 1, "texts": side_by_side(theirs, mine)})
            number += 1
    return rows
