"""MinHash with bands, and difference hashes."""

from __future__ import annotations

import random

from PIL import Image as PILImage
from PIL import ImageDraw, ImageEnhance

from articles.moderation.similarity import (
    BANDS,
    MAX_DISTANCE,
    bands,
    distance,
    image_hash,
    near_quarters,
    quarters,
    share_of,
    shingles,
    signed,
)

WORDS = [f"word{number}" for number in range(2000)]


def text(seed: int, length: int = 400) -> list[str]:
    return random.Random(seed).choices(WORDS, k=length)  # noqa: S311


def photo(seed: int = 1) -> PILImage.Image:
    image, rng = PILImage.new("RGB", (900, 600), "white"), random.Random(seed)  # noqa: S311
    draw = ImageDraw.Draw(image)
    for _ in range(40):
        x, y, size = rng.randrange(900), rng.randrange(600), rng.randrange(40, 260)
        draw.ellipse([x, y, x + size, y + size], fill=tuple(rng.randrange(256) for _ in range(3)))
    return image


def test_shingles_ignore_case_and_punctuation() -> None:
    assert shingles("One, two; three four — FIVE six.") == shingles("one two three four five six")
    assert shingles("") == set()
    assert len(shingles("three words only")) == 1


def test_share_of_is_what_a_text_has_of_another() -> None:
    whole, half = text(1), text(1)[:200]
    assert share_of(shingles(" ".join(half)), shingles(" ".join(whole))) == 1.0
    assert 0.4 < share_of(shingles(" ".join(whole)), shingles(" ".join(half))) < 0.6
    assert share_of(set(), shingles("a b c d e")) == 0.0


def test_bands_of_similar_texts_meet_and_of_others_do_not() -> None:
    found, wrong = 0, 0
    for seed in range(100):
        words = text(seed)
        changed = words.copy()
        # Each replaced word changes five shingles: about 80 % are the same.
        for position in random.Random(seed).sample(range(len(words)), 12):  # noqa: S311
            changed[position] = "changed"
        own = set(bands(shingles(" ".join(words))))
        assert len(own) == BANDS
        found += not own.isdisjoint(bands(shingles(" ".join(changed))))
        wrong += not own.isdisjoint(bands(shingles(" ".join(text(seed + 1000)))))
    assert found >= 99
    assert wrong == 0


def test_bands_of_short_texts_meet() -> None:
    short = " ".join(text(1, length=40))
    assert bands(shingles(short)) == bands(shingles(short.upper()))
    assert bands(shingles("")) == []
    assert all(-(2**63) <= value < 2**63 for value in bands(shingles(short)))


def test_image_hash_survives_size_quality_and_brightness() -> None:
    image = photo()
    own = image_hash(image)
    assert own is not None
    for changed in (image.resize((480, 320)), ImageEnhance.Brightness(image).enhance(1.2), image.convert("L")):
        other = image_hash(changed)
        assert other is not None
        assert distance(own, other) <= MAX_DISTANCE
    other = image_hash(photo(2))
    assert other is not None
    assert distance(own, other) > MAX_DISTANCE


def test_image_hash_of_one_colour_is_none() -> None:
    assert image_hash(PILImage.new("RGB", (400, 300), "navy")) is None


def test_quarters_find_every_hash_within_the_distance() -> None:
    rng = random.Random(7)  # noqa: S311
    for _ in range(200):
        value = rng.getrandbits(64)
        other = value
        for bit in rng.sample(range(64), MAX_DISTANCE):
            other ^= 1 << bit
        assert distance(signed(value), signed(other)) == MAX_DISTANCE
        assert not set(near_quarters(signed(value))).isdisjoint(quarters(signed(other)))
