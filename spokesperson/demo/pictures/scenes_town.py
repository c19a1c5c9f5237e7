"""In town: a skyline at dusk, street lamps, a courtyard."""

import math
from random import Random

from .canvas import HEIGHT, WIDTH, Canvas, Point, oval, place, smooth
from .palettes import DAY, NIGHT, Colour, Palette, fade, mix
from .props import birds, person, streaks, tree


def _tower(
    c: Canvas,
    r: Random,
    x: float,
    w: float,
    top: float,
    foot: float,
    body: Colour,
    light: Colour,
    lit: float,
) -> None:
    """One building of the skyline: a roof of some kind, and a grid of windows, some lit."""
    c.rect(x, top, x + w, foot, body)
    shade = mix(body, (0, 0, 0), 0.14)
    c.rect(x + w * 0.62, top, x + w, foot, shade)
    kind = r.randrange(6)
    if kind == 0:
        c.rect(x + w * 0.18, top - w * 0.22, x + w * 0.82, top, body)
        c.line([(x + w / 2, top), (x + w / 2, top - w * 0.95)], body, 5)
    elif kind == 1:
        c.poly([(x, top + 1), (x + w, top + 1), (x + w, top - w * 0.45)], body)
    elif kind == 2:
        c.poly([(x - 2, top + 1), (x + w / 2, top - w * 0.85), (x + w + 2, top + 1)], body)
        c.poly([(x + w * 0.62, top + 1), (x + w / 2, top - w * 0.85), (x + w + 2, top + 1)], shade)
    elif kind == 3:
        c.poly(oval(x + w / 2, top + 2, w * 0.4, w * 0.42, 180, 360), body)
        c.line([(x + w / 2, top - w * 0.3), (x + w / 2, top - w * 0.7)], body, 4)
    elif kind == 4:
        c.rect(x + w * 0.3, top - 40, x + w * 0.68, top - 12, body, 5)
        c.poly([(x + w * 0.28, top - 38), (x + w * 0.49, top - 58), (x + w * 0.7, top - 38)], body)
        for dx in (0.34, 0.6):
            c.rect(x + w * dx, top - 14, x + w * dx + 5, top, body)
    step = r.choice((17, 20, 24))
    columns = max(2, int((w - 14) / step))
    gap = (w - 14) / columns
    tall = r.choice((0.42, 0.55))
    rows = int((foot - top - 20) / (step * 1.15))
    for i in range(columns):
        for j in range(rows):
            wx, wy = x + 7 + gap * (i + 0.24), top + 18 + j * step * 1.15
            glass = light if r.random() < lit else mix(body, light, 0.09)
            c.rect(wx, wy, wx + gap * 0.52, wy + step * tall, glass)


def city_dusk(c: Canvas, r: Random, seed: int) -> None:
    """A skyline before the last light, over the river or under a bridge."""
    p, kind = NIGHT[seed % len(NIGHT)], seed % 2
    line = r.uniform(690, 740)
    c.ramp(
        (0, 0, WIDTH, line),
        p.sky,
        mix(p.sky, p.haze, 0.75),
        mix(p.haze, p.accents[0], 0.25),
        mix(p.haze, p.sun, 0.7),
    )
    x_sun = WIDTH * r.uniform(0.25, 0.75)
    radius = r.uniform(110, 160)
    height = line - r.uniform(250, 310)
    c.glow(x_sun, height, 900, mix(p.sun, p.haze, 0.3), 0.85)
    c.disc(x_sun, height, radius, mix(p.sun, p.accents[0], 0.12))
    streaks(c, r, mix(p.haze, p.sun, 0.5), 120, 420, 7)
    for _ in range(40):
        c.disc(r.uniform(0, WIDTH), r.uniform(0, 260), r.uniform(0.8, 2.2), fade(p.paper, 0.6))
    for layer, (low, high, tone, lit) in enumerate(
        (
            (170, 330, mix(p.haze, p.far, 0.45), 0.04),
            (150, 420, mix(p.far, p.mid, 0.6), 0.22),
            (50, 260, mix(p.near, p.ink, 0.3), 0.36),
        )
    ):
        x = -30 - 40.0 * r.random()
        while x < WIDTH:
            w = r.uniform(64, 128) + 12 * layer
            # The town is lower in front of the sun, so that the sun stays the picture's centre.
            dip = 0.4 if abs(x + w / 2 - x_sun) < radius * (0.8 + 0.4 * layer) else 1
            body = mix(tone, p.haze, r.uniform(0, 0.1))
            _tower(c, r, x, w, line - r.uniform(low, high) * dip, line, body, p.sun, lit)
            x += w + r.choice((0, 0, 6, 16))
        c.veil((0, line - 260, WIDTH, line), p.haze, 0, 0.4 - 0.14 * layer)
    c.mirror(line, HEIGHT, p.mid, 0.28, 9, 1.5)
    c.veil((0, line, WIDTH, HEIGHT), p.ink, 0.05, 0.65)
    for _ in range(80):
        t = r.random()
        x, w = x_sun + r.gauss(0, 60 + 90 * t), r.uniform(10, 60) * (0.6 + t)
        y = line + 8 + (HEIGHT - line) * t
        c.rect(x - w, y, x + w, y + 2 + 3 * t, fade(p.sun, r.uniform(0.25, 0.7)), 2)
    c.rect(0, line - 8, WIDTH, line + 3, p.ink)
    if kind == 0:
        # A suspension bridge, nearer than the town.
        deck, towers = (
            line - 26,
            (WIDTH * 0.2 + r.uniform(-60, 60), WIDTH * 0.8 + r.uniform(-60, 60)),
        )
        c.rect(0, deck, WIDTH, deck + 15, p.ink)
        left, right = towers
        for a, b in ((left - (right - left), left), (left, right), (right, 2 * right - left)):
            cable = [(a + (b - a) * i / 40, deck - 14 - 330 * (2 * i / 40 - 1) ** 2) for i in range(41)]
            c.line(cable, p.ink, 6)
            for x, y in cable[1:-1]:
                c.line([(x, y), (x, deck)], p.ink, 1.8, caps=False)
        for x in towers:
            for dx in (-17, 9):
                c.rect(x + dx, deck - 352, x + dx + 10, line + 36, p.ink)
            for y in (deck - 352, deck - 240, deck - 120):
                c.rect(x - 20, y, x + 22, y + 13, p.ink)
            c.rect(x - 34, line + 18, x + 36, line + 44, p.ink, 6)
            c.glow(x, deck - 362, 36, p.accents[0], 0.9)
            c.disc(x, deck - 360, 5, p.accents[0])
    else:
        x = WIDTH * r.uniform(0.25, 0.6)
        y = line + 150
        c.disc(x + 80, y + 30, 320, fade(p.ink, 0.45), 16)
        c.poly([(x - 190, y - 34), (x + 330, y - 34), (x + 290, y + 30), (x - 150, y + 30)], p.ink)
        c.rect(x - 120, y - 92, x + 190, y - 30, mix(p.near, p.paper, 0.1), 8)
        for i in range(8):
            c.rect(x - 106 + i * 37, y - 78, x - 82 + i * 37, y - 52, p.sun, 3)
        c.rect(x + 60, y - 136, x + 104, y - 92, p.accents[0])
        c.rect(x - 190, y - 12, x + 316, y - 4, p.accents[0])
    birds(c, r, x_sun - 180, line - 360, p.ink, 6)


def _lantern(c: Canvas, p: Palette, x: float, y: float, h: float, tone: Colour) -> None:
    """A street lamp of height ``h`` with its foot at (x, y)."""
    c.glow(x, y - h, h * 0.95, p.sun, 0.62)
    c.glow(x, y + h * 0.01, h * 0.62, p.sun, 0.5, h * 0.11)
    c.poly(
        [
            (x - h * 0.05, y),
            (x - h * 0.026, y - h * 0.12),
            (x - h * 0.011, y - h * 0.2),
            (x - h * 0.009, y - h * 0.9),
            (x + h * 0.009, y - h * 0.9),
            (x + h * 0.011, y - h * 0.2),
            (x + h * 0.026, y - h * 0.12),
            (x + h * 0.05, y),
        ],
        tone,
    )
    c.rect(x - h * 0.05, y - h * 0.76, x + h * 0.05, y - h * 0.748, tone)
    c.glow(x, y - h * 0.98, h * 0.3, p.sun, 1)
    c.poly(
        [
            (x - h * 0.032, y - h * 0.9),
            (x - h * 0.058, y - h * 1.04),
            (x + h * 0.058, y - h * 1.04),
            (x + h * 0.032, y - h * 0.9),
        ],
        mix(p.sun, p.paper, 0.75),
    )
    c.poly([(x - h * 0.07, y - h * 1.035), (x, y - h * 1.105), (x + h * 0.07, y - h * 1.035)], tone)
    c.rect(x - h * 0.036, y - h * 0.91, x + h * 0.036, y - h * 0.89, tone)
    c.disc(x, y - h * 1.11, h * 0.012, tone)


def street_lamps(c: Canvas, r: Random, seed: int) -> None:
    """A wet street at night between two rows of lamps; one walker."""
    p, kind = NIGHT[seed % len(NIGHT)], seed % 3
    vx, vy = WIDTH * r.choice((r.uniform(0.3, 0.42), r.uniform(0.58, 0.7))), r.uniform(520, 570)
    c.ramp((0, 0, WIDTH, vy + 10), p.sky, mix(p.sky, p.haze, 0.35), mix(p.far, p.haze, 0.6))
    if kind == 0:
        mx = WIDTH - vx
        c.glow(mx, 170, 330, p.paper, 0.5)
        c.disc(mx, 170, 66, mix(p.paper, p.sun, 0.3))
    for _ in range(70):
        c.disc(r.uniform(0, WIDTH), r.uniform(0, 330), r.uniform(0.8, 2.4), fade(p.paper, 0.6))
    c.glow(vx, vy, 620, p.haze, 0.8, 320)
    street, paving = mix(p.near, p.ink, 0.3), mix(p.mid, p.ink, 0.2)
    c.ramp((0, vy, WIDTH, HEIGHT), mix(p.far, p.haze, 0.4), paving, mix(paving, p.ink, 0.4))
    c.graded(
        [(vx - 6, vy), (vx + 6, vy), (vx + 760, HEIGHT + 10), (vx - 760, HEIGHT + 10)],
        mix(p.far, p.haze, 0.4),
        street,
        p.ink,
    )

    def project(x: float, y: float, z: float) -> Point:
        """A point of the street: x across, y up, z away, in lamp heights."""
        return vx + x * 520 / z, vy + (0.62 - y) * 520 / z

    # Houses stand in two rows; each is a wall along the street, and a gable across it.
    for side in (-1, 1):
        for i in range(7, -1, -1):
            z0, z1, h = 0.9 + i * 1.35, 2.22 + i * 1.35, r.uniform(1.5, 2.5)
            wall = mix(mix(p.near, p.mid, r.random()), p.haze, 0.06 + 0.07 * i)
            at = 1.72 * side
            quad = [project(at, h, z0), project(at, h, z1), project(at, 0, z1), project(at, 0, z0)]
            c.poly(quad, wall)
            c.poly(
                [
                    project(at, h, z0),
                    project(at * 1.5, h + 0.55, (z0 + z1) / 2),
                    project(at, h, z1),
                ],
                mix(wall, p.ink, 0.4),
            )
            a, b, d = project(at, h, z0), project(at * 4, h, z0), project(at * 4, 0, z0)
            c.poly([a, b, d, project(at, 0, z0)], mix(wall, p.ink, 0.45))
            floors = max(2, int(h / 0.48))
            for floor in range(floors):
                for col in range(4):
                    za, zb = z0 + 0.13 + col * 0.31, z0 + 0.31 + col * 0.31
                    y0 = 0.2 + floor * 0.47
                    lit = r.random() < 0.36
                    c.poly(
                        [
                            project(at, y0, za),
                            project(at, y0, zb),
                            project(at, y0 + 0.27, zb),
                            project(at, y0 + 0.27, za),
                        ],
                        mix(p.sun, p.accents[1], r.random()) if lit else mix(wall, p.ink, 0.45),
                    )
    c.veil((0, vy - 220, WIDTH, vy + 60), p.haze, 0, 0.3, 0)
    for i in range(8, -1, -1):
        z = 0.95 + i * 1.05
        for side in (-1, 1):
            x, y = project(1.08 * side, 0, z)
            _, head = project(0, 1, z)
            if -200 < x < WIDTH + 200:
                # Light lies on the wet street as a long smear towards the viewer.
                c.glow(
                    x - side * (y - head) * 0.2,
                    y + (y - head) * 0.24,
                    (y - head) * 0.11,
                    p.sun,
                    0.6,
                    (y - head) * 0.42,
                )
                tone = mix(p.ink, p.haze, min(0.45, 0.055 * i))
                _lantern(c, p, x, y, y - head, tone)
    z = r.uniform(1.5, 1.9)
    x, y = project(r.choice((-0.35, 0.3)), 0, z)
    h = 0.52 * 520 / z
    c.beam(
        [
            (x - h * 0.08, y),
            (x + h * 0.08, y),
            (x + h * 0.2, y + h * 1.1),
            (x - h * 0.3, y + h * 1.1),
        ],
        p.ink,
        0.7,
        0.0,
    )
    person(c, x, y, h, p.accents[0], p.ink)
    if kind:
        c.line([(x + h * 0.1, y - h * 0.5), (x + h * 0.1, y - h * 1.2)], p.ink, 4)
        c.poly(oval(x + h * 0.1, y - h * 0.98, h * 0.48, h * 0.34, 180, 360), p.accents[1])
        c.poly(
            [
                (x + h * 0.1, y - h * 1.32),
                *oval(x + h * 0.1, y - h * 0.98, h * 0.48, h * 0.34, 270, 360),
            ],
            mix(p.accents[1], p.ink, 0.3),
        )
    for _ in range((0, 260, 300)[kind]):
        fx, fy = r.uniform(0, WIDTH), r.uniform(0, HEIGHT)
        if kind == 1:
            s = r.uniform(16, 52)
            c.line([(fx, fy), (fx - s * 0.2, fy + s)], fade(p.paper, r.uniform(0.12, 0.35)), 1.6)
        else:
            c.disc(fx, fy, r.uniform(1.5, 5), fade(p.paper, r.uniform(0.4, 0.9)))


def _washing(c: Canvas, r: Random, p: Palette) -> None:
    """A line of washing across the court."""
    y0 = r.uniform(186, 220)
    rope = [(150 + i * 60.0, y0 + 190 * (1 - ((i - 10) / 10) ** 2) * 0.42) for i in range(21)]
    c.line(rope, p.paper, 3)
    for i in range(2, 19, 2):
        x, y = rope[i]
        tone = r.choice((p.accents[0], p.accents[1], p.accents[2], p.paper, p.accents[3]))
        c.shadow([(x - 20, y + 40), (x + 40, y + 40), (x + 40, y + 110), (x - 20, y + 110)], p.ink, 0.25)
        if r.random() < 0.5:
            c.poly([(x - 34, y), (x + 34, y + 3), (x + 32, y + 86), (x - 30, y + 92)], tone)
            c.rect(x - 31, y + 66, x + 32, y + 74, mix(tone, p.ink, 0.2))
        else:
            c.poly(
                [
                    (x - 30, y),
                    (x + 30, y + 2),
                    (x + 50, y + 30),
                    (x + 32, y + 42),
                    (x + 26, y + 32),
                    (x + 28, y + 92),
                    (x - 28, y + 92),
                    (x - 26, y + 32),
                    (x - 32, y + 42),
                    (x - 50, y + 30),
                ],
                tone,
            )


def _bench(c: Canvas, p: Palette, bx: float) -> None:
    """A bench with a cat on it."""
    for dx in (-120, 120):
        c.rect(bx + dx - 6, 800, bx + dx + 6, 880, p.ink)
    for i in range(3):
        c.rect(bx - 150, 742 + i * 22, bx + 150, 757 + i * 22, mix(p.wood, p.ink, 0.1 * i), 4)
    c.rect(bx - 160, 812, bx + 160, 830, p.wood, 5)
    cat = [
        (-30, 0),
        (-34, -40),
        (-16, -70),
        (-22, -100),
        (-12, -92),
        (2, -92),
        (12, -100),
        (10, -70),
        (24, -36),
        (24, 0),
    ]
    c.poly(place(cat, bx + 80, 814, 0.85), p.ink)
    c.line(
        smooth(place([(20, -4), (54, -8), (60, -40), (50, -52)], bx + 80, 814, 0.85), closed=False),
        p.ink,
        9,
    )


def _potted(c: Canvas, r: Random, p: Palette, tx: float, lit: int) -> None:
    """An orange tree in a great pot."""
    c.poly(oval(tx - lit * 120, 880, 330, 46), fade(p.ink, 0.28))
    c.graded(
        [(tx - 96, 800), (tx + 96, 800), (tx + 76, 900), (tx - 76, 900)],
        p.accents[0],
        mix(p.accents[0], p.ink, 0.45),
    )
    c.rect(tx - 106, 788, tx + 106, 812, mix(p.accents[0], p.paper, 0.2), 5)
    tree(
        c,
        r,
        tx,
        792,
        500,
        mix(p.leaf, p.accents[1], 0.12),
        mix(p.leaf, p.ink, 0.6),
        mix(p.wood, p.ink, 0.5),
    )
    for _ in range(16):
        a, d = r.uniform(0, 6.3), math.sqrt(r.random())
        c.disc(tx + d * 120 * math.cos(a), 475 + d * 150 * math.sin(a), 13, p.accents[1])


def _fountain(c: Canvas, r: Random, p: Palette, x: float) -> None:
    """A stone fountain of two basins, with potted shrubs around it."""
    stone, water = mix(p.paper, p.far, 0.4), mix(p.sky, p.paper, 0.45)
    for dx, h in ((-430, 190), (430, 190), (-330, 130), (330, 130)):
        c.poly(oval(x + dx + 20, 862, 70, 12), fade(p.ink, 0.3))
        for i in range(11):
            leaf = smooth(place([(0, 0), (-0.14, -0.5), (0, -1), (0.14, -0.5)], x + dx, 800, h, -75 + 15 * i))
            c.poly(leaf, mix(p.leaf, p.paper if i % 2 else p.ink, 0.2))
        c.graded(
            [(x + dx - 52, 780), (x + dx + 52, 780), (x + dx + 38, 862), (x + dx - 38, 862)],
            p.accents[0],
            mix(p.accents[0], p.ink, 0.4),
        )
    c.poly(oval(x + 50, 920, 330, 36), fade(p.ink, 0.35))
    for y, rx, ry, drop in ((820, 270, 44, 96), (640, 130, 22, 34)):
        c.graded(
            [(x - rx, y), (x + rx, y), (x + rx * 0.82, y + drop), (x - rx * 0.82, y + drop)],
            mix(stone, p.paper, 0.5),
            stone,
            mix(stone, p.near, 0.7),
            horizontal=True,
        )
        c.disc(x, y + drop, rx * 0.82, mix(stone, p.near, 0.35), ry * 0.6)
        c.graded(
            [(x - rx, y), (x + rx, y), (x + rx * 0.86, y + drop), (x - rx * 0.86, y + drop)],
            mix(stone, p.paper, 0.5),
            stone,
            mix(stone, p.near, 0.7),
            horizontal=True,
        )
        c.disc(x, y, rx, mix(stone, p.paper, 0.4), ry)
        c.disc(x, y + 3, rx * 0.9, mix(water, p.accents[2], 0.4), ry * 0.8)
        if y > 700:
            c.graded(
                [(x - 26, 668), (x + 26, 668), (x + 44, y + 14), (x - 44, y + 14)],
                stone,
                mix(stone, p.near, 0.5),
                horizontal=True,
            )
    for i in range(-5, 6):
        reach, top = i * 22.0, 540 + abs(i) * 9.0
        c.line(
            smooth([(x, 636), (x + reach * 0.4, top), (x + reach, 644)], closed=False),
            fade(p.paper, 0.8),
            4,
            caps=False,
        )
        if i:
            c.line([(x + 118 * i / 5, 650), (x + 128 * i / 5, 816)], fade(p.paper, 0.6), 4, caps=False)
    for _ in range(40):
        c.disc(x + r.gauss(0, 120), 822 + r.gauss(0, 9), r.uniform(2, 5), fade(p.paper, 0.8), 2)


def courtyard(c: Canvas, r: Random, seed: int) -> None:
    """An inner court with an arcade: a washing line and an orange tree, or a fountain."""
    p, floor = DAY[seed % len(DAY)], 720.0
    wall = mix(r.choice((p.haze, p.accents[3], p.accents[1])), p.paper, r.uniform(0.15, 0.4))
    trim, dark = mix(wall, p.paper, 0.6), mix(p.near, p.ink, 0.4)
    c.ramp((0, 0, WIDTH, 130), p.sky, mix(p.sky, p.paper, 0.4))
    c.ramp((150, 96, WIDTH - 150, floor), mix(wall, p.paper, 0.25), wall, mix(wall, p.wood, 0.3))
    c.rect(130, 84, WIDTH - 130, 108, p.accents[0])
    for x in range(130, WIDTH - 130, 26):
        c.disc(x + 13, 108, 13, p.accents[0], 9)
    arches = r.choice((4, 5))
    pitch = (WIDTH - 340) / arches
    for i in range(arches):
        cx, half = 170 + pitch * (i + 0.5), pitch * 0.36
        for grow, tone in ((1.16, trim), (1.0, mix(p.near, wall, 0.15))):
            w = half * grow
            outline = [
                (cx - w, floor),
                (cx - w, 520),
                *oval(cx, 520, w, w, 180, 360),
                (cx + w, floor),
            ]
            c.poly(outline, tone)
        c.stipple(outline, p.ink, "top", 0.9)
        door = half * 0.46
        if i % 2 == seed % 2:
            c.rect(cx - door, 560, cx + door, floor, p.accents[2])
            c.rect(cx - 3, 560, cx + 3, floor, mix(p.accents[2], p.ink, 0.4))
            c.poly(oval(cx, 560, door, door, 180, 360), mix(p.sun, p.accents[1], 0.4))
        else:
            c.glow(cx, floor - 60, half, p.sun, 0.45)
        c.rect(170 + pitch * i - 17, 512, 170 + pitch * i + 17, 532, trim)
        c.rect(170 + pitch * i - 12, 532, 170 + pitch * i + 12, floor, trim)
        c.rect(170 + pitch * i + 4, 532, 170 + pitch * i + 12, floor, mix(wall, p.wood, 0.35))
    c.rect(150, 336, WIDTH - 150, 350, trim)
    c.rect(150, 350, WIDTH - 150, 356, mix(wall, p.near, 0.4))
    shutter = p.accents[r.choice((2, 4))]
    y0 = 150.0
    for i in range(arches):
        cx = 170 + pitch * (i + 0.5)
        y1, w = y0 + 152, pitch * 0.13
        c.rect(cx - w - 10, y0 - 12, cx + w + 10, y1 + 8, trim)
        c.rect(cx - w, y0, cx + w, y1, dark)
        c.poly([(cx - w, y1), (cx - w, y0 + 60), (cx + w, y0), (cx + w, y0 + 40)], fade(p.sky, 0.55))
        c.rect(cx - 3, y0, cx + 3, y1, trim)
        c.rect(cx - w, y0 + 62, cx + w, y0 + 67, trim)
        for side in (-1, 1):
            a = cx + side * (w + 12) + (0 if side > 0 else -w * 0.95)
            c.rect(a, y0 - 4, a + w * 0.95, y1, shutter)
            for y in range(int(y0) + 8, int(y1) - 4, 13):
                c.rect(a + 5, y, a + w * 0.95 - 5, y + 4, mix(shutter, p.ink, 0.35))
        if r.random() < 0.7:
            c.rect(cx - w - 6, y1 + 4, cx + w + 6, y1 + 28, p.accents[0], 4)
            for _ in range(12):
                fx = cx + r.uniform(-w, w)
                c.disc(fx, y1 + r.uniform(-18, 4), 13, mix(p.leaf, p.near, 0.4 * r.random()))
                c.disc(fx, y1 + r.uniform(-24, 0), 6, r.choice((p.accents[0], p.accents[1], p.paper)))
    c.ramp((0, floor, WIDTH, HEIGHT), mix(wall, p.wood, 0.4), mix(p.paper, wall, 0.5))
    for i in range(-13, 14):
        c.line([(750 + i * 64, floor), (750 + i * 190, HEIGHT)], fade(p.near, 0.2), 3, caps=False)
    for y in (742, 776, 826, 900):
        c.rect(0, y, WIDTH, y + 3, fade(p.near, 0.2))
    lit = r.choice((-1, 1))
    for side in (-1, 1):
        x0, x1 = (0, 170) if side < 0 else (WIDTH, WIDTH - 170)
        tone = mix(wall, p.near, 0.55 if side == lit else 0.12)
        wing = [(x0, -5), (x1, 84), (x1, floor), (x0, HEIGHT)]
        c.poly(wing, tone)
        c.stipple(wing, p.near, "bottom", 0.55)
        c.poly(
            [(x0, -70), (x1 - side * 20, 76), (x1 - side * 20, 104), (x0, 20)],
            mix(p.accents[0], p.ink, 0.25),
        )
        for t in (0.2, 0.55):
            ya, yb = HEIGHT * t, 84 + (floor - 84) * t
            c.poly(
                [
                    (x0 - side * 34, ya + 10),
                    (x1 + side * 30, yb + 2),
                    (x1 + side * 30, yb + 116),
                    (x0 - side * 34, ya + 174),
                ],
                dark,
            )
            c.poly(
                [
                    (x0 - side * 34, ya + 10),
                    (x0 - side * 2, ya + 10),
                    (x0 - side * 2, ya + 186),
                    (x0 - side * 34, ya + 174),
                ],
                shutter,
            )
    # Half the court lies in the shade of a roof that the picture does not show.
    edge = 430 if lit < 0 else WIDTH - 430
    out = -20 if lit < 0 else WIDTH + 20
    c.beam(
        [(out, 0), (edge, 0), (edge + lit * 260, floor), (edge + lit * 60, HEIGHT), (out, HEIGHT)],
        p.ink,
        0.34,
        0.26,
        0.4,
    )
    if seed % 2:
        _fountain(c, r, p, WIDTH / 2 - lit * r.uniform(0, 120))
    else:
        _washing(c, r, p)
        _potted(c, r, p, WIDTH / 2 - lit * r.uniform(200, 330), lit)
        _bench(c, p, WIDTH / 2 + lit * r.uniform(120, 260))
