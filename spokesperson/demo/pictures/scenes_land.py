"""Out of town: mountains, river, night sky, field, lake, garden."""

import math
from random import Random

from .canvas import HEIGHT, WIDTH, Canvas, Point, oval, place, smooth
from .palettes import DAY, NIGHT, Colour, Palette, fade, mix
from .props import birds, cloud, conifer, ridge, sky, streaks, sun, tree


def _peak(c: Canvas, r: Random, x: float, top: float, base: float, half: float,
          colours: tuple[Colour, Colour, Colour, Colour]) -> None:
    """One mountain: a lit face, a shaded face, and snow that the same light falls on."""
    lit, dark, snow, snow_dark = colours
    n = 16

    def edge(reach: float, jitter: float) -> list[Point]:
        out: list[Point] = [(x, top)]
        for i in range(1, n + 1):
            t = i / n
            out.append((x + reach * t + r.uniform(-1, 1) * jitter,
                        top + (base - top) * (t + r.uniform(-0.016, 0.016) * (i < n))))
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
    for x in (120, 480, 830, 1180, 1480):
        _peak(c, r, x + r.uniform(-70, 70), r.uniform(330, 450), 780, r.uniform(250, 330),
              (mix(back, p.haze, 0.25), back, mix(p.paper, p.haze, 0.4), mix(back, p.paper, 0.45)))
    c.veil((0, 430, WIDTH, 790), p.haze, 0, 0.75)
    faces = (mix(p.far, p.mid, 0.45), mix(p.mid, p.near, 0.35), p.paper, mix(p.far, p.paper, 0.4))
    if kind == 1:
        for x, top in ((0.12, 330), (0.86, 280), (0.47, 210)):
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
        x, y = WIDTH * (1 - side), 905
        c.poly([(x - 90, y), (x - 90, y - 70), (x + 50, y - 70), (x + 50, y)], p.wood)
        c.poly([(x + 50, y), (x + 50, y - 70), (x + 82, y - 120), (x + 112, y - 70), (x + 112, y)],
               mix(p.wood, p.ink, 0.4))
        c.poly([(x - 104, y - 64), (x - 66, y - 126), (x + 82, y - 126), (x + 48, y - 64)],
               p.accents[0])
        c.rect(x - 48, y - 52, x - 18, y - 22, p.sun)
        c.glow(x - 33, y - 37, 90, p.sun, 0.7)
        c.rect(x - 30, y - 152, x - 12, y - 110, mix(p.wood, p.ink, 0.3))
    edge = 1 if side > 0.5 else -1
    for _ in range(26):
        u = r.random() ** 1.5
        x = WIDTH / 2 - edge * (WIDTH / 2 - u * 560)
        conifer(c, r, x, HEIGHT + 30, r.uniform(130, 420) * (1.05 - u * 0.8), p.ink)
    birds(c, r, WIDTH * (1 - side), 400, p.near)


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
        tone = r.choice((p.leaf, p.accents[1], mix(p.leaf, p.accents[1], 0.45),
                         mix(p.leaf, p.paper, 0.3)))
        band: list[Point] = [(x0, y0), (out, y0 - 30 * (1 - t0)), (out, y1 + 60), (x1, y1)]
        c.graded(band, mix(tone, p.haze, 0.5 * (1 - t0)), mix(tone, p.near, 0.35))
        c.stipple(band, p.near, "bottom", 0.5)
    steps = [course(i / 90) for i in range(94)]
    shore = [(x - w * 1.06 - 4, y) for x, y, w in steps]
    shore += [(x + w * 1.06 + 4, y) for x, y, w in reversed(steps)]
    c.poly(shore, mix(p.wood, p.paper, 0.35))
    water = [(x - w, y) for x, y, w in steps] + [(x + w, y) for x, y, w in reversed(steps)]
    c.graded(water, mix(p.haze, p.paper, 0.6), mix(p.haze, p.paper, 0.3), mix(p.sky, p.paper, 0.3),
             mix(p.sky, p.accents[2], 0.6))
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
    c.poly([(x + w * 0.15 - 4, y - 120), (x + w * 0.15 - 4, y - 22), (x + w * 0.15 - 60, y - 22)],
           p.paper)
    c.poly([(x + w * 0.15 + 4, y - 104), (x + w * 0.15 + 4, y - 22), (x + w * 0.15 + 50, y - 22)],
           p.accents[1])
    c.poly(hull, p.accents[0])


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
            c.glow(x, y, r.uniform(110, 220), r.choice((p.haze, p.accents[4], p.paper)),
                   r.uniform(0.1, 0.26))
        for _ in range(900):
            y = r.uniform(0, 760)
            near = r.random() < 0.6
            x = start + slope * (y - 400) + r.gauss(0, 85) if near else r.uniform(0, WIDTH)
            size = r.paretovariate(2.6) * 1.1
            c.disc(x, y, min(size, 5.5), fade(r.choice(tints), min(0.95, 0.35 + size * 0.18)))
        for _ in range(8):
            x, y, s = r.uniform(40, WIDTH - 40), r.uniform(40, 560), r.uniform(9, 16)
            c.glow(x, y, s * 3, p.paper, 0.6)
            c.poly([(x, y - s), (x + s * 0.16, y - s * 0.16), (x + s, y), (x + s * 0.16, y + s * 0.16),
                    (x, y + s), (x - s * 0.16, y + s * 0.16), (x - s, y),
                    (x - s * 0.16, y - s * 0.16)], p.paper)
    else:
        cx, cy = WIDTH * r.choice((0.3, 0.66)), r.uniform(300, 400)
        sweep = r.uniform(26, 44)
        for i in range(120):
            a, radius = r.uniform(0, 360), 14 + 9.2 * i + r.uniform(-4, 4)
            for turn in range(1 + i // 12):
                begin = a + turn * 360 / (1 + i // 12) + r.uniform(-16, 16)
                c.ring(cx, cy, radius, fade(r.choice(tints), r.uniform(0.35, 0.95)),
                       r.uniform(1.4, 3.4), start=begin, end=begin + sweep * r.uniform(0.7, 1.1))
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
        c.graded([(spot - 120, ground), (spot - 20, ground - 130), (spot + 40, ground)],
                 p.accents[1], p.sun)
        c.poly([(spot - 20, ground - 130), (spot + 120, ground - 8), (spot + 40, ground)],
               p.accents[0])
        c.poly([(spot - 48, ground), (spot - 20, ground - 118), (spot - 8, ground)],
               mix(p.sun, p.paper, 0.7))
        px = spot + 230
        c.line([(px, ground + 6), (px + 22, ground - 74), (px + 44, ground + 6)], p.ink, 6)
        c.line([(px - 16, ground - 58), (px + 74, ground - 116)], p.ink, 20, caps=False)
        c.poly([(px - 70, ground + 10), (px - 74, ground - 70), (px - 54, ground - 92),
                (px - 32, ground - 84), (px - 20, ground - 56), (px - 36, ground - 40),
                (px - 34, ground + 10)], p.ink)
        c.disc(px - 40, ground - 104, 17, p.ink, 20)
    else:
        h = r.uniform(330, 400)
        tree(c, r, spot, ground + 8, h, mix(p.near, p.ink, 0.4), p.ink, p.ink)
        c.rect(spot + 120, ground - 26, spot + 220, ground - 18, p.ink)
        for x in (132, 206):
            c.rect(spot + x, ground - 24, spot + x + 7, ground + 14, p.ink)
    for _ in range(16):
        x = r.choice((r.uniform(-20, 300), r.uniform(WIDTH - 300, WIDTH + 20)))
        near = 1 - min(x, WIDTH - x) / 320
        conifer(c, r, x, HEIGHT + 20, 90 + 230 * max(0, near) * r.uniform(0.6, 1.1), p.ink)


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
    rows, spread = (15, 330.0) if kind else (21, 230.0)
    first = vx - spread * rows / 2 + r.uniform(-60, 60)
    for i in range(rows):
        x0 = first + i * spread
        width = spread * (0.62 if kind else 0.5)
        near_vx = vx + (i - rows / 2) * 1.8
        strip = [(near_vx, top + 20), (near_vx + 3, top + 20), (x0 + width, HEIGHT + 10),
                 (x0, HEIGHT + 10)]
        c.poly(strip, crop[0])
        # The side of a row that is turned away from the sun.
        edge = width * (0.3 if x0 < vx else 0.7)
        c.poly([(near_vx + 1.5, top + 20), (x0 + edge, HEIGHT + 10),
                (x0 + (0 if x0 < vx else width), HEIGHT + 10)], crop[1])
        for j in range(26 if kind else 0):
            # Plants stand closer together the further away they are.
            t = (j / 26) ** 2.2
            x = near_vx + (x0 + width / 2 - near_vx) * t
            y, s = top + 22 + (HEIGHT + 10 - top) * t, 2 + 46 * t
            if -60 < x < WIDTH + 60:
                for turn in (-62, -30, 0, 30, 62):
                    leaf = smooth(place([(0, 0), (-0.24, -0.5), (0, -1.15), (0.24, -0.5)], x, y, s,
                                        turn), steps=3)
                    c.poly(leaf, mix(crop[0], p.paper, 0.12 + 0.2 * (turn < 0)))
    c.veil((0, top, WIDTH, top + 260), p.haze, 0.6, 0)
    c.veil((0, 700, WIDTH, HEIGHT), p.near, 0, 0.3)
    side = -1 if vx > WIDTH / 2 else 1
    hx = WIDTH / 2 + side * r.uniform(330, 480)
    if kind:
        y = top + 40
        for dx, h in ((-150, 130), (190, 170), (245, 110)):
            tree(c, r, hx + dx, y + 4, h, mix(p.leaf, p.near, 0.4), p.near, p.ink)
        c.poly([(hx - 90, y), (hx - 90, y - 74), (hx - 48, y - 124), (hx - 6, y - 74), (hx - 6, y)],
               p.accents[0])
        c.rect(hx - 6, y - 74, hx + 140, y, mix(p.accents[0], p.ink, 0.3))
        c.poly([(hx - 48, y - 128), (hx + 112, y - 128), (hx + 152, y - 70), (hx - 2, y - 70)], p.near)
        c.poly([(hx - 48, y - 132), (hx + 2, y - 70), (hx - 48, y - 118), (hx - 98, y - 70)], p.paper)
        c.rect(hx - 66, y - 44, hx - 30, y, p.paper)
        c.rect(hx + 160, y - 150, hx + 196, y, mix(p.paper, p.far, 0.3), 16)
    else:
        tree(c, r, hx, top + 56, r.uniform(210, 270), mix(p.leaf, p.near, 0.3), p.near, p.ink)
        spots = sorted((r.random(), r.uniform(0.06, 0.94)) for _ in range(6))
        for t, u in [*spots, (0.62, 0.5 - side * 0.26)]:
            y, s = top + 70 + 400 * t**1.5, 22 + 88 * t**1.3
            x = WIDTH * u
            c.poly(oval(x + s * 1.7, y + s * 0.1, s * 2.3, s * 0.24), fade(p.near, 0.4))
            c.graded([*oval(x + s * 1.2, y - s * 0.9, s * 0.55, s, -90, 90), (x, y + s * 0.1),
                      (x, y - s * 1.9)], mix(p.accents[1], p.paper, 0.3), p.wood)
            c.disc(x, y - s * 0.9, s * 0.62, mix(p.accents[1], p.paper, 0.45), s)
            for i in (0.78, 0.54, 0.3):
                c.ring(x, y - s * 0.9, s * 0.62 * i, p.wood, max(1.5, s * 0.045), s * i)
    birds(c, r, WIDTH / 2 - side * 330, 250, p.near, 7)


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
        hull = smooth([(-210, -44), (-170, 20), (-90, 50), (90, 50), (170, 20), (210, -44), (100, -20),
                       (-100, -20)], steps=6)
        c.graded(place(hull, bx, y), p.accents[0], mix(p.accents[0], p.ink, 0.55))
        c.poly(smooth(place([(-206, -42), (-100, -20), (100, -20), (206, -42), (100, -6), (-100, -6)],
                            bx, y), steps=6), p.paper)
        for dx, coat in ((-56, p.accents[1]), (62, p.ink)):
            c.poly(smooth([(bx + dx - 34, y - 10), (bx + dx - 30, y - 78), (bx + dx, y - 98),
                           (bx + dx + 30, y - 78), (bx + dx + 34, y - 10)], steps=5), coat)
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
            c.poly([(x - w, y), (x + w, y), (x + w * 0.97, y - depth), (x - w * 0.97, y - depth)],
                   mix(p.wood, p.paper if i % 2 else p.ink, 0.16))
            c.rect(x - w, y, x + w, y + 2 + 8 * scale, mix(p.wood, p.ink, 0.65))
            if i % 4 == 2:
                for dx in (-w, w):
                    c.rect(x + dx - 5 - 12 * scale, y - 26 - 110 * scale, x + dx + 5 + 12 * scale,
                           y + 16 + 40 * scale, mix(p.near, p.ink, 0.5), 4)
    for _ in range(46):
        x = WIDTH / 2 - side * (WIDTH / 2 - abs(r.gauss(0, 150)))
        h, lean = r.uniform(130, 360), r.uniform(-50, 50)
        blade = smooth([(x - 5, HEIGHT + 5), (x + lean * 0.4, HEIGHT - h * 0.6),
                        (x + lean, HEIGHT - h), (x + lean * 0.4 + 8, HEIGHT - h * 0.6),
                        (x + 7, HEIGHT + 5)], steps=4)
        c.poly(blade, mix(p.ink, p.leaf, r.uniform(0, 0.45)))
        if r.random() < 0.22:
            c.line([(x + lean, HEIGHT - h - 4), (x + lean * 1.1, HEIGHT - h - 46)], p.wood, 13)


def _flower(c: Canvas, r: Random, x: float, y: float, s: float, p: Palette, shape: int,
            colour: Colour) -> None:
    """A daisy, a tulip, a poppy or an allium, on a leafy stem."""
    lean, foot = r.uniform(-40, 40), HEIGHT + 20
    stem = mix(p.leaf, p.near, r.uniform(0.1, 0.5))
    c.line(smooth([(x - lean, foot), (x - lean * 0.7, (y + foot) / 2), (x, y)], closed=False),
           stem, s * 0.1)
    for i, side in enumerate((-1, 1, -1)):
        ly = y + (foot - y) * (0.35 + 0.2 * i)
        leaf = [(0, 0), (0.5, -0.34), (1.5, -0.5), (0.7, 0.02)]
        c.poly(smooth(place(leaf, x - lean * 0.6, ly, s, r.uniform(-30, 5) * side, side < 0), steps=5),
               stem)
    dark = mix(colour, p.ink, 0.3)
    if shape == 0:
        petals = r.randint(10, 13)
        for i in range(petals):
            petal = [(0, 0), (-0.2, -0.6), (0, -1), (0.2, -0.6)]
            turn = 360 * i / petals
            c.poly(smooth(place(petal, x, y, s, turn), steps=4), mix(colour, p.paper, 0.18 * (i % 2)))
        c.disc(x, y, s * 0.34, p.accents[1])
        c.disc(x + s * 0.06, y + s * 0.08, s * 0.24, mix(p.accents[1], p.wood, 0.5))
    elif shape == 1:
        cup = [(-0.62, -0.2), (-0.6, -1.05), (-0.26, -0.72), (0, -1.2), (0.26, -0.72), (0.6, -1.05),
               (0.62, -0.2), (0.3, 0.28), (-0.3, 0.28)]
        c.poly(place(cup, x, y, s), dark)
        c.poly(smooth(place([(-0.62, -0.9), (-0.7, -0.1), (-0.25, 0.32), (0.1, 0.1), (0, -0.5)],
                            x, y, s)), colour)
        c.poly(smooth(place([(0.62, -0.9), (0.7, -0.1), (0.25, 0.32), (0, 0.2), (0.1, -0.4)],
                            x, y, s)), mix(colour, p.paper, 0.14))
    elif shape == 2:
        for i, turn in enumerate((200, 320, 80, 0)):
            petal = [(0, 0.2), (-0.8, -0.3), (-0.5, -0.95), (0.5, -0.95), (0.8, -0.3)]
            c.poly(smooth(place(petal, x, y, s, turn)), mix(colour, p.ink if i < 2 else p.paper, 0.1))
        c.disc(x, y, s * 0.27, p.ink)
        for i in range(9):
            c.disc(x + s * 0.4 * math.cos(i * 0.7), y + s * 0.4 * math.sin(i * 0.7), s * 0.05, p.ink)
    else:
        for i in range(90):
            a, d = i * 2.399963, s * 0.95 * math.sqrt(i / 90)
            c.disc(x + d * math.cos(a), y + d * math.sin(a), s * 0.11,
                   mix(colour, p.paper if (i * 7) % 3 else p.ink, 0.25))


def garden(c: Canvas, r: Random, seed: int) -> None:
    """A flower bed in front of a fence, with a greenhouse or fruit trees behind."""
    p, kind = DAY[seed % len(DAY)], seed % 2
    sky(c, p, 640)
    side = r.choice((-1, 1))
    sun(c, p, WIDTH / 2 - side * r.uniform(250, 480), r.uniform(150, 240), 70)
    for _ in range(3):
        cloud(c, r, r.uniform(0, WIDTH), r.uniform(100, 260), r.uniform(200, 360), p.paper, 0.6)
    c.poly(ridge(r, 470, 36), mix(p.far, p.haze, 0.2))
    c.poly(ridge(r, 520, 30), mix(p.leaf, p.haze, 0.45))
    x, y = WIDTH / 2 + side * r.uniform(300, 420), 640.0
    if kind == 0:
        glass = mix(p.haze, p.paper, 0.6)
        c.poly([(x - 250, y), (x - 250, y - 190), (x, y - 350), (x + 250, y - 190), (x + 250, y)],
               glass)
        c.poly([(x - 250, y - 190), (x, y - 350), (x + 250, y - 190)], mix(glass, p.sky, 0.35))
        for dx in range(-200, 201, 66):
            tree(c, r, x + dx, y, r.uniform(120, 200), mix(p.leaf, glass, 0.35), p.leaf, p.near)
        c.poly([(x - 120, y), (x + 60, y - 305), (x + 130, y - 260), (x - 20, y)], fade(p.paper, 0.35))
        for dx in range(-250, 251, 100):
            c.line([(x + dx, y), (x + dx, y - 190), (x + dx * 0.3, y - 350 + abs(dx) * 0.2)],
                   p.paper, 7)
        c.line([(x - 262, y - 186), (x, y - 352), (x + 262, y - 186), (x - 262, y - 186)], p.paper, 12)
    else:
        for dx, h in ((-210, 330), (200, 370), (0, 430)):
            tree(c, r, x + dx, y + 10, h, p.leaf, mix(p.leaf, p.ink, 0.55), p.near)
            for _ in range(16):
                a, d = r.uniform(0, 6.3), math.sqrt(r.random()) * h * 0.26
                c.disc(x + dx + d * math.cos(a), y + 10 - h * 0.64 + d * 1.1 * math.sin(a), 9,
                       p.accents[0])
    ground = ridge(r, 630, 8, 0.1)
    c.graded(ground, mix(p.leaf, p.haze, 0.15), mix(p.leaf, p.ink, 0.5))
    for fx in range(-10, WIDTH + 50, 58):
        c.poly([(fx, 740), (fx, 560), (fx + 19, 536), (fx + 38, 560), (fx + 38, 740)], p.paper)
        c.poly([(fx + 27, 740), (fx + 27, 546), (fx + 38, 560), (fx + 38, 740)],
               mix(p.paper, p.far, 0.45))
    for fy in (592, 682):
        c.rect(0, fy, WIDTH, fy + 20, mix(p.paper, p.far, 0.2))
        c.rect(0, fy + 16, WIDTH, fy + 22, mix(p.paper, p.mid, 0.5))
    colours = [p.accents[0], p.accents[1], p.accents[3], p.accents[4], p.paper, p.accents[2]]
    r.shuffle(colours)
    shapes = r.sample(range(4), 4)
    bed = ridge(r, 770, 20, 0.8)
    c.graded(bed, mix(p.leaf, p.near, 0.35), p.ink)
    c.stipple(bed, p.ink, "bottom", 0.8)
    for row, (low, high, size, gap) in enumerate(
        ((690, 770, 32, 62), (720, 830, 48, 92), (760, 940, 74, 150))
    ):
        fx = r.uniform(-30, 20)
        while fx < WIDTH + 40:
            shape = shapes[(row + r.randrange(2)) % 4]
            _flower(c, r, fx, r.uniform(low, high), size * r.uniform(0.8, 1.15), p, shape,
                    colours[(row * 2 + shape) % len(colours)])
            fx += gap * r.uniform(0.7, 1.3)
        c.veil((0, 760, WIDTH, HEIGHT), p.ink, 0, 0.22)
    for _ in range(3):
        bx, by, s = r.uniform(100, WIDTH - 100), r.uniform(380, 620), r.uniform(20, 32)
        for flip in (False, True):
            wing = [(0, 0), (0.5, -1), (1.2, -0.9), (1, -0.1), (0.7, 0.6), (0.2, 0.5)]
            c.poly(smooth(place(wing, bx, by, s, 14, flip), steps=5), p.accents[0])
        c.line([(bx - 4, by - s * 0.5), (bx + 4, by + s * 0.6)], p.ink, 4)
