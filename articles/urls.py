"""URLs of the public pages, the pages of authors, feeds and sitemaps."""

from django.conf import settings
from django.urls import path, re_path
from django.views.generic import TemplateView

from articles import sitemaps
from articles.embeds import FRAME_SOURCES
from articles.feeds import ArticleAtomFeed, ArticleFeed, CorrectionAtomFeed, CorrectionFeed
from articles.views import (
    author,
    coauthors,
    corrections,
    crops,
    edit,
    images,
    imports,
    preview_links,
    public,
    schedule,
    series,
    submission,
    tags,
    versions,
)
from core.http_cache import public_page, with_frames_from

# Prefixed with the language.
urlpatterns = [
    path("articles/<int:pk>/", public.short_url, name="article_short"),
    path(
        "articles/<int:pk>/<str:slug>/",
        public_page(with_frames_from(FRAME_SOURCES, public.ArticleView.as_view())),
        name="article",
    ),
    path("", public_page(public.FrontView.as_view()), name="front"),
    path("hot/", public_page(public.HotView.as_view()), name="hot"),
    path("top/", public.top, name="top"),
    path("top/<str:span>/", public_page(public.TopView.as_view()), name="top"),
    path("sections/<slug:slug>/", public_page(public.SectionView.as_view()), name="section"),
    path("tags/<str:slug>/", public_page(public.TagView.as_view()), name="tag"),
    path("authors/<str:username>/", public_page(public.AuthorView.as_view()), name="author"),
    path("series/<int:pk>/<str:slug>/", public_page(series.SeriesView.as_view()), name="series"),
    path("corrections/", public_page(corrections.CorrectionsView.as_view()), name="corrections"),
    path("about/", public_page(TemplateView.as_view(template_name="articles/about.html")), name="about"),
    path("my/articles/", author.MyArticlesView.as_view(), name="my_articles"),
    path("my/articles/trash/", author.TrashView.as_view(), name="my_articles_trash"),
    path("my/articles/new/", edit.EditView.as_view(), name="my_article_new"),
    path("my/articles/import/", imports.ImportView.as_view(), name="my_article_import"),
    path("my/articles/new/autosave/", edit.autosave, name="my_article_autosave_new"),
    path("my/articles/<int:pk>/", edit.EditView.as_view(), name="my_article_edit"),
    path("my/articles/<int:pk>/autosave/", edit.autosave, name="my_article_autosave"),
    path("my/articles/<int:pk>/merge/", edit.merge_texts, name="my_article_merge"),
    path("my/articles/<int:pk>/coauthors/", coauthors.CoAuthorsView.as_view(), name="my_article_coauthors"),
    path("my/invitations/<int:pk>/accept/", coauthors.accept, name="coauthor_accept"),
    path("my/invitations/<int:pk>/end/", coauthors.end, name="coauthor_end"),
    path("my/articles/<int:pk>/versions/", versions.VersionsView.as_view(), name="my_article_versions"),
    path("my/articles/<int:pk>/versions/restore/", versions.restore, name="my_article_restore"),
    path(
        "my/articles/<int:pk>/preview/",
        with_frames_from(FRAME_SOURCES, author.PreviewView.as_view()),
        name="my_article_preview",
    ),
    path("my/articles/<int:pk>/preview/link/", preview_links.create, name="my_article_preview_link"),
    path("my/articles/<int:pk>/preview/link/end/", preview_links.end, name="my_article_preview_link_end"),
    path("preview/<str:token>/", with_frames_from(FRAME_SOURCES, preview_links.show), name="preview_link"),
    path("my/articles/<int:pk>/crop/", crops.CropLeadView.as_view(), name="my_article_crop"),
    path("my/articles/<int:pk>/checklist/", submission.checklist, name="my_article_checklist"),
    path("my/articles/<int:pk>/submit/", submission.submit, name="my_article_submit"),
    path("my/articles/<int:pk>/schedule/", schedule.ScheduleView.as_view(), name="my_article_schedule"),
    path("my/articles/<int:pk>/withdraw/", author.withdraw, name="my_article_withdraw"),
    path("my/articles/<int:pk>/discard/", author.discard, name="my_article_discard"),
    path("my/articles/<int:pk>/discard-edit/", author.discard_edit, name="my_article_discard_edit"),
    path("my/articles/<int:pk>/undiscard/", author.restore_from_trash, name="my_article_undiscard"),
    path("my/series/", series.MySeriesView.as_view(), name="my_series"),
    path("my/series/<int:pk>/", series.SeriesEditView.as_view(), name="my_series_edit"),
    path("my/series/<int:pk>/part/", series.change_part, name="my_series_part"),
    path("my/series/<int:pk>/delete/", series.delete, name="my_series_delete"),
    path("my/tags/", tags.suggestions, name="my_tag_suggestions"),
    path("my/images/", images.MyImagesView.as_view(), name="my_images"),
    path("my/images/<int:pk>/crop/", crops.CropView.as_view(), name="my_image_crop"),
    path("my/images/<int:pk>/file/", images.file, name="my_image_file"),
    path("my/images/<int:pk>/delete/", images.delete, name="my_image_delete"),
]

# For programs, without a language.
untranslated_urlpatterns = [
    path("feeds/rss.xml", public_page(ArticleFeed.as_view()), name="feed_rss"),
    path("feeds/atom.xml", public_page(ArticleAtomFeed.as_view()), name="feed_atom"),
    path("sections/<slug:slug>/rss.xml", public_page(ArticleFeed.as_view()), name="feed_section_rss"),
    path("sections/<slug:slug>/atom.xml", public_page(ArticleAtomFeed.as_view()), name="feed_section_atom"),
    path("authors/<str:username>/rss.xml", public_page(ArticleFeed.as_view()), name="feed_author_rss"),
    path("authors/<str:username>/atom.xml", public_page(ArticleAtomFeed.as_view()), name="feed_author_atom"),
    path("series/<int:pk>/rss.xml", public_page(ArticleFeed.as_view()), name="feed_series_rss"),
    path("series/<int:pk>/atom.xml", public_page(ArticleAtomFeed.as_view()), name="feed_series_atom"),
    path("corrections/rss.xml", public_page(CorrectionFeed.as_view()), name="feed_corrections_rss"),
    path("corrections/atom.xml", public_page(CorrectionAtomFeed.as_view()), name="feed_corrections_atom"),
    path("sitemap.xml", public_page(sitemaps.index), name="sitemap"),
    path("sitemaps/<int:number>.xml", public_page(sitemaps.part), name="sitemap_part"),
    path("robots.txt", public_page(sitemaps.robots), name="robots"),
    re_path(f"^{settings.LANGUAGE_CODE}/(?P<path>.*)$", public.without_language),
    path("favicon.ico", public.favicon, name="favicon"),
]
