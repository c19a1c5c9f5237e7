"""`manage.py seed_load`: an invented site whose every row is one that the product could have written."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import NOT_PROVIDED, Count, F, Max, Model, Q, Sum
from django.test import TestCase
from django.utils import timezone

from accounts.models import User
from articles.models import Article, ArticleTag, Image, Revision, Section, Tag
from articles.moderation.models import Decision, Submission
from articles.moderation.services import decide
from articles.readership.models import DailyStats, Read, Tally, View
from articles.readership.visitors import today
from articles.services import publishing
from articles.voting.models import Vote
from articles.voting.services import cast_vote
from core.sanitizer import plain_text, sanitize
from spokesperson.load import fill as filling
from spokesperson.load.database import structure
from spokesperson.load.fill import MARKER, MOST_ON_SQLITE, NotFilled, fill
from spokesperson.load.pictures import make_pictures
from spokesperson.load.plan import Plan, Sizes, Story, make_plan
from spokesperson.load.process import jobs_of, rows_of
from spokesperson.load.rows import COLUMNS, Maker
from tests import factories

SMALL = Sizes(articles=600, people=80, votes=2_000, views=9_000)
State = Article.State


def silent(line: str, *, stays: bool = True) -> None:
    """Progress that nobody reads."""


def plan(seed: int = 1, articles: int = 300) -> Plan:
    return make_plan(
        Sizes(articles=articles, people=40, votes=500, views=2_000, seed=seed),
        now=datetime(2026, 3, 1, tzinfo=UTC),
        time_zone="Asia/Yerevan",
        section_ids=[1, 2, 3],
        picture_ids=[1],
    )


class TestTheSite(TestCase):
    """One filled site, looked at from all sides."""

    @classmethod
    def setUpTestData(cls) -> None:
        """Fill it; all of it is gone when the last test has run."""
        fill(SMALL, processes=1, say=silent)

    def test_there_is_as_much_as_was_asked_for(self) -> None:
        assert Article.objects.count() == 600
        assert User.objects.count() == 80
        assert Vote.objects.count() == 2_000
        assert DailyStats.objects.aggregate(sum=Sum("views"))["sum"] == 9_000
        assert Section.objects.count() == 7

    def test_every_counter_says_what_its_rows_say(self) -> None:
        out = StringIO()
        call_command("recount", "--check", stdout=out)
        assert out.getvalue() == "Every counter says what its rows say.\n"
        assert Article.objects.aggregate(sum=Sum("views"))["sum"] == 9_000
        assert Article.objects.aggregate(sum=Sum(F("likes") + F("dislikes")))["sum"] == 2_000

    def test_every_rule_of_the_database_holds(self) -> None:
        connection.check_constraints()
        for model in (Article, Revision, Vote, Decision, Tag):
            for one in model._default_manager.all()[:50]:
                one.validate_constraints()

    def test_most_is_published_and_every_state_is_there(self) -> None:
        states = Counter(Article.objects.values_list("state", flat=True))
        assert set(states) == set(State.values)
        # However small the site, its moderators have something to go through.
        assert states[State.IN_REVIEW] == 600 // 20
        assert 0.92 < states[State.PUBLISHED] / (600 - states[State.IN_REVIEW]) < 0.96

    def test_a_text_is_where_its_state_puts_it(self) -> None:
        for article in Article.objects.select_related("live", "latest"):
            live, latest = article.live, article.latest
            assert latest is not None
            assert latest.article_id == article.pk
            assert latest.number == article.revisions.aggregate(last=Max("number"))["last"]
            if article.state in {State.PUBLISHED, State.HIDDEN}:
                assert live is not None
                assert live.article_id == article.pk
                assert live.state == Revision.State.PUBLISHED
                assert (article.section_id, article.language) == (live.section_id, live.language)
            else:
                assert latest.state == article.state

    def test_tags_are_those_of_the_live_text_while_it_is_published(self) -> None:
        for article in Article.objects.select_related("live").prefetch_related("tags"):
            named = article.live.tag_names if article.live and article.is_public else []
            assert {tag.name for tag in article.tags.all()} == set(named)
        assert not ArticleTag.objects.exclude(published_at=F("article__published_at")).exists()

    def test_refusals_have_reasons_and_nobody_decides_on_drafts(self) -> None:
        assert not Decision.objects.filter(revision__state=Revision.State.DRAFT).exists()
        assert not Decision.objects.filter(moderator=F("revision__article__author")).exists()
        assert not Decision.objects.exclude(moderator__groups__name="Moderators").exists()
        for state, verdict in ((State.RETURNED, "return"), (State.HIDDEN, "hide")):
            for article in Article.objects.filter(state=state):
                last = Decision.objects.filter(revision=article.latest).first()
                assert last is not None
                assert last.verdict == verdict
                assert last.reason
                assert last.decided_at == article.state_since

    def test_moderators_have_work_and_the_log_has_lines(self) -> None:
        submissions = Submission.objects
        assert submissions.waiting().filter(article__state=State.PUBLISHED).exists()  # A change of a live text.
        assert submissions.waiting().filter(article__state=State.IN_REVIEW).exists()
        assert submissions.unreviewed().exists()
        assert submissions.returned().exists()
        assert set(Decision.objects.public().values_list("verdict", flat=True)) == {"hide", "restore"}

    def test_nobody_votes_on_their_own_and_moderators_not_at_all(self) -> None:
        assert not Vote.objects.filter(voter=F("article__author")).exists()
        assert not Vote.objects.filter(voter__is_staff=True).exists()
        assert not Vote.objects.exclude(article__state__in=[State.PUBLISHED, State.HIDDEN]).exists()
        likes = Vote.objects.filter(value=1).count()
        assert 5 < likes / (2_000 - likes) < 13

    def test_texts_are_as_publishing_stores_them(self) -> None:
        for text in Revision.objects.all()[:200]:
            assert sanitize(text.body) == text.body
            assert 100 <= len(plain_text(text.body).split()) <= 1_300
            assert 4 <= len(text.title.split()) <= 12
            assert text.summary
            text.clean_fields()
        languages = Counter(Article.objects.values_list("language", flat=True))
        assert languages["en"] > languages["ru"] > languages["hy"] > 10

    def test_texts_share_the_pictures(self) -> None:
        illustrated = Revision.objects.exclude(picture=None)
        assert 0.3 < illustrated.count() / Revision.objects.count() < 0.5
        assert not illustrated.filter(alternative_text="").exists()
        assert Image.objects.count() == 3

    def test_times_are_in_order_and_some_are_the_same(self) -> None:
        published = Article.objects.exclude(published_at=None)
        oldest, newest = published.order_by("published_at")[0], published.order_by("-published_at")[0]
        assert oldest.published_at is not None
        assert newest.published_at is not None
        assert timedelta(days=1000) < newest.published_at - oldest.published_at < timedelta(days=1100)
        now = timezone.now()
        for moments in (
            published.filter(Q(published_at__gt=now) | Q(state_since__gt=now) | Q(published_at__lt=F("created_at"))),
            Revision.objects.filter(Q(submitted_at__gt=now) | Q(submitted_at__lt=F("created_at"))),
            Decision.objects.filter(Q(decided_at__gt=now) | Q(decided_at__lt=F("revision__submitted_at"))),
            Vote.objects.filter(Q(created_at__gt=now) | Q(created_at__lt=F("article__published_at"))),
            DailyStats.objects.filter(day__gt=today()),
            Article.objects.filter(author__date_joined__gt=F("created_at")),
        ):
            assert not moments.exists()
        assert published.values("published_at").annotate(n=Count("pk")).filter(n__gt=1).exists()

    def test_a_few_write_and_are_read_much(self) -> None:
        writers = sorted(User.objects.annotate(n=Count("articles")).values_list("n", flat=True))
        assert writers[-1] > 3 * writers[len(writers) // 2]
        views = sorted(Article.objects.filter(state=State.PUBLISHED).values_list("views", flat=True))
        assert views[-1] > 4 * views[len(views) // 2]

    def test_rows_of_views_are_kept_for_two_days(self) -> None:
        kept = {today(), today() - timedelta(days=1)}
        assert set(View.objects.values_list("day", flat=True)) <= kept
        assert set(Read.objects.values_list("day", flat=True)) <= kept
        assert not Tally.objects.exists()

    def test_people_are_confirmed_and_cannot_log_in(self) -> None:
        assert EmailAddress.objects.filter(verified=True, primary=True).count() == 80
        assert not EmailAddress.objects.exclude(email=F("user__email")).exists()
        assert not any(person.has_usable_password() for person in User.objects.all()[:20])
        assert not User.objects.filter(is_superuser=True).exists()
        for person in User.objects.all():
            person.clean_fields()

    def test_the_site_goes_on_from_there(self) -> None:
        """New rows get free numbers, and the verbs work on what is there."""
        waiting = Submission.objects.waiting().filter(article__state=State.IN_REVIEW)[0]
        moderator = User.objects.filter(groups__name="Moderators")[0]
        decide(revision=Revision.objects.get(pk=waiting.pk), moderator=moderator, verdict="publish")
        mine = factories.published()
        cast_vote(article=mine, user=User.objects.order_by("pk")[0], value=1)
        publishing.hide(article=Article.objects.published()[5])
        call_command("recount", "--check", stdout=StringIO())

    def test_pages_show_it(self) -> None:
        tag = ArticleTag.objects.select_related("tag")[0].tag
        article = Article.objects.published().for_detail()[0]
        for address in ("/", tag.get_absolute_url(), article.get_absolute_url(), article.author.get_absolute_url()):
            assert self.client.get(address).status_code == 200
        self.client.force_login(User.objects.filter(groups__name="Moderators")[0])
        assert self.client.get("/admin/moderation/submission/").status_code == 200

    def test_the_search_finds_it(self) -> None:
        article = Article.objects.published().filter(language="en").for_detail()[0]
        assert article.live is not None
        answer = self.client.get("/search/", {"q": article.live.title})
        self.assertContains(answer, article.get_absolute_url())

    def test_a_second_fill_is_refused(self) -> None:
        with pytest.raises(NotFilled, match="holds people or articles"):
            fill(SMALL, processes=1, say=silent)


def test_pictures_have_their_files_and_keep_their_names() -> None:
    pictures = make_pictures(seed=1, owner_id=1)
    for picture in pictures:
        assert all(default_storage.exists(picture.path(width)) for width in picture.widths)
        assert picture.size == sum(default_storage.size(picture.path(width)) for width in picture.widths)
    assert [one.key for one in make_pictures(seed=1, owner_id=1)] == [one.key for one in pictures]


class TestTheRows:
    @pytest.mark.parametrize("table", COLUMNS)
    def test_every_column_that_needs_a_value_has_one(self, table: str) -> None:
        model: type[Model] = next(
            one for one in apps.get_models(include_auto_created=True) if one._meta.db_table == table
        )
        needed = {
            field.column
            for field in model._meta.concrete_fields
            if not field.generated
            and field.db_default is NOT_PROVIDED
            and not (field.primary_key and field.name == "id")
        }
        assert needed <= set(COLUMNS[table])

    def test_lines_have_a_value_for_every_column(self) -> None:
        maker = Maker(plan())
        for job in jobs_of(plan()):
            for table, lines in rows_of(maker, job).items():
                assert {line.count("\t") + 1 for line in lines} <= {len(COLUMNS[table])}

    def test_the_same_seed_makes_the_same_site_whoever_makes_which_part(self) -> None:
        one, other = Maker(plan()), Maker(plan())
        other.articles(0, 100)
        other.people(0, 40)
        assert one.articles(200, 300) == other.articles(200, 300)
        assert one.tags() == other.tags()
        assert one.articles(200, 300) != Maker(plan(seed=2)).articles(200, 300)

    def test_every_story_is_told(self) -> None:
        assert set(plan().stories) == set(Story)


class TestRefusals:
    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"articles": 0}, "--articles: a number from"),
            ({"articles": 10**12}, "--articles: a number from"),
            ({"people": -5}, "--people: a number from"),
            ({"votes": 10**9}, "--votes: a number from 0 to"),
            ({"views": 10}, "--views: a number from"),
            ({"views": 10**12}, "--views: a number from"),
            ({"processes": 99}, "--processes: a number from 1 to 16"),
        ],
    )
    @pytest.mark.django_db
    def test_numbers_that_make_no_site(self, changes: dict[str, int], sentence: str) -> None:
        numbers = {"articles": 600, "people": 80, "votes": 2_000, "views": 9_000}
        with pytest.raises(CommandError, match=sentence):
            call_command("seed_load", **{**numbers, **changes})
        assert not User.objects.exists()

    @pytest.mark.parametrize("made", [factories.PersonFactory.create, factories.published])
    @pytest.mark.django_db
    def test_a_real_site(self, made: type) -> None:
        made()
        people = User.objects.count()
        with pytest.raises(CommandError, match="only an empty one is filled"):
            call_command("seed_load", articles=600, people=80, votes=2_000, views=9_000)
        assert User.objects.count() == people

    @pytest.mark.django_db
    def test_what_was_killed_says_so(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE TABLE {MARKER} (id integer)")
        with pytest.raises(NotFilled, match="was killed before it could tidy up"):
            fill(SMALL, processes=1, say=silent)

    @pytest.mark.skipif(connection.vendor != "sqlite", reason="a limit of SQLite")
    @pytest.mark.django_db
    def test_more_than_sqlite_takes(self) -> None:
        sizes = Sizes(articles=MOST_ON_SQLITE + 1, people=80, votes=0, views=0)
        with pytest.raises(NotFilled, match="DATABASE_URL"):
            fill(sizes, processes=1, say=silent)

    @pytest.mark.django_db
    def test_what_breaks_off_leaves_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(filling, "_finish_rows", _interrupted)
        with pytest.raises(KeyboardInterrupt):
            fill(SMALL, processes=1, say=silent)
        assert not User.objects.exists()
        assert not Article.objects.exists()


def _interrupted(sizes: Sizes) -> None:
    raise KeyboardInterrupt


def _catalogue() -> list[str]:
    """Every index and constraint of the tables that are filled, as the database itself describes it.

    Without casts and brackets: PostgreSQL writes `'x'::varchar::text` where it was told `'x'` and casts it.
    """
    with connection.cursor() as cursor:
        statements = structure(cursor, [*COLUMNS, "articles_image"]).back
        return sorted(re.sub(r"::[a-z ]+(\[\])?|[()]", "", one) for one in statements)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="needs connections of its own")
class TestInSeveralProcesses:
    def test_it_is_the_same_site_with_the_same_structure(self) -> None:
        before = _catalogue()
        fill(SMALL, processes=2, say=silent)
        assert _catalogue() == before
        call_command("recount", "--check", stdout=StringIO())
        assert Article.objects.count() == 600
        assert MARKER not in connection.introspection.table_names()
        made = Maker(plan_of_small())
        assert list(Revision.objects.filter(pk__lte=100).order_by("pk").values_list("title", flat=True)) == [
            line.split("\t")[4]
            for line in made.articles(0, 600)["articles_revision"]
            if int(line.split("\t")[0]) <= 100
        ]

    @pytest.mark.parametrize("where", ["in_processes", "_in_threads", "_index_in_parts", "_finish_rows", "_analyze"])
    def test_what_breaks_off_leaves_everything_as_it_was(self, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
        before = _catalogue()
        with monkeypatch.context() as patched:
            patched.setattr(filling, where, _break_off)
            with pytest.raises(KeyboardInterrupt):
                fill(SMALL, processes=2, say=silent)
        assert _catalogue() == before
        for model in (User, Article, Tag, Vote, Section, Image):
            assert not model._default_manager.exists()
        fill(SMALL, processes=1, say=silent)  # Nothing stands in the way of the next one.


def _break_off(*args: object, **options: object) -> None:
    raise KeyboardInterrupt


def plan_of_small() -> Plan:
    return make_plan(
        SMALL,
        now=timezone.now(),
        time_zone="Asia/Yerevan",
        section_ids=Section.objects.values_list("pk", flat=True),
        picture_ids=[1, 2, 3],
    )
