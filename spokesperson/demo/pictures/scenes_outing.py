"""A day out: the stadium, the market, the train."""

import math
from random import Random

from .canvas import HEIGHT, WIDTH, Canvas, Point, oval, place, smooth
from .palettes import DAY, NIGHT, Colour, fade, mix
from .props import birds, cloud, conifer, person, ridge, sky, sun


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
        c.poly(
            [*bowl(640, rx, ry), (WIDTH + 900, HEIGHT), (-900, HEIGHT)],
            mix(stand, p.ink if row % 2 else p.far, 0.12) if not gap else mix(p.paper, p.far, 0.4),
        )
        if gap:
            continue
        size = 5.8 + row * 0.3
        steps = int(rx * 2.2 / (size * 2.7))
        row_tones = [mix(tone, stand, 0.12 + 0.02 * (11 - row)) for tone in crowd]
        for i in range(steps):
            a = math.radians(196 + 148 * i / steps)
            x, y = cx + (rx - 10) * tilt * math.cos(a), 640 + (ry - 8) * math.sin(a)
            # Blocks of one colour, with the stairs between them left free.
            block = int(i / steps * 13)
            if -10 < x < WIDTH + 10 and (i / steps * 13) % 1 > 0.07 and r.random() < 0.84:
                c.disc(x, y, size, row_tones[block % 3] if r.random() < 0.45 else r.choice(row_tones))
    c.veil((0, 240, WIDTH, 420), p.ink, 0.34, 0)
    wall = [*bowl(640, 946, 156), (WIDTH + 900, HEIGHT), (-900, HEIGHT)]
    c.poly(wall, p.paper)
    for i in range(26):
        a0, a1 = math.radians(188 + 164 * i / 26), math.radians(188 + 164 * (i + 0.82) / 26)
        quad = [
            (cx + rx * tilt * math.cos(a), 640 + ry * math.sin(a))
            for rx, ry, a in ((944, 152, a0), (944, 152, a1), (940, 130, a1), (940, 130, a0))
        ]
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
        stripe = [
            (cx + a * 0.72, 584),
            (cx + b * 0.72, 584),
            (cx + b * 1.18, 962),
            (cx + a * 1.18, 962),
        ]
        kept = [
            (
                x,
                772 + math.copysign(min(abs(y - 772), 190 * math.sqrt(max(0, 1 - ((x - cx) / 905) ** 2))), y - 772),
            )
            for x, y in stripe
        ]
        c.poly(kept, mix(grass, p.paper, 0.13))
    c.stipple(pitch, p.ink, "bottom", 0.35)
    white = fade(p.paper, 0.95)
    field = [(cx - 520, 650), (cx + 520, 650), (cx + 690, 892), (cx - 690, 892)]
    c.line([*field, field[0]], white, 4)
    c.line([(cx, 650), (cx, 892)], white, 4)
    c.ring(cx, 765, 128, white, 4, 38)
    for side in (-1, 1):
        c.line(
            [
                (cx + side * 552, 696),
                (cx + side * 400, 696),
                (cx + side * 444, 826),
                (cx + side * 643, 826),
            ],
            white,
            4,
        )
        gx = cx + side * 600
        c.poly(
            [
                (gx - side * 24, 728),
                (gx - side * 24, 668),
                (gx + side * 24, 716),
                (gx + side * 24, 788),
            ],
            fade(p.paper, 0.4),
        )
        c.line(
            [
                (gx - side * 24, 728),
                (gx - side * 24, 668),
                (gx + side * 24, 716),
                (gx + side * 24, 788),
            ],
            p.paper,
            6,
        )
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
            c.beam(
                [
                    (x - 50, tall),
                    (x + 50, tall),
                    (cx + (x - cx) * 0.2 + 330, 900),
                    (cx + (x - cx) * 0.2 - 330, 900),
                ],
                p.sun,
                0.2,
                0.02,
            )


def market(c: Canvas, r: Random, seed: int) -> None:
    """Stalls under striped awnings, crates heaped with fruit, bulbs on a wire."""
    p = DAY[seed % len(DAY)]
    sky(c, p, 560)
    x = -40.0
    while x < WIDTH:
        w, top = r.uniform(130, 210), r.uniform(90, 240)
        wall = mix(r.choice((p.haze, p.accents[3], p.far, p.accents[1])), p.paper, 0.35)
        c.rect(x, top, x + w, 620, wall)
        c.poly(
            [(x - 8, top), (x + w / 2, top - w * r.uniform(0.3, 0.5)), (x + w + 8, top)],
            mix(p.mid, p.far, r.uniform(0.1, 0.6)),
        )
        for i in range(3):
            for j in range(3):
                wx, wy = x + w * (0.16 + 0.27 * i), top + 30 + j * 88
                c.rect(wx, wy, wx + w * 0.15, wy + 50, mix(p.mid, wall, 0.3))
        x += w
    c.veil((0, 60, WIDTH, 620), p.haze, 0.25, 0.6)
    c.ramp((0, 560, WIDTH, HEIGHT), mix(p.near, p.ink, 0.3), mix(p.wood, p.near, 0.6))
    fruit = [
        (p.accents[0], p.leaf),
        (p.accents[1], p.leaf),
        (mix(p.leaf, p.accents[1], 0.35), p.near),
        (p.accents[4], p.leaf),
        (mix(p.accents[0], p.accents[1], 0.5), p.leaf),
        (p.accents[3], p.leaf),
    ]
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
        sellers = 2 if stalls == 2 else 1
        for i in range(sellers):
            room = (x1 - x0) / sellers
            hx, coat = (
                x0 + room * i + r.uniform(110, room - 110),
                r.choice((p.accents[2], p.paper, p.accents[3])),
            )
            skin = r.choice((mix(p.wood, p.paper, 0.5), p.wood, mix(p.wood, p.ink, 0.35)))
            c.poly(
                smooth([(hx - 74, 700), (hx - 66, 574), (hx, 548), (hx + 66, 574), (hx + 74, 700)]),
                coat,
            )
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
            c.poly(
                [
                    (b0, lip),
                    (b1, lip),
                    (b1, lip + 24),
                    *oval((b0 + b1) / 2, lip + 24, (b1 - b0) / 2, 22, 0, 180, 12),
                ],
                mix(tone, p.ink, 0.18),
            )
        c.veil((x0 + 20, lip + 48, x1 - 20, lip + 130), p.ink, 0.45, 0)
        # Two rows of crates, tilted towards the buyer: a rim, a heap, a shaded front.
        for y, depth, front, size in ((640, 84, 58, 23), (770, 110, 84, 31)):
            crates = 4 if stalls == 2 else 3
            w = (x1 - x0) / crates
            for i in range(crates):
                a, b = x0 + w * i + 6, x0 + w * (i + 1) - 6
                tone, leaf = r.choice(fruit)
                c.poly(
                    [
                        (a + 12, y - depth * 0.3),
                        (b - 12, y - depth * 0.3),
                        (b, y + depth),
                        (a, y + depth),
                    ],
                    mix(p.wood, p.ink, 0.6),
                )
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
                            c.poly(
                                smooth(
                                    place(
                                        [(0, 0), (0.4, -0.4), (0.9, -0.3), (0.4, 0)],
                                        fx,
                                        fy - size * 0.6,
                                        size * 0.9,
                                    ),
                                    steps=4,
                                ),
                                leaf,
                            )
                c.graded(
                    [
                        (a - 4, y + depth - 12),
                        (b + 4, y + depth - 12),
                        (b + 4, y + depth + front),
                        (a - 4, y + depth + front),
                    ],
                    mix(p.wood, p.paper, 0.25),
                    mix(p.wood, p.ink, 0.3),
                )
                for yy in (front * 0.3, front * 0.72):
                    c.rect(
                        a - 4,
                        y + depth - 12 + yy,
                        b + 4,
                        y + depth - 8 + yy,
                        mix(p.wood, p.ink, 0.55),
                    )
                for xx in (a + 4, b - 16):
                    c.rect(xx, y + depth - 12, xx + 12, y + depth + front, mix(p.wood, p.paper, 0.38))
                c.line(
                    [(a + 14, y - depth * 0.3), (a - 2, y + depth - 8)],
                    mix(p.wood, p.paper, 0.3),
                    9,
                )
                c.line([(b - 14, y - depth * 0.3), (b + 2, y + depth - 8)], mix(p.wood, p.ink, 0.2), 9)
            c.veil((x0, y + depth + front - 30, x1, y + depth + front), p.ink, 0, 0.25)
    c.veil((0, 900, WIDTH, HEIGHT), p.ink, 0, 0.35)
    wire = [(i * 75.0 - 10, 110 + 60 * abs(math.sin(i * math.pi / 7)) + 20) for i in range(22)]
    c.line(wire, p.ink, 3)
    for bx, by in wire:
        c.glow(bx, by + 18, 62, p.sun, 0.8)
        c.rect(bx - 5, by, bx + 5, by + 10, p.ink)
        c.disc(bx, by + 19, 11, mix(p.sun, p.accents[1], 0.35), 13)


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
    for dx, dy, outer in ((15 * way, 4, False), (0, 0, True)):
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
        if outer:
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
            c.line(
                [
                    (mid + half * math.cos(a), spring + half * math.sin(a)),
                    (mid + (half + 11) * math.cos(a), spring + (half + 11) * math.sin(a)),
                ],
                mix(stone, p.near, 0.4),
                2.4,
            )
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
                front = [
                    (b, rail - 16),
                    (b, rail - 112),
                    (a - way * 70, rail - 112),
                    (a - way * 30, rail - 94),
                    (a, rail - 44),
                    (a, rail - 16),
                ]
                c.poly(front, body)
                c.poly(
                    [
                        (a - way * 62, rail - 98),
                        (a - way * 36, rail - 88),
                        (a - way * 14, rail - 56),
                        (a - way * 62, rail - 56),
                    ],
                    p.ink,
                )
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
                c.rect(
                    left + j * w,
                    rail - 92,
                    left + j * w + w * 0.78,
                    rail - 58,
                    mix(p.sun, p.accents[1], 0.25),
                    5,
                )
    else:

        def at(d: float) -> float:
            return nose - way * d

        def block(d0: float, y0: float, d1: float, y1: float, tone: Colour, radius: float = 0) -> None:
            c.rect(min(at(d0), at(d1)), rail - y0, max(at(d0), at(d1)), rail - y1, tone, radius)

        engine, trim = mix(p.ink, p.accents[2], 0.3), p.accents[0]
        for i in range(3):
            block(
                480 + i * 262,
                100,
                730 + i * 262,
                20,
                p.accents[0] if i % 2 == 0 else p.accents[4],
                8,
            )
            block(472 + i * 262, 112, 738 + i * 262, 98, p.ink, 6)
            for j in range(6):
                block(
                    496 + i * 262 + j * 38,
                    86,
                    522 + i * 262 + j * 38,
                    52,
                    mix(p.sun, p.accents[1], 0.3),
                    4,
                )
            block(480 + i * 262, 42, 730 + i * 262, 36, p.paper)
            for j in (40, 78, 170, 208):
                c.disc(at(482 + i * 262 + j), rail - 13, 13, p.ink)
        block(330, 84, 462, 22, engine)
        c.poly(
            smooth(
                [
                    (at(336), rail - 84),
                    (at(370), rail - 104),
                    (at(430), rail - 100),
                    (at(460), rail - 84),
                ]
            ),
            p.ink,
        )
        block(10, 96, 240, 36, engine, 20)
        block(0, 88, 30, 44, p.ink, 8)
        block(0, 44, 318, 28, trim)
        block(216, 128, 312, 30, engine, 4)
        block(206, 140, 322, 126, p.ink, 5)
        block(236, 116, 292, 82, mix(p.sun, p.accents[1], 0.3), 5)
        c.poly(
            [
                (at(38), rail - 92),
                (at(34), rail - 142),
                (at(26), rail - 152),
                (at(74), rail - 152),
                (at(66), rail - 142),
                (at(62), rail - 92),
            ],
            p.ink,
        )
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
            c.disc(
                at(46 + 760 * t) + r.uniform(-12, 12),
                rail - 172 - 128 * t**0.7 + r.uniform(-26, 26),
                size,
                fade(mix(p.paper, p.haze, t), 0.85 - 0.62 * t),
                size * 0.82,
            )
    bank = ridge(r, 905, 42, 0.3)
    c.graded(bank, mix(p.leaf, p.near, 0.55), p.ink)
    for x, y in bank[1:-1]:
        if abs(x - WIDTH / 2) > 200 + 160 * r.random():
            conifer(c, r, x, y + 24, r.uniform(70, 170), mix(p.near, p.ink, r.random()))
    birds(c, r, WIDTH / 2 - way * 420, 250, p.near)
