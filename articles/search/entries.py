"""The index on PostgreSQL: one row of words for each published article, written by one statement for one or for all.

A row's `words` holds four kinds of lexemes, told apart by their first character (no word of a text begins with one):

    word     a stem of title (weight A), tags and author (B), summary (C) or text (D), with its places;
    ^word    the same stem, where it stands in title, tags or author: the few articles that are *about* it;
    ~word    a word of the title as it is written, for what a reader has half typed;
    §…       what a search is narrowed by: §s section, §a author, §l language, and §0. §1. §2. spans of time.

So one GIN index answers every question, however its conditions are combined: it goes through the shortest list and
skips in the longer ones. The spans of time let a search for a frequent word look at the newest articles alone.

The configuration is PostgreSQL's `russian`: it stems words of Latin letters as English and all others as Russian, which
leaves Armenian (and everything else that is not Russian) whole. So texts that mix languages are right word by word.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import connection

from articles.search.words import NOTHING

CONFIGURATION = "russian"
# PostgreSQL refuses a vector of more than 1 MB; this much of a text is always below it. It is a book of 100 pages.
MOST_CHARACTERS = 150_000
# Spans of time as bits of the seconds since 1970: a day and a half, 24 days, a year and 3 weeks.
SPANS = (17, 21, 25)
# What makes PostgreSQL see an address, a path, a number with a sign or mark-up.
_ASCII = r"\-/_.@:+<>&=\\~#?"


def normal(text: str) -> str:
    """SQL: the text of an SQL expression in one spelling, as `articles.search.words.one_spelling` has it.

    Only what PostgreSQL's parser does not take for the end of a word by itself is made a space; its Russian stemmer
    reads ё as е. (NFKC writes և as եւ.)
    """
    composed = "CASE WHEN t IS NFKC NORMALIZED THEN t ELSE normalize(t, NFKC) END"
    without_signs = f"regexp_replace({composed}, '[{NOTHING}]', '', 'g')"
    lower = f"lower(regexp_replace({without_signs}, '[{_ASCII}]', ' ', 'g'))"
    return f"(SELECT replace({lower}, 'եւ', 'եվ') FROM (SELECT {text} AS t) AS _text)"


def plain(html: str) -> str:
    """SQL: the words of stored (sanitised) HTML, as `core.sanitizer.plain_text` has them.

    The sanitiser writes "<", ">" and "&" of texts and addresses as entities, so that a tag ends at the next ">".
    """
    without_inline = rf"regexp_replace({html}, '</?(a|strong|em)( [^>]*)?>', '', 'g')"
    without_tags = f"regexp_replace({without_inline}, '<[^>]*>', ' ', 'g')"
    for entity, sign in (("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&")):
        without_tags = f"replace({without_tags}, '{entity}', '{sign}')"
    return without_tags


def _stems(text: str) -> str:
    return f"to_tsvector('{CONFIGURATION}', {normal(text)})"


_SPAN_LEXEMES = ", ".join(
    f"'§{level}.' || (extract(epoch FROM a.published_at)::bigint >> {bits})" for level, bits in enumerate(SPANS)
)
_NAMES = (
    "concat_ws(', ', u.display_name, u.username, "
    "(SELECT string_agg(x, ', ') FROM jsonb_array_elements_text(r.tag_names) x), "
    "(SELECT string_agg(t.name, ', ') FROM articles_articletag at JOIN articles_tag t ON t.id = at.tag_id "
    "WHERE at.article_id = a.id))"
)
# The vectors are made once each (OFFSET 0 keeps the planner from putting the expressions where they are used), and the
# largest is joined last, once.
_ROWS = f"""
SELECT v.id, v.published_at,
  setweight(v.title, 'A') || setweight(v.names, 'B') || setweight(v.summary, 'C') || array_to_tsvector(
    ARRAY['§s' || v.section_id, '§a' || v.author_id, '§l' || v.language]
    || v.spans
    || ARRAY(SELECT '^' || x FROM unnest(tsvector_to_array(v.title || v.names)) x)
    || ARRAY(SELECT '~' || x FROM unnest(tsvector_to_array(v.written)) x)) || v.body
FROM (
  SELECT a.id, a.published_at, a.section_id, a.author_id, a.language,
    ARRAY[{_SPAN_LEXEMES}] AS spans,
    {_stems("r.title")} AS title,
    {_stems(_NAMES)} AS names,
    {_stems("r.summary")} AS summary,
    {_stems(f"left({plain('r.body')}, {MOST_CHARACTERS})")} AS body,
    to_tsvector('simple', translate({normal("r.title")}, 'ё', 'е')) AS written
  FROM articles_article a
  JOIN articles_revision r ON r.id = a.live_id
  JOIN accounts_user u ON u.id = a.author_id
  WHERE a.state = 'published' AND [which]
  OFFSET 0
) v
"""
_INSERT = "INSERT INTO search_searchentry (article_id, published_at, words) "
_OVERWRITE = " ON CONFLICT (article_id) DO UPDATE SET published_at = EXCLUDED.published_at, words = EXCLUDED.words"


def _rows(which: str) -> str:
    return _ROWS.replace("[which]", which)


def write(pks: Sequence[int]) -> None:
    """Write the entries of these articles anew; those that are not published lose theirs."""
    with connection.cursor() as cursor:
        cursor.execute(_INSERT + _rows("a.id = ANY(%s)") + _OVERWRITE, [list(pks)])
        cursor.execute(
            "DELETE FROM search_searchentry e USING articles_article a "
            "WHERE e.article_id = ANY(%s) AND a.id = e.article_id AND a.state <> 'published'",
            [list(pks)],
        )


def remove(pks: Iterable[int]) -> None:
    """Take the entries of these articles away."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM search_searchentry WHERE article_id = ANY(%s)", [list(pks)])


def remove_all() -> None:
    """Empty the index."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE search_searchentry")
