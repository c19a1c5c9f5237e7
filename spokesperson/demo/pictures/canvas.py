"""The drawing surface: flat shapes, soft light and paper, in coordinates that know no pixels.

Scenes draw on a world of 1500 x 1000 units, whatever the size of the picture. The surface is
twice as large as the picture, so that edges come out smooth; whatever is soft anyway (glows,
gradients, shadows) is computed small and enlarged, which is where the time would otherwise go.
"""

import math
import random
from collections.abc import Sequence
from functools import cache, lru_cache

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from .palettes import Colour, mix

type Point = tuple[float, float]
type Points = Sequence[Point]
type Box = tuple[float, float, float, float]

WIDTH, HEIGHT = 1500, 1000
OVERSAMPLING = 2
TILE = 512


@cache
def _noise() -> Image.Image:
    """Reproducible noise: the library's own generator cannot be seeded."""
    rng = random.Random(20)
    layers = [
        Image.frombytes("L", (TILE, TILE), rng.getrandbits(TILE * TILE * 8).to_bytes(TILE * TILE)) for _ in range(2)
    ]
    return Image.blend(layers[0], layers[1], 0.5)


@lru_cache(maxsize=4)
def _sheet(width: int, height: int, coarse: int) -> Image.Image:
    """A sheet covered with that noise, in grains of ``coarse`` pixels."""
    tile = _noise().resize((TILE * coarse, TILE * coarse), Image.Resampling.NEAREST)
    sheet = Image.new("L", (width, height))
    for x in range(0, width, tile.width):
        for y in range(0, height, tile.height):
            sheet.paste(tile, (x, y))
    return sheet


@cache
def _halo() -> Image.Image:
    """A disc of light that fades to nothing at its rim, with the quick falloff of real glare."""
    # The library's gradient ends in the corners; light must end at the sides, or its box shows.
    falloff = [max(0.0, 1 - v * math.sqrt(2) / 255) ** 2 for v in range(256)]
    return Image.radial_gradient("L").point([round(255 * v) for v in falloff])


def _ramp(colours: Sequence[Colour], horizontal: bool) -> Image.Image:
    """A strip one pixel wide that runs through ``colours`` at even distances."""
    data = bytearray()
    for i in range(256):
        t = i / 255 * (len(colours) - 1)
        k = min(int(t), len(colours) - 2)
        data += bytes(mix(colours[k], colours[k + 1], t - k))
    size = (256, 1) if horizontal else (1, 256)
    return Image.frombytes("RGB", size, bytes(data))


def smooth(points: Points, closed: bool = True, steps: int = 8) -> list[Point]:
    """A soft curve through ``points``, for whatever was not made with a ruler."""
    n = len(points)
    out: list[Point] = []
    for i in range(n if closed else n - 1):
        if closed:
            a, b, c, d = (points[(i + j) % n] for j in (-1, 0, 1, 2))
        else:
            a, b, c, d = (points[min(max(i + j, 0), n - 1)] for j in (-1, 0, 1, 2))
        for s in range(steps):
            t = s / steps
            x, y = (
                0.5
                * (
                    2 * b[k]
                    + (c[k] - a[k]) * t
                    + (2 * a[k] - 5 * b[k] + 4 * c[k] - d[k]) * t**2
                    + (3 * b[k] - a[k] - 3 * c[k] + d[k]) * t**3
                )
                for k in (0, 1)
            )
            out.append((x, y))
    if not closed:
        out.append(points[-1])
    return out


def place(points: Points, x: float, y: float, scale: float = 1, turn: float = 0, flip: bool = False) -> list[Point]:
    """A shape drawn around the origin, set down at (x, y); ``turn`` is in degrees."""
    cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    out: list[Point] = []
    for u, v in points:
        px, py = (-u if flip else u) * scale, v * scale
        out.append((x + px * cos - py * sin, y + px * sin + py * cos))
    return out


def oval(x: float, y: float, rx: float, ry: float, start: float = 0, end: float = 360, steps: int = 40) -> list[Point]:
    """Points along an ellipse, clockwise from the right; angles in degrees."""
    angles = (math.radians(start + (end - start) * i / steps) for i in range(steps + 1))
    return [(x + rx * math.cos(a), y + ry * math.sin(a)) for a in angles]


def _stretch(strip: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Enlarge a strip to an area: smoothly along its length, by mere copying across it."""
    length = (1, size[1]) if strip.width == 1 else (size[0], 1)
    strip = strip.resize(length, Image.Resampling.BILINEAR)
    return strip.resize(size, Image.Resampling.NEAREST)


class Canvas:
    """A picture in progress."""

    def __init__(self, size: tuple[int, int], world: tuple[int, int] = (WIDTH, HEIGHT)) -> None:
        self.size = size
        # The world covers the picture: a size of another shape crops it, never distorts it.
        self.k = OVERSAMPLING * max(size[0] / world[0], size[1] / world[1])
        self.image = Image.new("RGB", (math.ceil(world[0] * self.k), math.ceil(world[1] * self.k)))
        # Two pens: blending costs several times what plain filling does.
        self._solid = ImageDraw.Draw(self.image)
        self._blend = ImageDraw.Draw(self.image, "RGBA")

    def _pen(self, fill: Colour) -> ImageDraw.ImageDraw:
        return self._solid if len(fill) == 3 else self._blend

    # Flat shapes

    def poly(self, points: Points, fill: Colour) -> None:
        """A filled outline."""
        self._pen(fill).polygon([(x * self.k, y * self.k) for x, y in points], fill=fill)

    def rect(self, x0: float, y0: float, x1: float, y1: float, fill: Colour, radius: float = 0) -> None:
        """A rectangle, with round corners if ``radius`` says so."""
        k = self.k
        box = (x0 * k, y0 * k, max(x1, x0) * k, max(y1, y0) * k)
        if radius:
            self._pen(fill).rounded_rectangle(box, radius * k, fill=fill)
        else:
            self._pen(fill).rectangle(box, fill=fill)

    def disc(self, x: float, y: float, r: float, fill: Colour, ry: float | None = None) -> None:
        """A disc, or an upright ellipse."""
        k, v = self.k, r if ry is None else ry
        self._pen(fill).ellipse(((x - r) * k, (y - v) * k, (x + r) * k, (y + v) * k), fill=fill)

    def ring(
        self,
        x: float,
        y: float,
        r: float,
        fill: Colour,
        width: float,
        ry: float | None = None,
        start: float = 0,
        end: float = 360,
    ) -> None:
        """A circle's line, or a part of it."""
        k, v = self.k, r if ry is None else ry
        box = ((x - r) * k, (y - v) * k, (x + r) * k, (y + v) * k)
        self._pen(fill).arc(box, start, end, fill=fill, width=max(1, round(width * k)))

    def line(self, points: Points, fill: Colour, width: float, caps: bool = True) -> None:
        """A stroke; round ends look drawn by hand, but would show twice in translucent colour."""
        k = self.k
        self._pen(fill).line(
            [(x * k, y * k) for x, y in points],
            fill=fill,
            width=max(1, round(width * k)),
            joint="curve",
        )
        if caps and width * k > 3 and len(fill) == 3:
            for x, y in (points[0], points[-1]):
                self.disc(x, y, width / 2 - 0.5 / k, fill)

    # Light and texture

    def _clip(self, box: Box) -> tuple[int, int, int, int] | None:
        """The pixels of a box of the world, as far as they lie on the canvas."""
        x0, y0 = max(0, math.floor(box[0] * self.k)), max(0, math.floor(box[1] * self.k))
        x1 = min(self.image.width, math.ceil(box[2] * self.k))
        y1 = min(self.image.height, math.ceil(box[3] * self.k))
        return (x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None

    def _stencil(self, points: Points, at: tuple[int, int, int, int]) -> Image.Image:
        mask = Image.new("L", (at[2] - at[0], at[3] - at[1]))
        outline = [(x * self.k - at[0], y * self.k - at[1]) for x, y in points]
        ImageDraw.Draw(mask).polygon(outline, fill=255)
        return mask

    def ramp(self, box: Box, *colours: Colour, horizontal: bool = False) -> None:
        """A rectangle that passes through several colours."""
        if at := self._clip(box):
            strip = _ramp(colours, horizontal)
            self.image.paste(_stretch(strip, (at[2] - at[0], at[3] - at[1])), at)

    def graded(self, points: Points, *colours: Colour, horizontal: bool = False) -> None:
        """A filled outline that passes through several colours."""
        if at := self._clip(_bounds(points)):
            strip = _ramp(colours, horizontal)
            size = (at[2] - at[0], at[3] - at[1])
            self.image.paste(_stretch(strip, size), at, self._stencil(points, at))

    def stipple(self, points: Points, colour: Colour, side: str = "bottom", strength: float = 0.6) -> None:
        """Shade one side of an outline with spray, as a stencil print would."""
        at = self._clip(_bounds(points))
        if at is None:
            return
        values = bytes(round(255 * strength * (i / 255) ** 1.6) for i in range(256))
        if side in ("top", "left"):
            values = values[::-1]
        strip = Image.frombytes("L", (256, 1) if side in ("left", "right") else (1, 256), values)
        size = (at[2] - at[0], at[3] - at[1])
        grain = _sheet(self.image.width, self.image.height, 2).crop(at)
        # A speck stays where the gradient beats the noise.
        mask = ImageChops.subtract(_stretch(strip, size), ImageChops.invert(grain), 1, 40)
        mask = mask.point([0 if v < 40 else min(255, (v - 40) * 6) for v in range(256)])
        mask = ImageChops.multiply(mask, self._stencil(points, at))
        self.image.paste(colour[:3], at, mask)

    def glow(
        self,
        x: float,
        y: float,
        r: float,
        colour: Colour,
        strength: float = 1,
        ry: float | None = None,
    ) -> None:
        """Light around a point."""
        v = r if ry is None else ry
        k = self.k
        x0, y0 = math.floor((x - r) * k), math.floor((y - v) * k)
        size = (max(1, math.ceil(2 * r * k)), max(1, math.ceil(2 * v * k)))
        at = self._clip((x - r, y - v, x + r, y + v))
        if at is None:
            return
        # Only the part on the canvas is enlarged: a sun at the edge costs no more than it shows.
        fx, fy = 256 / size[0], 256 / size[1]
        part = ((at[0] - x0) * fx, (at[1] - y0) * fy, (at[2] - x0) * fx, (at[3] - y0) * fy)
        part = (part[0], part[1], min(part[2], 256), min(part[3], 256))
        mask = _halo().resize((at[2] - at[0], at[3] - at[1]), Image.Resampling.BILINEAR, box=part)
        if strength < 1:
            mask = mask.point([round(v * strength) for v in range(256)])
        self.image.paste(colour[:3], at, mask)

    def veil(self, box: Box, colour: Colour, *alphas: float, horizontal: bool = False) -> None:
        """A wash whose opacity passes through several values: mist, dusk, a floor's sheen."""
        if at := self._clip(box):
            strip = _ramp([(round(255 * a),) * 3 for a in alphas], horizontal).convert("L")
            self.image.paste(colour[:3], at, _stretch(strip, (at[2] - at[0], at[3] - at[1])))

    def beam(self, points: Points, colour: Colour, *alphas: float, horizontal: bool = False) -> None:
        """The same wash within an outline: a shaft of light, a cast shadow."""
        if at := self._clip(_bounds(points)):
            strip = _ramp([(round(255 * a),) * 3 for a in alphas], horizontal).convert("L")
            mask = _stretch(strip, (at[2] - at[0], at[3] - at[1]))
            self.image.paste(colour[:3], at, ImageChops.multiply(mask, self._stencil(points, at)))

    def shadow(self, points: Points, colour: Colour, strength: float = 0.4, blur: float = 12) -> None:
        """A soft-edged dark shape under or behind a thing."""
        x0, y0, x1, y1 = _bounds(points)
        at = self._clip((x0 - 2 * blur, y0 - 2 * blur, x1 + 2 * blur, y1 + 2 * blur))
        if at is None:
            return
        small = 8 if blur * self.k > 16 else 4
        mask = Image.new("L", ((at[2] - at[0]) // small + 1, (at[3] - at[1]) // small + 1))
        outline = [((x * self.k - at[0]) / small, (y * self.k - at[1]) / small) for x, y in points]
        ImageDraw.Draw(mask).polygon(outline, fill=round(255 * strength))
        mask = mask.filter(ImageFilter.GaussianBlur(blur * self.k / small / 2))
        size = (at[2] - at[0], at[3] - at[1])
        self.image.paste(colour[:3], at, mask.resize(size, Image.Resampling.BILINEAR))

    def mirror(
        self,
        line: float,
        bottom: float,
        tint: Colour,
        strength: float,
        ripple: float = 5,
        squeeze: float = 1.0,
    ) -> None:
        """Fill the water below ``line`` with what stands above it."""
        k = self.k
        y, end = round(line * k), min(self.image.height, round(bottom * k))
        depth = min(y, round((end - y) * squeeze))
        part = self.image.crop((0, y - depth, self.image.width, y))
        # At half size: the ripples hide the difference, and the blend costs a quarter.
        part = part.resize((self.image.width // 2, (end - y) // 2), reducing_gap=1.0)
        part = part.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
        part = Image.blend(part, Image.new("RGB", part.size, tint[:3]), strength)
        step = max(2, round(2.2 * k / 2))
        out = part.copy()
        for i, top in enumerate(range(0, part.height, step)):
            reach = ripple * k / 2 * (0.3 + top / part.height)
            shift = round(reach * (math.sin(i * 0.9) + math.sin(i * 2.3 + 1)))
            out.paste(part.crop((0, top, part.width, top + step)), (shift, top))
        out = out.resize((self.image.width, end - y), Image.Resampling.BILINEAR)
        self.image.paste(out, (0, y))

    # Paper

    def finish(self, edge: Colour) -> Image.Image:
        """The picture at its size: darker towards the corners, and printed on paper."""
        w, h = self.size[0] * OVERSAMPLING, self.size[1] * OVERSAMPLING
        x, y = (self.image.width - w) // 2, (self.image.height - h) // 2
        picture = self.image.crop((x, y, x + w, y + h)).reduce(OVERSAMPLING)
        corner = [round(max(0, v / 255 - 0.62) ** 2 * 300) for v in range(256)]
        vignette = Image.radial_gradient("L").point(corner).resize(self.size)
        picture.paste(edge[:3], (0, 0), vignette)
        grain = _sheet(*self.size, 1).point([128 + round((v - 128) * 0.07) for v in range(256)])
        return ImageChops.add(picture, Image.merge("RGB", (grain,) * 3), 1, -128)


def _bounds(points: Points) -> Box:
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    return min(xs), min(ys), max(xs), max(ys)
