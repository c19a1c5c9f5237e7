"""`python -m bench.benchmark_data`: an invented site whose every row is one that the product could have written."""

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
from articles.readership.models import DailyStats, PageRead, PageView, PendingCount
from articles.readership.visitors import today
from articles.search.models import SearchEntry
from articles.search.services import update_index
from articles.services import publishing
from articles.voting.models import Vote
from articles.voting.services import cast_vote
from bench.benchmark_data import fill as filling
from bench.benchmark_data.command import Command
from bench.benchmark_data.database import structure
from bench.benchmark_data.fill import MARKER, MAX_ON_SQLITE, FillRefused, fill
from bench.benchmark_data.images import make_images
from bench.benchmark_data.plan import Plan, Sizes, Story, make_plan
from bench.benchmark_data.process import jobs_of, rows_of
from bench.benchmark_data.rows import COLUMNS, RowFactory
from bench.benchmark_data.search_index import fill_search_index
from core.sanitizer import plain_text, sanitize
from spokesperson.operations.progress import Progress
from tests import factories

SMALL = Sizes(articles=600, users=80, votes=2_000, views=9_000)
State = Article.State
SILENT = Progress(StringIO())


def plan(seed: int = 1, articles: int = 300) -> Plan:
    return make_plan(
        Sizes(articles=articles, users=40, votes=500, views=2_000, seed=seed),
        now=datetime(2026, 3, 1, tzinfo=UTC),
        time_zone="Asia/Yerevan",
        section_ids=[1, 2, 3],
        image_ids=[1],
    )


class TestFilledSite(TestCase):
    """One filled site, looked at from all sides."""

    @classmethod
    def setUpTestData(cls) -> None:
        """Fill it; all of it is gone when the last test has run."""
        fill(SMALL, processes=1, progress=SILENT)

    def test_fill_creates_the_requested_numbers(self) -> None:
        assert Article.objects.count() == 600
        assert User.objects.count() == 80
        assert Vote.objects.count() == 2_000
        assert DailyStats.objects.aggregate(sum=Sum("views"))["sum"] == 9_000
        assert Section.objects.count() == 7

    def test_counters_match_their_rows(self) -> None:
        out = StringIO()
        call_command("recount", "--check", stdout=out)
        assert out.getvalue() == "All counters are correct.\n"
        assert Article.objects.aggregate(sum=Sum("views"))["sum"] == 9_000
        assert Article.objects.aggregate(sum=Sum(F("likes") + F("dislikes")))["sum"] == 2_000

    def test_constraints_hold(self) -> None:
        connection.check_constraints()
        for model in (Article, Revision, Vote, Decision, Tag):
            for one in model._default_manager.all()[:50]:
                one.validate_constraints()

    def test_articles_have_all_states_and_most_are_published(self) -> None:
        states = Counter(Article.objects.values_list("state", flat=True))
        assert set(states) == set(State.values)
        # However small the site, its moderators have something to go through.
        assert states[State.IN_REVIEW] == 600 // 20
        assert 0.92 < states[State.PUBLISHED] / (600 - states[State.IN_REVIEW]) < 0.96

    def test_revisions_match_the_state_of_their_article(self) -> None:
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

    def test_tags_are_those_of_the_live_revision(self) -> None:
        for article in Article.objects.select_related("live").prefetch_related("tags"):
            named = article.live.tag_names if article.live and article.is_public else []
            assert {tag.name for tag in article.tags.all()} == set(named)
        assert not ArticleTag.objects.exclude(published_at=F("article__published_at")).exists()

    def test_decisions_have_reasons_and_are_not_on_drafts(self) -> None:
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

    def test_moderation_queue_and_log_are_not_empty(self) -> None:
        submissions = Submission.objects
        assert submissions.waiting().filter(article__state=State.PUBLISHED).exists()  # A change of a live text.
        assert submissions.waiting().filter(article__state=State.IN_REVIEW).exists()
        assert submissions.unreviewed().exists()
        assert submissions.returned().exists()
        assert set(Decision.objects.values_list("verdict", flat=True)) >= {"hide", "restore"}

    def test_votes_are_not_on_own_articles_nor_by_moderators(self) -> None:
        assert not Vote.objects.filter(voter=F("article__author")).exists()
        assert not Vote.objects.filter(voter__is_staff=True).exists()
        assert not Vote.objects.exclude(article__state__in=[State.PUBLISHED, State.HIDDEN]).exists()
        likes = Vote.objects.filter(value=1).count()
        assert 5 < likes / (2_000 - likes) < 13

    def test_revisions_are_sanitized_and_valid(self) -> None:
        for text in Revision.objects.all()[:200]:
            assert sanitize(text.body) == text.body
            assert 100 <= len(plain_text(text.body).split()) <= 1_300
            assert 4 <= len(text.title.split()) <= 12
            assert text.summary
            text.clean_fields()
        languages = Counter(Article.objects.values_list("language", flat=True))
        assert languages["en"] > languages["ru"] > languages["hy"] > 10

    def test_revisions_share_the_images(self) -> None:
        illustrated = Revision.objects.exclude(image=None)
        assert 0.3 < illustrated.count() / Revision.objects.count() < 0.5
        assert not illustrated.filter(alternative_text="").exists()
        assert Image.objects.count() == 3

    def test_times_are_in_order_and_some_are_equal(self) -> None:
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

    def test_articles_and_views_are_skewed(self) -> None:
        writers = sorted(User.objects.annotate(n=Count("articles")).values_list("n", flat=True))
        assert writers[-1] > 3 * writers[len(writers) // 2]
        views = sorted(Article.objects.filter(state=State.PUBLISHED).values_list("views", flat=True))
        assert views[-1] > 4 * views[len(views) // 2]

    def test_view_rows_are_of_two_days(self) -> None:
        stored = {today(), today() - timedelta(days=1)}
        assert set(PageView.objects.values_list("day", flat=True)) <= stored
        assert set(PageRead.objects.values_list("day", flat=True)) <= stored
        assert not PendingCount.objects.exists()

    def test_users_are_confirmed_and_cannot_log_in(self) -> None:
        assert EmailAddress.objects.filter(verified=True, primary=True).count() == 80
        assert not EmailAddress.objects.exclude(email=F("user__email")).exists()
        assert not any(user.has_usable_password() for user in User.objects.all()[:20])
        assert not User.objects.filter(is_superuser=True).exists()
        for user in User.objects.all():
            user.clean_fields()

    def test_service_functions_work_on_the_site(self) -> None:
        """New rows get free numbers, and the verbs work on what is there."""
        waiting = Submission.objects.waiting().filter(article__state=State.IN_REVIEW)[0]
        moderator = User.objects.filter(groups__name="Moderators")[0]
        decide(revision=Revision.objects.get(pk=waiting.pk), moderator=moderator, verdict="publish")
        mine = factories.published()
        cast_vote(article=mine, user=User.objects.order_by("pk")[0], value=1)
        publishing.hide(article=Article.objects.published()[5])
        call_command("recount", "--check", stdout=StringIO())

    def test_pages_show_the_site(self) -> None:
        tag = ArticleTag.objects.select_related("tag")[0].tag
        article = Article.objects.published().for_detail()[0]
        for address in ("/", tag.get_absolute_url(), article.get_absolute_url(), article.author.get_absolute_url()):
            assert self.client.get(address).status_code == 200
        self.client.force_login(User.objects.filter(groups__name="Moderators")[0])
        assert self.client.get("/admin/moderation/submission/").status_code == 200

    def test_search_finds_an_article(self) -> None:
        article = Article.objects.published().filter(language="en").for_detail()[0]
        assert article.live is not None
        answer = self.client.get("/search/", {"q": article.live.title})
        self.assertContains(answer, article.get_absolute_url())

    def test_second_fill_is_refused(self) -> None:
        with pytest.raises(FillRefused, match="holds users or articles"):
            fill(SMALL, processes=1, progress=SILENT)


def test_make_images_stores_files_and_uses_them_again() -> None:
    images = make_images(seed=1, owner_id=1)
    for image in images:
        assert all(default_storage.exists(path) for path in image.paths)
        assert image.size == sum(default_storage.size(path) for path in image.paths)
    assert [one.key for one in make_images(seed=1, owner_id=1)] == [one.key for one in images]


class TestRowFactory:
    @pytest.mark.parametrize("table", COLUMNS)
    def test_columns_include_all_required_ones(self, table: str) -> None:
        model: type[Model] = next(
            one for one in apps.get_models(include_auto_created=True) if one._meta.db_table == table
        )
        needed = {
            field.column
            for field in model._meta.concrete_fields
            if not field.generated
            and not field.null
            and field.db_default is NOT_PROVIDED
            and not (field.primary_key and field.name == "id")
        }
        assert needed <= set(COLUMNS[table])

    def test_lines_have_a_value_for_every_column(self) -> None:
        factory = RowFactory(plan())
        for job in jobs_of(plan()):
            for table, lines in rows_of(factory, job).items():
                assert {line.count("\t") + 1 for line in lines} <= {len(COLUMNS[table])}

    def test_same_seed_makes_the_same_rows_in_any_order(self) -> None:
        one, other = RowFactory(plan()), RowFactory(plan())
        other.articles(0, 100)
        other.users(0, 40)
        assert one.articles(200, 300) == other.articles(200, 300)
        assert one.tags() == other.tags()
        assert one.articles(200, 300) != RowFactory(plan(seed=2)).articles(200, 300)

    def test_plan_has_every_story(self) -> None:
        assert set(plan().stories) == set(Story)


class TestRefusals:
    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"articles": 0}, "--articles: a number from"),
            ({"articles": 10**12}, "--articles: a number from"),
            ({"users": -5}, "--users: a number from"),
            ({"votes": 10**9}, "--votes: a number from 0 to"),
            ({"views": 10}, "--views: a number from"),
            ({"views": 10**12}, "--views: a number from"),
            ({"processes": 99}, "--processes: a number from 1 to 16"),
        ],
    )
    @pytest.mark.django_db
    def test_invalid_numbers_are_refused(self, changes: dict[str, int], sentence: str) -> None:
        numbers = {"articles": 600, "users": 80, "votes": 2_000, "views": 9_000}
        with pytest.raises(CommandError, match=sentence):
            call_command(Command(), **{**numbers, **changes})
        assert not User.objects.exists()

    @pytest.mark.parametrize("made", [factories.UserFactory.create, factories.published])
    @pytest.mark.django_db
    def test_real_site_is_refused(self, made: type) -> None:
        made()
        users = User.objects.count()
        with pytest.raises(CommandError, match="only an empty one is filled"):
            call_command(Command(), articles=600, users=80, votes=2_000, views=9_000)
        assert User.objects.count() == users

    @pytest.mark.django_db
    def test_killed_fill_is_reported(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE TABLE {MARKER} (id integer)")
        with pytest.raises(FillRefused, match="was killed before it could clean up"):
            fill(SMALL, processes=1, progress=SILENT)

    @pytest.mark.skipif(connection.vendor != "sqlite", reason="a limit of SQLite")
    @pytest.mark.django_db
    def test_too_many_articles_on_sqlite_are_refused(self) -> None:
        sizes = Sizes(articles=MAX_ON_SQLITE + 1, users=80, votes=0, views=0)
        with pytest.raises(FillRefused, match="DATABASE_URL"):
            fill(sizes, processes=1, progress=SILENT)

    @pytest.mark.django_db
    def test_interrupted_fill_leaves_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(filling, "_finish_rows", _interrupted)
        with pytest.raises(KeyboardInterrupt):
            fill(SMALL, processes=1, progress=SILENT)
        assert not User.objects.exists()
        assert not Article.objects.exists()


def _interrupted(sizes: Sizes) -> None:
    raise KeyboardInterrupt


def _catalogue() -> list[str]:
    """Every index and constraint of the tables that are filled, as the database itself describes it.

    Without casts and brackets: PostgreSQL writes `'x'::varchar::text` where it was on_progress `'x'` and casts it.
    """
    with connection.cursor() as cursor:
        statements = structure(cursor, [*COLUMNS, "articles_image"]).restore
        return sorted(re.sub(r"::[a-z ]+(\[\])?|[()]", "", one) for one in statements)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="needs connections of its own")
class TestInSeveralProcesses:
    def test_two_processes_make_the_same_site_and_structure(self) -> None:
        before = _catalogue()
        fill(SMALL, processes=2, progress=SILENT)
        assert _catalogue() == before
        call_command("recount", "--check", stdout=StringIO())
        assert Article.objects.count() == 600
        assert MARKER not in connection.introspection.table_names()
        made = RowFactory(plan_of_small())
        assert list(Revision.objects.filter(pk__lte=100).order_by("pk").values_list("title", flat=True)) == [
            line.split("\t")[4]
            for line in made.articles(0, 600)["articles_revision"]
            if int(line.split("\t")[0]) <= 100
        ]

    @pytest.mark.parametrize("where", ["in_processes", "_in_threads", "fill_search_index", "_finish_rows", "_analyze"])
    def test_interrupted_fill_leaves_the_structure(self, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
        before = _catalogue()
        with monkeypatch.context() as patched:
            patched.setattr(filling, where, _break_off)
            with pytest.raises(KeyboardInterrupt):
                fill(SMALL, processes=2, progress=SILENT)
        assert _catalogue() == before
        for model in (User, Article, Tag, Vote, Section, Image):
            assert not model._default_manager.exists()
        fill(SMALL, processes=1, progress=SILENT)  # Nothing stands in the way of the next one.


def _break_off(*args: object, **options: object) -> None:
    raise KeyboardInterrupt


def plan_of_small() -> Plan:
    return make_plan(
        SMALL,
        now=timezone.now(),
        time_zone="Asia/Yerevan",
        section_ids=Section.objects.values_list("pk", flat=True),
        image_ids=[1, 2, 3],
    )


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL's search index")
def test_fill_search_index_writes_the_entries_that_publishing_writes() -> None:
    for title in ("Lamps &amp; stairs", "Лампы", "Լամպեր"):
        factories.published(title=title)
    factories.hidden(title="Hidden")
    update_index(list(Article.objects.values_list("pk", flat=True)))
    before = list(SearchEntry.objects.order_by("pk").values_list("pk", "published_at", "words"))
    assert len(before) == 3
    SearchEntry.objects.all().delete()
    definition = "SELECT indexdef FROM pg_indexes WHERE indexname = 'search_entry_words'"
    with connection.cursor() as cursor:
        cursor.execute(definition)
        index = cursor.fetchone()
    for _ in range(2):
        fill_search_index(progress=SILENT, processes=2)
        assert list(SearchEntry.objects.order_by("pk").values_list("pk", "published_at", "words")) == before
    with connection.cursor() as cursor:
        cursor.execute(definition)
        assert cursor.fetchone() == index
