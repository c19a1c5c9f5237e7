"""By the water: a river and a lake."""

import math
from random import Random

from .canvas import HEIGHT, WIDTH, Canvas, Point, oval, place, smooth
from .palettes import DAY, fade, mix
from .props import cloud, conifer, ridge, sky, streaks, sun, tree


def river(c: Canvas, r: Random, seed: int) -> None:
    """A river that winds from the hills to our feet."""
    p, bend = DAY[seed % len(DAY)], r.choice((-1, 1))
    top = r.uniform(350, 430)
    sky(c, p, top + 60)
    sun(c, p, WIDTH * (0.5 + bend * r.uniform(0.05, 0.3)), top - r.uniform(60, 170), 66)
    for _ in range(3):
        cloud(c, r, r.uniform(0, WIDTH), r.uniform(80, top - 150), r.uniform(180, 340), p.paper, 0.6)
    for i in range(3):
        colour = mix(mix(p.far, p.haze, 0.3), p.mid, i * 0.3)
        c.poly(ridge(r, top - 60 + 28 * i, 42 - 8 * i), colour)
        c.veil((0, top - 60 + 28 * i, WIDTH, top + 80), p.haze, 0, 0.45)
    ground = mix(p.leaf, p.haze, 0.35)
    c.graded(ridge(r, top + 32, 6, 0.1), ground, mix(p.leaf, p.near, 0.55))
    turns, phase = r.uniform(1.35, 1.75), r.uniform(-0.25, 0.25)

    def course(t: float) -> tuple[float, float, float]:
        """Where the river runs at depth t: centre, height on the page, half width."""
        swing = bend * (60 + 480 * t**0.9) * math.sin(turns * math.tau * (t**0.55) * 0.75 + phase)
        return WIDTH / 2 + swing, top + 40 + (HEIGHT - top) * 1.02 * t, 7 + 300 * t**1.7

    # Meadows and crops alternate along the banks, as ever wider bands.
    for i in range(9):
        t0, side = (i / 9) ** 1.5, -1 if i % 2 else 1
        t1 = min(1, ((i + 1.7) / 9) ** 1.5)
        x0, y0, _ = course(t0)
        x1, y1, _ = course(t1)
        out = WIDTH / 2 + side * 1000
        tone = r.choice((p.leaf, p.accents[1], mix(p.leaf, p.accents[1], 0.45), mix(p.leaf, p.paper, 0.3)))
        band: list[Point] = [(x0, y0), (out, y0 - 30 * (1 - t0)), (out, y1 + 60), (x1, y1)]
        c.graded(band, mix(tone, p.haze, 0.5 * (1 - t0)), mix(tone, p.near, 0.35))
        c.stipple(band, p.near, "bottom", 0.5)
    steps = [course(i / 90) for i in range(94)]
    shore = [(x - w * 1.06 - 4, y) for x, y, w in steps]
    shore += [(x + w * 1.06 + 4, y) for x, y, w in reversed(steps)]
    c.poly(shore, mix(p.wood, p.paper, 0.35))
    water = [(x - w, y) for x, y, w in steps] + [(x + w, y) for x, y, w in reversed(steps)]
    c.graded(
        water,
        mix(p.haze, p.paper, 0.6),
        mix(p.haze, p.paper, 0.3),
        mix(p.sky, p.paper, 0.3),
        mix(p.sky, p.accents[2], 0.6),
    )
    c.stipple(water, p.near, "bottom", 0.45)
    for _ in range(70):
        t = r.random() ** 0.8
        x, y, w = course(t)
        length = w * r.uniform(0.1, 0.45)
        off = r.uniform(-0.55, 0.55) * w
        c.rect(x + off - length, y, x + off + length, y + 1.5 + 4 * t, fade(p.paper, 0.5), 2 + t)
    plants: list[tuple[float, int]] = sorted((r.random() ** 1.2, r.choice((-1, 1))) for _ in range(34))
    for t, side in plants:
        x, y, w = course(t)
        x += side * (w * 1.2 + 30 + 90 * t + r.expovariate(1 / (60 + 330 * t)))
        h = (24 + 210 * t) * r.uniform(0.75, 1.25)
        # The next reach of the river must stay in sight above the crowns.
        ahead = (course(max(0, t - d)) for d in (0.08, 0.16, 0.24, 0.32))
        if any(abs(x - ax) < aw + h * 0.3 and y - h < ay < y for ax, ay, aw in ahead):
            continue
        leaf = r.choice((p.leaf, p.leaf, mix(p.leaf, p.accents[0], 0.55), p.accents[1]))
        leaf = mix(leaf, p.near, 0.22 + 0.2 * t)
        c.disc(x + h * 0.12, y, h * 0.34, fade(p.ink, 0.25), h * 0.06)
        if r.random() < 0.3:
            conifer(c, r, x, y, h * 1.1, mix(p.near, p.leaf, 0.25))
        else:
            tree(c, r, x, y, h, mix(leaf, p.haze, 0.3 * (1 - t)), mix(leaf, p.ink, 0.6), p.ink)
    x, y, w = course(0.6)
    hull = place([(-70, -12), (70, -12), (48, 14), (-48, 14)], x + w * 0.15, y, 0.9)
    c.disc(x + w * 0.15, y + 16, 70, fade(p.ink, 0.3), 7)
    c.poly(
        [(x + w * 0.15 - 4, y - 120), (x + w * 0.15 - 4, y - 22), (x + w * 0.15 - 60, y - 22)],
        p.paper,
    )
    c.poly(
        [(x + w * 0.15 + 4, y - 104), (x + w * 0.15 + 4, y - 22), (x + w * 0.15 + 50, y - 22)],
        p.accents[1],
    )
    c.poly(hull, p.accents[0])


def lake(c: Canvas, r: Random, seed: int) -> None:
    """Still water: hills and sun stand in it upside down; a boat, or a jetty."""
    p, kind = DAY[seed % len(DAY)], seed % 2
    line = r.uniform(470, 540)
    sky(c, p, line)
    x_sun = WIDTH * r.uniform(0.25, 0.75)
    sun(c, p, x_sun, line - r.uniform(150, 290), r.uniform(60, 92))
    streaks(c, r, p.paper, 60, line - 220, 6)
    for i in range(4):
        colour = mix(mix(p.far, p.haze, 0.35), p.near, i * 0.26)
        hill = ridge(r, line - 120 + 34 * i, 62 - 13 * i, 0.25)
        c.graded(hill, colour, mix(colour, p.haze, 0.25))
        if i >= 2:
            for x, y in hill[1:-1]:
                if math.sin(x / 120 + seed + i) > -0.2:
                    conifer(c, r, x, y + 8, r.uniform(26, 56) * (1 + 0.3 * (i == 3)), colour)
        c.veil((0, line - 90 + 26 * i, WIDTH, line), p.haze, 0, 0.32)
    c.mirror(line, HEIGHT, mix(p.sky, p.accents[2], 0.4), 0.3, 7)
    c.veil((0, line, WIDTH, HEIGHT), mix(p.near, p.accents[2], 0.3), 0.0, 0.3, 0.7)
    c.veil((0, line - 3, WIDTH, line + 14), p.paper, 0.1, 0.6, 0.0)
    for _ in range(120):
        t = r.random() ** 1.3
        y = line + 16 + (HEIGHT - line) * t
        x = x_sun + r.gauss(0, 34 + 130 * t) if r.random() < 0.6 else r.uniform(0, WIDTH)
        w = (14 + 80 * t) * r.uniform(0.4, 1)
        c.rect(x - w, y, x + w, y + 2 + 4 * t, fade(p.sun, r.uniform(0.25, 0.7)), 2)
    side = 1 if x_sun < WIDTH / 2 else -1
    bx = WIDTH / 2 + side * r.uniform(200, 330)
    if kind == 0:
        y = r.uniform(710, 770)
        c.disc(bx, y + 52, 210, fade(p.ink, 0.32), 20)
        hull = smooth(
            [
                (-210, -44),
                (-170, 20),
                (-90, 50),
                (90, 50),
                (170, 20),
                (210, -44),
                (100, -20),
                (-100, -20),
            ],
            steps=6,
        )
        c.graded(place(hull, bx, y), p.accents[0], mix(p.accents[0], p.ink, 0.55))
        c.poly(
            smooth(
                place([(-206, -42), (-100, -20), (100, -20), (206, -42), (100, -6), (-100, -6)], bx, y),
                steps=6,
            ),
            p.paper,
        )
        for dx, coat in ((-56, p.accents[1]), (62, p.ink)):
            c.poly(
                smooth(
                    [
                        (bx + dx - 34, y - 10),
                        (bx + dx - 30, y - 78),
                        (bx + dx, y - 98),
                        (bx + dx + 30, y - 78),
                        (bx + dx + 34, y - 10),
                    ],
                    steps=5,
                ),
                coat,
            )
            c.disc(bx + dx, y - 120, 20, mix(p.wood, p.paper, 0.45), 24)
            c.poly(oval(bx + dx, y - 126, 34, 8), p.wood)
            c.poly(oval(bx + dx, y - 128, 21, 22, 180, 360), p.wood)
        c.line([(bx + 20, y - 54), (bx - 190 * side, y + 70)], p.wood, 8)
        c.line([(bx - 150 * side, y + 47), (bx - 206 * side, y + 80)], p.wood, 20)
    else:
        planks, x0, y0 = 15, WIDTH / 2 + side * 620, HEIGHT + 20.0
        for i in range(planks):
            t = i / planks
            # Planks grow thinner with distance; the jetty leans towards the sun.
            scale = (1 - t) ** 1.25
            x, y, w = bx + (x0 - bx) * scale, 620 + (y0 - 620) * scale, 52 + 330 * scale
            depth = 6 + 46 * scale
            c.poly(
                [(x - w, y), (x + w, y), (x + w * 0.97, y - depth), (x - w * 0.97, y - depth)],
                mix(p.wood, p.paper if i % 2 else p.ink, 0.16),
            )
            c.rect(x - w, y, x + w, y + 2 + 8 * scale, mix(p.wood, p.ink, 0.65))
            if i % 4 == 2:
                for dx in (-w, w):
                    c.rect(
                        x + dx - 5 - 12 * scale,
                        y - 26 - 110 * scale,
                        x + dx + 5 + 12 * scale,
                        y + 16 + 40 * scale,
                        mix(p.near, p.ink, 0.5),
                        4,
                    )
    for _ in range(46):
        x = WIDTH / 2 - side * (WIDTH / 2 - abs(r.gauss(0, 150)))
        h, lean = r.uniform(130, 360), r.uniform(-50, 50)
        blade = smooth(
            [
                (x - 5, HEIGHT + 5),
                (x + lean * 0.4, HEIGHT - h * 0.6),
                (x + lean, HEIGHT - h),
                (x + lean * 0.4 + 8, HEIGHT - h * 0.6),
                (x + 7, HEIGHT + 5),
            ],
            steps=4,
        )
        c.poly(blade, mix(p.ink, p.leaf, r.uniform(0, 0.45)))
        if r.random() < 0.22:
            c.line([(x + lean, HEIGHT - h - 4), (x + lean * 1.1, HEIGHT - h - 46)], p.wood, 13)
