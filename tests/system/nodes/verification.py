"""Is everything that was acknowledged in the database?"""

from __future__ import annotations

import psycopg

from articles.readership.visitors import Visitor, classify_hit
from tests.system.nodes.load import USER_AGENT, Load


def lost_writes(load: Load, database_url: str) -> list[str]:
    """Return the acknowledged views, votes and drafts that the database does not hold as they were acknowledged."""
    # What is acknowledged after this is not looked for.
    views, votes, titles = list(load.views), dict(load.votes), list(load.titles)
    settled = {pair: next(iter(values)) for pair, values in votes.items() if len(values) == 1}
    with psycopg.connect(database_url) as connection:
        salts = connection.execute("SELECT day, salt FROM readership_dailysalt").fetchall()
        viewed = set(connection.execute("SELECT article_id, visitor FROM readership_pageview").fetchall())
        cast = {
            (str(voter), str(article)): value
            for voter, article, value in connection.execute("SELECT voter_id, article_id, value FROM voting_vote")
        }
        stored = {row[0] for row in connection.execute("SELECT title FROM articles_revision")}
    lost = [f"draft {title}" for title in titles if title not in stored]
    for article, address in views:
        visitor = Visitor(address, USER_AGENT)
        hits = [classify_hit(visitor, target_id=int(article), author_ids=(), day=day, salt=salt) for day, salt in salts]
        if not any((hit.target_id, hit.visitor) in viewed for hit in hits):
            lost.append(f"view of article {article} from {address}")
    for pair, value in settled.items():
        # A vote that was cast again meanwhile is in flight.
        if load.votes[pair] == {value} and cast.get(pair, 0) != value:
            lost.append(f"vote {value} of user {pair[0]} on article {pair[1]}")
    return lost
