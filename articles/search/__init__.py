"""Full-text search of published articles (docs/search.md)."""
