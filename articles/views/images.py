"""The author's images: the library page, uploads from there and from the editor, and the files for the editor."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django.views.generic import View

from articles.image_forms import ImageUploadForm
from articles.image_selectors import editable_image, own_images, uses_of_images
from articles.models import Image
from articles.models.image import NEWEST_IMAGES
from articles.services.images import delete_own_image, quota_used
from core.exceptions import ActionNotAllowed
from core.pagination import paginate
from core.ratelimit import RateLimited, check_rate_limit
from core.text import clean_text

MAX_UPLOADS_PER_HOUR = 60
MAX_QUERY_LENGTH = 100
MEGABYTE = 1024 * 1024


def seconds_until_upload(request: HttpRequest) -> int:
    """Count an upload of the user and return the seconds to wait, 0 if it is allowed."""
    try:
        check_rate_limit(request, "upload", limit=MAX_UPLOADS_PER_HOUR, seconds=3600)
    except RateLimited as error:
        return error.retry_after
    return 0


def as_json(image: Image) -> dict[str, Any]:
    """Return what the editor knows of an image."""
    return {
        "id": image.pk,
        "src": reverse("my_image_file", kwargs={"pk": image.pk}),
        "width": image.width,
        "height": image.height,
        "alt": image.alternative_text,
        "caption": image.caption,
        "credit": image.credit,
        "licence": image.licence,
    }


class MyImagesView(View):
    """The library of the user's images, newest first; a POST uploads one.

    With `Accept: application/json` the same list and the same upload for the editor.
    """

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.is_for_editor = request.get_preferred_type(["text/html", "application/json"]) == "application/json"
        if not request.user.is_authenticated:
            if self.is_for_editor:
                return _refuse(_("You are no longer logged in. Log in in another window and try again."), 401)
            return redirect_to_login(reverse("my_images"))
        self.user = request.user
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._render(ImageUploadForm(owner=self.user))

    def post(self, request: HttpRequest) -> HttpResponse:
        wait = seconds_until_upload(request)
        form = ImageUploadForm(request.POST, None if wait else request.FILES, owner=self.user)
        image = None if wait else form.store()
        if wait:
            form.errors.clear()
            form.add_error(None, _("You have uploaded too many images in a short time. Try again later."))
        if self.is_for_editor:
            if image:
                return JsonResponse(as_json(image), status=201)
            sentences = [str(sentence) for errors in form.errors.values() for sentence in errors]
            return _refuse(" ".join(sentences), 429 if wait else 400, retry_after=wait)
        if image is None:
            return self._render(form, retry_after=wait)
        messages.success(request, _("The image is in your library. Copy its line into your text."))
        return redirect(f"{reverse('my_images')}#image-{image.pk}")

    def _render(self, form: ImageUploadForm, *, retry_after: int = 0) -> HttpResponse:
        query = clean_text(self.request.GET.get("q", "").replace("\x00", "")[:MAX_QUERY_LENGTH], one_line=True)
        page = paginate(own_images(self.user, query), self.request, order=NEWEST_IMAGES)
        if self.is_for_editor:
            images = [as_json(image) for image in page.object_list if not image.is_hidden]
            return JsonResponse({"images": images, "next": page.next_cursor})
        context = {
            "form": form,
            "query": query,
            "page": page,
            "images": list(uses_of_images(page.object_list).items()),
            "used": f"{quota_used(self.user) / MEGABYTE:.1f}",
            "quota": settings.IMAGE_QUOTA_BYTES // MEGABYTE,
            "here": "my_images",
        }
        status = 429 if retry_after else 200
        response = render(self.request, "articles/my/images.html", context, status=status)
        if retry_after:
            response["Retry-After"] = str(retry_after)
        return response


def _refuse(sentence: str, status: int, *, retry_after: int = 0) -> JsonResponse:
    response = JsonResponse({"error": sentence}, status=status)
    if retry_after:
        response["Retry-After"] = str(retry_after)
    return response


@require_safe
def file(request: HttpRequest, pk: int) -> HttpResponse:
    """Redirect to the file of an image, for the editor."""
    user = request.user
    if not user.is_authenticated:
        return redirect_to_login(reverse("my_images"))
    return redirect(editable_image(user, pk).url(960))


@require_POST
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete an image of one's own that no version uses."""
    if not request.user.is_authenticated:
        return redirect_to_login(reverse("my_images"))
    user = request.user
    try:
        for image in Image.objects.filter(owner=user, pk=pk):
            delete_own_image(image=image, owner=user)
    except ActionNotAllowed as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, _("Image deleted."))
    return redirect("my_images")
