"""The screening of submissions: similar texts and images, new links, watch words, many submissions, new accounts.

A task screens after the submission; `screen_unfinished` is periodic, for what a task that was killed left behind.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from PIL import Image as PILImage

from articles.models import Article, Image, Revision
from articles.moderation.models import Hint, ImageBand, ImageHash, LinkDomain, Screening, TextBand, WatchWord
from articles.moderation.selectors import most_similar
from articles.moderation.similarity import (
    MAX_DISTANCE,
    WORD,
    bands,
    distance,
    image_hash,
    near_quarters,
    quarters,
    shingles,
)
from core.sanitizer import plain_text

# A task that needs longer was killed.
CLAIM_TIMEOUT = timedelta(minutes=5)
MAX_SCREENED = 100
MAX_IMAGES_HASHED = 20
MAX_IMAGES_COMPARED = 500
MAX_DOMAINS = 20
MAX_LINKS_READ = 50
MAX_WATCH_WORDS = 1_000
MAX_WORDS_REPORTED = 10
NEW_ACCOUNT = timedelta(days=7)
# So many submissions in a day are reported.
MANY_SUBMISSIONS = 5
LATEST_ARTICLES = 50

Kind = Hint.Kind
_HREF = re.compile(r'<a href="(https?://[^"]+)"')


def request_screening(revision: Revision) -> bool:
    """Have a submitted text screened; return whether it is not yet. Call it in the transaction of the submission."""
    assert revision.submitted_at is not None
    screening, is_new = Screening.objects.get_or_create(
        revision=revision, defaults={"submitted_at": revision.submitted_at}
    )
    if is_new or screening.submitted_at == revision.submitted_at:
        return is_new
    again = {"submitted_at": revision.submitted_at, "requested_at": timezone.now()}
    Screening.objects.filter(pk=screening.pk).update(claimed_at=None, finished_at=None, **again)
    return True


def screen_unfinished() -> int:
    """Screen what was requested and not finished; return how many."""
    due = Screening.objects.unfinished().filter(requested_at__lt=timezone.now() - timedelta(minutes=1))
    return sum(screen(pk) for pk in list(due.values_list("pk", flat=True)[:MAX_SCREENED]))


def screen(revision_pk: int) -> bool:
    """Screen one submission, unless another process does; return whether it was screened."""
    now = timezone.now()
    free = Q(claimed_at=None) | Q(claimed_at__lt=now - CLAIM_TIMEOUT)
    unfinished = Screening.objects.filter(free, pk=revision_pk, finished_at=None)
    if not unfinished.update(claimed_at=now):
        return False
    revision = Revision.objects.select_related("article__author", "image").filter(pk=revision_pk).first()
    if revision is None or revision.submitted_at is None:
        return False
    # Before the transaction: the files can be on another machine.
    hashes = _hashes_of_images(revision)
    with transaction.atomic():  # One commit for everything that is stored.
        found = find_hints(revision, hashes)
        claimed = Screening.objects.filter(pk=revision_pk, submitted_at=revision.submitted_at, claimed_at=now)
        rank = -sum(Hint.WEIGHTS[kind] for kind in found)
        if not claimed.update(finished_at=timezone.now(), rank=rank):
            return False  # Submitted again meanwhile, with another text.
        Hint.objects.filter(revision=revision).delete()
        Hint.objects.bulk_create([Hint(revision=revision, kind=kind, data=data) for kind, data in found.items()])
    return True


def find_hints(revision: Revision, hashes: dict[int, int]) -> dict[Hint.Kind, dict[str, Any]]:
    """Return what there is to say about a submission, and store its text and image for the search of later ones."""
    text = plain_text(revision.body)
    found = {
        Kind.TEXT: _similar_text(revision, text),
        Kind.IMAGE: _same_image(revision, hashes),
        Kind.DOMAINS: _new_domains(revision),
        Kind.WORDS: _watch_words(f"{revision.title}\n{revision.summary}\n{text}"),
        Kind.SUBMISSIONS: _many_submissions(revision),
        Kind.ACCOUNT: _new_account(revision),
    }
    return {kind: data for kind, data in found.items() if data}


def store_bands(revision: Revision, hashes: list[int]) -> None:
    """Store the bands of a text instead of those of an earlier one of the same revision."""
    TextBand.objects.filter(revision=revision).delete()
    rows = [TextBand(hash=value, revision=revision) for value in dict.fromkeys(hashes)]
    TextBand.objects.bulk_create(rows, ignore_conflicts=True)


def _similar_text(revision: Revision, text: str) -> dict[str, Any]:
    """Return the text of another article of which this one has most, and how much in per cent."""
    own = shingles(text)
    share, other = most_similar(revision, own)
    store_bands(revision, bands(own))
    return {"percent": round(100 * share), **_reference(other)} if other else {}


def _same_image(revision: Revision, own: dict[int, int]) -> dict[str, Any]:
    """Return a text of another author that shows one of the images, as its lead image or in its text.

    Args:
        own: the hashes of the images by primary key; they are stored.
    """
    if not own:
        return {}
    rows = [ImageHash(image_id=pk, hash=value) for pk, value in own.items()]
    ImageHash.objects.bulk_create(rows, ignore_conflicts=True)
    parts = [ImageBand(quarter=quarter, image_id=pk) for pk, value in own.items() for quarter in quarters(value)]
    ImageBand.objects.bulk_create(parts, ignore_conflicts=True)
    quarter_values = {quarter for value in own.values() for quarter in near_quarters(value)}
    near = ImageBand.objects.filter(quarter__in=quarter_values).exclude(image__in=own)
    candidates = ImageHash.objects.filter(pk__in=near.values("image")[:MAX_IMAGES_COMPARED])
    same = [
        image.pk for image in candidates if any(distance(image.hash, value) <= MAX_DISTANCE for value in own.values())
    ]
    if not same:
        return {}
    others = Revision.objects.exclude(article__author=revision.article.author_id).exclude(state=Revision.State.DRAFT)
    others = others.select_related("article__author").order_by("pk")
    # Two queries, because each has its own index.
    other = others.filter(image__in=same).first() or others.filter(body_images__in=same).first()
    return _reference(other) if other else {}


def _hashes_of_images(revision: Revision) -> dict[int, int]:
    """Return the hashes of the lead image and of the first `MAX_IMAGES_HASHED` in the text, by primary key."""
    in_text = Image.objects.filter(used_in=revision).order_by("pk")[:MAX_IMAGES_HASHED]
    images = {image.pk: image for image in [*filter(None, [revision.image]), *in_text]}
    stored = ImageHash.objects.filter(pk__in=images).in_bulk()
    hashes = {pk: stored[pk].hash if pk in stored else _hash_image(image) for pk, image in images.items()}
    return {pk: value for pk, value in hashes.items() if value is not None}


def _hash_image(image: Image) -> int | None:
    """Compute the hash of an image. None if it is almost of one colour, or the file is missing."""
    try:
        with default_storage.open(image.path(image.widths[0])) as file, PILImage.open(file) as pixels:
            return image_hash(pixels)
    except OSError:
        return None


def _new_domains(revision: Revision) -> dict[str, Any]:
    """Return the domains to which no published article of another author links."""
    hosts = (urlsplit(url).hostname for url in _HREF.findall(revision.body))
    domains = list(dict.fromkeys(host.removeprefix("www.")[:253] for host in hosts if host))[:MAX_DOMAINS]
    LinkDomain.objects.filter(revision=revision).delete()
    LinkDomain.objects.bulk_create([LinkDomain(domain=domain, revision=revision) for domain in domains])
    newest = {domain: _newest_links(domain) for domain in domains}
    others = Revision.objects.filter(pk__in={pk for pks in newest.values() for pk in pks})
    others = others.filter(state=Revision.State.PUBLISHED).exclude(article__author=revision.article.author_id)
    published = set(others.values_list("pk", flat=True))
    new = [domain for domain, pks in newest.items() if published.isdisjoint(pks)]
    return {"domains": new} if new else {}


def _newest_links(domain: str) -> list[int]:
    """Return the newest texts that link to a domain, without reading all of them: it can be in every article."""
    links = LinkDomain.objects.filter(domain=domain).order_by("-revision")
    return list(links.values_list("revision", flat=True)[:MAX_LINKS_READ])


def _watch_words(text: str) -> dict[str, Any]:
    text = _in_words(text)
    found = [
        word
        for word in WatchWord.objects.values_list("word", flat=True)[:MAX_WATCH_WORDS]
        # With an asterisk at its end, the next letter can be any.
        if _in_words(word).removesuffix(" " * word.endswith("*")) in text
    ]
    return {"words": found[:MAX_WORDS_REPORTED]} if found else {}


def _in_words(text: str) -> str:
    """Return the words of a text in lower case, each with a space before and after."""
    return f" {' '.join(WORD.findall(text.casefold()))} "


def _many_submissions(revision: Revision) -> dict[str, Any]:
    latest = Article.objects.filter(author=revision.article.author_id).order_by("-state_since", "-pk")
    since = timezone.now() - timedelta(days=1)
    pks = list(latest.values_list("pk", flat=True)[:LATEST_ARTICLES])
    count = Revision.objects.filter(article__in=pks, submitted_at__gte=since).count()
    return {"count": count} if count >= MANY_SUBMISSIONS else {}


def _new_account(revision: Revision) -> dict[str, Any]:
    assert revision.submitted_at is not None
    age = revision.submitted_at - revision.article.author.date_joined
    return {"days": max(0, age.days)} if age < NEW_ACCOUNT else {}


def _reference(other: Revision) -> dict[str, Any]:
    return {"revision": other.pk, "title": other.title, "author": other.article.author.name}
