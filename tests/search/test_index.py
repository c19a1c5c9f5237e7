"""The index is what the database says: compared, mended, filled, and the same words in SQL as in Python."""

from __future__ import annotations

import threading
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models.signals import post_delete, post_save

from accounts.models import User
from articles.models import Article, Revision
from articles.search import entries, indexing, rebuilding
from articles.search.engine import engine
from articles.search.finding import Question, find
from articles.search.marking import text_of
from articles.search.models import SearchedArticle
from articles.services import publishing
from core.sanitizer import plain_text, sanitize
from tests import factories
from tests.articles.test_search import article, found

pytestmark = pytest.mark.django_db

only_postgres = pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL's own index")


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("rebuild_search", *arguments, stdout=out)
    return out.getvalue()


# --- Compared and mended -----------------------------------------------------------------------


def test_the_verbs_leave_nothing_to_mend() -> None:
    article("One")
    factories.hidden(title="Two")
    factories.draft()
    assert rebuilding.compare() == rebuilding.Comparison(right=1, missing=0, surplus=0)
    assert "nothing else: 1." in run("--check")


def test_what_differs_is_told_and_mended() -> None:
    missing, surplus = article("Missing"), article("Surplus")
    Article.objects.filter(pk=surplus.pk).update(state=Article.State.HIDDEN)
    Article.objects.filter(pk=missing.pk).update(state=Article.State.HIDDEN)
    indexing.update(missing.pk)
    Article.objects.filter(pk=missing.pk).update(state=Article.State.PUBLISHED)
    with pytest.raises(
        CommandError, match="1 published articles are not in the index, and 1 entries belong to nothing"
    ):
        run("--check")
    assert found("missing") == set()
    assert "1 articles are in the index." in run()
    assert found("missing") == {"Missing"}
    assert "nothing else: 1." in run("--check")


def test_a_rebuild_goes_through_all_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebuilding, "BATCH", 2)
    for n in range(5):
        article(f"Telescope {n}")
    for pk in Article.objects.values_list("pk", flat=True):
        engine().delete(SearchedArticle(pk=pk))  # type: ignore[attr-defined]
    assert found("telescope") == set()
    run()
    assert len(found("telescope")) == 5


def test_no_signal_writes_the_index() -> None:
    one = article("Telescope")
    assert not post_save.has_listeners(SearchedArticle)
    assert not post_delete.has_listeners(SearchedArticle)
    assert one.live is not None
    Revision.objects.filter(pk=one.live.pk).update(title="Microscope")
    one.save()
    assert found("microscope") == set()


def test_what_is_rolled_back_is_not_in_the_index() -> None:
    one = factories.in_review(title="Telescope")
    with transaction.atomic():
        publishing.publish(article=one, revision_number=1)
        transaction.set_rollback(True)
    assert engine().count() == 0


def test_renaming_writes_a_batch_at_once_and_the_rest_after_the_commit(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    monkeypatch.setattr(indexing, "BATCH", 2)
    author = factories.PersonFactory.create(display_name="Old")
    for n in range(5):
        article(f"Article {n}", author=author)
    User.objects.filter(pk=author.pk).update(display_name="Hovhannes")
    with django_capture_on_commit_callbacks(execute=True):
        indexing.update_of_author(author)
        assert len(found("hovhannes")) == 2
    assert len(found("hovhannes")) == 5


# --- PostgreSQL's own ----------------------------------------------------------------------------

BODIES = [
    "<p>Plain &amp; simple.</p><p>Two&nbsp;words</p>",
    '<p>A <a href="https://example.org/?a=1&amp;b=&gt;&quot;">link</a>ed w<em>or</em>d, <strong>bold</strong></p>',
    "<ul><li><p>one</p></li><li><p>two</p></li></ul><blockquote><p>three</p></blockquote><hr><p>fo<br>ur</p>",
    "<h2>Head</h2><p>1 &lt; 2 &amp;lt; 3 &gt; 0 &amp;amp;</p>",
    "<p>Ёлка, «за́мок» — ի՞նչ Երևան։ ﬁn naïve 12/2023 a_b c.d@e.org -5</p>",
]


@pytest.mark.parametrize("body", BODIES)
@only_postgres
def test_sql_reads_the_same_words_from_html_as_python(body: str) -> None:
    clean = sanitize(body)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {entries.plain('%s::text')}", [clean])
        in_sql = cursor.fetchone()[0]
    assert in_sql.split() == plain_text(clean).split()
    assert text_of(clean) == plain_text(clean)


@only_postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("newest_first", [True, False])
def test_a_search_reads_the_one_index_and_stops_at_the_span_that_has_enough(newest_first: bool) -> None:
    for n in range(30):
        article(f"Telescope {n}")
    statements: list[str] = []

    def explain(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("WITH"):
            with context["connection"].connection.cursor() as cursor:
                cursor.execute("EXPLAIN (ANALYZE, TIMING OFF, COSTS OFF) " + sql, params)
                statements.append("\n".join(row[0] for row in cursor.fetchall()))
        return execute(sql, params, many, context)

    with engine().bounded("telescope"), connection.execute_wrapper(explain):
        find(Question(words="telescope", newest_first=newest_first), size=12)
    plan = statements[0]
    assert "Seq Scan on search_searchentry" not in plan
    assert "Bitmap Index Scan on search_entry_words" in plan
    if newest_first:
        assert plan.count("never executed") >= 3  # the wider spans


@only_postgres
def test_a_text_that_postgresql_would_refuse_is_indexed_in_part() -> None:
    one = article("Long")
    assert one.live is not None
    words = "".join(f" слово{n}ы" for n in range(60_000))
    Revision.objects.filter(pk=one.live.pk).update(body=f"<p>{words}</p>" * 3)
    indexing.update(one.pk)
    assert found("слово100ы") == {"Long"}


@pytest.mark.postgres
@only_postgres
@pytest.mark.django_db(transaction=True)
def test_a_rebuild_beside_hiding_leaves_nothing_hidden_in_the_index(monkeypatch: pytest.MonkeyPatch) -> None:
    articles = [article(f"Telescope {n}") for n in range(8)]
    monkeypatch.setattr(rebuilding, "BATCH", 2)
    failed: list[Exception] = []

    def hide_all() -> None:
        try:
            for one in articles:
                publishing.hide(article=one)
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    hiding = threading.Thread(target=hide_all)
    hiding.start()
    for _ in range(3):
        rebuilding.rebuild()
    hiding.join()
    assert not failed
    assert rebuilding.compare() == rebuilding.Comparison(right=0, missing=0, surplus=0)
