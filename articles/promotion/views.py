"""The page behind "Promote this post"."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import FormView

from accounts.limits import limit
from accounts.models import User
from articles.access import published_article
from articles.models import Article
from articles.promotion.forms import PromotionForm
from articles.promotion.services import open_request, request_promotion
from articles.publishing import NotPossible

REQUESTS_AN_HOUR = 10


class PromoteView(FormView[PromotionForm]):
    """The article's card, what happens next, and a message to the moderators. A request that waits stands instead."""

    template_name = "promotion/promote.html"
    form_class = PromotionForm
    http_method_names = ["get", "head", "post", "options"]
    article: Article

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.article = published_article(kwargs["pk"])
        if not request.user.is_authenticated:
            return redirect_to_login(reverse("promote", kwargs={"pk": self.article.pk}))
        return super().dispatch(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        limit(request, "promote", most=REQUESTS_AN_HOUR, seconds=3600)
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: PromotionForm) -> HttpResponse:
        assert isinstance(self.request.user, User)
        try:
            request_promotion(article=self.article, sponsor=self.request.user, message=form.cleaned_data["message"])
        except NotPossible as error:
            form.add_error(None, str(error))
            return self.form_invalid(form)
        messages.success(self.request, _("Thank you: the moderators have your request."))
        return redirect("promote", pk=self.article.pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        assert isinstance(self.request.user, User)
        waiting = open_request(article=self.article, sponsor=self.request.user)
        return super().get_context_data(article=self.article, waiting=waiting, **kwargs)
