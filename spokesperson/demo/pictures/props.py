"""Things that more than one scene needs: suns, clouds, ridges, trees, people, a vase."""

import math
from random import Random

from .canvas import HEIGHT, WIDTH, Canvas, Point, oval, place, smooth
from .palettes import Colour, Palette, fade, mix


def sky(c: Canvas, p: Palette, horizon: float = HEIGHT) -> None:
    """The sky of a palette, down to the horizon."""
    c.ramp((0, 0, WIDTH, horizon + 2), p.sky, mix(p.sky, p.haze, 0.7), p.haze)


def sun(c: Canvas, p: Palette, x: float, y: float, r: float) -> None:
    """A low sun, or a moon, with its glare."""
    c.glow(x, y, r * 6.5, p.sun, 0.8)
    c.disc(x, y, r, p.sun)


def cloud(c: Canvas, r: Random, x: float, y: float, w: float, colour: Colour, alpha: float = 0.75) -> None:
    """A flat-bottomed cloud: its edge is one curve, so that it can be translucent."""
    n = 5
    top: list[Point] = []
    for i in range(n):
        cx = x - w / 2 + w * (i + 0.5) / n
        radius = w / n * (0.62 + 0.25 * r.random()) * (1.25 - abs(i - n / 2 + 0.5) * 0.28)
        top += oval(cx, y - radius * 0.3, radius, radius * 0.8, 205, 335, 8)
    outline = [(x - w * 0.62, y), *top, (x + w * 0.62, y)]
    c.poly(smooth(outline, closed=False, steps=3), fade(colour, alpha))


def streaks(c: Canvas, r: Random, colour: Colour, top: float, bottom: float, n: int) -> None:
    """Thin evening clouds, as rounded bars."""
    for _ in range(n):
        x, y = r.uniform(-100, WIDTH), r.uniform(top, bottom)
        w, h = r.uniform(140, 480), r.uniform(7, 18)
        c.rect(x, y, x + w, y + h, fade(colour, r.uniform(0.25, 0.6)), h / 2)
        c.rect(x + w * 0.3, y + h, x + w * 0.8, y + h * 1.9, fade(colour, 0.3), h / 2)


def birds(c: Canvas, r: Random, x: float, y: float, colour: Colour, n: int = 6) -> None:
    """A loose flock far away."""
    for _ in range(n):
        bx, by, s = x + r.gauss(0, 70), y + r.gauss(0, 28), r.uniform(8, 15)
        wings = [
            (bx - s, by - s * 0.4),
            (bx - s * 0.4, by - s * 0.5),
            (bx, by),
            (bx + s * 0.4, by - s * 0.5),
            (bx + s, by - s * 0.4),
        ]
        c.line(smooth(wings, closed=False, steps=4), colour, 2.4)


def ridge(r: Random, base: float, swell: float, rough: float = 0.3) -> list[Point]:
    """A hill line from edge to edge, closed along the bottom of the picture."""
    a, b, d = (r.uniform(0, 2 * math.pi) for _ in range(3))
    length = r.uniform(0.8, 1.25)
    top = [
        (
            float(x),
            base
            + swell
            * (
                math.sin(x / (300 * length) + a)
                + 0.5 * math.sin(x / (131 * length) + b)
                + rough * 0.5 * math.sin(x / 41 + d)
            ),
        )
        for x in range(-12, WIDTH + 24, 12)
    ]
    return [(-12, HEIGHT + 5), *top, (WIDTH + 12, HEIGHT + 5)]


def conifer(c: Canvas, r: Random, x: float, y: float, h: float, colour: Colour) -> None:
    """A spruce of ragged tiers."""
    tiers, half = 6, h * r.uniform(0.19, 0.25)
    left: list[Point] = [(x, y - h)]
    right: list[Point] = []
    for i in range(1, tiers + 1):
        t = i / tiers
        ty = y - h * (1 - t * 0.93)
        lean = r.uniform(0.85, 1.15)
        left += [(x - half * t * lean, ty), (x - half * t * 0.55, ty - h * 0.02)]
        right += [(x + half * t * (2 - lean), ty), (x + half * t * 0.55, ty - h * 0.02)]
    c.rect(x - h * 0.018, y - h * 0.1, x + h * 0.018, y, colour)
    c.poly(left + right[::-1], colour)


def tree(c: Canvas, r: Random, x: float, y: float, h: float, leaf: Colour, shade: Colour, bark: Colour) -> None:
    """A broad-leaved tree: a lobed crown, shaded from below and to the right."""
    c.poly(
        [
            (x - h * 0.035, y),
            (x - h * 0.018, y - h * 0.55),
            (x + h * 0.018, y - h * 0.55),
            (x + h * 0.035, y),
        ],
        bark,
    )
    cy, rx, ry = y - h * 0.64, h * r.uniform(0.27, 0.34), h * 0.37
    lobes = r.randint(7, 10)
    turn = r.uniform(0, 6)
    crown = [
        (
            x + rx * math.cos(a) * (1 + 0.09 * math.sin(a * lobes + turn)),
            cy + ry * math.sin(a) * (1 + 0.09 * math.sin(a * lobes + turn)),
        )
        for a in (math.tau * i / 60 for i in range(60))
    ]
    c.poly(crown, leaf)
    c.stipple(crown, shade, "bottom", 0.9)
    c.stipple(crown, shade, "right", 0.55)
    for dx, dy, s in ((-0.35, -0.3, 0.24), (0.05, -0.55, 0.18), (-0.05, 0.05, 0.15)):
        c.disc(x + rx * dx, cy + ry * dy, rx * s, fade(mix(leaf, shade, -0.5), 0.4))
    c.line([(x, y - h * 0.42), (x + rx * 0.3, y - h * 0.58)], bark, h * 0.014)
    c.line([(x, y - h * 0.48), (x - rx * 0.28, y - h * 0.64)], bark, h * 0.012)


def person(c: Canvas, x: float, y: float, h: float, coat: Colour, dark: Colour, skin: Colour | None = None) -> None:
    """Somebody in a long coat, seen from afar."""
    c.poly(
        [
            (x - h * 0.07, y),
            (x - h * 0.055, y - h * 0.36),
            (x + h * 0.055, y - h * 0.36),
            (x + h * 0.075, y),
            (x + h * 0.025, y),
            (x, y - h * 0.26),
            (x - h * 0.02, y),
        ],
        dark,
    )
    c.poly(
        smooth(
            [
                (x - h * 0.1, y - h * 0.26),
                (x - h * 0.12, y - h * 0.6),
                (x - h * 0.07, y - h * 0.8),
                (x, y - h * 0.83),
                (x + h * 0.07, y - h * 0.8),
                (x + h * 0.12, y - h * 0.6),
                (x + h * 0.1, y - h * 0.26),
            ],
            steps=4,
        ),
        coat,
    )
    c.disc(x, y - h * 0.9, h * 0.065, skin or dark, h * 0.078)


def ornament(c: Canvas, r: Random, p: Palette, x: float, foot: float, s: float, kind: int) -> None:
    """A plant, a globe or a vase on the shelf."""
    if kind % 3 == 0:
        for i in range(11):
            turn = -80 + i * 16 + r.uniform(-6, 6)
            leaf = smooth([(0, 0), (-0.16, -0.5), (0, -1), (0.16, -0.5)], steps=4)
            c.poly(
                place(leaf, x, foot - 80 * s, r.uniform(95, 150) * s, turn),
                mix(p.leaf, p.paper if i % 2 else p.ink, 0.18),
            )
        c.graded(
            [
                (x - 60 * s, foot - 92 * s),
                (x + 60 * s, foot - 92 * s),
                (x + 44 * s, foot),
                (x - 44 * s, foot),
            ],
            p.paper,
            mix(p.paper, p.far, 0.5),
            mix(p.far, p.ink, 0.3),
            horizontal=True,
        )
    elif kind % 3 == 1:
        c.rect(x - 46 * s, foot - 16 * s, x + 46 * s, foot, p.accents[1], 6)
        c.rect(x - 5 * s, foot - 50 * s, x + 5 * s, foot - 10 * s, p.accents[1])
        c.ring(x, foot - 132 * s, 100 * s, p.accents[1], 8 * s, start=-70, end=110)
        c.disc(x, foot - 132 * s, 86 * s, mix(p.accents[2], p.paper, 0.25))
        for dx, dy, w, h in ((-26, -34, 40, 26), (22, 12, 34, 40), (-40, 34, 22, 20)):
            shape = smooth(
                [
                    (
                        x + (dx + w * 0.9 * math.cos(a) * (1 + 0.25 * math.sin(3 * a + dx))) * s,
                        foot + (-132 + dy + h * math.sin(a)) * s,
                    )
                    for a in (i * 0.7 for i in range(9))
                ]
            )
            c.poly(shape, mix(p.leaf, p.paper, 0.25))
        c.stipple(oval(x, foot - 132 * s, 86 * s, 86 * s), p.ink, "right", 0.85)
    else:
        body = smooth(
            [
                (-18, -190),
                (-20, -150),
                (-66, -90),
                (-50, -10),
                (-30, 0),
                (30, 0),
                (50, -10),
                (66, -90),
                (20, -150),
                (18, -190),
            ],
            steps=6,
        )
        for dx, h in ((-40, 130), (4, 165), (44, 120)):
            c.line(
                smooth(
                    [
                        (x, foot - 180 * s),
                        (x + dx * 0.3 * s, foot - (180 + h * 0.4) * s),
                        (x + dx * s, foot - (150 + h) * s),
                    ],
                    closed=False,
                ),
                p.leaf,
                5 * s,
            )
            for i in range(7):
                c.disc(
                    x + dx * (0.6 + 0.08 * i) * s + r.uniform(-9, 9) * s,
                    foot - (110 + h * (0.6 + 0.09 * i)) * s,
                    9 * s,
                    p.accents[1],
                )
        c.graded(
            place(body, x, foot, s),
            p.accents[0],
            mix(p.accents[0], p.paper, 0.25),
            mix(p.accents[0], p.ink, 0.45),
            horizontal=True,
        )
