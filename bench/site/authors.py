"""Create the drafts of the authors who autosave, and print them as JSON with a session for each."""

from __future__ import annotations

import json
import sys
from uuid import NAMESPACE_URL, uuid5

from accounts.models import User
from articles.models import Article, Revision
from articles.models.disclosure import NOTHING_TO_DISCLOSE
from articles.services import publishing
from articles.services.revisions import ArticleContent
from bench.site.sessions import log_in


def main() -> None:
    """Print the drafts of so many authors, each with the text of another published article."""
    count = int(sys.argv[1])
    authors = list(User.objects.filter(is_active=True, is_staff=False, suspended_until=None).order_by("pk")[:count])
    newest = Article.objects.published().new().values_list("live", flat=True)[:count]
    texts = Revision.objects.in_bulk(list(newest))
    found = []
    for author, session, text in zip(authors, log_in(authors), texts.values(), strict=False):
        content = ArticleContent(title=text.title, section=text.section, language=text.language, body=text.body)
        # The same draft in each run on this database.
        key = uuid5(NAMESPACE_URL, f"bench:{author.pk}")
        draft = publishing.start_draft(author=author, text=content, form_key=key)
        assert draft.latest is not None  # `start_draft` creates both
        fields = {
            **NOTHING_TO_DISCLOSE,
            "title": text.title,
            "section": str(text.section_id),
            "language": text.language,
            "body": draft.latest.body,
            "form_key": str(key),
        }
        found.append({"session": session, "article": draft.pk, "version": draft.latest.version, "fields": fields})
    json.dump(found, sys.stdout)
