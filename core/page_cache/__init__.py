"""WSGI middleware that caches public pages in each worker's memory (docs/decisions/0006-page-cache.md)."""

from core.page_cache.middleware import PageCache, answers

__all__ = ["PageCache", "answers"]
