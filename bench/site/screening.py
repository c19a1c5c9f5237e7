"""Screen submissions on a site whose published texts and images have all been screened, and print the times as JSON.

The fingerprints of the earlier texts and images are random numbers, except of the texts that are copied.
"""

from __future__ import annotations

import json
import random
import sys
import time
from dataclasses import replace
from uuid import NAMESPACE_URL, uuid5

from django.db import connection

from accounts.models import User
from articles.models import Article, Image, Revision
from articles.models.disclosure import NOTHING_TO_DISCLOSE
from articles.moderation.models import ImageHash, Screening, TextBand
from articles.moderation.services.screening import request_screening, screen, store_bands
from articles.moderation.similarity import bands, shingles
from articles.services import publishing
from articles.services.revisions import ArticleContent
from core.images import random_name
from core.sanitizer import plain_text

IMAGES = 100_000
DOMAINS = 3_000
# One word in so many is another one in a copy.
CHANGED = 25
WARM_UP = 5
_FILL = [
    """INSERT INTO moderation_textband (hash, revision_id)
    SELECT ((random() - 0.5) * 18446744073709551000)::numeric::bigint, live_id
    FROM articles_article, generate_series(1, 16) WHERE live_id IS NOT NULL""",
    # Few domains have most of the links.
    f"""INSERT INTO moderation_linkdomain (domain, revision_id)
    SELECT DISTINCT 'site-' || floor(power(random(), 4) * {DOMAINS})::int || '.example', live_id
    FROM articles_article, generate_series(1, 2) WHERE live_id IS NOT NULL""",  # noqa: S608 - a number of ours
    """INSERT INTO moderation_imagehash (image_id, hash)
    SELECT id, ((random() - 0.5) * 18446744073709551000)::numeric::bigint FROM articles_image""",
    """INSERT INTO moderation_imageband (quarter, image_id)
    SELECT place * 65536 + ((hash >> (16 * place)) & 65535), image_id
    FROM moderation_imagehash, generate_series(0, 3) AS place""",
]


def main() -> None:
    """Screen so many submissions one after the other, each in milliseconds of elapsed time."""
    if not TextBand.objects.exists():
        fill()
    times = []
    for number, revision in enumerate(submissions(int(sys.argv[1]) + WARM_UP)):
        request_screening(revision)
        Screening.objects.filter(pk=revision.pk).update(finished_at=None, claimed_at=None)
        ImageHash.objects.filter(image=revision.image_id).delete()
        began = time.perf_counter()
        assert screen(revision.pk)
        if number >= WARM_UP:
            times.append((time.perf_counter() - began) * 1000)
    json.dump(times, sys.stdout)


def fill() -> None:
    """Create images without files, and the fingerprints of everything that is published."""
    owners = list(User.objects.values_list("pk", flat=True)[:1000])
    rows = (Image(owner_id=owners[n % 1000], key=random_name(), width=960, height=640, size=1) for n in range(IMAGES))
    Image.objects.bulk_create(rows, batch_size=5_000)
    with connection.cursor() as cursor:
        for statement in _FILL:
            cursor.execute(statement)
        cursor.execute("ANALYZE")


def submissions(count: int) -> list[Revision]:
    """Return texts in review, created by the first run: copies of other articles with links and images."""
    authors = User.objects.filter(is_active=True, is_staff=False, suspended_until=None).order_by("pk")[:count]
    sources = Article.objects.published().order_by("pk").select_related("live")[:count]
    images = list(Image.objects.order_by("pk")[:3])  # With files.
    found = []
    for number, (author, source) in enumerate(zip(authors, sources, strict=True)):
        live = source.live
        assert live is not None  # guaranteed by a constraint
        store_bands(live, bands(shingles(plain_text(live.body))))
        key = uuid5(NAMESPACE_URL, f"bench:screening:{author.pk}")
        article = Article.objects.filter(author=author, form_key=key).select_related("latest").first()
        if article is None:
            content = ArticleContent(
                title=live.title,
                section=live.section,
                language=live.language,
                body=copy_of(live.body, number),
                image=images[number % len(images)],
            )
            content = replace(content, **NOTHING_TO_DISCLOSE)
            article = publishing.submit(article=publishing.start_draft(author=author, text=content, form_key=key))
        assert article.latest is not None  # `start_draft` creates both
        found.append(article.latest)
    return found


def copy_of(body: str, seed: int) -> str:
    """Return a text with some other words, and with links."""
    rng = random.Random(seed)  # noqa: S311 - the same in each run
    words = [word if rng.randrange(CHANGED) else "another" for word in body.split(" ")]
    links = (f'<a href="https://site-{rng.randrange(DOMAINS)}.example/">{n}</a>' for n in range(3))
    return f"{' '.join(words)}<p>{' '.join(links)}</p>"
