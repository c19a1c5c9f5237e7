"""A site with all kinds of content: long words, three alphabets, every state of articles and promotions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from typing import Any

from django.utils import timezone
from PIL import Image as PILImage

from accounts.models import User
from articles.models import Article, Image, Revision, Series
from articles.moderation.models import Decision, Suspension
from articles.moderation.services import decide, suspend
from articles.promotion.models import Plan, Promotion, PromotionDay
from articles.promotion.services import decisions, payments, requests
from articles.services import coauthors, publishing, series
from articles.services.images import store_image
from articles.voting.services import cast_vote
from core.models import SiteSettings
from tests import factories
from tests.e2e.steps import photograph
from tests.moderation.users import administrator, moderator
from tests.promotion import actions

LONG_WORD = "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz"
BODY = f"""<p>{factories.WORDS * 2}<strong>Every ninth</strong> of them, <em>as it turned out</em>, is dark:
<a href="https://example.org/{"a-long-address/" * 9}">https://example.org/{"a-long-address/" * 9}</a></p>
<h2>What we found</h2><p>{factories.WORDS}</p><h3>{LONG_WORD}</h3>
<ul><li><p>One street</p></li><li><p>Another</p></li></ul>
<ol><li><p>First</p></li></ol><blockquote><p>They shine for the cats.</p></blockquote><hr><p>{factories.WORDS}</p>
<p>It shines<foot-note>See https://example.org/{"a-long-address/" * 9}</foot-note> all night.</p>
<blockquote class="pull-quote"><p>They shine for the cats.</p></blockquote>
<table><tbody><tr><th>City</th><th>Lamps</th></tr><tr><td>Gyumri</td><td>1200</td></tr></tbody></table>
<figure class="embed"><a href="https://youtu.be/aBcDeFgHi_1">https://youtu.be/aBcDeFgHi_1</a></figure>
<pre><code>def lamps():
    return 2340</code></pre>"""


@dataclass(frozen=True, kw_only=True)
class Site:
    """The objects whose pages are tested."""

    author: User
    reader: User
    moderator: User
    administrator: User
    full: Article  # published, with an image and every kind of markup
    plain: Article  # published, without an image, with a co-author
    series: Series  # of `full` and `plain`
    long: Article  # published, with maximum lengths
    russian: Article
    armenian: Article
    draft: Article
    waiting: Article
    changed: Article  # published, with an edit in review
    returned: Article
    hidden: Article
    decision: Decision
    suspension: Suspension
    promotion: Promotion  # of `full`, by the reader: paid, running at the top of the front page, with results
    unpaid: Promotion  # of `full`, by the reader
    requested: Promotion  # by the reader: paid; the author can still refuse
    editorial: Promotion


def create_image(owner: User) -> Image:
    """Return an uploaded image."""
    upload = photograph(size=(960, 640))
    return store_image(owner=owner, pixels=PILImage.open(BytesIO(upload["buffer"])))


def create_site() -> Site:
    """Create all objects."""
    SiteSettings.objects.update_or_create(pk=1, defaults={"reviewed_before_trusted": 1000})
    author = factories.UserFactory.create(
        username="ani.of-the-lamps_1", display_name="Ani Sargsyan", biography="Counts lamps.\nLives in Gyumri."
    )
    long_author = factories.UserFactory.create(username="w" * 30, display_name="W" * 60, biography="x" * 1000)
    reader = factories.UserFactory.create(username="reader")
    moderator_user, admin_user = moderator(username="mariam", display_name="Mariam"), administrator(username="head")
    technology = factories.SectionFactory.create(name="Technology", name_ru="Технологии", name_hy="Տեխնոլոգիա")
    for name in ("Society", "Culture", "Sport", "Education and science", "Letters from readers"):
        factories.SectionFactory.create(name=name)
    image = create_image(author)
    image_fields: dict[str, Any] = {
        "image": image,
        "alternative_text": "A lamp at dusk",
        "caption": "The lamp at number nine, on the second evening.",
        "credit": "Ani Sargsyan",
    }

    def by_author(title: str) -> dict[str, Any]:
        return {"author": author, "title": title, "section": technology}

    full = factories.published(
        **by_author("We counted every street lamp"),
        body=f"""{BODY}<figure><img data-image="{image.pk}" alt="A lamp" data-credit="Ani" data-licence="cc-by">
<figcaption>The lamp at number nine. {LONG_WORD}</figcaption></figure>""",
        tag_names=["street lamps", "light", "Գյումրի"],
        **image_fields,
    )
    long = factories.published(
        author=long_author,
        title=(LONG_WORD * 3)[:140],
        summary=("W" * 300),
        section=technology,
        tag_names=[f"{n}{LONG_WORD}"[:40] for n in range(5)],
        body=f"<p>{'W' * 500}</p><h2>{LONG_WORD * 2}</h2><p>{factories.WORDS * 2}</p>",
    )
    plain = factories.published(**by_author("A short note"))
    invitation = coauthors.invite(article=plain, username=long_author.username)
    coauthors.accept(invitation=invitation, user=long_author)
    lamps = series.create(author=author, title=LONG_WORD, description=f"Counted by night. {LONG_WORD}")
    for article in (full, plain):
        series.place(article=article, series=lamps)
    cast_vote(article=full, user=reader, value=1)
    cast_vote(article=full, user=long_author, value=-1)
    changed = factories.published(**by_author("The market closes at six"), **image_fields)
    publishing.save_draft(article=changed, text=factories.text(title="The market closes at five", section=technology))
    publishing.submit(article=changed)
    hidden = factories.published(**by_author("A list of names"))
    assert hidden.live
    decision = decide(
        revision=hidden.live,
        moderator=moderator_user,
        verdict="hide",
        rule="privacy",
        reason=f"It names people. {LONG_WORD}",
    )
    returned = factories.in_review(**by_author("A rumour from the square"))
    assert returned.latest
    decide(revision=returned.latest, moderator=moderator_user, verdict="return", reason="Who says so?\n\nAnd when?")
    return Site(
        author=author,
        reader=reader,
        moderator=moderator_user,
        administrator=admin_user,
        full=full,
        plain=plain,
        series=lamps,
        long=long,
        russian=factories.published(**by_author("Ночной автобус и его пассажиры"), language="ru", **image_fields),
        armenian=factories.published(**by_author("Գիշերային գրադարանը բաց է բոլորի համար"), language="hy"),
        draft=factories.draft(**by_author("Begun on a train"), **image_fields),
        waiting=factories.in_review(**by_author("The yard light"), body=BODY, **image_fields),
        changed=changed,
        returned=returned,
        hidden=hidden,
        decision=decision,
        suspension=suspend(
            user=long_author,
            moderator=moderator_user,
            until=timezone.now() + timedelta(days=3),
            reason="Insults, twice.",
        ),
        **promotions_of(full, author=author, sponsor=reader, moderator_user=moderator_user),
    )


def promotions_of(full: Article, *, author: User, sponsor: User, moderator_user: User) -> dict[str, Promotion]:
    """Create plans, and a promotion in each state that has its own page."""
    place = actions.place(author_can_refuse_hours=48)
    week = actions.plan(place, price=2500)
    unpaid_plan = actions.plan(actions.place("section_top"), price=900, name="A week in your section")
    actions.plan(actions.place("beside"), name="For readers of other articles", days=3, terms="")

    def request(article: Article, plan: Plan, message: str = "") -> Promotion:
        return requests.request_promotion(article=article, sponsor=sponsor, plan=plan, message=message)

    def pay(promotion: Promotion) -> Promotion:
        return payments.confirm_payment(promotion=promotion, moderator=moderator_user, reason="Transfer 4711")

    running = pay(request(full, week, f"Please, for the lamps. {LONG_WORD}"))
    requests.author_agrees(promotion=running, author=author)
    running = decisions.approve(promotion=running, moderator=moderator_user)
    for before in range(3):
        day = timezone.localdate() - timedelta(days=before)
        PromotionDay.objects.create(promotion=running, day=day, impressions=1500 + before, clicks=30, views=27)
    short = factories.published(author=author, title="The clock of the station", section=full.section)
    return {
        "promotion": running,
        "unpaid": request(full, unpaid_plan),
        "requested": pay(request(short, week, "Everyone asks me what time it is.")),
        "editorial": decisions.create_editorial_pick(
            article=short,
            placement=actions.place("beside"),
            moderator=moderator_user,
            days=2,
        ),
    }


def latest_revision(article: Article) -> Revision:
    """Return the revision that a moderator reviews."""
    assert article.latest
    return article.latest
