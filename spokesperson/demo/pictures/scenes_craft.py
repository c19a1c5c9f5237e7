"""For the hands: the workshop and music."""

import math
from random import Random

from .canvas import HEIGHT, WIDTH, Canvas, Point, oval, place, smooth
from .palettes import DAY, Colour, Palette, fade, mix


def _tools(p: Palette) -> list[list[tuple[list[Point], Colour]]]:
    """Outlines of hand tools around the origin, some 300 units tall, each part in its colour."""
    steel, shaft = mix(p.paper, p.far, 0.35), mix(p.wood, p.paper, 0.2)
    worn = mix(steel, p.ink, 0.4)
    grip = p.accents[0]
    teeth: list[Point] = []
    for i in range(24):
        teeth += [(-62 + i * 1.2, -70 + i * 9.5), (-74 + i * 1.2, -65 + i * 9.5)]
    ring = [*oval(0, -118, 52, 52, -60, 240), (-20, -112), (-20, -138), (20, -138), (20, -112)]
    return [
        [
            ([(-13, -90), (13, -90), (17, 150), (-17, 150)], shaft),
            ([(-17, 70), (17, 70), (19, 152), (-19, 152)], grip),
            (
                [
                    (-70, -140),
                    (44, -140),
                    (44, -128),
                    (92, -150),
                    (96, -138),
                    (60, -88),
                    (-30, -88),
                    (-36, -98),
                    (-70, -98),
                ],
                steel,
            ),
            ([(-70, -140), (-52, -140), (-52, -98), (-70, -98)], worn),
        ],
        [
            ([*teeth, (10, 164), (40, 160), (62, -76), (-60, -82)], steel),
            (
                smooth([(-72, -74), (-60, -150), (10, -180), (72, -150), (76, -70), (20, -60)], steps=5),
                shaft,
            ),
            (
                smooth([(-34, -100), (-26, -134), (10, -148), (40, -130), (40, -100)], steps=5),
                mix(p.wood, p.ink, 0.6),
            ),
        ],
        [
            (ring, steel),
            ([(-17, -90), (17, -90), (14, 120), (-14, 120)], steel),
            (oval(0, 130, 36, 36), steel),
            (oval(0, 130, 17, 17), mix(p.near, p.ink, 0.3)),
            ([(-5, -60), (5, -60), (5, 80), (-5, 80)], worn),
        ],
        [
            ([(-8, -160), (8, -160), (9, 0), (-9, 0)], steel),
            ([(-14, -172), (14, -172), (8, -140), (-8, -140)], worn),
            (
                smooth(
                    [(-18, 0), (-30, 50), (-26, 140), (0, 156), (26, 140), (30, 50), (18, 0)],
                    steps=5,
                ),
                p.accents[1],
            ),
            ([(-4, 30), (4, 30), (4, 130), (-4, 130)], mix(p.accents[1], p.ink, 0.3)),
        ],
        [
            (
                [(-60, -150), (-30, -150), (-30, 96), (130, 96), (130, 126), (-60, 126)],
                p.accents[1],
            ),
            ([(-54, -140), (-46, -140), (-46, 110), (-54, 110)], p.paper),
            ([(-20, 104), (120, 104), (120, 110), (-20, 110)], p.paper),
        ],
        [
            ([(-16, -20), (-42, 150), (-20, 156), (6, 0)], grip),
            ([(16, -20), (42, 150), (20, 156), (-6, 0)], mix(grip, p.ink, 0.2)),
            (smooth([(-34, -30), (-36, -100), (-4, -160), (-2, -20)], steps=5), steel),
            (smooth([(34, -30), (36, -100), (4, -160), (2, -20)], steps=5), worn),
            (oval(0, -14, 17, 17), p.ink),
        ],
        [
            ([(-22, -160), (22, -160), (22, 0), (-22, 0)], steel),
            ([(-22, -160), (22, -160), (22, -140)], p.paper),
            ([(-16, 0), (16, 0), (16, 20), (-16, 20)], p.accents[1]),
            (
                smooth([(-22, 20), (-28, 90), (-20, 150), (20, 150), (28, 90), (22, 20)], steps=5),
                shaft,
            ),
        ],
    ]


def _bicycle(c: Canvas, p: Palette, cx: float, bench: float) -> None:
    """A bicycle on a repair stand."""
    floor = bench - 120
    frame = p.accents[0]
    tyre = mix(p.ink, p.near, 0.2)
    back, front = (cx - 200, floor - 60), (cx + 210, floor - 60)
    for x, y in (back, front):
        c.ring(x + 12, y + 14, 152, fade(p.ink, 0.35), 16)
        c.ring(x, y, 152, tyre, 15)
        c.ring(x, y, 136, mix(p.paper, p.far, 0.4), 5)
        for i in range(18):
            a = math.tau * i / 18
            c.line(
                [(x, y), (x + 134 * math.cos(a), y + 134 * math.sin(a))],
                fade(p.paper, 0.5),
                1.8,
                caps=False,
            )
        c.disc(x, y, 15, tyre)
    pedal, seat, head = (cx - 20, floor - 50), (cx - 72, floor - 250), (cx + 146, floor - 248)
    for start, end in (
        (back, pedal),
        (pedal, seat),
        (back, (seat[0] + 12, seat[1] + 36)),
        ((seat[0] + 14, seat[1] + 44), (head[0] + 6, head[1] + 30)),
        (pedal, (head[0] + 12, head[1] + 60)),
        (head, front),
    ):
        c.line([start, end], frame, 15)
    c.line([(seat[0] - 8, seat[1] - 30), (seat[0] + 6, seat[1] + 20)], p.paper, 9)
    c.poly(
        smooth(
            [
                (seat[0] - 66, seat[1] - 46),
                (seat[0] + 44, seat[1] - 40),
                (seat[0] + 50, seat[1] - 30),
                (seat[0] - 54, seat[1] - 20),
            ]
        ),
        p.ink,
    )
    c.line(
        smooth(
            [
                (head[0] + 4, head[1]),
                (head[0] - 10, head[1] - 52),
                (head[0] + 44, head[1] - 72),
                (head[0] + 74, head[1] - 44),
                (head[0] + 52, head[1] - 18),
            ],
            closed=False,
        ),
        p.ink,
        11,
    )
    c.ring(*pedal, 38, mix(p.paper, p.far, 0.5), 8)
    c.line([(pedal[0] - 26, pedal[1] - 44), (pedal[0] + 26, pedal[1] + 44)], p.ink, 9)
    c.line([(pedal[0] + 10, pedal[1] + 44), (pedal[0] + 44, pedal[1] + 44)], p.ink, 12)
    c.line([(back[0], back[1] - 18), (pedal[0], pedal[1] - 36)], p.ink, 4)
    c.line([(back[0], back[1] + 18), (pedal[0], pedal[1] + 36)], p.ink, 4)
    c.line([(pedal[0] - 30, pedal[1] + 10), (cx - 60, bench + 10)], mix(p.paper, p.far, 0.5), 16)


def _plane_and_vice(c: Canvas, r: Random, p: Palette, bench: float, flip: int) -> None:
    """A plane on a board, with its shavings, and a vice at the end of the bench."""
    x, y = WIDTH / 2 - flip * 130, bench + 4
    board = [(x - 470, y - 26), (x + 420, y - 26), (x + 420, y + 2), (x - 470, y + 2)]
    c.shadow([(a, b + 14) for a, b in board], p.ink, 0.5, 12)
    c.graded(board, mix(p.accents[1], p.paper, 0.55), mix(p.accents[1], p.wood, 0.35))
    body = [(-150, 0), (150, 0), (156, -38), (60, -52), (-156, -52)]
    c.poly(place(body, x, y - 26, 1.1), mix(p.wood, p.ink, 0.25))
    c.poly(
        place([(-10, -44), (34, -128), (56, -122), (26, -44)], x, y - 26, 1.1),
        mix(p.paper, p.far, 0.3),
    )
    c.poly(
        smooth(
            place(
                [(-130, -50), (-140, -120), (-104, -128), (-84, -90), (-90, -50)],
                x,
                y - 26,
                1.1,
            )
        ),
        p.accents[0],
    )
    c.poly(oval(x + 118, y - 92, 28, 30), p.accents[0])
    for _ in range(7):
        sx = x + r.uniform(150, 430)
        c.ring(
            sx,
            y - 44 - r.uniform(0, 22),
            r.uniform(14, 26),
            mix(p.accents[1], p.paper, 0.6),
            7,
            start=r.uniform(0, 90),
            end=360,
        )
    vx = WIDTH / 2 + flip * 520
    iron = mix(p.ink, p.far, 0.28)
    c.rect(vx - 90, bench - 30, vx + 90, bench + 60, iron, 8)
    c.rect(vx - 96, bench - 130, vx - 30, bench - 20, mix(iron, p.paper, 0.12), 8)
    c.rect(vx + 20, bench - 130, vx + 86, bench - 20, iron, 8)
    c.rect(vx - 30, bench - 74, vx + 150, bench - 50, mix(p.paper, p.far, 0.5), 6)
    c.rect(vx + 132, bench - 130, vx + 144, bench + 10, mix(p.paper, p.far, 0.3), 6)
    c.rect(vx - 26, bench - 190, vx + 16, bench - 40, mix(p.accents[1], p.paper, 0.35))


def workshop(c: Canvas, r: Random, seed: int) -> None:
    """Tools on the wall above a bench, under a lamp; a vice, or a bicycle under repair."""
    p, kind = DAY[seed % len(DAY)], seed % 2
    wall = r.choice((mix(p.mid, p.near, 0.35), mix(p.near, p.mid, 0.2), mix(p.accents[2], p.near, 0.3)))
    c.ramp((0, 0, WIDTH, 760), mix(wall, p.ink, 0.35), wall)
    for hx in range(18, WIDTH, 40):
        for hy in range(18, 700, 40):
            c.disc(hx, hy, 3.6, mix(wall, p.ink, 0.35))
    lamp = WIDTH * r.choice((0.3, 0.5, 0.7)) + r.uniform(-50, 50)
    c.glow(lamp, 190, 700, p.sun, 0.45)
    c.beam([(lamp - 60, 150), (lamp + 60, 150), (lamp + 620, 790), (lamp - 620, 790)], p.sun, 0.5, 0.12)
    tools = _tools(p)
    r.shuffle(tools)
    # As many places as tools; a bicycle takes the middle ones.
    row = [x for x in (120.0, 330, 540, 750, 960, 1170, 1380) if not (kind and 330 < x < 1170)]
    for i, x in enumerate(row):
        tool, y = tools[i % len(tools)], 400 + r.uniform(-26, 26)
        if abs(x - lamp) < 110:
            y += 46
        turn, mirrored = r.uniform(-4, 4), r.random() < 0.4
        for part, _ in tool:
            c.shadow(place(part, x + (x - lamp) * 0.03, y + 18, 1.12, turn, mirrored), p.ink, 0.4, 10)
        for part, tone in tool:
            outline = place(part, x, y, 1.12, turn, mirrored)
            c.poly(outline, tone)
            c.stipple(outline, mix(tone, p.ink, 0.5), "right", 0.6)
        c.disc(x, y - 186, 6, mix(p.paper, p.far, 0.4))
    bench = 760.0
    if kind:
        _bicycle(c, p, WIDTH / 2 + r.uniform(-40, 40), bench)
    c.veil((0, 600, WIDTH, bench), p.ink, 0, 0.42)
    c.ramp((0, bench, WIDTH, bench + 66), mix(p.wood, p.paper, 0.45), mix(p.wood, p.paper, 0.2))
    c.rect(0, bench, WIDTH, bench + 7, mix(p.wood, p.paper, 0.6))
    c.ramp((0, bench + 66, WIDTH, HEIGHT), mix(p.wood, p.ink, 0.25), mix(p.wood, p.ink, 0.65))
    c.veil((0, bench + 66, WIDTH, bench + 100), p.ink, 0.5, 0)
    for i in range(4):
        a = 40 + i * 366
        c.rect(a, bench + 100, a + 330, bench + 215, mix(p.wood, p.ink, 0.15), 6)
        c.rect(a + 8, bench + 108, a + 322, bench + 207, mix(p.wood, p.paper, 0.05), 5)
        c.rect(a + 120, bench + 146, a + 210, bench + 162, p.accents[1], 8)
    flip = r.choice((-1, 1))
    if not kind:
        _plane_and_vice(c, r, p, bench, flip)
    tin = WIDTH / 2 + flip * (330 if not kind else 560)
    for i in range(5):
        c.line(
            [(tin - 24 + i * 12, bench - 70), (tin - 46 + i * 24, bench - 180 - r.uniform(0, 30))],
            p.accents[(i + 1) % 5],
            11,
        )
    c.graded(
        [
            (tin - 46, bench - 110),
            (tin + 46, bench - 110),
            (tin + 42, bench + 10),
            (tin - 42, bench + 10),
        ],
        p.paper,
        p.accents[3],
        mix(p.accents[3], p.ink, 0.5),
        horizontal=True,
    )
    c.line([(lamp, -5), (lamp, 66)], p.ink, 6)
    c.glow(lamp, 168, 170, p.sun, 0.95)
    c.disc(lamp, 150, 28, mix(p.sun, p.paper, 0.7))
    shade = [(lamp - 36, 60), (lamp + 36, 60), *oval(lamp, 154, 128, 70, 0, -180, 20)[::1]]
    c.poly(
        [(lamp - 130, 150), *oval(lamp, 150, 130, 96, 180, 360, 24), (lamp + 130, 150)],
        p.accents[0],
    )
    c.beam(shade[2:], p.ink, 0.0, 0.3, horizontal=True)
    c.rect(lamp - 26, 40, lamp + 26, 64, p.ink, 6)


def _note(c: Canvas, x: float, y: float, s: float, tone: Colour, flags: int, up: bool) -> None:
    """A note of head width ``s``: its stem up or down, with flags."""
    c.poly(place(oval(0, 0, 0.62, 0.44), x, y, s, -22), tone)
    way = -1 if up else 1
    sx = x + s * 0.54 * -way
    c.line([(sx, y), (sx, y + way * s * 3.1)], tone, s * 0.15)
    for i in range(flags):
        fy = y + way * s * (3.1 - 0.75 * i)
        flag = [
            (sx, fy),
            (sx + s * 0.35, fy - way * s * 0.5),
            (sx + s * 1.0, fy - way * s * 1.1),
            (sx + s * 0.9, fy - way * s * 1.9),
            (sx + s * 0.72, fy - way * s * 1.2),
            (sx, fy - way * s * 0.75),
        ]
        c.poly(smooth(flag, steps=4), tone)


def _cello(c: Canvas, p: Palette, x: float, side: int) -> None:
    """A cello with its bow across the strings."""
    y, s = 505.0, 0.97
    # Three curves to a side: the corners between them are what makes it a string instrument.
    upper = [(0, -200), (62, -204), (122, -178), (142, -128), (130, -82), (120, -60)]
    waist = [(120, -60), (94, -22), (92, 32), (134, 66)]
    lower = [(134, 66), (172, 124), (188, 208), (168, 290), (108, 338), (0, 352)]
    half = [q for curve in (upper, waist, lower) for q in smooth(curve, closed=False, steps=6)]
    form = [*half, *[(-u, v) for u, v in reversed(half)]]
    turn = side * 11
    c.shadow(place(form, x + 26, y + 40, 1.2, turn), p.ink, 0.55, 30)
    c.poly(place(form, x + 10, y + 6, 1.2 * s, turn), mix(p.wood, p.ink, 0.6))
    body = place(form, x, y, 1.2 * s, turn)
    varnish = mix(p.wood, p.accents[0], 0.45)
    c.graded(
        body,
        mix(varnish, p.accents[1], 0.5),
        varnish,
        mix(varnish, p.ink, 0.4),
        horizontal=True,
    )
    c.stipple(body, mix(varnish, p.ink, 0.5), "bottom", 0.45)
    c.line([*place(form, x, y, 1.12 * s, turn)], mix(varnish, p.ink, 0.35), 4)
    for flip in (False, True):
        hole = smooth(
            [(46, -30), (62, -44), (70, -22), (58, 14), (64, 62), (80, 84), (64, 96)],
            closed=False,
        )
        c.line(place(hole, x, y, 1.2 * s, turn, flip), p.ink, 9)
        c.disc(*place([(50, -26)], x, y, 1.2 * s, turn, flip)[0], 9, p.ink)
        c.disc(*place([(74, 90)], x, y, 1.2 * s, turn, flip)[0], 9, p.ink)
    c.poly(place([(-17, -420), (17, -420), (27, -24), (-27, -24)], x, y, 1.2 * s, turn), p.ink)
    c.poly(
        place([(-17, -420), (17, -420), (20, -500), (-20, -500)], x, y, 1.2 * s, turn),
        mix(p.wood, p.ink, 0.4),
    )
    c.poly(place([(-34, 250), (34, 250), (15, 120), (-15, 120)], x, y, 1.2 * s, turn), p.ink)
    c.poly(
        place([(-50, 52), (50, 52), (40, 68), (-40, 68)], x, y, 1.2 * s, turn),
        mix(p.wood, p.paper, 0.55),
    )
    for dx in (-11, -4, 4, 11):
        c.line(place([(dx, -420), (dx * 2.2, 54), (dx, 124)], x, y, 1.2 * s, turn), p.paper, 2.2)
    bow = place([(-260, 150), (300, -30)], x, y, 1.2, turn)
    c.line(bow, mix(p.wood, p.ink, 0.5), 11)
    c.line([(q, w + 17) for q, w in bow], p.paper, 5)


def _record(c: Canvas, p: Palette, x: float, side: int) -> None:
    """A record under its tone arm."""
    y, radius = 505.0, 370.0
    c.shadow(oval(x + 18, y + 26, radius, radius), p.ink, 0.6, 30)
    c.disc(x, y, radius, mix(p.ink, p.near, 0.12))
    for i in range(22):
        c.ring(x, y, 150 + i * 9.7, fade(p.paper, 0.05 + 0.06 * (i % 4 == 0)), 2.2)
    for a in (28, 208):
        for i in range(8):
            c.beam(
                [(x, y), *oval(x, y, radius - 6, radius - 6, a + i, a + 26 - i, 10)],
                p.paper,
                0.045,
                0.045,
            )
    c.disc(x, y, 126, p.accents[0])
    c.ring(x, y, 106, p.accents[1], 8)
    c.poly(oval(x, y, 78, 78, 180, 360), p.accents[1])
    c.disc(x, y, 11, p.paper)
    ax, ay = x + side * 200 - 20, y - 420
    ax = min(max(ax, 120), WIDTH - 120)
    c.line([(ax, ay), (ax + side * 30, y - 40), (ax - side * 40, y + 140)], fade(p.ink, 0.35), 22)
    c.line(
        [(ax, ay), (ax + side * 20, y - 60), (ax - side * 50, y + 120)],
        mix(p.paper, p.far, 0.2),
        17,
    )
    c.poly(
        place([(-22, 0), (22, 0), (16, 70), (-16, 70)], ax - side * 50, y + 110, 1, side * 30),
        p.accents[1],
    )
    c.disc(ax, ay, 54, mix(p.paper, p.far, 0.35))


def _keys(c: Canvas, r: Random, p: Palette, seed: int) -> None:
    """A keyboard along the foot of the picture, some keys held down."""
    top = 700
    c.ramp((0, top - 46, WIDTH, top), p.ink, mix(p.ink, p.accents[0], 0.3))
    c.rect(0, top - 6, WIDTH, top + 6, p.accents[0])
    keys, vx = 17, WIDTH * r.uniform(0.35, 0.65)
    edges = [(vx + (i - keys / 2) * 92, vx + (i - keys / 2) * 128) for i in range(-4, keys + 6)]
    for i in range(len(edges) - 1):
        quad = [
            (edges[i][0], top),
            (edges[i + 1][0], top),
            (edges[i + 1][1] - 3, HEIGHT),
            (edges[i][1], HEIGHT),
        ]
        pressed = i % 7 == seed % 7
        c.graded(quad, mix(p.paper, p.far, 0.4), p.accents[1] if pressed else p.paper)
        c.line([quad[1], quad[2]], mix(p.far, p.ink, 0.5), 4, caps=False)
    for i in range(1, len(edges) - 1):
        if i % 7 in (1, 2, 4, 5, 6):
            a, b = edges[i]
            e = a + (b - a) * 0.62
            c.poly(
                [(a - 4, top + 6), (a + 40, top + 6), (e + 46, top + 196), (e - 6, top + 196)],
                fade(p.ink, 0.3),
            )
            c.poly([(a - 28, top), (a + 28, top), (e + 34, top + 186), (e - 34, top + 186)], p.ink)
            c.poly(
                [(a - 18, top), (a + 16, top), (e + 20, top + 160), (e - 22, top + 160)],
                mix(p.ink, p.far, 0.25),
            )


def music(c: Canvas, r: Random, seed: int) -> None:
    """A staff that runs as a wave: past a cello, out of a record, or over piano keys."""
    p, kind = DAY[seed % len(DAY)], seed % 3
    side = r.choice((-1, 1))
    dark = seed % 2 == 0
    base = (
        (mix(p.near, p.ink, 0.4), p.near, mix(p.mid, p.near, 0.4))
        if dark
        else (mix(p.sky, p.paper, 0.2), p.haze, mix(p.haze, p.accents[3], 0.5))
    )
    c.ramp((0, 0, WIDTH, HEIGHT), *base)
    gx = WIDTH / 2 + side * 360
    c.glow(gx, 400, 900, p.accents[1] if dark else p.sun, 0.5)
    for i in range(4, 0, -1):
        c.disc(gx, 470, 130 + i * 105, fade(p.accents[(i + 1) % 4] if dark else p.paper, 0.13))
    line, phase = (p.paper if dark else p.ink), r.uniform(0, math.tau)
    # Broad bands of sound under the staff, each a little out of step with the last.
    for i in range(5):
        band: list[Point] = []
        for q in range(-20, WIDTH + 40, 20):
            wave = math.sin(q / 260 + phase + i * 0.5) * (0.5 + 0.5 * q / WIDTH)
            band.append((q, (520 if kind == 2 else 640) + 48 * i + (120 - 12 * i) * wave))
        tone = mix(p.accents[(i * 2 + seed) % 5], base[2], 0.3 + 0.06 * i)
        shape = [(-20, HEIGHT + 10), *band, (WIDTH + 20, HEIGHT + 10)]
        c.graded(shape, tone, mix(tone, p.ink, 0.35))

    def staff(i: float, x: float) -> float:
        u = x / WIDTH if side > 0 else 1 - x / WIDTH
        lift = 90 * math.sin(u * 5.2 + phase) + 30 * math.sin(u * 11 + phase)
        return 330 + (70 if kind == 2 else 110) * (u - 0.4) + lift + (i - 2) * (34 + 16 * math.sin(u * 4 + phase))

    for i in range(5):
        c.line([(q, staff(i, q)) for q in range(-20, WIDTH + 40, 12)], line, 5, caps=False)
    x = r.uniform(60, 130)
    palette = [line, line, p.accents[0], p.accents[1] if dark else p.accents[2]]
    while x < WIDTH - 60:
        step = r.choice((0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0))
        y, s, tone = staff(step, x), r.uniform(44, 54), r.choice(palette)
        if r.random() < 0.45 and x < WIDTH - 250:
            # Two notes under one beam.
            x2 = x + r.uniform(100, 130)
            y2 = staff(max(0.0, min(4.0, step + r.choice((-1, 1)))), x2)
            _note(c, x, y, s, tone, 0, True)
            _note(c, x2, y2, s, tone, 0, True)
            a, b = (x + s * 0.54, y - s * 3.1), (x2 + s * 0.54, y2 - s * 3.1)
            c.poly(
                [
                    (a[0] - 4, a[1] - 6),
                    (b[0] + 4, b[1] - 6),
                    (b[0] + 4, b[1] + s * 0.5),
                    (a[0] - 4, a[1] + s * 0.5),
                ],
                tone,
            )
            x = x2
        else:
            _note(c, x, y, s, tone, r.choice((0, 1, 1)), step > 1.5)
        x += r.uniform(130, 220)
    # The instrument comes last: the music runs out from behind it.
    if kind == 0:
        _cello(c, p, gx, side)
    elif kind == 1:
        _record(c, p, gx, side)
    else:
        _keys(c, r, p, seed)
