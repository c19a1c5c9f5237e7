"""The images in the text of a version: only those of its authors, and recorded with the version that shows them."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q

from articles.body import BodyImage, images_in, without_images
from articles.models import Article, Image, Revision


def drop_foreign_images(revision: Revision, before: str) -> None:
    """Remove images from a text that is about to be saved which none of its authors owns, or which are hidden.

    Those of a former co-author, which another version of the article has, stay.

    Args:
        before: the text that it replaces; its images were checked already.
    """
    known = {image.pk for image in images_in(before)}
    if not (new := {image.pk for image in images_in(revision.body)} - known):
        return
    article = revision.article
    uses = Image.used_in.through.objects.filter(image=OuterRef("pk"), revision__article=article)
    allowed = Image.objects.filter(Q(owner__in=article.author_pks) | Exists(uses), pk__in=new)
    # A hidden article keeps what was hidden with it.
    if article.state != Article.State.HIDDEN:
        allowed = allowed.filter(is_hidden=False)
    revision.body = without_images(revision.body, new - set(allowed.values_list("pk", flat=True)))


def record_images(revision: Revision, before: str) -> None:
    """Record the images of a saved text, and what it says about them.

    Args:
        before: the text of this version that it replaced, "" for a new version.
    """
    old, new = _by_pk(before), _by_pk(revision.body)
    if old == new:
        return
    links = Image.used_in.through.objects
    if removed := old.keys() - new.keys():
        links.filter(revision=revision, image__in=removed).delete()
    changed = [pk for pk, text in new.items() if old.get(pk) != text]
    # An image that is deleted at this moment is no longer among them.
    images = list(Image.objects.select_for_update(no_key=True).filter(pk__in=changed).order_by("pk"))
    links.bulk_create(
        [Image.used_in.through(revision=revision, image=image) for image in images], ignore_conflicts=True
    )
    for image in images:
        text = new[image.pk]
        image.alternative_text, image.caption = text.alternative_text, text.caption
        image.credit, image.licence = text.credit, text.licence
    Image.objects.bulk_update(images, ["alternative_text", "caption", "credit", "licence"])


def _by_pk(body: str) -> dict[int, BodyImage]:
    return {image.pk: image for image in images_in(body)}
