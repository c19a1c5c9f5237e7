"""demo/content: the Markdown files are complete and their order is as intended."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from demo import content, seed, users
from demo.content import ArticleSource

ARTICLES = content.read_articles()


def test_read_article_parses_header_and_markdown(tmp_path: Path) -> None:
    folder = tmp_path / "ru"
    folder.mkdir()
    header = (
        "title: A: b\nsection: sport\ntags: one, two words\nauthor: x\nimage: x.webp\ncaption: c\nalt: a\ncredit: d\n"
    )
    (folder / "name.md").write_text(
        f"---\n{header}age_hours: 3\npending_edit: *More*\n---\n\n## Head\n\nA **b**.\n\n---\n\n- c\n", encoding="utf-8"
    )
    article = content.read_article(folder / "name.md")
    assert (article.name, article.language, article.title) == ("name", "ru", "A: b")
    assert (article.tags, article.age_hours, article.state, article.summary) == (
        ["one", "two words"],
        3,
        "published",
        "",
    )
    assert article.body == "<h2>Head</h2>\n<p>A <strong>b</strong>.</p>\n<hr />\n<ul>\n<li>c</li>\n</ul>"
    assert article.pending_edit == "<p><em>More</em></p>"


def test_read_articles_returns_enough_for_a_site() -> None:
    published = [article for article in ARTICLES if article.state == "published"]
    assert len(published) >= 40
    assert len({article.section for article in published}) >= 6
    assert len({article.author for article in published}) >= 8
    assert {article.language for article in published} == {"en", "ru", "hy"}


@pytest.mark.parametrize("article", ARTICLES, ids=lambda article: article.name)
def test_article_source_is_complete(article: ArticleSource) -> None:
    assert article.section in {slug for slug, *_ in seed.SECTIONS}
    assert article.author in {user.username for user in users.USERS}
    assert article.alt
    assert article.caption
    assert article.image_path.is_file()
    assert len(article.title) <= 140
    assert len(article.summary) <= 300
    assert 1 <= len(article.tags) <= 5
    assert article.state == "draft" or len(article.body.split()) > 120


def test_author_has_one_article_in_each_state() -> None:
    states = sorted(article.state for article in ARTICLES if article.author == users.AUTHOR.username)
    assert states == ["draft", "hidden", "in_review", "published", "returned"]


def test_published_with_ages_spans_today_and_five_weeks() -> None:
    aged = content.published_with_ages(ARTICLES)
    ages = [age.total_seconds() / 3600 for _, age in aged]
    assert ages == sorted(ages, reverse=True)
    assert sum(age < 12 for age in ages) >= 3
    assert 24 * 28 < ages[0] < 24 * 45
    assert aged[-1][0].name == content.NEWEST


def test_images_are_webp_and_at_most_2_mb_in_all() -> None:
    files = sorted(content.CONTENT.rglob("*.webp"))
    assert sum(file.stat().st_size for file in files) <= 2_000_000
    for file in files:
        with Image.open(file) as image:
            assert image.format == "WEBP"
            assert image.size == ((320, 320) if file.parent.name == "avatars" else (1280, 854))


def test_every_image_is_used() -> None:
    used = {article.image_path for article in ARTICLES} | {user.avatar_path for user in users.USERS}
    assert set(content.CONTENT.rglob("*.webp")) <= used
