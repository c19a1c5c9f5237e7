"""The data of the article form, and what its pages show."""

from __future__ import annotations

import re
import uuid
from typing import Any

from articles.models import Article, Revision
from articles.models.disclosure import NOTHING_TO_DISCLOSE
from tests import factories


def filled(article: Article | None = None, /, **changes: Any) -> dict[str, Any]:
    """Return the data of a complete form, of a new article or of the latest version of `article`."""
    return {
        "title": "We counted every street lamp",
        "summary": "A weekend and 2,340 lamps.",
        "body": factories.BODY,
        "section": factories.SectionFactory.create().pk,
        "language": "en",
        "tags": "street lamps, maps",
        "caption": "",
        "alternative_text": "",
        "credit": "",
        **NOTHING_TO_DISCLOSE,
        "image_token": "",
        "form_key": str(uuid.uuid4()),
        "version": Revision.objects.get(latest_for=article).version if article else 0,
        "save_key": str(uuid.uuid4()),
        "action": "save",
        **changes,
    }


def errors(answer: Any, field: str) -> str:
    """Return the errors next to a field."""
    assert answer.status_code in {200, 429}
    found = re.search(rf'<div id="id_{field}_error" class="invalid-feedback">(.*?)</div>', answer.text, re.DOTALL)
    return re.sub(r"<[^>]+>|\s+", " ", found[1]).strip() if found else ""


def hidden_value(answer: Any, name: str) -> str:
    found = re.search(rf'<input type="hidden" name="{name}"(?: value="([^"]*)")?', answer.text)
    assert found
    return found[1] or ""


def only_revision() -> Revision:
    article = Article.objects.select_related("latest").get()
    assert article.latest is not None
    return article.latest
