"""Lead images and avatars of the demonstration content, drawn from a seed.

A demonstration site needs pictures that nobody has to credit and that look chosen. These are
drawn: ``draw`` makes one of a fixed set of scenes, ``avatar`` a portrait without a face. The same
arguments always give the same picture; another seed changes both the colours and the composition.
"""

import random
from collections.abc import Callable

from PIL import Image

from .canvas import Canvas
from .portraits import avatar
from .scenes_craft import music, workshop
from .scenes_home import books, bread, garden
from .scenes_land import field, mountains, night_sky
from .scenes_outing import market, stadium, train
from .scenes_study import chessboard, classroom
from .scenes_town import city_dusk, courtyard, street_lamps
from .scenes_water import lake, river

__all__ = ["RECIPES", "avatar", "draw"]

type Scene = Callable[[Canvas, random.Random, int], None]

RECIPES: dict[str, Scene] = {
    "mountains": mountains,
    "river": river,
    "city-dusk": city_dusk,
    "street-lamps": street_lamps,
    "courtyard": courtyard,
    "books": books,
    "bread": bread,
    "chessboard": chessboard,
    "night-sky": night_sky,
    "field": field,
    "lake": lake,
    "workshop": workshop,
    "stadium": stadium,
    "market": market,
    "train": train,
    "music": music,
    "classroom": classroom,
    "garden": garden,
}

# Corners darken towards this, which suits warm and cold palettes alike.
_EDGE = (24, 18, 32)


def draw(recipe: str, seed: int, size: tuple[int, int] = (1600, 1067)) -> Image.Image:
    """The scene ``recipe`` as ``seed`` has it; KeyError for a scene that is not there."""
    scene = RECIPES[recipe]
    canvas = Canvas(size)
    # Each recipe starts elsewhere in the palettes, so that articles made with the same seed
    # do not all come out in one colour. The step is even: it keeps the seed's parity.
    offset = 2 * list(RECIPES).index(recipe)
    scene(canvas, random.Random(f"{recipe}/{seed}"), seed + offset)
    return canvas.finish(_EDGE)
