"""Finding articles by their words: the index, its engines, and what a reader asks them (docs/search.md)."""
