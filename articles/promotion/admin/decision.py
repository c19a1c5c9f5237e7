"""The page on which a moderator looks at one promotion and decides, and the form for an editors' choice."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, Sum
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import User
from articles.models import Article
from articles.presenters import article_page_context
from articles.promotion import lifecycle, schedule
from articles.promotion.admin.drawing import is_paused
from articles.promotion.admin.forms import DecisionForm, PinForm, Verb
from articles.promotion.lifecycle import author_has_spoken
from articles.promotion.models import Promotion
from articles.promotion.money import exact
from articles.promotion.refunds import refund_of
from articles.promotion.room import wanted_start_of
from articles.promotion.transitions import DECIDE
from core.exceptions import ActionNotAllowed
from core.http_cache import framed

if TYPE_CHECKING:
    _Base = admin.ModelAdmin[Promotion]
else:
    _Base = object

Phase, State = Promotion.Phase, Promotion.State
_DONE: dict[str, str] = {
    Verb.APPROVE: gettext_noop("The promotion of “%(title)s” is approved."),
    Verb.CONFIRM_PAYMENT: gettext_noop("The payment for “%(title)s” is confirmed. Now it can be decided on."),
    Verb.LOOK_AFTER_EDIT: gettext_noop("The promotion of “%(title)s” goes on with the changed text."),
    Verb.MOVE_START: gettext_noop("The promotion of “%(title)s” has its new start."),
    Verb.DECLINE: gettext_noop("The promotion of “%(title)s” is declined."),
    Verb.REVOKE: gettext_noop("The promotion of “%(title)s” is revoked."),
    Verb.RECORD_REFUND: gettext_noop("The refund for “%(title)s” is recorded."),
    Verb.CORRECT: gettext_noop("The correction for “%(title)s” stands in the ledger."),
}


def possible_verbs(promotion: Promotion, moderator: User) -> list[Verb]:
    """What the moderator can do with a promotion as it stands now, the likeliest first. The verbs check it again."""
    phase = promotion.phase
    found: list[Verb] = []
    if phase == Phase.AWAITING_PAYMENT:
        found += [Verb.CONFIRM_PAYMENT]
    if phase in {Phase.REQUESTED, Phase.PAID} and promotion.article.is_public and author_has_spoken(promotion):
        found += [Verb.APPROVE]
    if phase in {Phase.REQUESTED, Phase.AWAITING_PAYMENT, Phase.PAID}:
        found += [Verb.DECLINE]
    if is_paused(promotion, phase) and promotion.article.is_public:
        found += [Verb.LOOK_AFTER_EDIT]
    if phase == Phase.SCHEDULED:
        found += [Verb.MOVE_START]
    if any(payment.refund_left for payment in promotion.payments.all()):
        found += [Verb.RECORD_REFUND]
    if promotion.sponsor_id == moderator.pk and promotion.kind != Promotion.Kind.EDITORIAL:
        found = []  # Another moderator's part; to take one's own away needs no second person.
    if phase in {Phase.SCHEDULED, Phase.RUNNING}:
        found += [Verb.REVOKE]
    return [*found, Verb.CORRECT]


class DecisionPage(_Base):
    """An admin whose objects are not edited but looked at and decided on; adding one is an editors' choice."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm(DECIDE))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm(DECIDE))

    def get_urls(self) -> list[URLPattern]:
        preview: Callable[..., HttpResponse] = framed(self.admin_site.admin_view(self.preview_view))
        return [path("<path:object_id>/preview/", preview, name="promotion_promotion_preview"), *super().get_urls()]

    def promotion_of(self, object_id: str) -> Promotion | None:
        """The promotion with this key and all that its page shows, or None."""
        found = Promotion.objects.for_list().select_related("approved_revision", "decided_by")
        return found.defer("approved_revision__body").prefetch_related("payments").filter(pk=_key(object_id)).first()

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the promotion; a POST decides."""
        assert isinstance(request.user, User)
        if not self.has_view_permission(request):
            raise PermissionDenied
        promotion = self.promotion_of(unquote(object_id))
        if promotion is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined,no-any-return]
        form = DecisionForm(promotion=promotion, verbs=possible_verbs(promotion, request.user))
        refusal = ""
        if request.method == "POST":
            if not request.user.has_perm(DECIDE):
                raise PermissionDenied
            # Whatever could be done when the page was made: the verb itself says why it cannot be done any more.
            form = DecisionForm(request.POST, promotion=promotion, verbs=list(Verb))
            if form.is_valid():
                refusal = self._act(request, promotion, form)
                if not refusal:
                    return HttpResponseRedirect(self._after(form.cleaned_data["verb"], promotion))
                promotion = self.promotion_of(unquote(object_id)) or promotion
                typed = {name: form.cleaned_data[name] for name in ("verb", "start", "reason")}
                form = DecisionForm(promotion=promotion, verbs=possible_verbs(promotion, request.user), typed=typed)
            else:
                form.offer(possible_verbs(promotion, request.user))
        context = {
            **self.admin_site.each_context(request),
            **self._context(request, promotion),
            "form": form,
            "refusal": refusal,
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/promotion/decide.html", context, status=409 if refusal else 200)

    def _act(self, request: HttpRequest, promotion: Promotion, form: DecisionForm) -> str:
        """Carry out what the form says; the sentence that says why it was not possible, or ""."""
        assert isinstance(request.user, User)
        verb = Verb(form.cleaned_data["verb"])
        moderator, reason, start = request.user, form.cleaned_data["reason"], form.cleaned_data["start"]
        read = promotion.article.live_id  # What was on the screen, as the form has found; the verb looks once more.
        try:
            match verb:
                case Verb.APPROVE:
                    lifecycle.approve(
                        promotion=promotion, moderator=moderator, start=start, reason=reason, revision_id=read
                    )
                case Verb.CONFIRM_PAYMENT:
                    lifecycle.confirm_payment(promotion=promotion, moderator=moderator, reason=reason)
                case Verb.LOOK_AFTER_EDIT:
                    lifecycle.look_after_edit(promotion=promotion, moderator=moderator, reason=reason, revision_id=read)
                case Verb.MOVE_START:
                    lifecycle.move_start(promotion=promotion, moderator=moderator, start=start, reason=reason)
                case Verb.DECLINE:
                    lifecycle.decline(promotion=promotion, moderator=moderator, reason=reason)
                case Verb.REVOKE:
                    lifecycle.revoke(promotion=promotion, moderator=moderator, reason=reason)
                case Verb.RECORD_REFUND:
                    lifecycle.record_refund(promotion=promotion, moderator=moderator, reason=reason)
                case Verb.CORRECT:
                    lifecycle.correct(promotion=promotion, moderator=moderator, reason=reason)
        except ActionNotAllowed as error:
            return str(error)
        self.log_change(request, promotion, verb.label)
        messages.success(request, _(_DONE[verb]) % {"title": str(promotion.article)})
        return ""

    def _after(self, verb: str, promotion: Promotion) -> str:
        if verb in {Verb.APPROVE, Verb.DECLINE}:  # Back to the queue, where the next one waits.
            return reverse(f"{self.admin_site.name}:promotion_promotion_changelist")
        return reverse(f"{self.admin_site.name}:promotion_promotion_change", args=[promotion.pk])

    def _context(self, request: HttpRequest, promotion: Promotion) -> dict[str, Any]:
        assert isinstance(request.user, User)
        now, phase, article = timezone.now(), promotion.phase, promotion.article
        undecided = phase in {Phase.REQUESTED, Phase.AWAITING_PAYMENT, Phase.PAID}
        others = Promotion.objects.filter(sponsor=promotion.sponsor_id).exclude(pk=promotion.pk)
        return {
            "opts": self.opts,
            "title": str(article),
            "original": promotion,
            "promotion": promotion,
            "article": article,
            "phase": phase,
            "paused": is_paused(promotion, phase),
            "changed": article.live_id != promotion.approved_revision_id,
            "may_decide": request.user.has_perm(DECIDE),
            "verbs": possible_verbs(promotion, request.user),
            "is_own": promotion.sponsor_id == request.user.pk and promotion.kind != Promotion.Kind.EDITORIAL,
            "is_undecided": undecided,
            "author_has_spoken": author_has_spoken(promotion),
            "free_from": self._free_from(promotion) if undecided and article.is_public else None,
            "refund_now": _refund_now(promotion, now=now) if phase in {Phase.SCHEDULED, Phase.RUNNING} else "",
            "refund_left": [
                exact(one.refund_left, one.currency) for one in promotion.payments.all() if one.refund_left
            ],
            "ledger": promotion.ledger.in_order().select_related("actor"),
            "counts": others.aggregate(
                ran=Count("pk", filter=Q(state__in=[State.APPROVED, State.ENDED])),
                declined=Count("pk", filter=Q(state=State.DECLINED)),
                revoked=Count("pk", filter=Q(state=State.REVOKED)),
                cancelled=Count("pk", filter=Q(state=State.CANCELLED)),
            ),
            "others": others.for_list().order_by("-requested_at", "-pk")[:10],
            "results": promotion.day_rows.aggregate(
                impressions=Sum("impressions", default=0),
                clicks=Sum("clicks", default=0),
                views=Sum("views", default=0),
            ),
        }

    def _free_from(self, promotion: Promotion) -> Any:
        """The start that approving would give now, or None where there is no room."""
        section = promotion.article.section if promotion.placement.is_per_section else None
        return schedule.first_free(
            placement=promotion.placement,
            section=section,
            days=promotion.days,
            not_before=wanted_start_of(promotion) or timezone.now(),
        )

    def preview_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The article as readers see it, for the frame on the page of decision."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        article = Article.objects.filter(promotions=_key(object_id)).select_related(
            "author", "section", "live__section", "live__image"
        )
        found = article.first()
        if found is None or found.live is None:
            raise Http404
        context = {**article_page_context(found, found.live), "preview": True}
        return render(request, "articles/article.html", context)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask which article the editors choose, for where and how long; `?article=` fills in its number."""
        assert isinstance(request.user, User)
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = PinForm(request.POST or None, initial={"article": request.GET.get("article", "")[:400]})
        if request.method == "POST" and form.is_valid():
            try:
                promotion = lifecycle.pin(moderator=request.user, **form.cleaned_data)
            except ActionNotAllowed as error:
                form.add_error(None, str(error))
            else:
                self.log_addition(request, promotion, _("Editors’ choice"))
                messages.success(request, _("“%(title)s” has its place.") % {"title": str(promotion.article)})
                return redirect("admin:promotion_promotion_change", promotion.pk)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Editors’ choice"),
            "form": form,
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/promotion/pin.html", context)


def _key(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else 0


def _refund_now(promotion: Promotion, *, now: Any) -> str:
    """What would be due back if the promotion stopped now, or "" where nothing was paid."""
    paid = [one for one in promotion.payments.all() if one.received_at is not None and not one.refund_due]
    due = sum(refund_of(promotion, one.amount, now=now) for one in paid)
    return exact(due, promotion.currency) if paid else ""
