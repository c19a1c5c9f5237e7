"""The context processor of all templates."""

from __future__ import annotations

import pytest

from spokesperson.context_processors import path_in_language


@pytest.mark.parametrize(
    ("path", "code", "expected"),
    [
        ("/", "ru", "/ru/"),
        ("/ru/", "en", "/"),
        ("/ru/articles/1/x/", "hy", "/hy/articles/1/x/"),
        ("/russia/", "ru", "/ru/russia/"),
        ("//evil.example/", "en", "/evil.example/"),
        ("/ru//evil.example/", "en", "/evil.example/"),
    ],
)
def test_path_in_language(path: str, code: str, expected: str) -> None:
    assert path_in_language(path, code) == expected
