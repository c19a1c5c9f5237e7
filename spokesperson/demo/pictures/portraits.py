"""Avatars: heads and shoulders without a face, and patterns for those who show no head."""

import math
from random import Random

from PIL import Image

from .canvas import Canvas, Point, oval, smooth
from .palettes import DAY, Colour, Palette, fade, mix

# Wide enough that a newsroom looks like a town; none is a caricature of another.
_SKINS: tuple[Colour, ...] = (
    (250, 220, 196),
    (240, 196, 164),
    (224, 172, 132),
    (196, 138, 98),
    (156, 102, 70),
    (122, 80, 58),
    (100, 66, 52),
)
_HAIR: tuple[Colour, ...] = (
    (32, 24, 30),
    (74, 46, 38),
    (124, 72, 44),
    (176, 100, 52),
    (222, 172, 96),
    (196, 192, 190),
    (150, 62, 46),
)
_SIDE = 1000


def avatar(seed: int, size: int = 320) -> Image.Image:
    """The avatar of ``seed``: mostly a portrait, every fifth time a pattern."""
    r = Random(f"avatar/{seed}")
    p = DAY[seed % len(DAY)]
    c = Canvas((size, size), (_SIDE, _SIDE))
    if seed % 5 == 4:
        _pattern(c, r, p)
    else:
        _portrait(c, r, p, seed)
    return c.finish(p.ink)


def _pattern(c: Canvas, r: Random, p: Palette) -> None:
    """Quarter circles, leaves and rings on a grid of three, in the manner of a tiled floor."""
    tones = [*p.accents, p.paper, p.near]
    cell = _SIDE / 3
    for i in range(3):
        for j in range(3):
            x, y = i * cell, j * cell
            back, front = r.sample(tones, 2)
            c.rect(x, y, x + cell, y + cell, back)
            kind, corner = r.randrange(4), r.randrange(4)
            cx, cy = x + cell * (corner % 2), y + cell * (corner // 2)
            begin = (0, 90, 270, 180)[corner]
            if kind == 0:
                c.poly([(cx, cy), *oval(cx, cy, cell, cell, begin, begin + 90)], front)
                c.poly(
                    [(cx, cy), *oval(cx, cy, cell * 0.5, cell * 0.5, begin, begin + 90)],
                    mix(front, back, 0.6),
                )
            elif kind == 1:
                c.disc(x + cell / 2, y + cell / 2, cell * 0.38, front)
                c.disc(x + cell / 2, y + cell / 2, cell * 0.16, back)
            elif kind == 2:
                ox, oy = x + cell * (1 - corner % 2), y + cell * (1 - corner // 2)
                leaf = oval(cx, cy, cell, cell, begin, begin + 90) + oval(ox, oy, cell, cell, begin + 180, begin + 270)
                c.poly(leaf, front)
            else:
                c.poly(
                    [(x, y), (x + cell, y), (x, y + cell)]
                    if corner % 2
                    else [(x + cell, y), (x + cell, y + cell), (x, y)],
                    front,
                )
    c.stipple([(0, 0), (_SIDE, 0), (_SIDE, _SIDE), (0, _SIDE)], p.ink, "bottom", 0.3)


def _hair_behind(c: Canvas, style: int, hair: Colour, x: float, y: float) -> None:
    """What the head and shoulders cover: long hair, curls, a bun."""
    if style in (1, 5):
        fall = 330 if style == 1 else 190
        c.poly(
            smooth(
                [
                    (x, y - 236),
                    (x - 170, y - 190),
                    (x - 214, y - 20),
                    (x - 224, y + fall * 0.6),
                    (x - 190, y + fall),
                    (x, y + fall - 20),
                    (x + 190, y + fall),
                    (x + 224, y + fall * 0.6),
                    (x + 214, y - 20),
                    (x + 170, y - 190),
                ]
            ),
            hair,
        )
    elif style == 2:
        for i in range(17):
            a = math.radians(150 + 240 * i / 16)
            c.disc(x + 186 * math.cos(a), y - 46 + 186 * math.sin(a), 76, hair)
        c.disc(x, y - 80, 190, hair)
    elif style == 3:
        c.disc(x + 6, y - 268, 92, hair)
        c.ring(x + 6, y - 268, 56, mix(hair, (255, 255, 255), 0.16), 9, start=200, end=320)


def _portrait(c: Canvas, r: Random, p: Palette, seed: int) -> None:
    """Somebody, lit from the left, before a disc of colour."""
    ground = r.choice((p.accents[1], p.accents[2], p.accents[3], p.far, p.mid, p.accents[0]))
    c.ramp((0, 0, _SIDE, _SIDE), mix(ground, p.paper, 0.28), ground)
    c.disc(
        500 + r.uniform(-150, 150),
        430 + r.uniform(-90, 60),
        r.uniform(330, 420),
        fade(p.paper, 0.3),
    )
    tone = r.randrange(len(_SKINS))
    # Hair must stand off from the skin, or the silhouette is lost.
    skin = _SKINS[tone]
    hair = r.choice(_HAIR if tone < 3 else (_HAIR[0], _HAIR[1 if tone < 4 else 0], _HAIR[5]))
    style = r.randrange(9)
    coats = [t for t in (*p.accents, p.near, p.paper) if sum(abs(a - b) for a, b in zip(t, ground, strict=True)) > 130]
    coat = r.choice(coats)
    scarf = r.choice([t for t in coats if t != coat] or [p.paper])
    x, y = 500 + r.uniform(-16, 16), 440.0
    shade = mix(skin, (90, 30, 40), 0.3)
    _hair_behind(c, style, hair, x, y)
    broad = r.uniform(320, 390)
    body = smooth(
        [
            (x - broad, 1100),
            (x - broad, 900),
            (x - broad * 0.8, 790),
            (x - 120, 716),
            (x + 120, 716),
            (x + broad * 0.8, 790),
            (x + broad, 900),
            (x + broad, 1100),
        ]
    )
    c.graded(body, coat, mix(coat, p.ink, 0.15))
    c.stipple(body, mix(coat, p.ink, 0.6), "right", 0.7)
    neck = [(x - 84, 560), (x + 84, 560), (x + 96, 730), *oval(x, 730, 96, 66, 0, 180, 16)]
    c.poly(neck, mix(skin, shade, 0.55))
    cut = r.randrange(4)
    if cut == 0:
        c.poly([(x - 104, 706), (x - 10, 800), (x - 96, 850), (x - 160, 740)], mix(coat, p.paper, 0.4))
        c.poly([(x + 104, 706), (x + 10, 800), (x + 96, 850), (x + 160, 740)], mix(coat, p.paper, 0.25))
        c.poly([(x - 10, 800), (x + 10, 800), (x + 14, 1010), (x - 14, 1010)], mix(coat, p.ink, 0.3))
    elif cut == 1:
        c.poly(
            smooth([(x - 130, 690), (x, 742), (x + 130, 690), (x + 150, 770), (x, 836), (x - 150, 770)]),
            scarf,
        )
        c.poly(
            smooth([(x + 40, 790), (x + 110, 770), (x + 150, 960), (x + 70, 980)]),
            mix(scarf, p.ink, 0.2),
        )
    elif cut == 2:
        c.ring(x, 728, 116, mix(coat, p.ink, 0.3), 24, 82, 4, 176)
        for i in range(3):
            c.rect(
                max(x - broad, 0),
                880 + i * 56,
                x + broad,
                900 + i * 56,
                fade(scarf, 0.75),
            )
    else:
        c.poly([(x - 116, 700), (x + 116, 700), (x, 920)], mix(skin, shade, 0.25))
        c.poly([(x - 116, 690), (x - 170, 740), (x - 30, 1010), (x + 2, 930)], mix(coat, p.paper, 0.2))
        c.poly([(x + 116, 690), (x + 170, 740), (x + 30, 1010), (x - 2, 930)], mix(coat, p.ink, 0.2))
    for side in (-1, 1):
        c.disc(x + side * 166, y + 26, 32, shade if side > 0 else mix(skin, shade, 0.3), 44)
    head: list[Point] = smooth(
        [
            (x, y - 214),
            (x - 128, y - 170),
            (x - 166, y - 20),
            (x - 138, y + 116),
            (x - 62, y + 196),
            (x, y + 210),
            (x + 62, y + 196),
            (x + 138, y + 116),
            (x + 166, y - 20),
            (x + 128, y - 170),
        ]
    )
    c.beam([(x - 84, 600), (x + 84, 600), (x + 96, 700), (x - 96, 700)], shade, 0.8, 0.0)
    c.poly(head, skin)
    c.stipple(head, shade, "right", 0.5)
    for side in (-1, 1):
        # Warmer than the skin, never brighter: on dark skin a fixed pink would glow.
        c.glow(x + side * 84, y + 78, 80, mix(skin, (206, 70, 56), 0.32 if tone < 4 else 0.16), 0.75)
    beard = style in (0, 4, 8) and r.random() < 0.55
    if beard:
        c.poly(
            smooth(
                [
                    (x - 164, y - 6),
                    (x - 138, y + 118),
                    (x - 70, y + 210),
                    (x, y + 232),
                    (x + 70, y + 210),
                    (x + 138, y + 118),
                    (x + 164, y - 6),
                    (x + 116, y + 74),
                    (x + 52, y + 104),
                    (x, y + 96),
                    (x - 52, y + 104),
                    (x - 116, y + 74),
                ]
            ),
            hair,
        )
    _hair_front(c, r, style, hair, scarf, p, x, y)
    if r.random() < 0.28 and style != 7:
        rim = p.ink
        for side in (-1, 1):
            c.disc(x + side * 76, y + 18, 56, fade(p.paper, 0.2))
            c.ring(x + side * 76, y + 18, 58, rim, 9)
        c.ring(x, y + 14, 20, rim, 8, start=200, end=340)


def _hair_front(c: Canvas, r: Random, style: int, hair: Colour, cloth: Colour, p: Palette, x: float, y: float) -> None:
    """The fringe, the parting, the hat or the headscarf."""
    shine = mix(hair, (255, 236, 214), 0.16)
    flip = r.choice((-1, 1))

    def put(points: list[Point], tone: Colour) -> None:
        c.poly(smooth([(x + flip * u, y + v) for u, v in points]), tone)

    if style == 0:  # short, swept to one side
        put(
            [
                (-182, 0),
                (-190, -120),
                (-120, -236),
                (20, -268),
                (150, -216),
                (188, -100),
                (180, 0),
                (158, -70),
                (120, -120),
                (0, -130),
                (-110, -96),
                (-158, -70),
            ],
            hair,
        )
        put([(-110, -220), (20, -254), (120, -206), (20, -216)], shine)
    elif style in (1, 5):  # long, or a bob, with a parting
        put(
            [
                (-196, 110),
                (-206, -60),
                (-140, -220),
                (0, -254),
                (150, -216),
                (208, -50),
                (196, 110),
                (160, 10),
                (140, -90),
                (40, -150),
                (-30, -190),
                (-110, -80),
                (-160, 10),
            ],
            hair,
        )
        put([(-30, -236), (-130, -190), (-176, -60), (-120, -160)], shine)
    elif style == 2:  # curls
        for i in range(9):
            a = math.radians(196 + 148 * i / 8)
            c.disc(x + 138 * math.cos(a), y - 50 + 150 * math.sin(a), 56, hair)
        for dx, dy in ((-120, -190), (-20, -250), (-170, -90), (60, -215)):
            c.ring(x + dx, y + dy, 26, shine, 8, start=170, end=300)
    elif style == 3:  # drawn back into a bun
        put(
            [
                (-176, -10),
                (-180, -120),
                (-110, -222),
                (0, -246),
                (110, -222),
                (180, -120),
                (176, -10),
                (140, -110),
                (0, -178),
                (-140, -110),
            ],
            hair,
        )
        put([(-100, -206), (-10, -232), (60, -222), (-40, -206)], shine)
    elif style == 4:  # cropped
        put(
            [
                (-172, -30),
                (-178, -130),
                (-110, -218),
                (0, -240),
                (110, -218),
                (178, -130),
                (172, -30),
                (140, -120),
                (60, -152),
                (-60, -152),
                (-140, -120),
            ],
            hair,
        )
    elif style == 6:  # a woollen cap
        put(
            [
                (-188, -60),
                (-190, -170),
                (-110, -276),
                (0, -300),
                (110, -276),
                (190, -170),
                (188, -60),
                (0, -96),
            ],
            cloth,
        )
        c.rect(x - 200, y - 120, x + 200, y - 44, mix(cloth, p.paper, 0.22), 34)
        for i in range(-6, 7):
            c.line([(x + i * 29, y - 110), (x + i * 29, y - 56)], fade(p.ink, 0.2), 6)
        c.disc(x, y - 308, 50, mix(cloth, p.paper, 0.4))
    elif style == 7:  # a headscarf
        outer = [
            (0, -268),
            (-160, -214),
            (-214, -40),
            (-196, 130),
            (-150, 300),
            (0, 370),
            (150, 300),
            (196, 130),
            (214, -40),
            (160, -214),
        ]
        inner = [
            (0, -150),
            (-108, -116),
            (-140, -10),
            (-118, 104),
            (-52, 176),
            (0, 188),
            (52, 176),
            (118, 104),
            (140, -10),
            (108, -116),
        ]
        # The scarf is a ring: the outline out, the face in, in one polygon.
        ring = smooth([(x + u, y + v) for u, v in outer])
        hole = smooth([(x + u, y + v) for u, v in inner])
        band = [*ring, ring[0], hole[0], *hole[::-1]]
        c.poly(band, cloth)
        c.stipple(band, mix(cloth, p.ink, 0.6), "right", 0.7)
        c.line(
            smooth([(x - 130, y + 150), (x - 20, y + 262), (x + 140, y + 230)], closed=False),
            mix(cloth, p.ink, 0.25),
            10,
        )
    else:  # a high quiff
        put(
            [
                (-174, -20),
                (-176, -140),
                (-150, -230),
                (-40, -300),
                (110, -310),
                (190, -240),
                (180, -110),
                (172, -20),
                (148, -110),
                (60, -150),
                (-70, -160),
                (-146, -110),
            ],
            hair,
        )
        put([(-120, -230), (-20, -280), (100, -286), (10, -244)], shine)
