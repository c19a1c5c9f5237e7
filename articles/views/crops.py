"""Pages on which an author crops an image and sets its focal point: a lead image, and one of the library."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import View

from articles.image_forms import CropForm
from articles.models import Image, Revision
from articles.selectors import own_article
from articles.services.crops import crop_image, crop_lead_image
from articles.views.author import signed_in_user
from articles.views.images import seconds_until_upload
from core.exceptions import ActionNotAllowed
from core.images import InvalidImage


class CropView(LoginRequiredMixin, View):
    """An image of the library; a POST adds another image to it."""

    image: Image

    def dispatch(self, request: HttpRequest, *args: Any, pk: int) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return self.handle_no_permission()
        return self.load(pk) or super().dispatch(request, *args, pk=pk)

    def load(self, pk: int) -> HttpResponse | None:
        """Set `image`, or return a response if there is nothing to crop."""
        images = Image.objects.filter(owner=signed_in_user(self.request)).select_related("original")
        self.image = get_object_or_404(images, pk=pk)
        self.back = f"{reverse('my_images')}#image-{pk}"
        return None

    def save(self, **crop: Any) -> HttpResponse:
        """Crop the image."""
        made = crop_image(image=self.image, owner=signed_in_user(self.request), **crop)
        messages.success(self.request, _("The image is in your library. Copy its line into your text."))
        return redirect(f"{reverse('my_images')}#image-{made.pk}")

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._render(CropForm(image=self.image))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        wait = seconds_until_upload(request)
        form = CropForm(request.POST, image=self.image)
        if wait:
            form.add_error(None, _("You have uploaded too many images in a short time. Try again later."))
        if form.is_valid():
            try:
                return self.save(**form.cleaned_data)
            except InvalidImage as error:
                form.add_error(None, error)
            except ActionNotAllowed as error:
                form.add_error(None, str(error))
        return self._render(form, retry_after=wait)

    def _render(self, form: CropForm, *, retry_after: int = 0) -> HttpResponse:
        context = {
            "form": form,
            "image": self.image.original or self.image,
            "is_library": type(self) is CropView,
            "back": self.back,
            "here": "my_images",
        }
        response = render(self.request, "articles/my/crop.html", context, status=429 if retry_after else 200)
        if retry_after:
            response["Retry-After"] = str(retry_after)
        return response


class CropLeadView(CropView):
    """The lead image of an article; a POST changes the draft."""

    def load(self, pk: int) -> HttpResponse | None:
        user = signed_in_user(self.request)
        self.article = own_article(user, pk, or_as_coauthor=True)
        latest = self.article.latest
        self.back = reverse("my_article_edit", args=[pk])
        if latest is None or latest.state == Revision.State.IN_REVIEW:
            return redirect(self.back)
        if latest.image is None:
            messages.warning(self.request, _("This article has no lead image. Choose one first."))
            return redirect(self.back)
        if latest.image.owner_id != user.pk:
            messages.warning(self.request, _("This image belongs to another author of the article, who can crop it."))
            return redirect(self.back)
        self.image = latest.image
        return None

    def save(self, **crop: Any) -> HttpResponse:
        crop_lead_image(article=self.article, editor=signed_in_user(self.request), **crop)
        messages.success(self.request, _("Saved."))
        return redirect(self.back)
