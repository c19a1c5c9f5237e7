"""The project uses standard terms and plain English, in identifiers, documents and the interface."""

from __future__ import annotations

import re
import subprocess
import tokenize
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
# Words that no identifier contains, because a standard term exists (docs/glossary.md).
IDENTIFIER_WORDS = {
    *("heir", "house", "keeping", "kept", "letter", "letters", "mailbox", "nobody", "nought", "papers", "patience"),
    *("people", "person", "portrait", "room", "rooms", "shelf", "somebody", "verb", "whoever"),
}
# Words that no document, template or interface string contains.
TEXT_WORDS = re.compile(
    r"\b(anew|heir|mailbox|nought|papers|put forward|puts forward|shelf|shall|whoever|by letter|our letters|verbs?)\b",
    re.IGNORECASE,
)


def tracked_files(*patterns: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603, S607
    return [path for name in listed.stdout.splitlines() if (path := ROOT / name).exists()]


def identifier_words(path: Path) -> Iterator[tuple[int, str]]:
    with path.open("rb") as file:
        for token in tokenize.tokenize(file.readline):
            if token.type == tokenize.NAME:
                for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", token.string):
                    yield token.start[0], word.lower()


def test_identifiers_use_standard_terms() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {word}"
        for path in tracked_files("*.py")
        for line, word in identifier_words(path)
        if word in IDENTIFIER_WORDS
    ]
    assert not found, "\n".join(found)


def test_file_names_use_standard_terms() -> None:
    found = [
        str(path.relative_to(ROOT))
        for path in tracked_files()
        if set(re.findall(r"[a-z]+", path.name.lower())) & IDENTIFIER_WORDS and "content" not in path.parts
    ]
    assert not found, "\n".join(found)


def test_docs_and_templates_use_plain_language() -> None:
    found = []
    for path in tracked_files("*.md", "templates/*.html", "templates/*.txt", ":!demo/content", ":!docs/glossary.md"):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            found += [f"{path.relative_to(ROOT)}:{number}: {match[0]}" for match in TEXT_WORDS.finditer(line)]
    assert not found, "\n".join(found)


def test_interface_strings_use_plain_language() -> None:
    catalogue = (ROOT / "locale" / "ru" / "LC_MESSAGES" / "django.po").read_text(encoding="utf-8")
    msgids = re.findall(r'^msgid(?:_plural)? ((?:".*"\n)+)', catalogue, re.MULTILINE)
    found = [msgid for msgid in msgids if TEXT_WORDS.search(msgid.replace('"\n"', ""))]
    assert not found, "\n".join(found)
