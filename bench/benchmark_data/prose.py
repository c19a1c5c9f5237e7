"""Articles composed of sentences: title, summary, and the HTML that publishing would store."""

from __future__ import annotations

import random

from bench.benchmark_data.words import Language

MIN_WORDS, MAX_WORDS = 100, 1200
_LENGTHS = 4096


class Prose:
    """Generates articles in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        rng = random.Random(f"lengths {language.code}")
        span = MAX_WORDS - MIN_WORDS
        # Most are as short as a note in a local newspaper; a few are long.
        words = [MIN_WORDS + span * rng.betavariate(0.6, 10) for _ in range(_LENGTHS)]
        self.lengths = [round(count / language.words_a_sentence) + 1 for count in words]

    def article(self, rng: random.Random) -> tuple[str, str, str]:
        """A title, a summary (of at most 300 characters) and a body of 100 to 1,200 words."""
        language = self.language
        chosen = rng.choices(language.sentences, k=rng.choice(self.lengths))
        words = sum([sentence.count(" ") + 1 for sentence in chosen])
        while words < MIN_WORDS:
            chosen.append(rng.choice(language.sentences))
            words += chosen[-1].count(" ") + 1
        title = language.phrase(rng, 4 + int(rng.random() * 9))
        summary = f"{chosen[0]} {chosen[1]}"
        # Rare names make texts differ.
        chosen[2] = f"{language.name(rng)}: {chosen[2]}"
        chosen[-1] = f"{chosen[-1]} {language.name(rng)}, {language.name(rng)}."
        return title, summary, _as_html(chosen, rng)

    def paragraph(self, rng: random.Random) -> str:
        """Two or three sentences of plain text."""
        return " ".join(rng.choices(self.language.sentences, k=rng.choice((2, 3))))


def _as_html(sentences: list[str], rng: random.Random) -> str:
    parts = [f"<p>{' '.join(sentences[:2])}</p>"]
    at = 2
    while at < len(sentences):
        size = 2 + int(rng.random() * 4)
        some = sentences[at : at + size]
        at += size
        kind = rng.random()
        if kind < 0.06:
            parts.append(f"<blockquote><p>{' '.join(some)}</p></blockquote>")
        elif kind < 0.12:
            parts.append(f"<ul>{''.join([f'<li><p>{one}</p></li>' for one in some])}</ul>")
        elif kind < 0.3:
            parts.append(f"<h2>{some[0][:-1]}</h2><p>{' '.join(some[1:] or some)}</p>")
        else:
            parts.append(f"<p>{' '.join(some)}</p>")
    return "".join(parts)
