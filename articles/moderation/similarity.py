"""Which texts and images resemble each other: MinHash with bands, and difference hashes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import blake2b

from PIL import Image as PILImage

# A text is compared by its runs of this many words.
SHINGLE_WORDS = 5
MAX_WORDS = 20_000
# Texts that share half of their runs share a band of 16 with 64 %, those that share 80 % with nearly 100 %.
BANDS = 16
ROWS = 4
MINIMA = BANDS * ROWS
# Images whose hashes differ in more bits are different ones.
MAX_DISTANCE = 6
HASH_SIZE = 8
# An image of one colour has a hash with almost no bits, which tells nothing.
MIN_BITS = 6

WORD = re.compile(r"\w+")
type Shingle = tuple[str, ...]


def shingles(text: str) -> set[Shingle]:
    """Return the runs of five words of a text. Case and punctuation do not matter."""
    words = WORD.findall(text.casefold())[:MAX_WORDS]
    if len(words) < SHINGLE_WORDS:
        return {tuple(words)} if words else set()
    return set(zip(*(words[start:] for start in range(SHINGLE_WORDS)), strict=False))


def bands(runs: Iterable[Shingle]) -> list[int]:
    """Return the bands of a text's shingles as signed numbers of 64 bits; texts that share one resemble each other.

    One permutation hashing (Li, Owen and Zhang, 2012): each shingle is hashed once, not once for each minimum, and its
    last bits choose the minimum that it counts for. A minimum without shingles takes that of the next one that has
    some (Shrivastava and Li, 2014).
    """
    minima: list[int | None] = [None] * MINIMA
    for run in runs:
        value = int.from_bytes(blake2b(" ".join(run).encode(), digest_size=8).digest())
        index, rest = value % MINIMA, value // MINIMA
        present = minima[index]
        if present is None or rest < present:
            minima[index] = rest
    if all(minimum is None for minimum in minima):
        return []
    last = next(minimum for minimum in minima if minimum is not None)
    for index in reversed(range(MINIMA)):
        minimum = minima[index]
        last = minima[index] = last if minimum is None else minimum
    return [_hash_of(band, minima[band * ROWS : (band + 1) * ROWS]) for band in range(BANDS)]


def share_of(runs: set[Shingle], others: set[Shingle]) -> float:
    """Return which share of a text's shingles is in another text too."""
    return len(runs & others) / len(runs) if runs else 0.0


def image_hash(image: PILImage.Image) -> int | None:
    """Return the difference hash of an image as a signed number of 64 bits; None if it is almost of one colour.

    Each bit says whether a pixel of the image in 9 × 8 grey pixels is brighter than its right neighbour.
    """
    pixels = image.convert("L").resize((HASH_SIZE + 1, HASH_SIZE), PILImage.Resampling.LANCZOS).tobytes()
    bits = 0
    for row in range(HASH_SIZE):
        for column in range(HASH_SIZE):
            at = row * (HASH_SIZE + 1) + column
            bits = bits << 1 | (pixels[at] > pixels[at + 1])
    return signed(bits) if MIN_BITS <= bits.bit_count() <= 64 - MIN_BITS else None


def distance(one: int, other: int) -> int:
    """Return in how many bits two image hashes differ."""
    return ((one ^ other) & (2**64 - 1)).bit_count()


def quarters(value: int) -> list[int]:
    """Return the four quarters of an image hash, each with its place."""
    return [place << 16 | value >> 16 * place & 0xFFFF for place in range(4)]


def near_quarters(value: int) -> list[int]:
    """Return the quarters that differ in at most one bit: hashes with at most 7 other bits share one of them."""
    exact = quarters(value)
    return exact + [quarter ^ 1 << bit for quarter in exact for bit in range(16)]


def signed(value: int) -> int:
    """Return a number of 64 bits as a database stores it."""
    return value - 2**64 if value >= 2**63 else value


def _hash_of(band: int, minima: list[int | None]) -> int:
    return signed(int.from_bytes(blake2b(repr((band, *minima)).encode(), digest_size=8).digest()))
