"""For the head: chess and school."""

import math
from random import Random

from .canvas import HEIGHT, WIDTH, Canvas, Point, oval, place, smooth
from .palettes import DAY, Colour, fade, mix
from .props import ornament

# Half outlines of chessmen, as (half width, height) from the foot up, in squares of the board.
_FOOT = [(0.37, 0.0), (0.37, 0.09), (0.29, 0.15), (0.31, 0.21), (0.22, 0.29)]


_MEN: dict[str, list[tuple[float, float]]] = {
    "pawn": [*_FOOT, (0.12, 0.62), (0.21, 0.67), (0.21, 0.73), (0.1, 0.78)],
    "rook": [*_FOOT, (0.2, 0.9), (0.3, 0.97), (0.33, 1.02), (0.33, 1.3)],
    "bishop": [
        *_FOOT,
        (0.12, 0.98),
        (0.24, 1.03),
        (0.24, 1.09),
        (0.12, 1.13),
        (0.22, 1.3),
        (0.2, 1.45),
        (0.05, 1.66),
    ],
    "queen": [*_FOOT, (0.13, 1.2), (0.25, 1.25), (0.25, 1.31), (0.15, 1.35), (0.31, 1.78)],
    "king": [
        *_FOOT,
        (0.14, 1.28),
        (0.27, 1.33),
        (0.27, 1.4),
        (0.17, 1.44),
        (0.3, 1.8),
        (0.12, 1.92),
    ],
}


_KNIGHT = [
    (-0.3, -0.24),
    (-0.26, -0.5),
    (-0.02, -0.78),
    (-0.06, -0.84),
    (-0.3, -0.72),
    (-0.43, -0.8),
    (-0.46, -0.94),
    (-0.2, -1.3),
    (-0.1, -1.5),
    (-0.04, -1.38),
    (0.12, -1.34),
    (0.3, -1.08),
    (0.34, -0.7),
    (0.28, -0.24),
]


def _man(
    c: Canvas,
    kind: str,
    x: float,
    y: float,
    s: float,
    tone: Colour,
    light: Colour,
    dark: Colour,
    flip: bool,
) -> None:
    """One chessman, turned on a lathe: lit from the left, dark on the right."""
    c.disc(x + s * 0.3, y - s * 0.02, s * 0.62, fade(dark, 0.45), s * 0.15)
    profile = _FOOT if kind == "knight" else _MEN[kind]
    left, right = (
        [(x - w * s, y - h * s) for w, h in profile],
        [(x + w * s, y - h * s) for w, h in profile],
    )
    body = [*left, *right[::-1]]
    c.disc(x, y, s * 0.37, mix(tone, dark, 0.35), s * 0.1)
    shades = (mix(tone, light, 0.4), tone, mix(tone, dark, 0.24), mix(tone, dark, 0.68))
    if kind == "knight":
        head = smooth(place(_KNIGHT, x, y, s, 0, flip), steps=4)
        c.graded(body, *shades, horizontal=True)
        c.graded(head, *shades, horizontal=True)
        eye = place([(-0.14, -1.12)], x, y, s, 0, flip)[0]
        c.disc(eye[0], eye[1], s * 0.035, dark)
        mane = place([(0.12, -1.3), (0.27, -1.05), (0.29, -0.7)], x, y, s, 0, flip)
        c.line(mane, mix(tone, dark, 0.5), s * 0.035)
        return
    if kind == "queen":
        crown = [
            (x + w * s, y - h * s)
            for w, h in (
                (-0.31, 1.74),
                (-0.34, 1.95),
                (-0.17, 1.82),
                (0, 2.0),
                (0.17, 1.82),
                (0.34, 1.95),
                (0.31, 1.74),
            )
        ]
        c.graded(crown, *shades, horizontal=True)
        c.disc(x, y - 2.03 * s, s * 0.07, tone)
    if kind == "king":
        c.rect(x - s * 0.04, y - s * 2.22, x + s * 0.04, y - s * 1.88, tone)
        c.rect(x - s * 0.13, y - s * 2.12, x + s * 0.13, y - s * 2.04, tone)
    c.graded(body, *shades, horizontal=True)
    if kind == "pawn":
        c.graded(oval(x, y - 0.95 * s, 0.215 * s, 0.215 * s), *shades, horizontal=True)
        c.disc(x - s * 0.08, y - 1.03 * s, s * 0.05, fade(light, 0.7))
    if kind == "rook":
        for dx in (-0.23, 0.0, 0.23):
            c.rect(
                x + (dx - 0.045) * s,
                y - 1.31 * s,
                x + (dx + 0.045) * s,
                y - 1.2 * s,
                mix(tone, dark, 0.7),
            )
    if kind == "bishop":
        c.disc(x, y - 1.7 * s, s * 0.075, tone)
        c.line(
            [(x + s * 0.02, y - s * 1.3), (x + s * 0.14, y - s * 1.5)],
            mix(tone, dark, 0.6),
            s * 0.045,
        )
    for w, h in profile[1:4:2]:
        c.line(
            [(x - w * s, y - h * s), (x + w * s * 0.96, y - h * s)],
            fade(dark, 0.25),
            s * 0.02,
            caps=False,
        )


def chessboard(c: Canvas, r: Random, seed: int) -> None:
    """A game in progress, seen from the edge of the board."""
    p = DAY[seed % len(DAY)]
    deep = seed % 2 == 0
    c.ramp(
        (0, 0, WIDTH, HEIGHT),
        *(
            (mix(p.near, p.ink, 0.5), p.mid, mix(p.near, p.ink, 0.3))
            if deep
            else (p.sky, p.haze, mix(p.wood, p.paper, 0.3))
        ),
    )
    side = r.choice((-1, 1))
    c.glow(WIDTH / 2 + side * 340, 230, 800, p.sun, 0.8)
    for i in range(2):
        for j in range(2):
            # The panes of a window, as light on the wall behind.
            a, b = WIDTH / 2 + side * 340 - 150 + i * 156, 30 + j * 132
            c.beam([(a, b), (a + 140, b - 12), (a + 128, b + 106), (a - 12, b + 118)], p.sun, 0.6, 0.4)
    turn = math.radians(r.choice((-1, 1)) * r.uniform(14, 33))
    height, near = r.uniform(5.0, 5.8), r.uniform(9.4, 10.0)

    def project(u: float, v: float) -> tuple[float, float, float]:
        """A point of the board (squares from its centre) on the page, and the scale there."""
        x, z = (
            u * math.cos(turn) - v * math.sin(turn),
            u * math.sin(turn) + v * math.cos(turn) + near,
        )
        k = 1330 / z
        return WIDTH / 2 + x * k, 60 + height * k * 0.86, k

    def quad(u0: float, v0: float, u1: float, v1: float) -> list[Point]:
        return [project(u, v)[:2] for u, v in ((u0, v0), (u1, v0), (u1, v1), (u0, v1))]

    line = project(0, 8.5)[1] - 40
    c.ramp(
        (0, line, WIDTH, HEIGHT),
        mix(p.wood, p.ink, 0.45),
        mix(p.wood, p.ink, 0.2),
        mix(p.wood, p.ink, 0.55),
    )
    c.glow(WIDTH / 2 + side * 340, line, 700, p.sun, 0.4, 160)
    rim = quad(-4.5, -4.5, 4.5, 4.5)
    c.shadow([(x, y + 34) for x, y in rim], p.ink, 0.7, 34)
    c.poly([(x, y + 30) for x, y in rim], mix(p.wood, p.ink, 0.7))
    c.poly(rim, mix(p.wood, p.ink, 0.3))
    c.poly(quad(-4.12, -4.12, 4.12, 4.12), mix(p.wood, p.paper, 0.3))
    pale, black = mix(p.paper, p.accents[1], 0.16), mix(p.accents[2], p.near, 0.4)
    for i in range(8):
        for j in range(8):
            tone = pale if (i + j) % 2 else black
            c.poly(quad(i - 4, j - 4, i - 3, j - 3), mix(tone, p.ink, 0.05 * r.random()))
    c.stipple(rim, p.ink, "left" if side > 0 else "right", 0.45)
    spots = [(i, j) for i in range(8) for j in range(8)]
    r.shuffle(spots)
    men = [
        "king",
        "king",
        "queen",
        "bishop",
        "knight",
        "rook",
        "knight",
        "bishop",
        "rook",
        "queen",
        *["pawn"] * 9,
    ]
    taken: list[tuple[float, float, str, int]] = []
    for k, name in enumerate(men):
        army = k % 2
        # White stands nearer, black further away; they mingle in the middle.
        fits = [q for q in spots if (q[1] < 5 if army == 0 else q[1] > 2)]
        spot = fits[0]
        # No two next to each other in the front rows, where one would hide the other.
        spots = [
            q
            for q in spots
            if q != spot and not (spot[1] < 3 and abs(q[0] - spot[0]) <= 1 and abs(q[1] - spot[1]) <= 1)
        ]
        taken.append((spot[0] - 3.5, spot[1] - 3.5, name, army))
    taken.sort(key=lambda m: project(m[0], m[1])[2])
    for u, v, name, army in taken:
        x, y, k2 = project(u, v)
        if army == 0:
            _man(c, name, x, y, k2, mix(p.paper, p.accents[1], 0.22), p.paper, p.near, u > 0)
        else:
            _man(
                c,
                name,
                x,
                y,
                k2,
                mix(p.ink, p.accents[0], 0.22),
                mix(p.accents[0], p.paper, 0.4),
                p.ink,
                u > 0,
            )
    c.veil((0, HEIGHT - 160, WIDTH, HEIGHT), p.ink, 0, 0.4)


def classroom(c: Canvas, r: Random, seed: int) -> None:
    """A blackboard with a lesson drawn on it, desks in rows, light from tall windows."""
    p, side = DAY[seed % len(DAY)], r.choice((-1, 1))
    wall = mix(r.choice((p.haze, p.accents[3], p.far)), p.paper, 0.35)
    floor = 660.0
    c.ramp((0, 0, WIDTH, floor), mix(wall, p.paper, 0.2), wall)
    c.rect(0, 520, WIDTH, floor, mix(wall, p.mid, 0.45))
    c.rect(0, 512, WIDTH, 524, mix(wall, p.wood, 0.6))
    c.ramp((0, floor, WIDTH, HEIGHT), mix(p.wood, p.paper, 0.2), mix(p.wood, p.ink, 0.2))
    for i in range(-14, 15):
        c.line([(750 + i * 90, floor), (750 + i * 240, HEIGHT)], fade(p.ink, 0.16), 3, caps=False)
    c.rect(0, floor - 16, WIDTH, floor, mix(wall, p.wood, 0.75))
    slate = mix(r.choice((p.leaf, p.near, p.accents[2])), p.ink, 0.55)
    bx = WIDTH / 2 - side * 150
    x0, x1, y0, y1 = bx - 430, bx + 430, 110.0, 476.0
    c.shadow([(x0, y0 + 20), (x1 + 20, y0 + 20), (x1 + 20, y1 + 30), (x0, y1 + 30)], p.ink, 0.45, 20)
    c.rect(x0 - 18, y0 - 18, x1 + 18, y1 + 18, p.wood, 6)
    c.ramp((x0, y0, x1, y1), slate, mix(slate, p.paper, 0.09))
    for _ in range(7):
        a, b = r.uniform(x0 + 90, x1 - 90), r.uniform(y0 + 70, y1 - 70)
        c.glow(a, b, 90, p.paper, 0.1, 60)
    chalk, tint = mix(p.paper, slate, 0.08), [p.accents[1], p.accents[3], p.paper]
    topics = r.sample(range(6), 3)
    for k, topic in enumerate(topics):
        cx, cy = x0 + 150 + k * 280, (y0 + y1) / 2
        tone = tint[k]
        if topic == 0:
            c.ring(cx, cy, 96, chalk, 5)
            c.line([(cx, cy), (cx + 78, cy - 56)], tone, 5)
            c.line([(cx - 96, cy), (cx + 96, cy)], chalk, 4)
            c.ring(cx, cy, 40, tone, 4, start=-36, end=0)
        elif topic == 1:
            tri = [
                (cx - 100, cy + 84),
                (cx + 100, cy + 84),
                (cx + 100, cy - 94),
                (cx - 100, cy + 84),
            ]
            c.poly(tri[:3], fade(tone, 0.3))
            c.line(tri, chalk, 5)
            c.line([(cx + 78, cy + 84), (cx + 78, cy + 62), (cx + 100, cy + 62)], chalk, 4)
        elif topic == 2:
            c.line([(cx - 110, cy - 110), (cx - 110, cy + 100), (cx + 120, cy + 100)], chalk, 5)
            c.line([(cx - 104 + i * 5.0, cy - 64 * math.sin(i / 6.2)) for i in range(44)], tone, 6)
        elif topic == 3:
            c.disc(cx, cy, 26, tone)
            for i, rx in enumerate((58, 92, 124)):
                c.ring(cx, cy, rx, fade(chalk, 0.8), 3, rx * 0.62)
                a = r.uniform(0, 6.3)
                c.disc(cx + rx * math.cos(a), cy + rx * 0.62 * math.sin(a), 9 + 3 * i, chalk)
        elif topic == 4:
            for i, h in enumerate((70, 120, 96, 170)):
                c.rect(
                    cx - 100 + i * 52,
                    cy + 96 - h,
                    cx - 64 + i * 52,
                    cy + 96,
                    fade(tone, 0.85) if i % 2 else chalk,
                )
            c.line([(cx - 118, cy + 98), (cx + 118, cy + 98)], chalk, 5)
        else:
            c.line(smooth([(cx, cy + 108), (cx - 8, cy), (cx + 4, cy - 60)], closed=False), chalk, 6)
            for i, turn in enumerate((-62, 58, -44, 48, 2)):
                leaf = smooth([(0, 0), (-0.3, -0.5), (0, -1), (0.3, -0.5)], steps=4)
                outline = place(leaf, cx, cy + 60 - i * 30, 96, turn)
                c.poly(outline, fade(tone, 0.3))
                c.line([*outline, outline[0]], chalk, 4)
    c.rect(x0 + 40, y1 + 10, x1 - 40, y1 + 24, mix(p.wood, p.paper, 0.3), 4)
    for i in range(3):
        c.rect(x0 + 120 + i * 60, y1 + 2, x0 + 160 + i * 60, y1 + 11, tint[i], 4)
    wx = WIDTH / 2 + side * 560
    for dx in (-136, 52) if seed % 2 else (-120,):
        w = 164 if seed % 2 else 250
        c.rect(wx + dx - 12, 66, wx + dx + w + 12, 494, p.paper)
        c.ramp((wx + dx, 78, wx + dx + w, 478), p.sky, mix(p.haze, p.sun, 0.5))
        c.poly(oval(wx + dx + w / 2, 478, w / 2, 90, 180, 360), mix(p.leaf, p.haze, 0.3))
        c.glow(wx + dx + w / 2, 200, 150, p.sun, 0.9)
        for yy in (205, 340):
            c.rect(wx + dx, yy, wx + dx + w, yy + 9, p.paper)
        c.rect(wx + dx + w / 2 - 5, 78, wx + dx + w / 2 + 5, 478, p.paper)
        c.rect(wx + dx - 22, 486, wx + dx + w + 22, 506, mix(p.paper, p.far, 0.4))
    gx = bx - side * 250
    c.rect(gx - 190, 546, gx + 190, 566, p.wood, 4)
    c.ramp((gx - 176, 566, gx + 176, 712), mix(p.wood, p.ink, 0.15), mix(p.wood, p.ink, 0.45))
    ornament(c, r, p, gx + 110, 548, 0.7, 1)
    for i in range(3):
        c.rect(gx - 150 + 6 * i, 528 - i * 20, gx - 30 - 4 * i, 547 - i * 20, p.accents[(i + 2) % 5], 3)
    c.disc(gx, 516, 19, p.accents[0])
    c.poly(smooth([(gx, 498), (gx + 16, 480), (gx + 20, 494)], steps=4), p.leaf)
    c.disc(bx, 48, 40, p.paper)
    c.ring(bx, 48, 40, p.ink, 6)
    c.line([(bx, 24), (bx, 48), (bx + 18, 56)], p.ink, 5)
    for row, (y, s, n) in enumerate(((690, 0.66, 5), (790, 0.92, 4), (950, 1.3, 3))):
        pitch = WIDTH / (n - 0.4)
        start = (WIDTH - pitch * (n - 1)) / 2 + (row % 2) * 40 - 20
        for i in range(n):
            mid = start + i * pitch
            c.poly(oval(mid + 20 * s, y + 150 * s, 170 * s, 22 * s), fade(p.ink, 0.28))
            metal = mix(p.near, p.ink, 0.4)
            for leg in (-118, 118):
                c.line([(mid + leg * s, y), (mid + leg * 1.08 * s, y + 150 * s)], metal, 10 * s)
            seat = p.accents[(0, 2)[(i + row) % 2]]
            top = [
                (mid - 126 * s, y - 34 * s),
                (mid + 126 * s, y - 34 * s),
                (mid + 150 * s, y + 10 * s),
                (mid - 150 * s, y + 10 * s),
            ]
            c.graded(top, mix(p.wood, p.paper, 0.55), mix(p.wood, p.paper, 0.3))
            c.rect(mid - 150 * s, y + 10 * s, mid + 150 * s, y + 26 * s, mix(p.wood, p.ink, 0.3))
            if r.random() < 0.75:
                bx2, tone = (
                    mid + r.uniform(-60, 60) * s,
                    r.choice((p.paper, p.accents[0], p.accents[1], p.accents[2])),
                )
                c.poly(
                    [
                        (bx2 - 40 * s, y - 24 * s),
                        (bx2 + 34 * s, y - 24 * s),
                        (bx2 + 42 * s, y),
                        (bx2 - 44 * s, y),
                    ],
                    tone,
                )
                c.line([(bx2 + 56 * s, y - 20 * s), (bx2 + 70 * s, y - 2 * s)], p.accents[1], 5 * s)
            # The chair stands on our side of the desk: we see its back.
            for leg in (-62, 62):
                c.line([(mid + leg * s, y - 20 * s), (mid + leg * 1.12 * s, y + 176 * s)], metal, 9 * s)
            c.rect(mid - 78 * s, y - 30 * s, mid + 78 * s, y + 34 * s, seat, 16 * s)
            c.rect(mid - 78 * s, y + 16 * s, mid + 78 * s, y + 34 * s, mix(seat, p.ink, 0.3), 10 * s)
            c.rect(mid - 84 * s, y + 84 * s, mid + 84 * s, y + 102 * s, mix(seat, p.ink, 0.25), 8 * s)
    # The sun comes in low and lies across the room.
    for k in (0, 1):
        a = wx - side * (40 + 170 * k)
        c.beam(
            [
                (a, 90),
                (a + 130, 90),
                (a + 130 - side * 620, HEIGHT),
                (a - 120 - side * 620, HEIGHT),
            ],
            p.sun,
            0.3,
            0.2,
            0.05,
        )
