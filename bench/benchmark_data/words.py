"""Generated prose: real and made-up words with the frequencies of a natural language (Zipf).

The real words and their frequencies are those of the demonstration's articles, followed by a long tail of words made
of syllables. Needs no Django settings.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, islice

from demo.content import read_articles

MADE_UP = 4000
MAX_SENTENCE_LENGTH = 140
_WORD = re.compile(r"[^\W\d_]+(?:[’'-][^\W\d_]+)*")
_MARKUP = re.compile(r"<[^>]*>|&\w+;")


@dataclass(kw_only=True)
class Sounds:
    """The syllables and endings of the made-up words of a language."""

    # Syllables separated by spaces.
    spoken: str
    endings: tuple[str, ...]

    @cached_property
    def syllables(self) -> list[str]:
        return self.spoken.split()


SOUNDS = {
    "en": Sounds(
        spoken=(
            "bar bel bren cal cor dal den dor fal fen gar gil hal har ken lan lor mar mel mor nal nor pel per quil ral "
            "ros sal sel stan tal ter tor val ven wen wil yar"
        ),
        endings=("", "s", "ed", "ing", "er", "ers", "ly", "ness", "ment"),
    ),
    "ru": Sounds(
        spoken=(
            "бал бел бор вал вер вол гар гор дар дол дор жар зар зел кал кор лан лес лим мар мел мор нал пал пер пол "
            "рад рос сал сел сор тал тер тор фар хал цел чар шал"
        ),
        endings=("", "а", "у", "ом", "ы", "ов", "ами", "ый", "ого", "ать", "ала", "ение"),
    ),
    "hy": Sounds(
        spoken=(
            "ար բար գար դար զար թար ժամ լան խոր ծար կար հար ձոր մար նար շար չալ պար ջան սար վար տար րոն ցար փար քար "
            "օրան ֆար մեղ սեր վեր տեղ"
        ),
        endings=("", "ը", "ի", "ում", "ով", "եր", "երի", "ություն", "ական"),
    ),
}
SCRIPTS = {"en": re.compile("[a-z’'-]+"), "ru": re.compile("[а-яё-]+"), "hy": re.compile("[ա-և-]+")}


class Language:
    """The words and sentences of one language; the same for the same seed."""

    def __init__(self, code: str, *, seed: object, sentences: int) -> None:
        self.code = code
        self._rng = random.Random(f"{seed}/{code}")
        self._count = sentences
        self.sounds = SOUNDS[code]
        real = _real_words(code)
        made = [word for word in self._made_up_words() if word not in real]
        self.words = [*real, *made]
        # The frequency of a word is one over its rank (Zipf, with Mandelbrot's shift of the first few).
        self.weights = list(accumulate(1 / (rank + 2.7) for rank in range(1, len(self.words) + 1)))

    def _made_up_words(self) -> list[str]:
        made: dict[str, None] = {}
        while len(made) < MADE_UP:
            stem = "".join(self._rng.choices(self.sounds.syllables, k=self._rng.choice((2, 2, 3))))
            made.update(dict.fromkeys(stem + ending for ending in self._rng.sample(self.sounds.endings, 3)))
        return list(islice(made, MADE_UP))

    @cached_property
    def sentences(self) -> list[str]:
        """The sentences that all texts are composed of."""
        return list(self._sentences(self._count))

    @cached_property
    def words_a_sentence(self) -> float:
        return sum(sentence.count(" ") + 1 for sentence in self.sentences) / len(self.sentences)

    def _sentences(self, count: int) -> Iterator[str]:
        stop = "։" if self.code == "hy" else "."
        for _ in range(count):
            words = self._rng.choices(self.words, cum_weights=self.weights, k=self._rng.randint(6, 20))
            while len(" ".join(words)) >= MAX_SENTENCE_LENGTH:
                words.pop()
            if len(words) > 9:
                words[len(words) // 2] += ","
            sentence = " ".join(words)
            yield sentence[0].upper() + sentence[1:] + stop

    def phrase(self, rng: random.Random, words: int) -> str:
        """Return a title of a number of words, at most 140 characters."""
        chosen = rng.choices(self.words, cum_weights=self.weights, k=words)
        phrase = " ".join(chosen)
        while len(phrase) > MAX_SENTENCE_LENGTH:
            chosen.pop()
            phrase = " ".join(chosen)
        return phrase[0].upper() + phrase[1:]

    def name(self, rng: random.Random) -> str:
        """Return a proper name; each is rare."""
        first, second, third = rng.choices(self.sounds.syllables, k=3)
        return f"{first}{second}{third}".capitalize()

    def subjects(self, count: int) -> list[str]:
        """Return different names for tags, of one or two words."""
        found: dict[str, None] = {}
        candidates = [word for word in self.words if len(word) > 4 and word.isalpha()]
        while len(found) < count:
            found[" ".join(self._rng.sample(candidates, self._rng.choice((1, 2))))[:40].strip()] = None
        return list(found)


def _real_words(code: str) -> dict[str, None]:
    """Return the words of the demonstration's articles in a language, the most frequent first."""
    counted: Counter[str] = Counter()
    for article in read_articles():
        if article.language == code:
            plain = _MARKUP.sub(" ", f"{article.title} {article.summary} {article.body}")
            counted.update(word for word in _WORD.findall(plain.lower()) if SCRIPTS[code].fullmatch(word))
    ordered = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    return dict.fromkeys(word for word, _ in ordered)
