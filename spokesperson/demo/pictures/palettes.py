"""The colours of the demonstration pictures.

Each palette is a small family that was chosen by eye, so that any two of its colours may touch.
Scenes name a *role* ("haze", "near"), never a colour: that is what lets one composition be
printed in seven inks and still look intended.
"""

from dataclasses import dataclass

type Colour = tuple[int, ...]


@dataclass(frozen=True)
class Palette:
    """Roles run from far to near, that is from pale to dark; accents are for the small things."""

    sky: Colour
    haze: Colour
    sun: Colour
    far: Colour
    mid: Colour
    near: Colour
    ink: Colour
    paper: Colour
    leaf: Colour
    wood: Colour
    accents: tuple[Colour, ...]


def mix(a: Colour, b: Colour, t: float) -> Colour:
    """The colour that lies ``t`` of the way from ``a`` to ``b``."""
    return tuple(round(x + (y - x) * t) for x, y in zip(a[:3], b[:3], strict=True))


def fade(colour: Colour, alpha: float) -> Colour:
    """The same colour, translucent: 0 is clear, 1 is solid."""
    return (*colour[:3], round(255 * alpha))


DAY: tuple[Palette, ...] = (
    Palette(  # apricot evening
        sky=(116, 160, 176),
        haze=(250, 212, 166),
        sun=(255, 241, 210),
        far=(206, 164, 146),
        mid=(176, 102, 80),
        near=(100, 54, 60),
        ink=(42, 28, 44),
        paper=(252, 243, 226),
        leaf=(104, 122, 86),
        wood=(164, 98, 62),
        accents=((208, 90, 60), (230, 170, 72), (56, 118, 122), (222, 150, 136), (96, 54, 84)),
    ),
    Palette(  # northern coast
        sky=(134, 180, 200),
        haze=(234, 236, 224),
        sun=(255, 250, 230),
        far=(164, 192, 198),
        mid=(84, 134, 152),
        near=(38, 78, 98),
        ink=(16, 38, 56),
        paper=(246, 246, 238),
        leaf=(88, 128, 108),
        wood=(170, 128, 92),
        accents=((208, 78, 62), (240, 190, 86), (60, 110, 148), (150, 176, 152), (30, 58, 84)),
    ),
    Palette(  # olive grove
        sky=(190, 210, 196),
        haze=(247, 234, 198),
        sun=(255, 246, 212),
        far=(180, 190, 146),
        mid=(122, 140, 86),
        near=(66, 86, 58),
        ink=(30, 42, 34),
        paper=(250, 244, 226),
        leaf=(100, 128, 70),
        wood=(156, 108, 66),
        accents=((202, 96, 56), (226, 174, 72), (86, 126, 104), (176, 158, 104), (78, 70, 96)),
    ),
    Palette(  # rose hour
        sky=(226, 158, 156),
        haze=(253, 224, 200),
        sun=(255, 246, 224),
        far=(220, 154, 144),
        mid=(180, 90, 98),
        near=(106, 46, 74),
        ink=(50, 22, 46),
        paper=(254, 243, 232),
        leaf=(116, 140, 98),
        wood=(168, 92, 74),
        accents=((216, 84, 74), (242, 174, 108), (120, 78, 122), (84, 130, 136), (244, 200, 180)),
    ),
    Palette(  # lilac morning
        sky=(140, 144, 200),
        haze=(246, 216, 212),
        sun=(255, 240, 216),
        far=(174, 166, 206),
        mid=(112, 104, 166),
        near=(60, 54, 112),
        ink=(28, 24, 60),
        paper=(247, 241, 245),
        leaf=(92, 130, 124),
        wood=(160, 108, 104),
        accents=((230, 124, 104), (246, 196, 112), (110, 98, 178), (90, 152, 166), (182, 90, 132)),
    ),
    Palette(  # late summer
        sky=(150, 190, 196),
        haze=(248, 228, 178),
        sun=(255, 245, 206),
        far=(216, 188, 134),
        mid=(196, 140, 66),
        near=(118, 76, 44),
        ink=(50, 34, 30),
        paper=(252, 244, 224),
        leaf=(112, 126, 66),
        wood=(150, 92, 50),
        accents=((198, 74, 46), (234, 178, 58), (72, 106, 92), (216, 140, 88), (50, 78, 96)),
    ),
    Palette(  # mint and coral
        sky=(146, 202, 192),
        haze=(242, 240, 212),
        sun=(255, 250, 222),
        far=(152, 198, 182),
        mid=(76, 148, 138),
        near=(30, 92, 94),
        ink=(14, 46, 54),
        paper=(249, 248, 234),
        leaf=(70, 140, 106),
        wood=(186, 124, 92),
        accents=((238, 110, 88), (248, 200, 96), (40, 122, 124), (236, 166, 150), (26, 68, 88)),
    ),
)

NIGHT: tuple[Palette, ...] = (
    Palette(  # indigo
        sky=(14, 18, 52),
        haze=(84, 78, 142),
        sun=(255, 224, 158),
        far=(62, 62, 120),
        mid=(40, 42, 92),
        near=(24, 26, 64),
        ink=(10, 11, 34),
        paper=(242, 236, 222),
        leaf=(48, 78, 92),
        wood=(108, 72, 84),
        accents=((232, 116, 92), (246, 190, 98), (92, 112, 186), (120, 160, 178), (150, 84, 140)),
    ),
    Palette(  # deep sea
        sky=(6, 28, 46),
        haze=(46, 112, 122),
        sun=(255, 222, 150),
        far=(34, 86, 100),
        mid=(20, 62, 78),
        near=(12, 42, 58),
        ink=(5, 22, 34),
        paper=(238, 240, 226),
        leaf=(36, 92, 84),
        wood=(112, 84, 66),
        accents=((234, 120, 84), (244, 196, 100), (70, 146, 150), (160, 190, 168), (34, 76, 104)),
    ),
    Palette(  # plum
        sky=(36, 16, 54),
        haze=(170, 82, 104),
        sun=(255, 208, 142),
        far=(120, 58, 98),
        mid=(82, 38, 80),
        near=(52, 24, 60),
        ink=(26, 12, 36),
        paper=(250, 236, 222),
        leaf=(72, 72, 92),
        wood=(124, 66, 70),
        accents=((238, 110, 92), (248, 184, 100), (126, 84, 150), (214, 132, 134), (84, 112, 146)),
    ),
    Palette(  # ember
        sky=(30, 28, 50),
        haze=(214, 114, 76),
        sun=(255, 216, 142),
        far=(126, 76, 80),
        mid=(82, 52, 68),
        near=(48, 34, 52),
        ink=(22, 17, 30),
        paper=(250, 238, 216),
        leaf=(76, 84, 74),
        wood=(136, 82, 58),
        accents=((226, 92, 58), (246, 180, 80), (66, 110, 122), (206, 134, 104), (94, 64, 98)),
    ),
    Palette(  # blue moon
        sky=(18, 38, 80),
        haze=(118, 154, 190),
        sun=(250, 240, 208),
        far=(80, 116, 160),
        mid=(50, 82, 126),
        near=(28, 52, 92),
        ink=(12, 26, 54),
        paper=(244, 242, 232),
        leaf=(58, 104, 112),
        wood=(112, 94, 96),
        accents=((236, 132, 100), (248, 204, 116), (92, 138, 186), (166, 190, 198), (112, 90, 148)),
    ),
)
