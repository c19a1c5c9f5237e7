"""Submit a draft: the checklist of what a moderator would return it for, and "submit anyway"."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.selectors import has_confirmed_email
from articles import checks
from articles.models import Article, Revision
from articles.selectors import own_article
from articles.services import publishing
from articles.services.revisions import missing_for_submission
from articles.views.author import login_required, scheduled_message, signed_in_user, submission_status
from core.exceptions import ActionNotAllowed


def add_submission_message(request: HttpRequest, article: Article) -> None:
    latest = article.latest
    if latest is not None and article.is_scheduled and latest.pk == article.live_id:
        messages.success(request, scheduled_message(article))
    elif latest is not None and latest.state == Revision.State.PUBLISHED:
        messages.success(request, _("“%(title)s” is published.") % {"title": latest.title})
    elif article.is_scheduled:
        messages.success(
            request, _("Your changes are in review. Without a decision by then, the scheduled version is published.")
        )
    elif article.live_id is not None and article.is_public:
        messages.success(
            request, _("Your changes are in review. Until they are published, readers see the previous version.")
        )
    else:
        messages.success(request, _("Submitted for review. We will email you when a moderator has made a decision."))


@require_POST
@login_required
def submit(request: HttpRequest, pk: int) -> HttpResponse:
    """Submit the saved draft. `checked` is the version of the text whose checklist the author has seen."""
    article = own_article(request.user, pk)
    if needs_checklist(request, article):
        return redirect("my_article_checklist", pk=pk)
    try:
        article = publishing.submit(article=article)
    except ActionNotAllowed as error:
        messages.warning(request, str(error))
        return redirect("my_article_edit", pk=pk)
    add_submission_message(request, article)
    return redirect("my_articles")


def needs_checklist(request: HttpRequest, article: Article) -> bool:
    """Return whether the author has to see the checklist of a text before it is submitted."""
    latest, user = article.latest, signed_in_user(request)
    if latest is None or not latest.is_editable or request.POST.get("checked") == str(latest.version):
        return False
    if missing_for_submission(latest) or user.is_suspended or not has_confirmed_email(user):
        return False  # `publishing.submit` says why.
    return bool(checks.find(latest))


@require_safe
def checklist(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what a moderator would return the draft for, with a link to each place and a button that submits it."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    article = own_article(request.user, pk)
    latest, status = article.latest, submission_status(request.user)
    is_allowed = status["confirmed"] and not status["suspended_until"]
    if latest is None or not latest.is_editable or not is_allowed or missing_for_submission(latest):
        return redirect("my_article_edit", pk=pk)  # It says why.
    edit = reverse("my_article_edit", args=[pk])
    context = {
        "article": article,
        "latest": latest,
        "kinds": [
            {
                "label": kind.label,
                "advice": checks.ADVICE[kind],
                "findings": [
                    {"finding": finding, "name": _name(finding), "fix": _address(edit, finding)} for finding in findings
                ],
                "is_cut": len(findings) == checks.MAX_FINDINGS,
            }
            for kind, findings in checks.find(latest).items()
        ],
        "here": "write",
        **status,
    }
    return render(request, "articles/my/checklist.html", context)


def _name(finding: checks.Finding) -> str:
    """Return what the author sees of a finding without words: an image without a caption."""
    kind, _dash, number = finding.place.partition("-")
    if finding.field == "body" and kind in {"alt", "credit"}:
        return _("Image %(number)s") % {"number": number}
    return _("Lead image") if finding.field in {"alternative_text", "credit"} else ""


def _address(edit: str, finding: checks.Finding) -> str:
    """Return the address of the form at the place of a finding; static/js/editor.js reads `at`."""
    return f"{edit}{f'?at={finding.place}' if finding.place else ''}#id_{finding.field}"
