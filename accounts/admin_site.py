"""The admin site: who may use it, and how they log in."""

from functools import wraps
from typing import Any

from allauth.account.decorators import secure_admin_login
from django.contrib import messages
from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User

# Names that the libraries have in English alone.
APP_NAMES = {"django_tasks_database": gettext_lazy("Background tasks")}
MODEL_NAMES = {
    "Authenticator": gettext_lazy("Two-factor authentication"),
    "DBTaskResult": gettext_lazy("Tasks"),
    "UserSession": gettext_lazy("Sessions"),
}


class SiteAdmin(AdminSite):
    """The admin for staff who are not suspended, behind the site's log-in with limits and two-factor authentication."""

    # The first page has the tasks and all lists; the width is for the lists themselves.
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and isinstance(request.user, User) and not request.user.is_suspended

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Return the apps and models for the index, all with names in the language of the page."""
        apps: list[Any] = super().get_app_list(request, app_label)
        for app in apps:
            app["name"] = APP_NAMES.get(app["app_label"], app["name"])
            for model in app["models"]:
                model["name"] = MODEL_NAMES.get(model["object_name"], model["name"])
        return apps

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Refuse invalid primary keys in the selection of an action, with which Django answers 500."""
        checked_view = super().admin_view(view, cacheable)
        model_admin = getattr(view, "__self__", None)
        if not isinstance(model_admin, ModelAdmin):
            return checked_view
        pk = model_admin.opts.pk

        @wraps(checked_view)
        def with_valid_selection(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            try:
                for text in request.POST.getlist(ACTION_CHECKBOX_NAME):
                    pk.run_validators(pk.to_python(text))
            except ValidationError:
                messages.error(request, _("The list has changed. Select the items again."))
                return redirect(request.get_full_path())
            response: HttpResponse = checked_view(request, *args, **kwargs)
            return response

        return with_valid_selection

    @method_decorator(secure_admin_login)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Never show the form of Django, which has neither limits nor two-factor authentication."""
        if not self.has_permission(request):
            raise PermissionDenied
        return redirect("admin:index")
