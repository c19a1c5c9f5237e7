"""Public pages: the rules, and which articles were hidden or shown again, with the reason."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.views.generic import TemplateView

from articles.moderation.models import BY_DECISION_TIME, Decision, RuleVersion
from core.pagination import paginate

LOG_PAGE_SIZE = 20


class LogView(TemplateView):
    """List the public decisions, newest first, without names of users; the title only while the article is public."""

    template_name = "moderation/log.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        decisions = Decision.objects.filter(verdict__in=["hide", "restore"]).order_by(*BY_DECISION_TIME.names)
        decisions = decisions.select_related("rule_version__rule", "revision__section", "revision__article__live")
        decisions = decisions.defer("revision__body", "revision__article__live__body")
        page = paginate(decisions, self.request, order=BY_DECISION_TIME, size=LOG_PAGE_SIZE)
        return super().get_context_data(page=page.object_list, older=page.next_cursor, **kwargs)


class RulesView(TemplateView):
    """List the rules in force in their present version, and the former rules."""

    template_name = "moderation/rules.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        versions = list(RuleVersion.objects.current())
        return super().get_context_data(
            rules=[version for version in versions if version.rule.retired_at is None],
            former_rules=[version for version in versions if version.rule.retired_at is not None],
            **kwargs,
        )


class RuleView(TemplateView):
    """Show all versions of one rule, newest first."""

    template_name = "moderation/rule.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        versions = list(RuleVersion.objects.filter(rule__slug=kwargs["slug"]).select_related("rule"))
        if not versions:
            raise Http404
        return super().get_context_data(rule=versions[0].rule, versions=versions, **kwargs)
