"""What people do on the site, each through nginx or on one node."""

from __future__ import annotations

import itertools
import re
import uuid

from articles.models.disclosure import NOTHING_TO_DISCLOSE
from tests.e2e.steps import photograph
from tests.factories import BODY
from tests.system.nodes.load import Site
from tests.system.replicas.servers import wait_until
from tests.system.visitor import Visitor, fields_of

ADDRESS = "192.0.2.1"
# Each journey has an author of its own, because authors are limited.
_numbers = itertools.count()


def journey(site: Site, other_node: str) -> None:
    """Log in, write with an image, submit; publish in the admin; read on the other node; like; promote.

    Args:
        other_node: the origin of a node, which is asked without nginx.

    Raises:
        AssertionError: a step failed.
    """
    number = next(_numbers)
    author, moderator, reader = (log_in(site, name, number) for name in (f"newcomer{number}", "moderator", "reader"))
    title = f"Journey {uuid.uuid4().hex}"
    write(site, author, title)
    publish(moderator, title)
    found = re.search(r"/my/articles/(\d+)/", author.get("/my/articles/").text)
    assert found
    pk = found[1]
    reader_of_other = Visitor(other_node, ADDRESS)
    path = reader_of_other.get(f"/articles/{pk}/").location
    # The node's replica can be behind.
    wait_until(lambda: reader_of_other.get(path).status == 200, seconds=12, what=f"{title} is public")
    page = reader_of_other.get(path)
    assert "Written with care." in page.text
    image = re.search(r'src="(/media/[^"]+)"', page.text)
    assert image
    assert reader_of_other.get(image[1]).status == 200
    like(reader, path, pk)
    promote(site, author, pk)


def log_in(site: Site, name: str, number: int = 0) -> Visitor:
    visitor = Visitor(site.origin, f"192.0.2.{number + 1}")
    visitor.log_in(name)
    return visitor


def write(site: Site, author: Visitor, title: str) -> None:
    fields = {
        **fields_of(author.get("/my/articles/new/")),
        "title": title,
        "body": f"<p>Written with care.</p>{BODY}",
        "section": str(site.section),
        "language": "en",
        "alternative_text": "A lamp",
        **NOTHING_TO_DISCLOSE,
        "action": "submit",
    }
    answer = author.post("/my/articles/new/", fields, photograph()["buffer"])
    assert answer.status == 302, answer


def publish(moderator: Visitor, title: str) -> None:
    queue = moderator.get("/admin/moderation/submission/").text
    found = re.search(rf'href="(/admin/moderation/submission/\d+/change/[^"]*)"[^>]*>\s*{title}', queue)
    assert found, f"{title} is not in the queue"
    fields = {**fields_of(moderator.get(found[1])), "verdict": "publish"}
    answer = moderator.post(found[1], fields)
    assert answer.status == 302, answer


def like(reader: Visitor, path: str, pk: str) -> None:
    answer = reader.post(f"/articles/{pk}/vote/", {**fields_of(reader.get(path)), "vote": "1"})
    assert answer.status == 303, answer
    assert 'aria-pressed="true"' in reader.get(path).text


def promote(site: Site, author: Visitor, pk: str) -> None:
    path = f"/articles/{pk}/promote/"
    fields = {**fields_of(author.get(path)), "plan": str(site.plan), "terms": "on"}
    answer = author.post(path, fields)
    assert answer.status == 302, answer
    assert "Your request has been sent" in author.get(answer.location).text
