"""Out of town: mountains, the night sky, fields."""

from random import Random

from .canvas import HEIGHT, WIDTH, Canvas, Point, oval, place, smooth
from .palettes import DAY, NIGHT, Colour, fade, mix
from .props import birds, cloud, conifer, ridge, sky, streaks, sun, tree


def _peak(
    c: Canvas,
    r: Random,
    x: float,
    top: float,
    base: float,
    half: float,
    colours: tuple[Colour, Colour, Colour, Colour],
) -> None:
    """One mountain: a lit face, a shaded face, and snow that the same light falls on."""
    lit, dark, snow, snow_dark = colours
    n = 16

    def edge(reach: float, jitter: float) -> list[Point]:
        out: list[Point] = [(x, top)]
        for i in range(1, n + 1):
            t = i / n
            out.append(
                (
                    x + reach * t + r.uniform(-1, 1) * jitter,
                    top + (base - top) * (t + r.uniform(-0.016, 0.016) * (i < n)),
                )
            )
        return out

    left, right = edge(-half, half * 0.025), edge(half * r.uniform(0.9, 1.2), half * 0.025)
    spine = edge(half * r.uniform(-0.15, 0.22), half * 0.075)
    c.graded([*left, *right[::-1]], lit, mix(lit, dark, 0.1))
    shade = [*spine, *right[::-1]]
    c.poly(shade, dark)
    c.stipple([*left, *spine[::-1]], dark, "bottom", 0.5)
    k = r.randint(4, 6)

    def fringe(a: Point, b: Point, teeth: int) -> list[Point]:
        out: list[Point] = []
        for i in range(1, teeth):
            t = i / teeth
            drop = half * (r.uniform(0.09, 0.2) if i % 2 else r.uniform(-0.06, 0.0))
            out.append((a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t + drop))
        return out

    c.poly([*left[: k + 1], *fringe(left[k], spine[k], 5), *spine[k::-1]], snow)
    c.poly([*spine[: k + 1], *fringe(spine[k], right[k], 5), *right[k::-1]], snow_dark)


def mountains(c: Canvas, r: Random, seed: int) -> None:
    """A great peak over forest, a range in mist, or a hut below the summit."""
    p, kind = DAY[seed % len(DAY)], seed % 3
    sky(c, p, 760)
    side = r.choice((0.28, 0.7))
    sun(c, p, WIDTH * (1 - side) + r.uniform(-80, 80), r.uniform(170, 290), r.uniform(54, 84))
    streaks(c, r, p.paper, 90, 380, 5)
    back = mix(p.far, p.haze, 0.35)
    for x in (120.0, 480.0, 830.0, 1180.0, 1480.0):
        _peak(
            c,
            r,
            x + r.uniform(-70, 70),
            r.uniform(330, 450),
            780,
            r.uniform(250, 330),
            (mix(back, p.haze, 0.25), back, mix(p.paper, p.haze, 0.4), mix(back, p.paper, 0.45)),
        )
    c.veil((0, 430, WIDTH, 790), p.haze, 0, 0.75)
    faces = (mix(p.far, p.mid, 0.45), mix(p.mid, p.near, 0.35), p.paper, mix(p.far, p.paper, 0.4))
    if kind == 1:
        for x, top in ((0.12, 330.0), (0.86, 280.0), (0.47, 210.0)):
            _peak(c, r, WIDTH * x + r.uniform(-60, 60), top + r.uniform(-30, 40), 860, 400, faces)
    else:
        _peak(c, r, WIDTH * (side + 0.32 * (1 if side < 0.5 else -1)), 380, 860, 380, faces)
        _peak(c, r, WIDTH * side, r.uniform(120, 190), 880, 560, faces)
    c.veil((0, 540, WIDTH, 860), p.haze, 0, 0.8)
    for base, colour in ((735, mix(p.mid, p.far, 0.2)), (815, mix(p.mid, p.near, 0.65))):
        hill = ridge(r, base, 30)
        c.poly(hill, colour)
        for x, y in hill[2:-2]:
            if r.random() < 0.75:
                conifer(c, r, x + r.uniform(-6, 6), y + 10, r.uniform(34, 62), colour)
        c.veil((0, base + 20, WIDTH, base + 150), p.haze, 0, 0.32, 0)
    if kind == 2:
        meadow = ridge(r, 880, 18, 0.1)
        c.poly(meadow, mix(p.leaf, p.near, 0.25))
        c.stipple(meadow, p.ink, "bottom", 0.8)
        x, y = WIDTH * (1 - side), 905.0
        c.poly([(x - 90, y), (x - 90, y - 70), (x + 50, y - 70), (x + 50, y)], p.wood)
        c.poly(
            [(x + 50, y), (x + 50, y - 70), (x + 82, y - 120), (x + 112, y - 70), (x + 112, y)],
            mix(p.wood, p.ink, 0.4),
        )
        c.poly(
            [(x - 104, y - 64), (x - 66, y - 126), (x + 82, y - 126), (x + 48, y - 64)],
            p.accents[0],
        )
        c.rect(x - 48, y - 52, x - 18, y - 22, p.sun)
        c.glow(x - 33, y - 37, 90, p.sun, 0.7)
        c.rect(x - 30, y - 152, x - 12, y - 110, mix(p.wood, p.ink, 0.3))
    edge = 1 if side > 0.5 else -1
    for _ in range(26):
        u = r.random() ** 1.5
        x = WIDTH / 2 - edge * (WIDTH / 2 - u * 560)
        conifer(c, r, x, HEIGHT + 30, r.uniform(130, 420) * (1.05 - u * 0.8), p.ink)
    birds(c, r, WIDTH * (1 - side), 400, p.near)


def night_sky(c: Canvas, r: Random, seed: int) -> None:
    """The Milky Way over a lit tent, or star trails over a lone tree."""
    p, kind = NIGHT[seed % len(NIGHT)], seed % 2
    c.ramp((0, 0, WIDTH, HEIGHT), p.sky, mix(p.sky, p.far, 0.7), p.haze, mix(p.haze, p.sun, 0.35))
    tints = (p.paper, p.paper, p.sun, mix(p.paper, p.accents[2], 0.5))
    if kind == 0:
        slope, start = r.choice((-1, 1)) * r.uniform(0.55, 0.8), r.uniform(560, 900)
        for i in range(34):
            y = i * 24.0
            x = start + slope * (y - 400) + r.gauss(0, 26)
            c.glow(
                x,
                y,
                r.uniform(110, 220),
                r.choice((p.haze, p.accents[4], p.paper)),
                r.uniform(0.1, 0.26),
            )
        for _ in range(900):
            y = r.uniform(0, 760)
            near = r.random() < 0.6
            x = start + slope * (y - 400) + r.gauss(0, 85) if near else r.uniform(0, WIDTH)
            size = r.paretovariate(2.6) * 1.1
            c.disc(x, y, min(size, 5.5), fade(r.choice(tints), min(0.95, 0.35 + size * 0.18)))
        for _ in range(8):
            x, y, s = r.uniform(40, WIDTH - 40), r.uniform(40, 560), r.uniform(9, 16)
            c.glow(x, y, s * 3, p.paper, 0.6)
            c.poly(
                [
                    (x, y - s),
                    (x + s * 0.16, y - s * 0.16),
                    (x + s, y),
                    (x + s * 0.16, y + s * 0.16),
                    (x, y + s),
                    (x - s * 0.16, y + s * 0.16),
                    (x - s, y),
                    (x - s * 0.16, y - s * 0.16),
                ],
                p.paper,
            )
    else:
        cx, cy = WIDTH * r.choice((0.3, 0.66)), r.uniform(300, 400)
        sweep = r.uniform(26, 44)
        for i in range(120):
            a, radius = r.uniform(0, 360), 14 + 9.2 * i + r.uniform(-4, 4)
            for turn in range(1 + i // 12):
                begin = a + turn * 360 / (1 + i // 12) + r.uniform(-16, 16)
                tone = fade(r.choice(tints), r.uniform(0.35, 0.95))
                trail = oval(cx, cy, radius, radius, begin, begin + sweep * r.uniform(0.7, 1.1), 14)
                # Most of the great circles lies outside the picture, and an arc is not cheap.
                if any(-9 < x < WIDTH + 9 and -9 < y < 860 for x, y in trail[::7]):
                    c.line(trail, tone, r.uniform(1.4, 3.4), caps=False)
        c.glow(cx, cy, 160, p.paper, 0.35)
        c.disc(cx, cy, 5, p.paper)
    c.veil((0, 520, WIDTH, 860), p.haze, 0, 0.55)
    c.poly(ridge(r, 790, 40, 0.5), mix(p.mid, p.haze, 0.25))
    c.veil((0, 760, WIDTH, 900), p.haze, 0, 0.35)
    hill = ridge(r, 850, 34, 0.15)
    c.poly(hill, p.near)
    c.stipple(hill, p.ink, "bottom", 0.9)
    spot = WIDTH * r.choice((0.3, 0.68))
    ground = min(hill[1:-1], key=lambda q: abs(q[0] - spot))[1] + 26
    if kind == 0:
        c.glow(spot, ground - 40, 330, p.sun, 0.65, 190)
        c.graded(
            [(spot - 120, ground), (spot - 20, ground - 130), (spot + 40, ground)],
            p.accents[1],
            p.sun,
        )
        c.poly([(spot - 20, ground - 130), (spot + 120, ground - 8), (spot + 40, ground)], p.accents[0])
        c.poly(
            [(spot - 48, ground), (spot - 20, ground - 118), (spot - 8, ground)],
            mix(p.sun, p.paper, 0.7),
        )
        px = spot + 230
        c.line([(px, ground + 6), (px + 22, ground - 74), (px + 44, ground + 6)], p.ink, 6)
        c.line([(px - 16, ground - 58), (px + 74, ground - 116)], p.ink, 20, caps=False)
        c.poly(
            [
                (px - 70, ground + 10),
                (px - 74, ground - 70),
                (px - 54, ground - 92),
                (px - 32, ground - 84),
                (px - 20, ground - 56),
                (px - 36, ground - 40),
                (px - 34, ground + 10),
            ],
            p.ink,
        )
        c.disc(px - 40, ground - 104, 17, p.ink, 20)
    else:
        h = r.uniform(330, 400)
        tree(c, r, spot, ground + 8, h, mix(p.near, p.ink, 0.4), p.ink, p.ink)
        c.rect(spot + 120, ground - 26, spot + 220, ground - 18, p.ink)
        for x in (132, 206):
            c.rect(spot + x, ground - 24, spot + x + 7, ground + 14, p.ink)
    for _ in range(16):
        x = r.choice((r.uniform(-20, 300), r.uniform(WIDTH - 300, WIDTH + 20)))
        edge = max(0, 1 - min(x, WIDTH - x) / 320)
        conifer(c, r, x, HEIGHT + 20, 90 + 230 * edge * r.uniform(0.6, 1.1), p.ink)


def field(c: Canvas, r: Random, seed: int) -> None:
    """Furrows that run to the horizon, with a farm, or with bales after the harvest."""
    p, kind = DAY[seed % len(DAY)], seed % 2
    top, vx = r.uniform(400, 480), WIDTH * r.uniform(0.25, 0.75)
    sky(c, p, top + 30)
    sun(c, p, vx + r.uniform(-130, 130), top - r.uniform(70, 180), r.uniform(56, 84))
    for _ in range(5):
        cloud(c, r, r.uniform(0, WIDTH), r.uniform(70, top - 130), r.uniform(180, 420), p.paper, 0.62)
    c.poly(ridge(r, top - 30, 26), mix(p.far, p.haze, 0.35))
    c.poly(ridge(r, top - 2, 12), mix(p.mid, p.far, 0.45))
    crop = (p.leaf, mix(p.leaf, p.near, 0.45)) if kind else (p.accents[1], mix(p.accents[1], p.wood, 0.6))
    soil = mix(p.wood, p.near, 0.5) if kind else mix(p.accents[1], p.paper, 0.25)
    c.ramp((0, top + 20, WIDTH, HEIGHT), mix(soil, p.haze, 0.55), soil, mix(soil, p.ink, 0.25))
    # Far more rows than the foreground shows: those at the sides fill the middle distance.
    rows, spread = (61, 330.0) if kind else (81, 230.0)
    first = vx - spread * rows / 2 + r.uniform(-60, 60)
    for i in range(rows):
        x0 = first + i * spread
        width = spread * (0.62 if kind else 0.5)
        near_vx = vx + (i - rows / 2) * 1.8
        strip = [
            (near_vx, top + 20),
            (near_vx + 3, top + 20),
            (x0 + width, HEIGHT + 10),
            (x0, HEIGHT + 10),
        ]
        c.poly(strip, crop[0])
        # The side of a row that is turned away from the sun.
        edge = width * (0.3 if x0 < vx else 0.7)
        c.poly(
            [
                (near_vx + 1.5, top + 20),
                (x0 + edge, HEIGHT + 10),
                (x0 + (0 if x0 < vx else width), HEIGHT + 10),
            ],
            crop[1],
        )
        for j in range(26 if kind else 0):
            # Plants stand closer together the further away they are.
            t = (j / 26) ** 2.2
            x = near_vx + (x0 + width / 2 - near_vx) * t
            y, s = top + 22 + (HEIGHT + 10 - top) * t, 2 + 46 * t
            if -60 < x < WIDTH + 60:
                for turn in (-62, -30, 0, 30, 62):
                    leaf = smooth(
                        place([(0, 0), (-0.24, -0.5), (0, -1.15), (0.24, -0.5)], x, y, s, turn),
                        steps=3,
                    )
                    c.poly(leaf, mix(crop[0], p.paper, 0.12 + 0.2 * (turn < 0)))
    c.veil((0, top, WIDTH, top + 260), p.haze, 0.6, 0)
    c.veil((0, 700, WIDTH, HEIGHT), p.near, 0, 0.3)
    side = -1 if vx > WIDTH / 2 else 1
    hx = WIDTH / 2 + side * r.uniform(330, 480)
    if kind:
        y = top + 40
        for dx, h in ((-150, 130), (190, 170), (245, 110)):
            tree(c, r, hx + dx, y + 4, h, mix(p.leaf, p.near, 0.4), p.near, p.ink)
        c.poly(
            [(hx - 90, y), (hx - 90, y - 74), (hx - 48, y - 124), (hx - 6, y - 74), (hx - 6, y)],
            p.accents[0],
        )
        c.rect(hx - 6, y - 74, hx + 140, y, mix(p.accents[0], p.ink, 0.3))
        c.poly([(hx - 48, y - 128), (hx + 112, y - 128), (hx + 152, y - 70), (hx - 2, y - 70)], p.near)
        c.poly([(hx - 48, y - 132), (hx + 2, y - 70), (hx - 48, y - 118), (hx - 98, y - 70)], p.paper)
        c.rect(hx - 66, y - 44, hx - 30, y, p.paper)
        c.rect(hx + 160, y - 150, hx + 196, y, mix(p.paper, p.far, 0.3), 16)
    else:
        tree(c, r, hx, top + 56, r.uniform(210, 270), mix(p.leaf, p.near, 0.3), p.near, p.ink)
        spots = [(0.66, 0.5 - side * r.uniform(0.16, 0.3))]
        for _ in range(40):
            t, u = r.random(), r.uniform(0.04, 0.92)
            if len(spots) < 7 and all(abs(u - b) > 0.08 + 0.16 * max(t, a) for a, b in spots):
                spots.append((t, u))
        for t, u in sorted(spots):
            y, s = top + 70 + 400 * t**1.5, 22 + 88 * t**1.3
            x = WIDTH * u
            c.poly(oval(x + s * 1.7, y + s * 0.1, s * 2.3, s * 0.24), fade(p.near, 0.4))
            c.graded(
                [
                    *oval(x + s * 1.2, y - s * 0.9, s * 0.55, s, -90, 90),
                    (x, y + s * 0.1),
                    (x, y - s * 1.9),
                ],
                mix(p.accents[1], p.paper, 0.3),
                p.wood,
            )
            c.disc(x, y - s * 0.9, s * 0.62, mix(p.accents[1], p.paper, 0.45), s)
            for part in (0.78, 0.54, 0.3):
                c.ring(x, y - s * 0.9, s * 0.62 * part, p.wood, max(1.5, s * 0.045), s * part)
    birds(c, r, WIDTH / 2 - side * 330, 250, p.near, 7)
