"""Invented prose: real words and made-up ones, in the proportions in which languages use theirs (Zipf).

The real words, with their inflections and their frequencies, are those of the demonstration's articles. Behind them
comes a long tail of words made of syllables. Knows nothing of Django: the processes that make rows load it alone.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, islice

from spokesperson.demo.texts import every_text

MADE_UP = 4000
LONGEST_SENTENCE = 140
_WORD = re.compile(r"[^\W\d_]+(?:[’'-][^\W\d_]+)*")
_MARKUP = re.compile(r"<[^>]*>|&\w+;")


@dataclass(kw_only=True)
class Sounds:
    """What the made-up words and names of a language consist of."""

    # Words with a space between each.
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
    """The words of one language and the sentences made of them; the same for the same dice."""

    def __init__(self, code: str, *, seed: object, sentences: int) -> None:
        self.code = code
        self._dice = random.Random(f"{seed}/{code}")
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
            stem = "".join(self._dice.choices(self.sounds.syllables, k=self._dice.choice((2, 2, 3))))
            made.update(dict.fromkeys(stem + ending for ending in self._dice.sample(self.sounds.endings, 3)))
        return list(islice(made, MADE_UP))

    @cached_property
    def sentences(self) -> list[str]:
        """The pool that every text is put together from."""
        return list(self._sentences(self._count))

    @cached_property
    def words_a_sentence(self) -> float:
        return sum(sentence.count(" ") + 1 for sentence in self.sentences) / len(self.sentences)

    def _sentences(self, count: int) -> Iterator[str]:
        stop = "։" if self.code == "hy" else "."
        for _ in range(count):
            words = self._dice.choices(self.words, cum_weights=self.weights, k=self._dice.randint(6, 20))
            while len(" ".join(words)) >= LONGEST_SENTENCE:
                words.pop()
            if len(words) > 9:
                words[len(words) // 2] += ","
            sentence = " ".join(words)
            yield sentence[0].upper() + sentence[1:] + stop

    def phrase(self, dice: random.Random, words: int) -> str:
        """A headline of so many words, at most 140 characters."""
        chosen = dice.choices(self.words, cum_weights=self.weights, k=words)
        phrase = " ".join(chosen)
        while len(phrase) > LONGEST_SENTENCE:
            chosen.pop()
            phrase = " ".join(chosen)
        return phrase[0].upper() + phrase[1:]

    def name(self, dice: random.Random) -> str:
        """A proper name; there are so many that each is rare."""
        first, second, third = dice.choices(self.sounds.syllables, k=3)
        return f"{first}{second}{third}".capitalize()

    def subjects(self, count: int) -> list[str]:
        """Names for tags, one word or two, each once."""
        found: dict[str, None] = {}
        candidates = [word for word in self.words if len(word) > 4 and word.isalpha()]
        while len(found) < count:
            found[" ".join(self._dice.sample(candidates, self._dice.choice((1, 2))))[:40].strip()] = None
        return list(found)


def _real_words(code: str) -> dict[str, None]:
    """The words of the demonstration's articles in this language, the most frequent first."""
    counted: Counter[str] = Counter()
    for text in every_text():
        if text.language == code:
            plain = _MARKUP.sub(" ", f"{text.title} {text.summary} {text.body}")
            counted.update(word for word in _WORD.findall(plain.lower()) if SCRIPTS[code].fullmatch(word))
    ordered = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    return dict.fromkeys(word for word, _ in ordered)
