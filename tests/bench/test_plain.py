"""The plain project whose pages the site's pages are compared with."""

from __future__ import annotations

import json
import sys

from bench.system import process_env, run

_VISIT = """
import django, json
django.setup()
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from bench.baselines.plain.seed import fill
fill()
client, found = Client(HTTP_HOST="127.0.0.1"), []
for path in ("/pages/1/", "/articles/1/", "/articles/1000/"):
    client.get(path)
    with CaptureQueriesContext(connection) as queries:
        response = client.get(path)
    found.append([response.status_code, len(queries), len(response.content)])
print(json.dumps(found))
"""


def test_plain_pages_make_one_query_and_the_article_has_the_given_size() -> None:
    env = process_env(DJANGO_SETTINGS_MODULE="bench.baselines.plain.settings", ARTICLE_PAGE_BYTES="15000")
    found = json.loads(run([sys.executable, "-c", _VISIT], env=env))
    assert [(status, queries) for status, queries, _ in found] == [(200, 1)] * 3
    assert all(14_900 <= size <= 15_300 for _, _, size in found[1:])
