"""At home: books, bread, the garden."""

import math
from random import Random

from .canvas import HEIGHT, WIDTH, Canvas, Point, place, smooth
from .palettes import DAY, Colour, Palette, fade, mix
from .props import cloud, ornament, ridge, sky, sun, tree


def _spine(c: Canvas, r: Random, p: Palette, x: float, foot: float, w: float, h: float, tone: Colour) -> None:
    """The back of one book: a rounded cloth spine with bands or a label, never a title."""
    top, band = foot - h, mix(tone, p.paper if sum(tone) < 420 else p.ink, 0.62)
    c.ramp(
        (x, top, x + w, foot),
        mix(tone, p.ink, 0.28),
        tone,
        mix(tone, p.paper, 0.14),
        tone,
        mix(tone, p.ink, 0.4),
        horizontal=True,
    )
    kind = r.randrange(5)
    if kind == 0:
        for t in (0.1, 0.14, 0.84, 0.88):
            c.rect(x, top + h * t, x + w, top + h * t + 4, band)
    elif kind == 1:
        c.rect(x, top + h * 0.16, x + w, top + h * 0.38, band)
        c.rect(x + w * 0.25, top + h * 0.24, x + w * 0.75, top + h * 0.3, tone)
    elif kind == 2:
        for t in (0.2, 0.4, 0.6, 0.8):
            c.rect(x - 1, top + h * t, x + w + 1, top + h * t + 8, mix(tone, p.ink, 0.35))
            c.rect(x - 1, top + h * t, x + w + 1, top + h * t + 3, mix(tone, p.paper, 0.35))
    elif kind == 3:
        c.disc(x + w / 2, top + h * 0.2, w * 0.26, band)
        c.rect(x + w * 0.4, top + h * 0.34, x + w * 0.6, top + h * 0.72, band)
        c.rect(x, foot - h * 0.1, x + w, foot - h * 0.07, band)
    else:
        c.rect(x, top, x + w, top + h * 0.09, band)
        c.rect(x, foot - h * 0.24, x + w, foot - h * 0.15, band)


def books(c: Canvas, r: Random, seed: int) -> None:
    """Shelves of spines, upright, leaning and lying, with a plant or a globe between."""
    p = DAY[seed % len(DAY)]
    shelves = (3, 2)[seed % 2]
    back = mix(p.near, p.ink, 0.45)
    board, lip = mix(p.wood, p.paper, 0.12), 26
    c.ramp((0, 0, WIDTH, HEIGHT), back, mix(back, p.ink, 0.4))
    tones = [
        *p.accents,
        p.paper,
        mix(p.accents[0], p.ink, 0.25),
        mix(p.accents[2], p.ink, 0.3),
        p.mid,
        p.far,
        mix(p.accents[1], p.paper, 0.3),
    ]
    pitch = (HEIGHT + 30) / shelves
    scale = pitch / 340
    for s in range(shelves):
        foot = pitch * (s + 1) - 44 * scale
        c.veil((0, foot - pitch, WIDTH, foot - pitch + 150 * scale), p.ink, 0.75, 0)
        x, last = -r.uniform(0, 50) * scale, tones[0]
        break_at = r.uniform(0.15, 0.75) * WIDTH
        while x < WIDTH:
            if x > break_at:
                break_at = WIDTH * 2.0
                ornament(c, r, p, x + 110 * scale, foot, scale, s + seed)
                x += 220 * scale
                continue
            pick = r.random()
            if pick < 0.1:
                # A pile, with something small on top of it now and then.
                w, y = r.uniform(170, 220) * scale, foot
                for _ in range(r.randint(2, 4)):
                    h, tone = r.uniform(30, 46) * scale, r.choice(tones)
                    dx = r.uniform(0, 22) * scale
                    c.ramp(
                        (x + dx, y - h, x + w - dx, y),
                        mix(tone, p.paper, 0.15),
                        tone,
                        mix(tone, p.ink, 0.35),
                    )
                    c.rect(x + dx + 20 * scale, y - h, x + dx + 28 * scale, y, mix(tone, p.paper, 0.5))
                    c.rect(
                        x + w - dx - 40 * scale,
                        y - h,
                        x + w - dx - 20 * scale,
                        y,
                        mix(tone, p.paper, 0.5),
                    )
                    y -= h
                x += w + 4
                continue
            w, h = r.uniform(30, 66) * scale, r.uniform(196, 282) * scale
            tone = r.choice([t for t in tones if t != last])
            last = tone
            if pick < 0.17 and x > 0:
                lean = r.uniform(7, 13)
                book = place(
                    [(0, 0), (-w, 0), (-w, -h), (0, -h)],
                    x + w + h * math.sin(math.radians(lean)) + 2,
                    foot,
                    1,
                    -lean,
                )
                c.poly(book, tone)
                c.stipple(book, p.ink, "left", 0.7)
                stripe = [(0, -h * 0.8), (-w, -h * 0.8), (-w, -h * 0.7), (0, -h * 0.7)]
                c.poly(
                    place(stripe, x + w + h * math.sin(math.radians(lean)) + 2, foot, 1, -lean),
                    mix(tone, p.paper, 0.5),
                )
                x += w + h * math.sin(math.radians(lean)) + 4
                continue
            _spine(c, r, p, x, foot, w, h, tone)
            x += w + r.choice((0, 1, 2))
        c.veil((0, foot - 46 * scale, WIDTH, foot), p.ink, 0, 0.3)
        c.ramp((0, foot, WIDTH, foot + lip * scale), mix(board, p.paper, 0.3), board)
        c.rect(0, foot + lip * scale, WIDTH, foot + (lip + 8) * scale, mix(board, p.ink, 0.6))
    # Evening light from a window falls across the shelves.
    side = r.choice((-1, 1))
    c.glow(WIDTH / 2 + side * 460, 260, 980, p.sun, 0.38)
    lean = r.uniform(180, 340) * side
    mid = WIDTH / 2 + side * r.uniform(-60, 200)
    for dx in (-170, 90):
        c.beam(
            [
                (mid + dx + lean, -5),
                (mid + dx + 210 + lean, -5),
                (mid + dx + 210 - lean, HEIGHT),
                (mid + dx - lean, HEIGHT),
            ],
            p.sun,
            0.18,
            0.06,
        )


def _loaf(
    c: Canvas,
    r: Random,
    p: Palette,
    x: float,
    y: float,
    rx: float,
    ry: float,
    turn: float,
    cuts: int,
) -> None:
    """One loaf lying at (x, y): ``cuts`` slashes, or a cross on a round one."""
    crust, crumb = mix(p.wood, p.accents[1], 0.66), mix(p.accents[1], p.paper, 0.8)
    burnt = mix(p.wood, p.ink, 0.34)
    form: list[Point] = []
    for i in range(36):
        a = math.tau * i / 36
        wobble = 1 + 0.012 * math.sin(5 * a + rx)
        # A superellipse: bread is blunter than an egg and softer than a brick.
        form.append(
            (
                rx * wobble * math.copysign(abs(math.cos(a)) ** 0.8, math.cos(a)),
                ry * wobble * math.copysign(abs(math.sin(a)) ** 0.86, math.sin(a)),
            )
        )
    c.shadow(place(form, x + 16, y + ry * 0.42, 1.02, turn), p.ink, 0.55, 26)
    body = place(form, x, y, 1, turn)
    c.graded(body, mix(crust, p.paper, 0.3), crust, mix(crust, burnt, 0.75))
    c.stipple(body, burnt, "bottom", 0.9)
    c.stipple(body, mix(crust, p.paper, 0.45), "top", 0.5)

    def slash(cx: float, cy: float, length: float, width: float, lean: float) -> None:
        lens = [
            (0, -length),
            (width, -length * 0.35),
            (width * 1.05, length * 0.35),
            (0, length),
            (-width * 0.55, length * 0.35),
            (-width * 0.5, -length * 0.35),
        ]
        at = place([(cx, cy)], x, y, 1, turn)[0]
        c.poly(smooth(place(lens, at[0] + 3, at[1] + 5, 1.06, turn + lean), steps=5), burnt)
        cut = smooth(place(lens, at[0], at[1], 1, turn + lean), steps=5)
        c.poly(cut, crumb)
        c.stipple(cut, crust, "right", 0.9)

    if cuts:
        for i in range(cuts):
            u = (i + 0.5) / cuts * 2 - 1
            slash(u * rx * 0.86, -ry * 0.12, ry * (0.66 - 0.18 * u * u), ry * 0.17, 28)
    else:
        for lean in (45, -45):
            slash(0, -ry * 0.12, ry * 0.74, ry * 0.11, lean)
    for _ in range(int(rx * ry / 420)):
        a, d = r.uniform(0, math.tau), math.sqrt(r.random()) * 0.84
        at = place([(rx * d * math.cos(a), ry * d * math.sin(a))], x, y, 1, turn)[0]
        c.disc(at[0], at[1], r.uniform(1, 2.8), fade(p.paper, 0.6))


def bread(c: Canvas, r: Random, seed: int) -> None:
    """Loaves on a board or in a basket, flour in the air, ears of wheat."""
    # The sides alternate by rule: two articles in a row must not share a still life.
    p, side, kind = DAY[seed % len(DAY)], (-1, 1)[seed // 2 % 2], seed % 2
    wall = mix(p.mid, p.near, 0.4) if kind else mix(p.far, p.haze, 0.45)
    line = r.uniform(520, 570)
    c.ramp((0, 0, WIDTH, line), mix(wall, p.ink, 0.2), wall)
    c.glow(WIDTH / 2 + side * 380, 200, 760, p.sun, 0.65)
    # A window's light on the wall, so that the table has a time of day.
    wx = WIDTH / 2 + side * r.uniform(200, 330)
    for i in range(2):
        for j in range(2):
            a, b = wx + i * 150 - 150, 60 + j * 190
            c.beam(
                [(a, b), (a + 134, b - 16), (a + 134 - 14, b + 158), (a - 14, b + 174)],
                p.sun,
                0.55,
                0.4,
            )
    table = p.wood if not kind else mix(p.wood, p.paper, 0.25)
    c.ramp((0, line, WIDTH, HEIGHT), mix(table, p.paper, 0.2), table, mix(table, p.ink, 0.45))
    for i in range(-9, 10):
        c.line([(750 + i * 130, line), (750 + i * 250, HEIGHT)], mix(table, p.ink, 0.3), 3, caps=False)
    c.rect(0, line, WIDTH, line + 5, mix(table, p.paper, 0.5))
    cloth = smooth(
        [
            (WIDTH / 2 - side * 700, line + 130),
            (WIDTH / 2 - side * 180, line + 90),
            (WIDTH / 2 + side * 60, line + 330),
            (WIDTH / 2 - side * 120, HEIGHT + 30),
            (WIDTH / 2 - side * 760, HEIGHT + 40),
        ],
        steps=8,
    )
    c.shadow([(x + 8, y + 14) for x, y in cloth], p.ink, 0.35, 16)
    c.poly(cloth, p.paper)
    c.stipple(cloth, mix(p.far, p.mid, 0.5), "bottom", 0.6)
    for i in range(3):
        x = WIDTH / 2 - side * (600 - i * 24)
        c.line(
            [(x, line + 128), (x - side * 40, HEIGHT + 20)],
            p.accents[0 if i != 1 else 2],
            9,
            caps=False,
        )
    for i in range(4):
        a = r.uniform(-8, 8)
        x = WIDTH / 2 + side * (640 - i * 62)
        foot, head = line + 60 + 10 * i, 250 + 38 * i + r.uniform(-20, 20)
        tip = x - side * (30 + 40 * i)
        c.line(
            smooth([(x, foot), ((x + tip) / 2 + a, (foot + head) / 2), (tip, head)], closed=False),
            mix(p.accents[1], p.wood, 0.35),
            6,
        )
        for j in range(8):
            for flank in (-1, 1):
                grain = smooth([(0, 0), (-0.32, -0.5), (0, -1.2), (0.32, -0.5)], steps=3)
                c.poly(
                    place(
                        grain,
                        tip + flank * 7 + side * j * 2.6,
                        head + j * 17,
                        30,
                        flank * 32 - side * 8,
                    ),
                    mix(p.accents[1], p.paper if flank == side else p.wood, 0.25),
                )
    jar = WIDTH / 2 + side * 640
    c.shadow(
        [
            (jar - 120, line + 40),
            (jar + 120, line + 40),
            (jar + 130, line + 110),
            (jar - 110, line + 110),
        ],
        p.ink,
        0.5,
        20,
    )
    pot = smooth(
        [
            (-60, -230),
            (-96, -150),
            (-104, -40),
            (-80, 0),
            (80, 0),
            (104, -40),
            (96, -150),
            (60, -230),
        ],
        steps=6,
    )
    c.graded(
        place(pot, jar, line + 90),
        mix(p.accents[2], p.paper, 0.3),
        p.accents[2],
        mix(p.accents[2], p.ink, 0.5),
        horizontal=True,
    )
    c.rect(jar - 66, line - 152, jar + 66, line - 128, mix(p.accents[2], p.paper, 0.4), 8)
    mid = WIDTH / 2 - side * r.uniform(20, 110)
    if kind == 0:
        plank = [(mid - 560, 720), (mid + 520, 700), (mid + 600, 880), (mid - 600, 905)]
        c.shadow([(x + 10, y + 34) for x, y in plank], p.ink, 0.55, 22)
        c.poly([(x, y + 26) for x, y in plank], mix(p.wood, p.ink, 0.55))
        c.graded(plank, mix(p.wood, p.paper, 0.4), mix(p.wood, p.paper, 0.15))
        for y in (750, 800, 850):
            c.line([(mid - 570, y + 8), (mid + 555, y - 12)], mix(p.wood, p.paper, 0.05), 3, caps=False)
        # The round loaf sits behind or before the long ones; either way the sizes differ.
        behind = r.random() < 0.5
        if behind:
            _loaf(c, r, p, mid - side * r.uniform(20, 120), 590, 250, 190, 0, 0)
        else:
            _loaf(c, r, p, mid - side * 170, 596, 440, 76, r.uniform(-7, -2) * side, 7)
            _loaf(c, r, p, mid + side * 330, 690, 222, 168, 0, 0)
        _loaf(
            c,
            r,
            p,
            mid - side * r.uniform(150, 240),
            770,
            r.uniform(300, 360),
            138,
            r.uniform(-6, 6),
            r.choice((3, 4, 5)),
        )
        if behind:
            _loaf(c, r, p, mid + side * 300, 760, 300, 66, -r.uniform(8, 20) * side, 5)
        for i in range(2):
            x, y = mid + side * (210 + i * 74), 850 + i * 10
            slice_ = smooth(
                [
                    (-92, 56),
                    (-88, -20),
                    (-104, -66),
                    (-40, -96),
                    (40, -96),
                    (104, -66),
                    (88, -20),
                    (92, 56),
                ],
                steps=6,
            )
            c.shadow(place(slice_, x + 10, y + 26), p.ink, 0.4, 16)
            c.poly(place(slice_, x, y), mix(p.wood, p.ink, 0.2))
            c.poly(place(slice_, x - 3, y - 3, 0.9), mix(p.accents[1], p.paper, 0.76))
            for _ in range(26):
                c.disc(
                    x + r.uniform(-66, 66),
                    y + r.uniform(-62, 38),
                    r.uniform(2, 6),
                    mix(p.accents[1], p.paper, 0.5),
                    3,
                )
    else:
        for i, lean in enumerate((-24, -10, 4, 18)):
            at = place([(0, -250)], mid + (i - 1.5) * 90, 780, 1, lean)[0]
            _loaf(c, r, p, at[0], at[1], 330, 62, 90 + lean, 6)
        basket = [(mid - 330, 640), (mid + 330, 640), (mid + 270, 905), (mid - 270, 905)]
        c.shadow([(mid - 280, 860), (mid + 330, 860), (mid + 360, 930), (mid - 270, 930)], p.ink, 0.6, 26)
        c.poly(basket, mix(p.wood, p.ink, 0.4))
        for row in range(7):
            y0 = 648 + row * 37.0
            half = 330 - (y0 - 640) * 0.226
            n = 12
            for i in range(n):
                if (i + row) % 2:
                    continue
                a = mid - half + 2 * half * i / n
                c.rect(
                    a - 6,
                    y0,
                    a + 2 * half / n + 6,
                    y0 + 31,
                    mix(p.wood, p.paper, 0.32 - 0.03 * row),
                    12,
                )
            for i in range(n):
                if (i + row) % 2 == 0:
                    continue
                a = mid - half + 2 * half * i / n
                c.rect(a, y0 + 4, a + 2 * half / n, y0 + 27, mix(p.wood, p.paper, 0.12), 8)
        c.stipple(basket, p.ink, "right", 0.8)
        c.rect(mid - 350, 622, mid + 350, 656, mix(p.wood, p.paper, 0.38), 17)
        _loaf(c, r, p, mid + side * 430, 830, 210, 142, 0, 0)
        _loaf(c, r, p, mid - side * 420, 870, 280, 104, side * 5, 4)
    for _ in range(160):
        c.disc(
            r.gauss(mid, 380),
            r.gauss(930, 40),
            r.uniform(1, 3.6),
            fade(p.paper, r.uniform(0.3, 0.8)),
        )


def _flower(c: Canvas, r: Random, x: float, y: float, s: float, p: Palette, shape: int, colour: Colour) -> None:
    """A daisy, a tulip, a poppy or an allium, on a leafy stem."""
    lean, foot = r.uniform(-40, 40), HEIGHT + 20
    stem = mix(p.leaf, p.near, r.uniform(0.1, 0.5))
    c.line(
        smooth([(x - lean, foot), (x - lean * 0.7, (y + foot) / 2), (x, y)], closed=False),
        stem,
        s * 0.1,
    )
    for i, side in enumerate((-1, 1, -1)):
        ly = y + (foot - y) * (0.35 + 0.2 * i)
        leaf = [(0, 0), (0.5, -0.34), (1.5, -0.5), (0.7, 0.02)]
        c.poly(
            smooth(place(leaf, x - lean * 0.6, ly, s, r.uniform(-30, 5) * side, side < 0), steps=5),
            stem,
        )
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
        cup = [
            (-0.62, -0.2),
            (-0.6, -1.05),
            (-0.26, -0.72),
            (0, -1.2),
            (0.26, -0.72),
            (0.6, -1.05),
            (0.62, -0.2),
            (0.3, 0.28),
            (-0.3, 0.28),
        ]
        c.poly(place(cup, x, y, s), dark)
        c.poly(
            smooth(place([(-0.62, -0.9), (-0.7, -0.1), (-0.25, 0.32), (0.1, 0.1), (0, -0.5)], x, y, s)),
            colour,
        )
        c.poly(
            smooth(place([(0.62, -0.9), (0.7, -0.1), (0.25, 0.32), (0, 0.2), (0.1, -0.4)], x, y, s)),
            mix(colour, p.paper, 0.14),
        )
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
            c.disc(
                x + d * math.cos(a),
                y + d * math.sin(a),
                s * 0.11,
                mix(colour, p.paper if (i * 7) % 3 else p.ink, 0.25),
            )


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
        c.poly(
            [(x - 250, y), (x - 250, y - 190), (x, y - 350), (x + 250, y - 190), (x + 250, y)],
            glass,
        )
        c.poly([(x - 250, y - 190), (x, y - 350), (x + 250, y - 190)], mix(glass, p.sky, 0.35))
        for dx in range(-200, 201, 66):
            tree(c, r, x + dx, y, r.uniform(120, 200), mix(p.leaf, glass, 0.35), p.leaf, p.near)
        c.poly([(x - 120, y), (x + 60, y - 305), (x + 130, y - 260), (x - 20, y)], fade(p.paper, 0.35))
        for dx in range(-250, 251, 100):
            c.line(
                [(x + dx, y), (x + dx, y - 190), (x + dx * 0.3, y - 350 + abs(dx) * 0.2)],
                p.paper,
                7,
            )
        c.line([(x - 262, y - 186), (x, y - 352), (x + 262, y - 186), (x - 262, y - 186)], p.paper, 12)
    else:
        for dx, h in ((-210, 330), (200, 370), (0, 430)):
            tree(c, r, x + dx, y + 10, h, p.leaf, mix(p.leaf, p.ink, 0.55), p.near)
            for _ in range(16):
                a, d = r.uniform(0, 6.3), math.sqrt(r.random()) * h * 0.26
                c.disc(
                    x + dx + d * math.cos(a),
                    y + 10 - h * 0.64 + d * 1.1 * math.sin(a),
                    9,
                    p.accents[0],
                )
    ground = ridge(r, 630, 8, 0.1)
    c.graded(ground, mix(p.leaf, p.haze, 0.15), mix(p.leaf, p.ink, 0.5))
    for fx in range(-10, WIDTH + 50, 58):
        c.poly([(fx, 740), (fx, 560), (fx + 19, 536), (fx + 38, 560), (fx + 38, 740)], p.paper)
        c.poly(
            [(fx + 27, 740), (fx + 27, 546), (fx + 38, 560), (fx + 38, 740)],
            mix(p.paper, p.far, 0.45),
        )
    for fy in (592, 682):
        c.rect(0, fy, WIDTH, fy + 20, mix(p.paper, p.far, 0.2))
        c.rect(0, fy + 16, WIDTH, fy + 22, mix(p.paper, p.mid, 0.5))
    colours = [p.accents[0], p.accents[1], p.accents[3], p.accents[4], p.paper, p.accents[2]]
    r.shuffle(colours)
    shapes = r.sample(range(4), 4)
    bed = ridge(r, 770, 20, 0.8)
    c.graded(bed, mix(p.leaf, p.near, 0.35), p.ink)
    c.stipple(bed, p.ink, "bottom", 0.8)
    for row, (low, high, size, gap) in enumerate(((690, 770, 32, 62), (720, 830, 48, 92), (760, 940, 74, 150))):
        bx = r.uniform(-30, 20)
        while bx < WIDTH + 40:
            shape = shapes[(row + r.randrange(2)) % 4]
            _flower(
                c,
                r,
                bx,
                r.uniform(low, high),
                size * r.uniform(0.8, 1.15),
                p,
                shape,
                colours[(row * 2 + shape) % len(colours)],
            )
            bx += gap * r.uniform(0.7, 1.3)
        c.veil((0, 760, WIDTH, HEIGHT), p.ink, 0, 0.22)
    for _ in range(3):
        bx, by, s = r.uniform(100, WIDTH - 100), r.uniform(380, 620), r.uniform(20, 32)
        for flip in (False, True):
            wing = [(0, 0), (0.5, -1), (1.2, -0.9), (1, -0.1), (0.7, 0.6), (0.2, 0.5)]
            c.poly(smooth(place(wing, bx, by, s, 14, flip), steps=5), p.accents[0])
        c.line([(bx - 4, by - s * 0.5), (bx + 4, by + s * 0.6)], p.ink, 4)
