"""The search index: updated by services, rebuilt and checked by a command."""

from __future__ import annotations

import threading
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import Model
from django.db.models.signals import post_delete, post_save
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from accounts.models import User
from articles.models import Article, Revision
from articles.search import services, tasks
from articles.search.backends import get_backend
from articles.search.backends.base import normalized_texts
from articles.search.backends.postgresql import SPANS
from articles.search.query import SearchQuery, parse_terms
from articles.search.services import check, rebuild, update_index
from articles.services import publishing, schedule
from core import events
from tests import factories
from tests.search.test_search import article, found

pytestmark = pytest.mark.django_db

only_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="about the index of PostgreSQL")

BODIES = [
    "<p>Plain &amp; simple.</p><p>Two&nbsp;words</p>",
    '<p>A <a href="https://example.org/?a=1&amp;b=&gt;&quot;">link</a>ed w<em>or</em>d, <strong>bold</strong></p>',
    "<ul><li><p>one</p></li><li><p>two</p></li></ul><blockquote><p>three</p></blockquote><hr><p>fo<br>ur</p>",
    "<h2>Head</h2><p>1 &lt; 2 &amp;lt; 3 &gt; 0 &amp;amp;</p>",
    "<p>Ёлка, «за́мок» — ի՞նչ Երևան։ ﬁn naïve 12/2023 a_b c.d@e.org -5</p>",
]


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("rebuild_search", *arguments, stdout=out)
    return out.getvalue()


def entries() -> list[Any]:
    model: type[Model] = get_backend().model
    return list(model._default_manager.order_by("pk").values_list(*(field.attname for field in model._meta.fields)))


# --- check and rebuild -------------------------------------------------------------------------


def test_check_after_publishing_and_hiding_finds_no_difference() -> None:
    article("One")
    factories.hidden(title="Two")
    factories.draft()
    assert check() == (0, 0)
    assert "nothing else." in run("--check")


def test_rebuild_search_repairs_what_check_reports() -> None:
    missing, surplus = article("Missing"), article("Surplus")
    Article.objects.filter(pk=surplus.pk).update(state=Article.State.HIDDEN)
    get_backend().remove([missing.pk])
    with pytest.raises(
        CommandError, match="1 published articles are not in the index, and 1 entries belong to nothing"
    ):
        run("--check")
    assert found("missing") == set()
    assert "1 articles are in the index." in run()
    assert found("missing") == {"Missing"}
    assert "nothing else." in run("--check")


def test_rebuild_processes_all_batches() -> None:
    for n in range(5):
        article(f"Telescope {n}")
    get_backend().remove(list(Article.objects.values_list("pk", flat=True)))
    assert found("telescope") == set()
    lines: list[str] = []
    assert rebuild(batch_size=2, report=lines.append) == 5
    assert len(lines) == 3
    assert len(found("telescope")) == 5


def test_rebuild_and_check_of_scheduled_articles() -> None:
    article("Telescope")
    factories.published(title="Telescope tomorrow", publish_at=timezone.now() + timedelta(hours=1))
    assert rebuild() == 1
    assert check() == (0, 0)
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        assert check() == (0, 0)  # It is not announced yet.
        schedule.announce_due()
        assert check() == (0, 0)
        assert found("telescope") == {"Telescope", "Telescope tomorrow"}
        assert rebuild() == 2


def test_rebuild_writes_the_same_entries_as_publishing() -> None:
    for n, body in enumerate(BODIES):
        article(f"Article {n}", body, language=["en", "ru", "hy"][n % 3], tag_names=["Wi-Fi"])
    factories.hidden(title="Hidden")
    before = entries()
    get_backend().remove([entry[0] for entry in before])
    assert entries() == []
    assert rebuild() == len(BODIES)
    assert entries() == before


@pytest.mark.postgres
@only_postgresql
@pytest.mark.django_db(transaction=True)
def test_rebuild_while_articles_are_hidden_indexes_no_hidden_article() -> None:
    articles = [article(f"Telescope {n}") for n in range(8)]
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
        rebuild(batch_size=2)
    hiding.join()
    assert not failed
    assert check() == (0, 0)
    assert entries() == []


# --- Updates -----------------------------------------------------------------------------------


def test_saving_a_model_does_not_change_the_index() -> None:
    one = article("Telescope")
    assert not post_save.has_listeners(Article)
    assert not post_delete.has_listeners(Article)
    assert one.live is not None
    Revision.objects.filter(pk=one.live.pk).update(title="Microscope")
    one.save()
    assert found("microscope") == set()


def test_publish_rolled_back_leaves_the_index_unchanged() -> None:
    one = factories.in_review(title="Telescope")
    with transaction.atomic():
        publishing.publish(article=one, revision_number=1)
        transaction.set_rollback(True)
    assert entries() == []


def test_update_author_writes_one_batch_now_and_commits_tasks_for_the_rest(
    monkeypatch: pytest.MonkeyPatch, settings: LazySettings
) -> None:
    monkeypatch.setattr(services, "RENAME_BATCH", 2)
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    author = factories.UserFactory.create(display_name="Old")
    for n in range(5):
        article(f"Article {n}", author=author)
    User.objects.filter(pk=author.pk).update(display_name="Hovhannes")
    enqueued = DBTaskResult.objects.filter(task_path="articles.search.tasks.update_index")
    with transaction.atomic():
        events.user_renamed.send(User, user=author)
        transaction.set_rollback(True)
    assert not enqueued.exists()
    events.user_renamed.send(User, user=author)
    assert len(found("hovhannes")) == 2
    for task in enqueued:
        tasks.update_index.call(*task.args_kwargs["args"])
    assert len(found("hovhannes")) == 5


def test_update_index_costs_the_same_queries_for_any_number_of_articles(django_assert_max_num_queries: Any) -> None:
    pks = [article(f"Telescope {n}", tag_names=[f"tag {n}"]).pk for n in range(5)]
    with django_assert_max_num_queries(6):
        update_index(pks)


def test_normalized_texts_have_tags_as_written_and_as_named_now() -> None:
    one = article("Telescope", tag_names=["Optics"])
    one.tags.update(name="Lenses and mirrors")
    assert normalized_texts(Article.objects.get(pk=one.pk))["names"].split()[-4:] == [
        "optics",
        "lenses",
        "and",
        "mirrors",
    ]


# --- PostgreSQL --------------------------------------------------------------------------------


@only_postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("newest_first", [True, False])
def test_search_reads_only_the_index_and_stops_at_the_span_that_has_enough(newest_first: bool) -> None:
    for n in range(30):
        article(f"Telescope {n}")
    plans: list[str] = []

    def explain(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "search_searchentry" in sql:
            with context["connection"].connection.cursor() as cursor:
                cursor.execute("EXPLAIN (ANALYZE, TIMING OFF, COSTS OFF) " + sql, params)
                plans.append("\n".join(row[0] for row in cursor.fetchall()))
        return execute(sql, params, many, context)

    backend, query = get_backend(), SearchQuery(words="telescope", newest_first=newest_first)
    with backend.limit_time():
        terms = backend.stem(parse_terms("telescope"))
        with connection.execute_wrapper(explain):
            backend.search(query, terms, limit=13)
    assert len(plans) == (1 if newest_first else 2)  # The second ranks what the first found.
    assert plans[0].count("Bitmap Index Scan on search_entry_words") == len(SPANS) + 1
    assert plans[0].count("Bitmap Index Scan on search_entry_words (never executed)") == (
        len(SPANS) if newest_first else 0
    )
    assert "Seq Scan on search_searchentry" not in "".join(plans)


@only_postgresql
def test_update_index_of_a_text_that_is_too_long_indexes_its_beginning() -> None:
    one = article("Long")
    assert one.live is not None
    words = "".join(f" слово{n}ы" for n in range(60_000))
    Revision.objects.filter(pk=one.live.pk).update(body=f"<p>{words}</p>" * 3)
    update_index([one.pk])
    assert found("слово100ы") == {"Long"}
