"""Pages of other sites that an article can embed, recognised from their address alone.

Nothing is requested from them: neither by the server, nor by a reader's browser before the reader asks for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

# Servers of Mastodon whose posts can be shown: a policy must name the hosts of frames.
MASTODON_HOSTS = (
    *("mastodon.social", "mastodon.online", "mastodon.world", "mstdn.social", "mas.to", "fosstodon.org"),
    *("hachyderm.io", "infosec.exchange", "chaos.social", "techhub.social", "journa.host", "newsie.social"),
)
_ID = r"[A-Za-z0-9_-]{6,20}"
_NUMBER = r"-?\d{1,3}(?:\.\d{1,10})?"


@dataclass(frozen=True, kw_only=True)
class Provider:
    """A site whose pages can be embedded.

    Args:
        kind: "video", "post" or "map", which gives the frame its shape.
        frame_hosts: where the frames come from.
    """

    name: str
    kind: str
    frame_hosts: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Embed:
    """What a frame shows: its provider and its address."""

    provider: Provider
    url: str


YOUTUBE = Provider(name="YouTube", kind="video", frame_hosts=("www.youtube-nocookie.com",))
VIMEO = Provider(name="Vimeo", kind="video", frame_hosts=("player.vimeo.com",))
TELEGRAM = Provider(name="Telegram", kind="post", frame_hosts=("t.me",))
X = Provider(name="X", kind="post", frame_hosts=("platform.twitter.com",))
MASTODON = Provider(name="Mastodon", kind="post", frame_hosts=MASTODON_HOSTS)
OPENSTREETMAP = Provider(name="OpenStreetMap", kind="map", frame_hosts=("www.openstreetmap.org",))
PROVIDERS = (YOUTUBE, VIMEO, TELEGRAM, X, MASTODON, OPENSTREETMAP)
# The sources of `frame-src` on pages that show an article.
FRAME_SOURCES = [f"https://{host}" for provider in PROVIDERS for host in provider.frame_hosts]


def recognise(address: str) -> Embed | None:
    """Return the frame for the page at this address, or None if it is not one that can be embedded."""
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").removeprefix("www.").removeprefix("m.")
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or host not in _RECOGNISERS:
        return None
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return _RECOGNISERS[host](host, parts.path, query, parts.fragment)


def _youtube(host: str, path: str, query: dict[str, str], _fragment: str) -> Embed | None:
    if host == "youtu.be":
        found = re.fullmatch(f"/({_ID})/?", path)
    elif path == "/watch":
        found = re.fullmatch(f"({_ID})", query.get("v", ""))
    else:
        found = re.fullmatch(f"/(?:shorts|live|embed)/({_ID})/?", path)
    if not found:
        return None
    time = re.fullmatch(r"(\d{1,6})s?", query.get("t", query.get("start", "")), re.ASCII)
    start = f"?start={time[1]}" if time else ""
    return Embed(provider=YOUTUBE, url=f"https://www.youtube-nocookie.com/embed/{found[1]}{start}")


def _vimeo(_host: str, path: str, _query: dict[str, str], _fragment: str) -> Embed | None:
    found = re.fullmatch(r"/(?:video/)?(\d{5,12})(?:/([0-9a-f]{6,20}))?/?", path, re.ASCII)
    if not found:
        return None
    unlisted = f"&h={found[2]}" if found[2] else ""
    return Embed(provider=VIMEO, url=f"https://player.vimeo.com/video/{found[1]}?dnt=1{unlisted}")


def _telegram(_host: str, path: str, _query: dict[str, str], _fragment: str) -> Embed | None:
    found = re.fullmatch(r"/(?:s/)?([A-Za-z]\w{3,31})/(\d{1,10})/?", path, re.ASCII)
    return Embed(provider=TELEGRAM, url=f"https://t.me/{found[1]}/{found[2]}?embed=1") if found else None


def _x(_host: str, path: str, _query: dict[str, str], _fragment: str) -> Embed | None:
    found = re.fullmatch(r"/\w{1,20}/status/(\d{5,20})/?", path, re.ASCII)
    url = "https://platform.twitter.com/embed/Tweet.html?dnt=true&id="
    return Embed(provider=X, url=f"{url}{found[1]}") if found else None


def _mastodon(host: str, path: str, _query: dict[str, str], _fragment: str) -> Embed | None:
    found = re.fullmatch(r"/@([\w.-]{1,60}(?:@[\w.-]{1,100})?)/(\d{5,20})/?", path, re.ASCII)
    return Embed(provider=MASTODON, url=f"https://{host}/@{found[1]}/{found[2]}/embed") if found else None


def _openstreetmap(_host: str, path: str, query: dict[str, str], fragment: str) -> Embed | None:
    found = re.match(rf"map=(\d{{1,2}})(?:\.\d+)?/({_NUMBER})/({_NUMBER})(?:&|$)", fragment, re.ASCII)
    if path not in {"", "/"} or not found:
        return None
    zoom, latitude, longitude = int(found[1]), float(found[2]), float(found[3])
    if not (zoom <= 19 and abs(latitude) < 85 and abs(longitude) < 180):
        return None
    # The frame takes a box instead of a zoom level: about 640 × 400 pixels, of which a tile has 256 × 256.
    width, height = 360 * 2.5 / 2**zoom, 170 * 1.6 / 2**zoom
    west, east = max(longitude - width / 2, -180), min(longitude + width / 2, 180)
    south, north = max(latitude - height / 2, -85), min(latitude + height / 2, 85)
    box = ",".join(f"{edge:.5f}" for edge in (west, south, east, north))
    marker = ""
    pin = [query.get(name, "") for name in ("mlat", "mlon")]
    if all(re.fullmatch(_NUMBER, value, re.ASCII) for value in pin):
        marker = f"&marker={pin[0]}%2C{pin[1]}"
    url = f"https://www.openstreetmap.org/export/embed.html?bbox={box.replace(',', '%2C')}&layer=mapnik{marker}"
    return Embed(provider=OPENSTREETMAP, url=url)


type _Recogniser = Callable[[str, str, dict[str, str], str], Embed | None]
_RECOGNISERS: dict[str, _Recogniser] = {
    **dict.fromkeys(("youtube.com", "youtu.be", "youtube-nocookie.com"), _youtube),
    **dict.fromkeys(("vimeo.com", "player.vimeo.com"), _vimeo),
    **dict.fromkeys(("t.me", "telegram.me"), _telegram),
    **dict.fromkeys(("x.com", "twitter.com", "mobile.twitter.com"), _x),
    **dict.fromkeys(MASTODON_HOSTS, _mastodon),
    **dict.fromkeys(("openstreetmap.org", "osm.org"), _openstreetmap),
}
