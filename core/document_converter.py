"""Convert a document that a stranger sent to plain HTML: the program of the child process that `core.documents` starts.

A small archive can unpack to gigabytes, and parsers have faults. So this program runs with limits of its own, without
the environment of the server, and without Django. It opens no file and no connection.

Reads the file from standard input; its argument is "docx" or "html" (UTF-8). Writes a line of JSON, and then the images
one after the other. In the HTML, the address of an image is "image:" and its number.
"""

import base64
import binascii
import hashlib
import json
import re
import resource
import sys
from collections import Counter
from collections.abc import Callable
from html import unescape
from io import BytesIO
from typing import Any
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile

import mammoth
import nh3

# Of the process. A document at the limits needs about half of it.
MAX_MEMORY = 1024 * 1024 * 1024
MAX_CPU_SECONDS = 10
MAX_ENTRIES = 2_000
# Of a .docx file when it is unpacked: all of it, and its XML.
MAX_UNPACKED = 100 * 1024 * 1024
MAX_XML = 12 * 1024 * 1024
MAX_HTML = 400_000  # characters of the result
# Others are counted. Each is decoded in a process of its own.
MAX_IMAGES = 20
MAX_HEAD = 20_000  # characters in which an HTML page names its title and language

_TAGS = {"p", "div", "section", "article", "main", "header", "footer", "figure", "figcaption", "center", "address"}
_TAGS |= {"details", "summary", "dl", "dt", "dd", "form", "fieldset", "ul", "ol", "li", "blockquote", "pre", "hr", "br"}
_TAGS |= {"table", "thead", "tbody", "tr", "td", "th", "h1", "h2", "h3", "h4", "h5", "h6", "img", "foot-note"}
_TAGS |= {"strong", "em", "b", "i", "a", "sub", "sup", "code"}
_CLASSES = {"h1": {"title"}, "p": {"caption"}}
_DROPPED = {"script", "style", "title", "template", "noscript", "nav", "select", "textarea", "button"}
# What articles cannot show.
_EMBEDDED = {"iframe", "object", "embed", "video", "audio", "svg", "math", "canvas"}
_EMBEDDED_TAG = re.compile(r"<(?:iframe|object|embed|video|audio|svg|math|canvas)\b", re.IGNORECASE)
_DATA = re.compile(r"data:image/[a-z0-9.+-]+(?:;[a-z0-9=-]+)*;base64,(.*)", re.IGNORECASE | re.DOTALL)
_WEB_ADDRESS = re.compile(r"(?:https?://|mailto:).+", re.IGNORECASE | re.DOTALL)

STYLES = """
p[style-name='Title'] => h1.title:fresh
p[style-name='Subtitle'] => p:fresh
p[style-name='caption'] => p.caption:fresh
p[style-name='Quote'] => blockquote > p:fresh
p[style-name='Intense Quote'] => blockquote > p:fresh
p[style-name='Quotations'] => blockquote > p:fresh
p[style-name='Preformatted Text'] => pre:separator('\\n')
"""
# mammoth's list of notes at the end, and the references to them.
_NOTE = re.compile(
    r'<li id="x-((?:foot|end)note-[\w-]{1,20})">((?:(?!<li id="x-).)*?)<a href="#x-[\w-]+">↑</a></p></li>', re.DOTALL
)
_REFERENCE = re.compile(r'(?:<sup>)?<sup><a href="#x-((?:foot|end)note-[\w-]{1,20})"[^>]*>\[\d+\]</a></sup>(?:</sup>)?')
_NOTES = re.compile(r'<ol><li id="x-(?:foot|end)note-.*', re.DOTALL)
# Elements of a .docx file whose content is lost, by their local name.
_DOCX_LOST = {"oMath": "elements", "chart": "elements", "relIds": "elements", "OLEObject": "elements"}


class Refused(Exception):
    """The document is not accepted; the argument is a key of `core.documents.REFUSALS`."""


class Images:
    """The images of a document in the order of their first use, each once, and what was lost."""

    def __init__(self) -> None:
        self.files: list[bytes] = []
        self.lost: Counter[str] = Counter()
        self._numbers: dict[bytes, int] = {}

    def add(self, content: bytes) -> str | None:
        """Return the address of an image for the HTML; None if there are too many."""
        key = hashlib.sha256(content).digest()
        if key not in self._numbers:
            if len(self.files) == MAX_IMAGES:
                self.lost["images_too_many"] += 1
                return None
            self._numbers[key] = len(self.files)
            self.files.append(content)
        return f"image:{self._numbers[key]}"

    def add_address(self, address: str) -> str | None:
        """Return the address for what an HTML file has as `src`: only an image that it contains is taken."""
        if re.fullmatch(r"image:\d+", address):
            return address
        if not (match := _DATA.fullmatch(address.strip())):
            self.lost["images_elsewhere"] += 1
            return None
        try:
            return self.add(base64.b64decode("".join(unescape(match[1]).split()), validate=True))
        except binascii.Error:
            self.lost["images_unreadable"] += 1
            return None


def clean(html: str, images: Images) -> str:
    """Return HTML with the elements that `core.plain_html` knows, and count in `images` what is left out."""

    def filter_attribute(tag: str, name: str, value: str) -> str | None:
        if tag == "img" and name == "src":
            return images.add_address(value)
        if name == "href" and not _WEB_ADDRESS.fullmatch(value.strip()):
            images.lost["links"] += not value.startswith("#")
            return None
        return value

    cleaner = nh3.Cleaner(
        tags=_TAGS,
        clean_content_tags=_DROPPED | _EMBEDDED,
        attributes={
            "a": {"href"},
            "img": {"src", "alt"},
            "ol": {"start"},
            "td": {"colspan", "rowspan"},
            "th": {"colspan", "rowspan"},
        },
        allowed_classes=_CLASSES,
        attribute_filter=filter_attribute,
        url_schemes={"http", "https", "mailto", "data", "image"},
        link_rel=None,
    )
    return cleaner.clean(html)


def convert_html(data: bytes) -> dict[str, Any]:
    """Convert an HTML page, saved or exported."""
    html, images = data.decode(), Images()
    images.lost["elements"] += len(_EMBEDDED_TAG.findall(html))
    head = html[:MAX_HEAD]
    title = re.search(r"<title\b[^<>]{0,200}>([^<>]{1,1000})</title", head, re.IGNORECASE)
    language = re.search(r"<html\b[^<>]{0,1000}?\blang=[\"']?([a-z]{2})\b", head, re.IGNORECASE)
    return _result(
        clean(html, images),
        images,
        title=unescape(title[1]) if title else "",
        language=language[1].lower() if language else "",
    )


def convert_docx(data: bytes) -> dict[str, Any]:
    """Convert a .docx file."""
    images = Images()
    archive = _checked(data, images.lost)

    def place(image: Any) -> list[Any]:
        return _place_image(image, images, as_element)

    as_element: Callable[[Any], list[Any]] = mammoth.images.img_element(lambda image: {"src": image.address})
    html = mammoth.convert_to_html(
        archive, style_map=STYLES, include_embedded_style_map=False, convert_image=place, id_prefix="x-"
    ).value
    html = re.sub(r'<input (?:checked="(checked)" )?type="checkbox" />', lambda m: "☑" if m[1] else "☐", html)
    notes = {name: re.sub(r"<[^>]+>", " ", note) for name, note in _NOTE.findall(html)}
    html = _REFERENCE.sub(lambda m: f"<foot-note>{notes.get(m[1], '')}</foot-note>", _NOTES.sub("", html))
    return _result(clean(html, images), images)


def _place_image(image: Any, images: Images, as_element: Callable[[Any], list[Any]]) -> list[Any]:
    try:
        with image.open() as file:
            content = file.read()
    except (ValueError, OSError):  # mammoth refuses to open the address.
        images.lost["images_elsewhere"] += 1
        return []
    except (KeyError, BadZipFile):
        images.lost["images_unreadable"] += 1
        return []
    image.address = images.add(content)
    return as_element(image) if image.address else []


def _checked(data: bytes, lost: Counter[str]) -> BytesIO:
    """Return a copy of a .docx file without the parts that declare entities, which its parser would expand.

    Args:
        lost: counts what mammoth leaves out.

    Raises:
        Refused: it is not such a file, or too large when it is unpacked.
    """
    target = BytesIO()
    with ZipFile(BytesIO(data)) as source, ZipFile(target, "w") as copy:
        entries = source.infolist()
        # Reading an entry ends at the size that it declares.
        if len(entries) > MAX_ENTRIES or sum(entry.file_size for entry in entries) > MAX_UNPACKED:
            raise Refused("unpacked")
        if any(entry.flag_bits & 1 for entry in entries):
            raise Refused("encrypted")
        xml = 0
        for entry in entries:
            try:
                content = source.read(entry)
            except BadZipFile:  # It is damaged; the others can be intact.
                continue
            counts = _elements_of(content)
            if counts is None:
                continue
            xml += len(content) if counts else 0
            if xml > MAX_XML:
                raise Refused("long")
            for name, kind in _DOCX_LOST.items():
                lost[kind] += counts[name]
            lost["comments"] += counts["comment"]
            copy.writestr(entry.filename, content)
        if not any(entry.filename.startswith("word/") for entry in entries):
            raise Refused("unknown")
    return target


def _elements_of(content: bytes) -> Counter[str] | None:
    """Return the local names of the elements of an XML file, none of another file; None if it declares entities."""
    counts: Counter[str] = Counter()

    def declare(*_args: object) -> None:
        raise Refused("declaration")

    def start(name: str, _attributes: object) -> None:
        counts[name.rpartition(" ")[2]] += 1

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = declare
    parser.StartElementHandler = start
    try:
        parser.Parse(content, True)
    except expat.ExpatError:
        pass  # An image, or damaged: then mammoth reads it up to the same character.
    except Refused:
        return None
    return counts


def _result(html: str, images: Images, *, title: str = "", language: str = "") -> dict[str, Any]:
    if len(html) > MAX_HTML:
        raise Refused("long")
    lost = {name: count for name, count in images.lost.items() if count}
    return {
        "html": html,
        "title": title,
        "language": language,
        "lost": lost,
        "images": [len(file) for file in images.files],
        "files": images.files,
    }


def limit_resources() -> None:
    """Limit the memory and the time of this process."""
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU_SECONDS, MAX_CPU_SECONDS))


def main() -> None:
    """Convert standard input; the only argument is the kind of the document."""
    limit_resources()
    data = sys.stdin.buffer.read()
    files: list[bytes] = []
    try:
        answer = convert_docx(data) if sys.argv[1] == "docx" else convert_html(data)
        files = answer.pop("files")
    except Refused as refusal:
        answer = {"refusal": str(refusal)}
    except (MemoryError, RecursionError):
        answer = {"refusal": "long"}
    except Exception:  # Parsers raise exceptions of any kind for damaged files.
        answer = {"refusal": "damaged"}
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + b"".join(files))


if __name__ == "__main__":
    main()
