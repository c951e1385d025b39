"""What pages load besides themselves: which files there are, what they are made of, and their making.

The making reads only what is installed and part of the program, so every process makes the same bytes and the same
versions, on its own and in memory: nothing is written, and processes that start together cannot disturb each other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType

from views.assets import scripts, styles
from views.assets.names import names_in, sources
from views.icons import ICONS, cut_sprite

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "static"

# In the order of the cascade, behind Bootstrap.
STYLES = (
    "tokens",
    "app",
    "shell",
    "menus",
    "standing",
    "components",
    "forms",
    "files",
    "filters",
    "tables",
    "cards",
    "pages",
    "dashboard",
    "palette",
    "settings",
    "factors",
    "pay",
    "ticket",
    "chat",
)

CSS, JS, SVG = "text/css", "text/javascript", "image/svg+xml"


@dataclass(frozen=True)
class Asset:
    """A file as it is served. ``version`` is a digest of the body, and part of the address."""

    name: str
    body: bytes
    mimetype: str
    version: str

    @property
    def address(self) -> str:
        """Where `views/assets/__init__.py` serves it. Put together by hand: a page asks once for each of its icons."""
        return f"/assets/{self.version}/{self.name}"


def bootstrap_sheet() -> str:
    """Bootstrap's style sheet as the installed Bootstrap-Flask has it."""
    return (files("flask_bootstrap") / "static/bootstrap5/css/bootstrap.min.css").read_text("utf-8")


def used_bootstrap() -> str:
    """The part of Bootstrap that our pages can use: a fifth."""
    names = names_in(file.read_text("utf-8") for file in sources(ROOT))
    return styles.keep_used(bootstrap_sheet(), names.hold)


@lru_cache(maxsize=1)
def all_assets(edition: int = 0) -> Mapping[str, Asset]:
    """Every file by its name, made once in a process: about 0.2 s. Another edition than the last is made anew."""
    made = (
        _asset("foyer.css", CSS, styles.shrink([used_bootstrap(), *map(_sheet, STYLES)])),
        # Apart, since its media says whether it holds; pages name it behind the other, whose tokens it replaces.
        _asset("dark.css", CSS, styles.shrink([_sheet("tokens-dark")])),
        _asset("samples.css", CSS, styles.shrink([_sheet("samples")])),
        _asset("foyer.js", JS, scripts.shrink(scripts.join_modules(STATIC / "js", "app"))),
        _asset("icons.svg", SVG, cut_sprite(ICONS)),
        _asset("favicon.svg", SVG, (STATIC / "img" / "favicon.svg").read_text("utf-8")),
    )
    return MappingProxyType({asset.name: asset for asset in made})


def edition_on_disk() -> int:
    """A number that is another one when a source was edited, added or removed: for who develops, not for production."""
    changing = [*sources(ROOT), *sorted(STATIC.rglob("*.*"))]
    return hash(tuple((file, file.stat().st_mtime_ns) for file in changing))


def _sheet(name: str) -> str:
    return (STATIC / "css" / f"{name}.css").read_text("utf-8")


def _asset(name: str, mimetype: str, text: str) -> Asset:
    body = text.encode()
    return Asset(name, body, mimetype, hashlib.sha256(body).hexdigest()[:12])
