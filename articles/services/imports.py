"""Make a draft of a document that its author wrote elsewhere."""

from __future__ import annotations

import re
import time
import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import lock_acting_user
from articles.models import Article, Image
from articles.models.image import WIDTHS
from articles.services.images import delete_image, store_image
from articles.services.publishing import start_draft
from articles.services.revisions import MAX_BODY_LENGTH, ArticleContent, PageState, StaleVersion
from core.documents import Document
from core.exceptions import ActionNotAllowed
from core.images import InvalidImage, load_image
from core.logs import log_event
from core.sanitizer import sanitize
from core.text import clean_text, is_visible, shorten

MAX_TITLE = 140
MAX_SUMMARY = 300
# For all images of a document; those after it are left out.
MAX_IMAGE_SECONDS = 25
# Longer than every primary key.
_ANY_KEY = 10**17
_ADDRESS = re.compile(r'<img src="image:(\d{1,4})"')


@dataclass(frozen=True)
class ImportedDraft:
    """The draft that a document became.

    Args:
        lost: how much of the document was left out: as `Document.lost`, and "images_not_stored", "title", "summary".
        is_new: False for a document that was sent twice.
    """

    article: Article
    lost: Counter[str]
    is_new: bool = True


def import_draft(*, author: User, document: Document, form_key: uuid.UUID, language: str) -> ImportedDraft:
    """Create a draft of a document, with its images in the author's library.

    Args:
        form_key: idempotency key of this document in this form (`start_draft`).
        language: of a document that does not say its own.

    Raises:
        ActionNotAllowed: the document has no text or is too long, or the author is suspended. Nothing was stored.
    """
    if made := Article.objects.filter(author=author, form_key=form_key).first():
        return ImportedDraft(made, Counter(), is_new=False)
    with transaction.atomic():
        lock_acting_user(author.pk)
    html, lost = clean_text(document.html), document.lost.copy()
    longest = _body(html, {number: _ANY_KEY + number for number in range(len(document.images))})
    if len(longest) > MAX_BODY_LENGTH:
        sentence = _("The document is too long for one article. Split it into several files.")
        raise ActionNotAllowed(sentence, "file")
    title, summary = (clean_text(text, one_line=True) for text in (document.title, document.summary))
    title = title if is_visible(title) else ""
    if not longest and not title:
        raise ActionNotAllowed(_("There is no text in this file."), "file")
    lost["title"] += len(title) > len(shorten(title, MAX_TITLE))
    lost["summary"] += len(summary) > len(shorten(summary, MAX_SUMMARY))
    stored = _store_images(author, document.images, lost)
    text = ArticleContent(
        title=shorten(title, MAX_TITLE),
        summary=shorten(summary, MAX_SUMMARY),
        body=_body(html, {number: image.pk for number, image in stored.items()}),
        tag_names=document.tags,
        language=document.language if document.language in dict(settings.LANGUAGES) else language,
    )
    try:
        article = start_draft(author=author, text=text, form_key=form_key, page=PageState(version=0))
    except StaleVersion:  # Another request has made it since, and its author went on writing.
        return ImportedDraft(Article.objects.get(author=author, form_key=form_key), Counter(), is_new=False)
    except ActionNotAllowed:
        for image in stored.values():
            delete_image(image)
        raise
    log_event("draft_imported", article_id=article.pk, images=len(stored))
    return ImportedDraft(article, +lost)


def _body(html: str, keys: Mapping[int, int]) -> str:
    """Return sanitised HTML with the images that have a primary key."""

    def image(match: re.Match[str]) -> str:
        key = keys.get(int(match[1]))
        return f'<img data-image="{key}"' if key else "<img"

    return sanitize(_ADDRESS.sub(image, html))


def _store_images(author: User, files: list[bytes], lost: Counter[str]) -> dict[int, Image]:
    """Store the images of a document by their numbers; `lost` counts the others."""
    stored: dict[int, Image] = {}
    end = time.monotonic() + MAX_IMAGE_SECONDS
    for number, file in enumerate(files):
        if time.monotonic() > end:
            lost["images_too_many"] += len(files) - number
            break
        try:
            pixels = load_image(BytesIO(file), min_side=max(WIDTHS))
        except InvalidImage:
            lost["images_unreadable"] += 1
            continue
        try:
            stored[number] = store_image(owner=author, pixels=pixels)
        except InvalidImage:  # The quota is used up, or the storage is away: so it is for the others.
            lost["images_not_stored"] += len(files) - number
            break
    return stored
