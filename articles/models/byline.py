"""What readers see of a co-author."""

from __future__ import annotations

from typing import NamedTuple

from django.urls import reverse


class ShownCoAuthor(NamedTuple):
    """An element of `Article.coauthors`."""

    pk: int
    username: str
    display_name: str

    @property
    def name(self) -> str:
        """The name that readers see (`User.name`)."""
        return self.display_name or self.username

    def get_absolute_url(self) -> str:
        return reverse("author", kwargs={"username": self.username})
