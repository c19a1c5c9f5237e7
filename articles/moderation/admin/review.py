"""The page on which a moderator reads one text and decides on it, for the queue and for the list of articles."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Model, Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import User
from articles.admin import ValidatedActionMixin
from articles.models import Article, Revision
from articles.moderation.differences import body_changed, fields_changed
from articles.moderation.forms import DecisionForm
from articles.moderation.models import Decision, Sanction, Submission
from articles.moderation.services import DECIDE, decide, possible_verdicts
from core.admin import KeysetModelAdmin
from core.exceptions import ActionNotAllowed

_RELATED = ("article__author", "article__section", "article__live", "section", "image")
_DONE = {
    Decision.Verdict.PUBLISH: gettext_noop("“%(title)s” is published."),
    Decision.Verdict.RETURN: gettext_noop("“%(title)s” went back to its author."),
    Decision.Verdict.HIDE: gettext_noop("“%(title)s” is hidden."),
    Decision.Verdict.RESTORE: gettext_noop("“%(title)s” is shown again."),
    Decision.Verdict.KEEP: gettext_noop("“%(title)s” stays published."),
}


class ReviewAdmin[M: Model](KeysetModelAdmin[M], ValidatedActionMixin[M]):
    """An admin whose objects are not edited but read and decided on."""

    def revision_of(self, request: HttpRequest, object_id: str) -> Revision | None:
        """The text to read for the object with this key, or None where there is nothing for a moderator."""
        raise NotImplementedError

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the text; a POST decides."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        revision = self.revision_of(request, unquote(object_id))
        if revision is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined,no-any-return]
        form = DecisionForm(revision=revision, verdicts=possible_verdicts(revision))
        refusal = ""
        if request.method == "POST":
            form = DecisionForm(request.POST, revision=revision, verdicts=list(Decision.Verdict))
            if form.is_valid():
                refusal = self._decide(request, revision, form)
                if not refusal:
                    return HttpResponseRedirect(self._list_url())
                # Decided on or changed meanwhile: the page shows what is there now, and keeps what was typed.
                revision = self.revision_of(request, unquote(object_id)) or revision
                typed = {name: form.cleaned_data[name] for name in ("verdict", "rule", "reason")}
                form = DecisionForm(revision=revision, verdicts=possible_verdicts(revision), typed=typed)
            else:
                form.fields["verdict"].choices = [  # type: ignore[attr-defined]
                    (one.value, one.label) for one in possible_verdicts(revision)
                ]
        context = {
            **self.admin_site.each_context(request),
            **self._context(request, revision),
            "form": form,
            "refusal": refusal,
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/moderation/review.html", context, status=409 if refusal else 200)

    def _decide(self, request: HttpRequest, revision: Revision, form: DecisionForm) -> str:
        """Carry out what the form says; the sentence that says why it was not possible, or ""."""
        assert isinstance(request.user, User)
        as_read = Revision(pk=revision.pk, article_id=revision.article_id, submitted_at=form.cleaned_data["submitted"])
        verdict = form.cleaned_data["verdict"]
        try:
            decide(
                revision=as_read,
                moderator=request.user,
                verdict=verdict,
                reason=form.cleaned_data["reason"],
                rule=form.cleaned_data["rule"],
            )
        except ActionNotAllowed as error:
            return str(error)
        done = _(_DONE[verdict]) % {"title": revision.title}
        self.log_change(request, Submission(pk=revision.pk, title=revision.title), Decision.Verdict(verdict).label)  # type: ignore[arg-type]
        messages.success(request, done)
        return ""

    def _list_url(self) -> str:
        return reverse(f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_changelist")

    def _context(self, request: HttpRequest, revision: Revision) -> dict[str, Any]:
        article, author = revision.article, revision.article.author
        compared = _compared_with(revision)
        decisions = Decision.objects.select_related("moderator", "revision").defer("revision__body")
        return {
            "opts": self.opts,
            "title": revision.title,
            "original": revision,
            "revision": revision,
            "article": article,
            "author": author,
            "may_decide": request.user.has_perm(DECIDE),
            "is_own": author.pk == request.user.pk,
            "verdicts": possible_verdicts(revision),
            "decisions": decisions.filter(revision__article=article)[:50],
            "compared": compared,
            "fields_changed": fields_changed(compared, revision) if compared else [],
            "body_changed": body_changed(compared.body, revision.body) if compared else [],
            "counts": Article.objects.by(author).aggregate(
                published=Count("pk", filter=Q(state=Article.State.PUBLISHED)),
                hidden=Count("pk", filter=Q(state=Article.State.HIDDEN)),
            ),
            "returned": Decision.objects.filter(revision__article__author=author, verdict="return").count(),
            "other_decisions": decisions.filter(revision__article__author=author).exclude(revision__article=article)[
                :10
            ],
            "sanctions": Sanction.objects.filter(user=author)[:5],
            "is_live": article.live_id == revision.pk,
            "since": revision.submitted_at,
            "may_correct": article.is_public and article.live_id == revision.pk,
        }


def _compared_with(revision: Revision) -> Revision | None:
    """The text that a moderator knows already: what readers see now, or the one that was returned before this."""
    earlier = revision.article.revisions.filter(number__lt=revision.number).select_related("section", "image")
    live_id = revision.article.live_id
    live = earlier.filter(pk=live_id).first() if live_id else None
    return live or earlier.order_by("-number").first()


def with_everything(revisions: Any) -> Any:
    """The revisions with all that the review page shows."""
    return revisions.select_related(*_RELATED)
