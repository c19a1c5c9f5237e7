"""Read the files that authors import texts from: Markdown, HTML and .docx.

Nothing that a file says about itself is trusted: `core.document_converter` reads HTML and .docx in a process of its
own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any, BinaryIO

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy

from core import child_process, markdown_files
from core.logs import events
from core.markdown import from_markdown
from core.plain_html import TooLong, to_page
from core.text import clean_text
from core.text_encoding import UnknownEncoding, decode_text

MAX_BYTES = 10 * 1024 * 1024
# Characters of a Markdown file: more than an article can have.
MAX_MARKDOWN = 150_000
# For the `accept` attribute of file fields.
ACCEPTED_TYPES = ".md,.markdown,.txt,.html,.htm,.docx"
CONVERTER = Path(__file__).with_name("document_converter.py")
CONVERTER_TIMEOUT = 20  # seconds
MARKDOWN_SUFFIXES = {".md", ".markdown", ".txt"}
HTML_SUFFIXES = {".html", ".htm", ".xhtml"}
_ZIP, _OLD_WORD, _PDF = b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF"

REFUSALS = {
    "empty": gettext_lazy("The file is empty."),
    "size": gettext_lazy("This file is larger than 10 MB. Choose a smaller one."),
    "unknown": gettext_lazy("We cannot read this file. Choose a Markdown (.md), HTML or Word (.docx) file."),
    "old": gettext_lazy("This file is of an old version of Word, or it has a password. Save it as .docx without one."),
    "pdf": gettext_lazy("We cannot read PDF files. Choose the document from which it was made."),
    "encoding": gettext_lazy("We cannot tell in which encoding the text is. Save the file as UTF-8."),
    "unpacked": gettext_lazy("The file is too large when it is unpacked. Remove images from it."),
    "encrypted": gettext_lazy("The file has a password. Save it without one."),
    "long": gettext_lazy("The document is too long for one article. Split it into several files."),
    "damaged": gettext_lazy("The file is damaged or incomplete. Save it again and choose the new file."),
}


class InvalidDocument(ValidationError):
    """The document is not accepted; the message is for the user who sent it."""

    def __init__(self, refusal: str) -> None:
        super().__init__(REFUSALS[refusal])


@dataclass
class Document:
    """What was read from a file, not sanitised.

    Args:
        html: in which the address of an image is "image:" and its index in `images`.
        images: the files, as they are in the document.
        lost: how much was left out: "images_elsewhere", "images_unreadable", "images_too_many", "links", "elements",
            "comments".
    """

    html: str
    title: str = ""
    summary: str = ""
    language: str = ""
    tags: list[str] = field(default_factory=list)
    images: list[bytes] = field(default_factory=list)
    lost: Counter[str] = field(default_factory=Counter)


def load_document(file: UploadedFile[Any] | BinaryIO, name: str) -> Document:
    """Read a file.

    Args:
        name: its name; the declared type is ignored.

    Raises:
        InvalidDocument: the file is not accepted.
    """
    result = "ok"
    try:
        return _load(file, name)
    except InvalidDocument as error:
        result = next((key for key, sentence in REFUSALS.items() if sentence == error.message), "")
        raise
    finally:
        events.info("document_read", extra={"fields": {"result": result}})


def _load(file: UploadedFile[Any] | BinaryIO, name: str) -> Document:
    file.seek(0)
    data = bytes(file.read(MAX_BYTES + 1))
    if not data.strip():
        raise InvalidDocument("empty")
    if len(data) > MAX_BYTES:
        raise InvalidDocument("size")
    for signature, refusal in ((_OLD_WORD, "old"), (_PDF, "pdf")):
        if data.startswith(signature):
            raise InvalidDocument(refusal)
    if data.startswith(_ZIP):
        return _convert("docx", data)
    suffix = PurePath(name).suffix.lower()
    if suffix not in MARKDOWN_SUFFIXES | HTML_SUFFIXES:
        raise InvalidDocument("unknown")
    try:
        text = decode_text(data)
    except UnknownEncoding as error:
        raise InvalidDocument("encoding") from error
    return _convert("html", text.encode()) if suffix in HTML_SUFFIXES else _read_markdown(text)


def _read_markdown(text: str) -> Document:
    if len(text) > MAX_MARKDOWN:
        raise InvalidDocument("long")
    found, lost = markdown_files.parse(clean_text(text)), Counter[str]()
    html = from_markdown(markdown_files.without_html(found.text, lost))
    shown = markdown_files.without_image_links(html, lost)
    return Document(
        html=shown, title=found.title, summary=found.summary, language=found.language, tags=found.tags, lost=lost
    )


def _convert(kind: str, data: bytes) -> Document:
    answer, files = child_process.run(CONVERTER, kind, data, timeout=CONVERTER_TIMEOUT)
    if "html" not in answer:
        raise InvalidDocument(answer.get("refusal", "long"))
    try:
        page = to_page(answer["html"])
    except TooLong as error:
        raise InvalidDocument("long") from error
    return Document(
        html=page.html,
        title=page.title or answer["title"],
        language=answer["language"],
        images=list(_split(files, answer["images"])),
        lost=Counter(answer["lost"]),
    )


def _split(data: bytes, lengths: list[int]) -> Iterator[bytes]:
    position = 0
    for length in lengths:
        yield data[position : position + length]
        position += length
