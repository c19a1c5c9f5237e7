"""Queries for images: a user's library, what texts may show, and the files that must be there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from django.db.models import Q, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404

from accounts.models import User
from accounts.selectors import AVATAR_SIZES, avatar_path
from articles.body import images_in
from articles.models import Article, Image, Revision


def editable_image(user: User, pk: int) -> Image:
    """Return an image that the user can see in the editor: their own, or one of an article that they write with others.

    Moderators correct the texts of all.

    Raises:
        Http404: there is no such image.
    """
    image = get_object_or_404(Image, pk=pk)
    if image.owner_id == user.pk or user.has_perm("moderation.decide"):
        return image
    uses = Image.used_in.through.objects.filter(image=image)
    if not uses.filter(revision__article__in=Article.objects.all_pks_of(user)).exists():
        raise Http404
    return image


def own_images(user: User, query: str = "") -> QuerySet[Image]:
    """Return the user's images, those whose texts contain `query` if there is one."""
    images = Image.objects.filter(owner=user)
    if not query:
        return images
    found = Q()
    # SQLite ignores the case of ASCII letters only.
    for spelling in {query, query.lower(), query.capitalize()}:
        for name in ("alternative_text", "caption", "credit"):
            found |= Q(**{f"{name}__icontains": spelling})
    return images.filter(found)


def uses_of_images(images: Sequence[Image]) -> dict[Image, list[Article]]:
    """Return the articles that use each of the images in one of their versions, the newest first.

    Those of others, with whom the owner wrote before, are among them.
    """
    pks = [image.pk for image in images]
    as_lead = Revision.objects.filter(image__in=pks).order_by().values_list("image", "article")
    in_text = Image.used_in.through.objects.filter(image__in=pks).values_list("image", "revision__article")
    pairs = set(as_lead) | set(in_text)
    articles = Article.objects.select_related("live", "latest", "author").defer("live__body", "latest__body")
    by_pk = articles.in_bulk({article for _image, article in pairs})
    newest_first = sorted(pairs, reverse=True)
    return {image: [by_pk[article] for pk, article in newest_first if pk == image.pk] for image in images}


def images_of_texts(revisions: Iterable[Revision]) -> dict[int, Image]:
    """Return the images that the texts of these versions may show, by primary key, in at most two queries.

    These are the images of their authors and former co-authors, without those of hidden articles.
    """
    revisions = list(revisions)
    of_authors: dict[int, set[int]] = defaultdict(set)
    hidden_too: set[int] = set()
    for revision in revisions:
        pks = {image.pk for image in images_in(revision.body)}
        for author in revision.article.author_pks:
            of_authors[author] |= pks
        if revision.article.state == Article.State.HIDDEN:  # Its author and moderators see it as it was.
            hidden_too |= pks
    if not (pks := set().union(*of_authors.values())):
        return {}
    found = Image.objects.filter(pk__in=pks).only("key", "width", "height", "owner", "is_hidden")
    images = {image.pk: image for image in found if not image.is_hidden or image.pk in hidden_too}
    foreign = {pk for pk, image in images.items() if pk not in of_authors.get(image.owner_id, ())}
    if foreign:
        # Those of former co-authors, which were checked when the version was saved.
        links = Image.used_in.through.objects.filter(
            image__in=foreign, revision__in=[one.pk for one in revisions if one.pk]
        )
        foreign -= set(links.values_list("image", flat=True))
    return {pk: image for pk, image in images.items() if pk not in foreign}


def images_of_live_texts(articles: Iterable[Article]) -> dict[int, Image]:
    """Return the images that the texts of published articles show (`images_of_texts`)."""
    revisions = []
    for article in articles:
        if article.live:
            article.live.article = article
            revisions.append(article.live)
    return images_of_texts(revisions)


def image_file_paths(*, sample: int | None = None) -> Iterator[str]:
    """Yield the path of every file of an image or avatar that must be in the storage.

    Args:
        sample: only the files of so many images and of so many avatars, chosen at random.
    """
    # The files of other images are about to move (articles.services.images.finish_moves).
    images = Image.objects.filter(retired_key="")
    users = User.objects.exclude(avatar_key="")
    if sample is not None:
        images, users = images.order_by("?")[:sample], users.order_by("?")[:sample]
    for image in images.iterator(chunk_size=1000):
        yield from image.paths
    for key in users.values_list("avatar_key", flat=True).iterator(chunk_size=1000):
        yield from (avatar_path(key, size) for size in AVATAR_SIZES)
