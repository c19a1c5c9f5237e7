"""In town: city at dusk, street lamps, courtyard, stadium, market, and a train leaving it."""

import math
from random import Random

from .canvas import HEIGHT, WIDTH, Canvas, Point, oval, place, smooth
from .palettes import DAY, NIGHT, Colour, Palette, fade, mix
from .props import birds, cloud, conifer, person, ridge, sky, streaks, sun, tree


def _tower(c: Canvas, r: Random, x: float, w: float, top: float, foot: float, body: Colour,
           light: Colour, lit: float) -> None:
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
    step = r.choice((24, 28, 32))
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
    c.ramp((0, 0, WIDTH, line), p.sky, mix(p.sky, p.haze, 0.6), p.haze, mix(p.haze, p.sun, 0.65))
    x_sun = WIDTH * r.uniform(0.25, 0.75)
    radius = r.uniform(110, 160)
    c.glow(x_sun, line - 190, 720, p.sun, 0.75)
    c.disc(x_sun, line - 190, radius, mix(p.sun, p.accents[0], 0.12))
    streaks(c, r, mix(p.haze, p.sun, 0.5), 120, 420, 7)
    for _ in range(40):
        c.disc(r.uniform(0, WIDTH), r.uniform(0, 260), r.uniform(0.8, 2.2), fade(p.paper, 0.6))
    for layer, (low, high, tone, lit) in enumerate(
        ((170, 330, mix(p.haze, p.far, 0.45), 0.05), (150, 400, mix(p.far, p.mid, 0.5), 0.3),
         (60, 290, p.near, 0.45))
    ):
        x = -30 - 40.0 * r.random()
        while x < WIDTH:
            w = r.uniform(64, 128) + 12 * layer
            # The town is lower in front of the sun, so that the sun stays the picture's centre.
            dip = 0.42 if layer and abs(x + w / 2 - x_sun) < radius * 1.35 else 1
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
        deck, towers = line - 26, (WIDTH * 0.2 + r.uniform(-60, 60), WIDTH * 0.8 + r.uniform(-60, 60))
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
    c.poly([(x - h * 0.05, y), (x - h * 0.026, y - h * 0.12), (x - h * 0.011, y - h * 0.2),
            (x - h * 0.009, y - h * 0.9), (x + h * 0.009, y - h * 0.9), (x + h * 0.011, y - h * 0.2),
            (x + h * 0.026, y - h * 0.12), (x + h * 0.05, y)], tone)
    c.rect(x - h * 0.05, y - h * 0.76, x + h * 0.05, y - h * 0.748, tone)
    c.glow(x, y - h * 0.98, h * 0.3, p.sun, 1)
    c.poly([(x - h * 0.032, y - h * 0.9), (x - h * 0.058, y - h * 1.04), (x + h * 0.058, y - h * 1.04),
            (x + h * 0.032, y - h * 0.9)], mix(p.sun, p.paper, 0.75))
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
    c.graded([(vx - 6, vy), (vx + 6, vy), (vx + 760, HEIGHT + 10), (vx - 760, HEIGHT + 10)],
             mix(p.far, p.haze, 0.4), street, p.ink)

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
            c.poly([project(at, h, z0), project(at * 1.5, h + 0.55, (z0 + z1) / 2),
                    project(at, h, z1)], mix(wall, p.ink, 0.4))
            a, b, d = project(at, h, z0), project(at * 4, h, z0), project(at * 4, 0, z0)
            c.poly([a, b, d, project(at, 0, z0)], mix(wall, p.ink, 0.45))
            floors = max(2, int(h / 0.48))
            for floor in range(floors):
                for col in range(4):
                    za, zb = z0 + 0.13 + col * 0.31, z0 + 0.31 + col * 0.31
                    y0 = 0.2 + floor * 0.47
                    lit = r.random() < 0.36
                    c.poly([project(at, y0, za), project(at, y0, zb), project(at, y0 + 0.27, zb),
                            project(at, y0 + 0.27, za)],
                           mix(p.sun, p.accents[1], r.random()) if lit else mix(wall, p.ink, 0.45))
    c.veil((0, vy - 220, WIDTH, vy + 60), p.haze, 0, 0.3, 0)
    for i in range(8, -1, -1):
        z = 0.95 + i * 1.05
        for side in (-1, 1):
            x, y = project(1.08 * side, 0, z)
            _, head = project(0, 1, z)
            if -200 < x < WIDTH + 200:
                # Light lies on the wet street as a long smear towards the viewer.
                c.glow(x - side * (y - head) * 0.2, y + (y - head) * 0.24, (y - head) * 0.11, p.sun,
                       0.6, (y - head) * 0.42)
                tone = mix(p.ink, p.haze, min(0.45, 0.055 * i))
                _lantern(c, p, x, y, y - head, tone)
    z = r.uniform(1.5, 1.9)
    x, y = project(r.choice((-0.35, 0.3)), 0, z)
    h = 0.52 * 520 / z
    c.beam([(x - h * 0.08, y), (x + h * 0.08, y), (x + h * 0.2, y + h * 1.1), (x - h * 0.3, y + h * 1.1)],
           p.ink, 0.7, 0.0)
    person(c, x, y, h, p.accents[0], p.ink)
    if kind:
        c.line([(x + h * 0.1, y - h * 0.5), (x + h * 0.1, y - h * 1.2)], p.ink, 4)
        c.poly(oval(x + h * 0.1, y - h * 0.98, h * 0.48, h * 0.34, 180, 360), p.accents[1])
        c.poly([(x + h * 0.1, y - h * 1.32), *oval(x + h * 0.1, y - h * 0.98, h * 0.48, h * 0.34, 270, 360)],
               mix(p.accents[1], p.ink, 0.3))
    for _ in range((0, 260, 300)[kind]):
        fx, fy = r.uniform(0, WIDTH), r.uniform(0, HEIGHT)
        if kind == 1:
            s = r.uniform(16, 52)
            c.line([(fx, fy), (fx - s * 0.2, fy + s)], fade(p.paper, r.uniform(0.12, 0.35)), 1.6)
        else:
            c.disc(fx, fy, r.uniform(1.5, 5), fade(p.paper, r.uniform(0.4, 0.9)))


def courtyard(c: Canvas, r: Random, seed: int) -> None:
    """An inner court: arcade, shutters, washing line, and a tree in the sun."""
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
            outline = [(cx - w, floor), (cx - w, 520), *oval(cx, 520, w, w, 180, 360), (cx + w, floor)]
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
    for top in (150, 0):
        for i in range(arches):
            cx, y0 = 170 + pitch * (i + 0.5), top or 160
            if not top:
                continue
            y1, w = y0 + 152, pitch * 0.13
            c.rect(cx - w - 10, y0 - 12, cx + w + 10, y1 + 8, trim)
            c.rect(cx - w, y0, cx + w, y1, dark)
            c.poly([(cx - w, y1), (cx - w, y0 + 60), (cx + w, y0), (cx + w, y0 + 40)],
                   fade(p.sky, 0.55))
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
        c.poly([(x0, -70), (x1 - side * 20, 76), (x1 - side * 20, 104), (x0, 20)], mix(p.accents[0], p.ink, 0.25))
        for y in (0.2, 0.55):
            ya, yb = HEIGHT * y, 84 + (floor - 84) * y
            c.poly([(x0 - side * 34, ya + 10), (x1 + side * 30, yb + 2), (x1 + side * 30, yb + 116),
                    (x0 - side * 34, ya + 174)], dark)
            c.poly([(x0 - side * 34, ya + 10), (x0 - side * 2, ya + 10), (x0 - side * 2, ya + 186),
                    (x0 - side * 34, ya + 174)], shutter)
    # Half the court lies in the shade of a roof that the picture does not show.
    edge = 430 if lit < 0 else WIDTH - 430
    out = -20 if lit < 0 else WIDTH + 20
    c.beam([(out, 0), (edge - lit * 0, 0), (edge + lit * 260, floor), (edge + lit * 60, HEIGHT),
            (out, HEIGHT)], p.ink, 0.34, 0.26, 0.4)
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
            c.poly([(x - 30, y), (x + 30, y + 2), (x + 50, y + 30), (x + 32, y + 42), (x + 26, y + 32),
                    (x + 28, y + 92), (x - 28, y + 92), (x - 26, y + 32), (x - 32, y + 42),
                    (x - 50, y + 30)], tone)
    tx = WIDTH / 2 - lit * r.uniform(200, 330)
    c.poly(oval(tx - lit * 120, 880, 330, 46), fade(p.ink, 0.28))
    c.graded([(tx - 96, 800), (tx + 96, 800), (tx + 76, 900), (tx - 76, 900)], p.accents[0],
             mix(p.accents[0], p.ink, 0.45))
    c.rect(tx - 106, 788, tx + 106, 812, mix(p.accents[0], p.paper, 0.2), 5)
    tree(c, r, tx, 792, 500, mix(p.leaf, p.accents[1], 0.12), mix(p.leaf, p.ink, 0.6), mix(p.wood, p.ink, 0.5))
    for _ in range(16):
        a, d = r.uniform(0, 6.3), math.sqrt(r.random())
        c.disc(tx + d * 120 * math.cos(a), 475 + d * 150 * math.sin(a), 13, p.accents[1])
    bx = WIDTH / 2 + lit * r.uniform(120, 260)
    for dx in (-120, 120):
        c.rect(bx + dx - 6, 800, bx + dx + 6, 880, p.ink)
    for i in range(3):
        c.rect(bx - 150, 742 + i * 22, bx + 150, 757 + i * 22, mix(p.wood, p.ink, 0.1 * i), 4)
    c.rect(bx - 160, 812, bx + 160, 830, p.wood, 5)
    cat = [(-30, 0), (-34, -40), (-16, -70), (-22, -100), (-12, -92), (2, -92), (12, -100), (10, -70),
           (24, -36), (24, 0)]
    c.poly(place(cat, bx + 80, 814, 0.85), p.ink)
    c.line(smooth(place([(20, -4), (54, -8), (60, -40), (50, -52)], bx + 80, 814, 0.85), closed=False), p.ink, 9)


def stadium(c: Canvas, r: Random, seed: int) -> None:
    """The far stand above a track and a mown pitch, under floodlights or the sun."""
    night = seed % 2 == 1
    p = NIGHT[seed % len(NIGHT)] if night else DAY[seed % len(DAY)]
    cx, tilt = WIDTH * r.uniform(0.38, 0.62), r.uniform(0.94, 1.06)
    grass = mix(p.leaf, p.accents[1], 0.12) if not night else mix(p.leaf, (110, 190, 110), 0.35)
    sky(c, p, 520)
    if night:
        for _ in range(50):
            c.disc(r.uniform(0, WIDTH), r.uniform(0, 220), r.uniform(0.8, 2), fade(p.paper, 0.6))
    else:
        sun(c, p, WIDTH * r.choice((0.2, 0.8)), 110, 54)
        for _ in range(3):
            cloud(c, r, r.uniform(0, WIDTH), r.uniform(60, 150), r.uniform(180, 320), p.paper, 0.65)

    def bowl(y: float, rx: float, ry: float) -> list[Point]:
        return oval(cx, y, rx * tilt, ry, 180, 360, 90)

    # Roof, tiers and barrier are the upper halves of ever smaller ellipses.
    roof, stand = mix(p.near, p.ink, 0.3), mix(p.mid, p.near, 0.5)
    c.poly([*bowl(640, 1300, 440), (WIDTH + 900, HEIGHT), (-900, HEIGHT)], roof)
    c.poly([*bowl(640, 1280, 414), (WIDTH + 900, HEIGHT), (-900, HEIGHT)], mix(p.paper, p.far, 0.5))
    c.poly([*bowl(640, 1270, 398), (WIDTH + 900, HEIGHT), (-900, HEIGHT)], mix(stand, p.ink, 0.55))
    crowd = [p.accents[0], p.accents[1], p.accents[3], p.paper, p.accents[2], p.sun]
    for row in range(12):
        rx, ry = 1260 - row * 26.0, 362 - row * 17.0
        gap = 1 if row == 6 else 0
        c.poly([*bowl(640, rx, ry), (WIDTH + 900, HEIGHT), (-900, HEIGHT)],
               mix(stand, p.ink if row % 2 else p.far, 0.12) if not gap else mix(p.paper, p.far, 0.4))
        if gap:
            continue
        size = 5.2 + row * 0.28
        steps = int(rx * 2.2 / (size * 2.3))
        for i in range(steps):
            a = math.radians(196 + 148 * i / steps)
            x, y = cx + (rx - 10) * tilt * math.cos(a), 640 + (ry - 8) * math.sin(a)
            # Blocks of one colour, with the stairs between them left free.
            block = int(i / steps * 13)
            if -10 < x < WIDTH + 10 and (i / steps * 13) % 1 > 0.07 and r.random() < 0.84:
                tone = crowd[block % 3] if r.random() < 0.45 else r.choice(crowd)
                c.disc(x, y, size, mix(tone, stand, 0.12 + 0.02 * (11 - row)))
    c.veil((0, 240, WIDTH, 420), p.ink, 0.34, 0)
    wall = [*bowl(640, 946, 156), (WIDTH + 900, HEIGHT), (-900, HEIGHT)]
    c.poly(wall, p.paper)
    for i in range(26):
        a0, a1 = math.radians(188 + 164 * i / 26), math.radians(188 + 164 * (i + 0.82) / 26)
        quad = [(cx + rx * tilt * math.cos(a), 640 + ry * math.sin(a))
                for rx, ry, a in ((944, 152, a0), (944, 152, a1), (940, 130, a1), (940, 130, a0))]
        c.poly(quad, p.accents[i % 5])
    track = mix(p.accents[0], p.wood, 0.25)
    ground = oval(cx, 780, 1150, 268, steps=90)
    c.poly([*bowl(640, 940, 128), (WIDTH + 900, HEIGHT), (-900, HEIGHT)], mix(grass, p.ink, 0.35))
    c.graded(ground, mix(track, p.ink, 0.12), track, mix(track, p.paper, 0.1))
    lanes = 7
    for i in range(1, lanes):
        t = i / lanes
        c.ring(cx, 780 - 6 * t, 1150 - 250 * t, fade(p.paper, 0.85), 2.2 + t, 268 - 76 * t)
    pitch = oval(cx, 772, 905, 190, steps=90)
    c.poly(oval(cx, 772, 915, 195, steps=90), p.paper)
    c.poly(pitch, grass)
    for i in range(-8, 8, 2):
        a, b = i * 118.0, (i + 1) * 118.0
        stripe = [(cx + a * 0.72, 584), (cx + b * 0.72, 584), (cx + b * 1.18, 962), (cx + a * 1.18, 962)]
        kept = [(x, 772 + math.copysign(min(abs(y - 772), 190 * math.sqrt(max(0, 1 - ((x - cx) / 905) ** 2))), y - 772))
                for x, y in stripe]
        c.poly(kept, mix(grass, p.paper, 0.13))
    c.stipple(pitch, p.ink, "bottom", 0.35)
    white = fade(p.paper, 0.95)
    field = [(cx - 520, 650), (cx + 520, 650), (cx + 690, 892), (cx - 690, 892)]
    c.line([*field, field[0]], white, 4)
    c.line([(cx, 650), (cx, 892)], white, 4)
    c.ring(cx, 765, 128, white, 4, 38)
    for side in (-1, 1):
        c.line([(cx + side * 552, 696), (cx + side * 400, 696), (cx + side * 444, 826), (cx + side * 643, 826)],
               white, 4)
        gx = cx + side * 600
        c.poly([(gx - side * 24, 728), (gx - side * 24, 668), (gx + side * 24, 716), (gx + side * 24, 788)], fade(p.paper, 0.4))
        c.line([(gx - side * 24, 728), (gx - side * 24, 668), (gx + side * 24, 716), (gx + side * 24, 788)], p.paper, 6)
    for _ in range(14):
        x, y = cx + r.uniform(-430, 430), r.uniform(680, 860)
        h = 34 + (y - 680) * 0.13
        c.disc(x + h * 0.4, y, h * 0.5, fade(p.ink, 0.3), h * 0.08)
        person(c, x, y, h, r.choice((p.accents[0], p.paper)), p.ink, p.wood)
    for i in range(3):
        x, y = cx - 300 + i * 250 + r.uniform(-30, 30), 1004 - 16 * i
        h = 104
        c.disc(x + 44, y + 2, 54, fade(p.ink, 0.3), 7)
        c.line([(x - 6, y - 46), (x + 24, y - 34), (x + 14, y)], p.wood, 10)
        c.line([(x - 8, y - 46), (x - 20, y - 20), (x - 48, y - 22)], p.wood, 10)
        c.line([(x - 6, y - 46), (x + 10, y - 86)], (p.paper, p.accents[1], p.accents[2])[i], 24)
        c.line([(x + 10, y - 82), (x + 32, y - 62), (x + 44, y - 78)], p.wood, 8)
        c.disc(x + 20, y - h - 4, 13, p.wood)
    for x in (WIDTH * 0.09, WIDTH * 0.91, WIDTH * 0.36, WIDTH * 0.64):
        tall = 90 if abs(x - WIDTH / 2) > 400 else 60
        c.line([(x, 400 if tall == 90 else 226), (x, tall)], roof, 10, caps=False)
        c.rect(x - 62, tall - 44, x + 62, tall + 16, roof, 6)
        for i in range(5):
            for j in range(2):
                c.disc(x - 48 + i * 24, tall - 28 + j * 26, 9, mix(p.sun, p.paper, 0.5))
        if night:
            c.glow(x, tall - 14, 330, p.sun, 0.8)
            c.beam([(x - 50, tall), (x + 50, tall), (cx + (x - cx) * 0.2 + 330, 900), (cx + (x - cx) * 0.2 - 330, 900)],
                   p.sun, 0.2, 0.02)


def market(c: Canvas, r: Random, seed: int) -> None:
    """Stalls under striped awnings, crates heaped with fruit, bulbs on a wire."""
    p = DAY[seed % len(DAY)]
    sky(c, p, 560)
    x = -40.0
    while x < WIDTH:
        w, top = r.uniform(130, 210), r.uniform(90, 240)
        wall = mix(r.choice((p.haze, p.accents[3], p.far, p.accents[1])), p.paper, 0.35)
        c.rect(x, top, x + w, 620, wall)
        c.poly([(x - 8, top), (x + w / 2, top - w * r.uniform(0.3, 0.5)), (x + w + 8, top)],
               mix(p.mid, p.far, r.uniform(0.1, 0.6)))
        for i in range(3):
            for j in range(3):
                wx, wy = x + w * (0.16 + 0.27 * i), top + 30 + j * 88
                c.rect(wx, wy, wx + w * 0.15, wy + 50, mix(p.mid, wall, 0.3))
        x += w
    c.veil((0, 60, WIDTH, 620), p.haze, 0.25, 0.6)
    c.ramp((0, 560, WIDTH, HEIGHT), mix(p.near, p.ink, 0.3), mix(p.wood, p.near, 0.6))
    fruit = [(p.accents[0], p.leaf), (p.accents[1], p.leaf), (mix(p.leaf, p.accents[1], 0.35), p.near),
             (p.accents[4], p.leaf), (mix(p.accents[0], p.accents[1], 0.5), p.leaf), (p.accents[3], p.leaf)]
    stalls = 2 if seed % 3 == 0 else 3
    pitch = WIDTH / stalls * 1.06
    start = -pitch * r.uniform(0.02, 0.3)
    cloths = [p.accents[0], p.accents[2], p.accents[1], p.accents[4]]
    r.shuffle(cloths)
    for s in range(stalls + 1):
        x0 = start + s * pitch
        x1 = x0 + pitch * 0.93
        roof, lip = 230 + r.uniform(-24, 24), 392 + r.uniform(-14, 14)
        cloth = cloths[s % 4]
        c.ramp((x0 + 20, lip - 30, x1 - 20, 700), p.ink, mix(p.near, p.ink, 0.35))
        c.glow((x0 + x1) / 2, lip + 60, 260, p.sun, 0.5, 160)
        for x in (x0 + 14, x1 - 26):
            c.rect(x, lip - 40, x + 14, 900, mix(p.wood, p.paper, 0.2))
        for _ in range(stalls == 2 and 2 or 1):
            hx, coat = r.uniform(x0 + 110, x1 - 110), r.choice((p.accents[2], p.paper, p.accents[3]))
            skin = r.choice((mix(p.wood, p.paper, 0.5), p.wood, mix(p.wood, p.ink, 0.35)))
            c.poly(smooth([(hx - 74, 700), (hx - 66, 574), (hx, 548), (hx + 66, 574), (hx + 74, 700)]), coat)
            c.rect(hx - 34, 590, hx + 34, 700, p.near, 6)
            c.rect(hx - 15, 520, hx + 15, 566, mix(skin, p.ink, 0.2), 8)
            c.disc(hx, 500, 34, skin, 42)
            c.poly(oval(hx, 494, 40, 46, 180, 360), p.ink if r.random() < 0.5 else cloth)
        stripes = 9
        for i in range(stripes):
            u0, u1 = i / stripes, (i + 1) / stripes
            tone = cloth if i % 2 == 0 else p.paper
            top0, top1 = x0 + 40 + (x1 - x0 - 80) * u0, x0 + 40 + (x1 - x0 - 80) * u1
            b0, b1 = x0 - 14 + (x1 - x0 + 28) * u0, x0 - 14 + (x1 - x0 + 28) * u1
            c.graded([(top0, roof), (top1, roof), (b1, lip), (b0, lip)], mix(tone, p.ink, 0.16), tone)
            c.poly([(b0, lip), (b1, lip), (b1, lip + 24), *oval((b0 + b1) / 2, lip + 24, (b1 - b0) / 2, 22, 0, 180, 12)],
                   mix(tone, p.ink, 0.18))
        c.veil((x0 + 20, lip + 48, x1 - 20, lip + 130), p.ink, 0.45, 0)
        # Two rows of crates, tilted towards the buyer: a rim, a heap, a shaded front.
        for row, (y, depth, front, size) in enumerate(((640, 84, 58, 23), (770, 110, 84, 31))):
            crates = 4 if stalls == 2 else 3
            w = (x1 - x0) / crates
            for i in range(crates):
                a, b = x0 + w * i + 6, x0 + w * (i + 1) - 6
                tone, leaf = r.choice(fruit)
                c.poly([(a + 12, y - depth * 0.3), (b - 12, y - depth * 0.3), (b, y + depth), (a, y + depth)],
                       mix(p.wood, p.ink, 0.6))
                for j in range(5):
                    across = max(3, int((b - a) / (size * 1.7)))
                    for k in range(across + j % 2):
                        u = (k + (0.5 if j % 2 == 0 else 0.0)) / across
                        fx = a + 14 + (b - a - 28) * min(1, u) + r.uniform(-4, 4)
                        bulge = math.sin(math.pi * min(1, max(0, (fx - a) / (b - a))))
                        fy = y - depth * 0.1 - bulge * size * 0.9 + j * depth * 0.23 + r.uniform(-4, 4)
                        body = mix(tone, p.ink, 0.06 * (4 - j) + r.uniform(0, 0.1))
                        c.disc(fx, fy, size, mix(body, p.ink, 0.25))
                        c.disc(fx - size * 0.1, fy - size * 0.12, size * 0.86, body)
                        c.disc(fx - size * 0.34, fy - size * 0.4, size * 0.2, mix(body, p.paper, 0.5))
                        if r.random() < 0.2:
                            c.poly(smooth(place([(0, 0), (0.4, -0.4), (0.9, -0.3), (0.4, 0)], fx, fy - size * 0.6, size * 0.9),
                                          steps=4), leaf)
                c.graded([(a - 4, y + depth - 12), (b + 4, y + depth - 12), (b + 4, y + depth + front),
                          (a - 4, y + depth + front)], mix(p.wood, p.paper, 0.25), mix(p.wood, p.ink, 0.3))
                for yy in (front * 0.3, front * 0.72):
                    c.rect(a - 4, y + depth - 12 + yy, b + 4, y + depth - 8 + yy, mix(p.wood, p.ink, 0.55))
                for xx in (a + 4, b - 16):
                    c.rect(xx, y + depth - 12, xx + 12, y + depth + front, mix(p.wood, p.paper, 0.38))
                c.line([(a + 14, y - depth * 0.3), (a - 2, y + depth - 8)], mix(p.wood, p.paper, 0.3), 9)
                c.line([(b - 14, y - depth * 0.3), (b + 2, y + depth - 8)], mix(p.wood, p.ink, 0.2), 9)
            c.veil((x0, y + depth + front - 30, x1, y + depth + front), p.ink, 0, 0.25)
    c.veil((0, 900, WIDTH, HEIGHT), p.ink, 0, 0.35)
    wire = [(i * 75.0 - 10, 110 + 60 * abs(math.sin(i * math.pi / 7)) + 20) for i in range(22)]
    c.line(wire, p.ink, 3)
    for x, y in wire:
        c.glow(x, y + 18, 62, p.sun, 0.8)
        c.rect(x - 5, y, x + 5, y + 10, p.ink)
        c.disc(x, y + 19, 11, mix(p.sun, p.accents[1], 0.35), 13)


def train(c: Canvas, r: Random, seed: int) -> None:
    """A train on a viaduct over a misty valley: a railcar, or a steam engine."""
    p, kind, way = DAY[seed % len(DAY)], seed % 2, r.choice((-1, 1))
    sky(c, p, 800)
    sun(c, p, WIDTH / 2 + way * r.uniform(160, 480), r.uniform(180, 270), r.uniform(60, 90))
    for _ in range(4):
        cloud(c, r, r.uniform(0, WIDTH), r.uniform(80, 250), r.uniform(180, 380), p.paper, 0.6)
    for i in range(4):
        colour = mix(mix(p.far, p.haze, 0.4), p.mid, i * 0.3)
        hill = ridge(r, 430 + 78 * i, 84 - 12 * i, 0.25)
        c.poly(hill, colour)
        if i > 1:
            for x, y in hill[1:-1:2]:
                conifer(c, r, x + r.uniform(-8, 8), y + 8, r.uniform(26, 50), colour)
        c.veil((0, 400 + 78 * i, WIDTH, 620 + 78 * i), p.haze, 0, 0.6)
    deck, bay, pier = r.uniform(440, 500), r.uniform(170, 215), r.uniform(34, 46)
    shift, spring = -r.uniform(0, 150), 0.0
    stone = mix(p.wood, p.paper, 0.28)
    spring = deck + 60 + (bay - pier) / 2
    for dx, dy, front in ((15 * way, 4, False), (0, 0, True)):
        # One outline with all the arches: first the inner side of the vaults, then the face.
        outline: list[Point] = [(WIDTH + 60, deck), (-300, deck)]
        x = shift - bay
        while x < WIDTH + bay:
            half = (bay - pier) / 2
            outline += [(x + dx, HEIGHT), (x + 5 + dx, spring)] if x > shift - bay else []
            mid = x + pier + half
            outline += [(x + pier + 5 + dx, HEIGHT), (x + pier + dx, spring + dy)]
            outline += [(px + dx, py + dy) for px, py in oval(mid, spring, half, half, 180, 360, 24)]
            x += bay
        outline += [(WIDTH + 60, HEIGHT)]
        if front:
            c.graded(outline, stone, mix(stone, p.mid, 0.35), mix(stone, p.haze, 0.55))
            c.stipple(outline, p.near, "right" if way > 0 else "left", 0.35)
        else:
            c.graded(outline, mix(stone, p.ink, 0.55), mix(p.mid, p.haze, 0.2))
    x = shift - bay
    while x < WIDTH + bay:
        mid, half = x + pier + (bay - pier) / 2, (bay - pier) / 2
        c.ring(mid, spring, half + 11, mix(stone, p.near, 0.4), 3, start=180, end=360)
        for i in range(9):
            a = math.radians(190 + i * 20)
            c.line([(mid + half * math.cos(a), spring + half * math.sin(a)),
                    (mid + (half + 11) * math.cos(a), spring + (half + 11) * math.sin(a))],
                   mix(stone, p.near, 0.4), 2.4)
        c.rect(x - 5, spring - 8, x + pier + 5, spring + 8, mix(stone, p.paper, 0.3))
        for y in range(int(spring) + 34, HEIGHT, 40):
            c.rect(x + 4, y, x + pier - 2, y + 2, fade(p.near, 0.22))
        x += bay
    c.rect(0, deck - 4, WIDTH, deck + 12, mix(stone, p.paper, 0.35))
    c.rect(0, deck + 12, WIDTH, deck + 18, mix(stone, p.ink, 0.5))
    c.veil((0, deck + 140, WIDTH, HEIGHT), p.haze, 0, 0.75)
    c.rect(0, deck - 12, WIDTH, deck - 7, p.ink)
    rail = deck - 12
    nose = WIDTH / 2 + way * r.uniform(220, 400)
    if kind == 0:
        for i in range(4):
            a = nose - way * (i * 318)
            b = a - way * 306
            lo, hi = min(a, b), max(a, b)
            body, roof = mix(p.accents[0], p.paper, 0.04), mix(p.near, p.ink, 0.3)
            for wx in (lo + 40, lo + 76, hi - 76, hi - 40):
                c.disc(wx, rail - 10, 12, p.ink)
            if i:
                c.rect(lo, rail - 112, hi, rail - 16, body, 12)
            else:
                front = [(b, rail - 16), (b, rail - 112), (a - way * 70, rail - 112), (a - way * 30, rail - 94),
                         (a, rail - 44), (a, rail - 16)]
                c.poly(front, body)
                c.poly([(a - way * 62, rail - 98), (a - way * 36, rail - 88), (a - way * 14, rail - 56), (a - way * 62, rail - 56)],
                       p.ink)
                c.glow(a, rail - 34, 80, p.sun, 0.9)
                c.disc(a - way * 8, rail - 34, 7, p.paper)
            c.rect(lo + 4, rail - 46, hi - (34 if not i else 4), rail - 36, p.paper)
            c.rect(lo + 4, rail - 30, hi - 4, rail - 16, mix(body, p.ink, 0.45))
            c.rect(lo + 12, rail - 120, hi - 60, rail - 108, roof, 5)
            inner = (lo + 18, hi - 84) if way > 0 else (lo + 84, hi - 18)
            left, right = inner if not i else (lo + 18, hi - 18)
            n = max(4, int((right - left) / 44))
            for j in range(n):
                w = (right - left) / n
                c.rect(left + j * w, rail - 92, left + j * w + w * 0.78, rail - 58, mix(p.sun, p.accents[1], 0.25), 5)
    else:
        def at(d: float) -> float:
            return nose - way * d

        def block(d0: float, y0: float, d1: float, y1: float, tone: Colour, radius: float = 0) -> None:
            c.rect(min(at(d0), at(d1)), rail - y0, max(at(d0), at(d1)), rail - y1, tone, radius)

        engine, trim = mix(p.ink, p.accents[2], 0.3), p.accents[0]
        for i in range(3):
            block(480 + i * 262, 100, 730 + i * 262, 20, p.accents[0] if i % 2 == 0 else p.accents[4], 8)
            block(472 + i * 262, 112, 738 + i * 262, 98, p.ink, 6)
            for j in range(6):
                block(496 + i * 262 + j * 38, 86, 522 + i * 262 + j * 38, 52, mix(p.sun, p.accents[1], 0.3), 4)
            block(480 + i * 262, 42, 730 + i * 262, 36, p.paper)
            for j in (40, 78, 170, 208):
                c.disc(at(482 + i * 262 + j), rail - 13, 13, p.ink)
        block(330, 84, 462, 22, engine)
        c.poly(smooth([(at(336), rail - 84), (at(370), rail - 104), (at(430), rail - 100), (at(460), rail - 84)]), p.ink)
        block(10, 96, 240, 36, engine, 20)
        block(0, 88, 30, 44, p.ink, 8)
        block(0, 44, 318, 28, trim)
        block(216, 128, 312, 30, engine, 4)
        block(206, 140, 322, 126, p.ink, 5)
        block(236, 116, 292, 82, mix(p.sun, p.accents[1], 0.3), 5)
        c.poly([(at(38), rail - 92), (at(34), rail - 142), (at(26), rail - 152), (at(74), rail - 152), (at(66), rail - 142),
                (at(62), rail - 92)], p.ink)
        for d, w in ((120, 18), (170, 14)):
            block(d - w, 114, d + w, 92, p.accents[1], 9)
        for d in (80, 140, 200):
            c.disc(at(d), rail - 25, 25, p.ink)
            c.ring(at(d), rail - 25, 18, trim, 4)
        c.line([(at(66), rail - 25), (at(200), rail - 25)], p.paper, 6)
        for d in (30, 262, 296, 360, 400, 440):
            c.disc(at(d), rail - 14, 14, p.ink)
        c.poly([(at(4), rail - 30), (at(-34), rail - 4), (at(8), rail - 4)], trim)
        c.glow(at(-2), rail - 66, 90, p.sun, 0.9)
        for i in range(26):
            t = i / 26
            size = 20 + 72 * t
            c.disc(at(46 + 760 * t) + r.uniform(-12, 12), rail - 172 - 128 * t**0.7 + r.uniform(-26, 26), size,
                   fade(mix(p.paper, p.haze, t), 0.85 - 0.62 * t), size * 0.82)
    front = ridge(r, 905, 42, 0.3)
    c.graded(front, mix(p.leaf, p.near, 0.55), p.ink)
    for x, y in front[1:-1]:
        if abs(x - WIDTH / 2) > 200 + 160 * r.random():
            conifer(c, r, x, y + 24, r.uniform(70, 170), mix(p.near, p.ink, r.random()))
    birds(c, r, WIDTH / 2 - way * 420, 250, p.near)
