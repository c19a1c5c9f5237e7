"""Decode text files of unknown encoding."""

import codecs
import re

_DECLARED = re.compile(
    rb"""<(?:meta\b[^>]*?\bcharset|\?xml\b[^>]*?\bencoding)\s*=\s*["']?\s*([\w-]{1,30})""", re.IGNORECASE
)
# Others, such as "idna" and "unicode_escape", are no encodings of files.
_ALLOWED = re.compile(r"iso8859-\d+|cp\d+|koi8-[rtu]|mac-cyrillic|gb\w+|big5|shift_jis|euc_\w+")
# How much of a file is searched for the name of its encoding.
_HEAD = 4096
_BYTE_ORDER_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
# Of the encodings of one byte, those of Cyrillic. A word has its capital letter at its beginning only, and what is a
# small letter in one of these is a capital letter in the other one.
_CYRILLIC = ("windows-1251", "koi8-r")
_WORD = re.compile(r"[^\W\d_]+")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")


class UnknownEncoding(ValueError):
    """The text cannot be decoded."""


def decode_text(data: bytes) -> str:
    """Return the text of a file: by its byte order mark, as UTF-8, as an HTML page declares, or as Cyrillic text.

    Raises:
        UnknownEncoding: it is none of these, or not text.
    """
    text = _decode(data)
    if _CONTROL.search(text):
        raise UnknownEncoding
    return text


def _decode(data: bytes) -> str:
    declared = _DECLARED.search(data[:_HEAD])
    try:
        for mark, encoding in _BYTE_ORDER_MARKS.items():
            if data.startswith(mark):
                return data.removeprefix(mark).decode(encoding)
        try:
            return data.decode()
        except UnicodeDecodeError:
            if not declared:
                return _decode_cyrillic(data)
        name = codecs.lookup(declared[1].decode("ascii")).name
        return data.decode(name if _ALLOWED.fullmatch(name) else "utf-8")
    except (UnicodeDecodeError, LookupError) as error:
        raise UnknownEncoding from error


def _decode_cyrillic(data: bytes) -> str:
    texts = [data.decode(encoding, errors="replace") for encoding in _CYRILLIC]
    best = max(texts, key=_count_cyrillic_words)
    words = [word for word in _WORD.findall(best) if not word.isascii()]
    if not words or _count_cyrillic_words(best) < 0.8 * len(words):
        raise UnknownEncoding
    return best


def _count_cyrillic_words(text: str) -> int:
    """Return how many words are of Cyrillic letters, with a capital at the beginning or in all places."""
    return len(re.findall(r"\b(?:[А-ЯЁІЇЄҐЎ]?[а-яёіїєґў]+|[А-ЯЁІЇЄҐЎ]{2,})\b", text))
