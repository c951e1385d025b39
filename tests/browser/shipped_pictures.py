"""The pictures of the guides and of the documents: `make pictures`, or `python -m tests.browser.shipped_pictures`.

Starts the program with its demo (or looks at one that runs: `--address URL`), opens each page named in
tests/browser/picture_pages.py as the person named there, and keeps what the window shows as WebP: those of the guides,
light, in static/img/guides; those of docs/tour.md, light and dark, in docs/img, with the one at the top of the README.
"""

from __future__ import annotations

import argparse
import base64
import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.conftest import CHROMIUM_OPTIONS
from tests.browser.picture_pages import GUIDES, PHONE, TOUR, View
from tests.browser.pictures import program_with_demo, sign_in
from tests.support.surroundings import chromium_path

ROOT = Path(__file__).resolve().parents[2]
OF_GUIDES, OF_DOCS = ROOT / "static" / "img" / "guides", ROOT / "docs" / "img"
GUIDE_SIZE, DESK_SIZE, PHONE_SIZE = (1200, 750), (1440, 900), (360, 780)
THEMES = ("light", "dark")
COLOURS = 256  # of a page; without loss that is sharper than WebP with loss, and two thirds of its size


class Photographer:
    """Opens pages of one running program, in one theme and window, as whoever a view names."""

    def __init__(self, browser: Browser, address: str, theme: str, size: tuple[int, int]) -> None:
        self._browser, self._address, self._theme, self._size = browser, address, theme, size
        self._pages: dict[str, Page] = {}

    def shown(self, view: View) -> bytes:
        """What the window shows of a view, as PNG."""
        page = self._page_of(view.who)
        page.goto(f"{self._address}{view.path}")
        if view.opens_first:
            first = page.locator("tbody a:not(.menu-item)").first
            page.goto(self._address + (first.get_attribute("href") or ""))
        page.wait_for_load_state("networkidle")
        for selector in view.clicks:
            page.locator(selector).first.click()
        if view.at:
            page.locator(view.at).first.evaluate("each => { each.scrollIntoView(); scrollBy(0, -24); }")
        page.wait_for_load_state("networkidle")
        return page.screenshot(animations="disabled", caret="hide")

    def _page_of(self, who: str) -> Page:
        if who not in self._pages:
            width, height = self._size
            window = self._browser.new_context(
                viewport={"width": width, "height": height}, locale="en-US", reduced_motion="reduce"
            )
            window.add_cookies([{"name": "theme", "value": self._theme, "url": self._address}])
            self._pages[who] = window.new_page()
            sign_in(self._pages[who], self._address, who)
        return self._pages[who]

    def close(self) -> None:
        """Close the windows."""
        for page in self._pages.values():
            page.context.close()


@contextmanager
def photographer(browser: Browser, address: str, theme: str, size: tuple[int, int]) -> Iterator[Photographer]:
    """One whose windows are closed afterwards."""
    found = Photographer(browser, address, theme, size)
    yield found
    found.close()


def keep(picture: bytes, file: Path) -> None:
    """Keep a PNG as WebP."""
    file.parent.mkdir(parents=True, exist_ok=True)
    drawn = Image.open(io.BytesIO(picture)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    drawn.convert("RGB").save(file, "WEBP", lossless=True, quality=100, method=6)


def take(
    browser: Browser,
    address: str,
    views: Iterable[View],
    folder: Path,
    size: tuple[int, int],
    theme: str,
    end: str = "",
) -> None:
    """Keep a picture of each view, under its name."""
    with photographer(browser, address, theme, size) as camera:
        for view in views:
            keep(camera.shown(view), folder / f"{view.name}{end}.webp")


def take_readme_picture(browser: Browser, address: str) -> None:
    """The invoices of all accounts in the back office, and on a telephone those of one account in its portal."""
    desk, telephone = (each for each in (*TOUR, *PHONE) if each.name in ("staff-invoices", "phone-invoices"))
    with photographer(browser, address, "light", (1280, 800)) as camera:
        shown = [camera.shown(desk)]
    with photographer(browser, address, "light", PHONE_SIZE) as camera:
        shown.append(camera.shown(telephone))
    sources = [f"data:image/png;base64,{base64.b64encode(each).decode()}" for each in shown]
    page = browser.new_page(viewport={"width": 1280, "height": 760})
    page.set_content(
        f"""<style>
          body {{ margin: 0; overflow: hidden; background: #dfe7f3; }}
          img {{ position: absolute; border-radius: 12px; box-shadow: 0 2px 28px rgb(23 32 51 / 28%); }}
          .desk {{ left: 36px; top: 36px; width: 1100px; }}
          .telephone {{ right: 36px; bottom: 36px; width: 264px; }}
        </style><img class="desk" src="{sources[0]}"><img class="telephone" src="{sources[1]}">"""
    )
    keep(page.screenshot(), OF_DOCS / "foyer.webp")
    page.close()


def take_all(browser: Browser, address: str, only: str) -> None:
    """All of them, or those whose name holds a word."""
    guides, tour, phone = ([view for view in views if only in view.name] for views in (GUIDES, TOUR, PHONE))
    take(browser, address, guides, OF_GUIDES, GUIDE_SIZE, "light")
    for theme in THEMES:
        take(browser, address, tour, OF_DOCS, DESK_SIZE, theme, f"-{theme}")
        take(browser, address, phone, OF_DOCS, PHONE_SIZE, theme, f"-{theme}")
    if not only:
        take_readme_picture(browser, address)


def main() -> None:
    """Take them."""
    arguments = argparse.ArgumentParser(description="The pictures of the guides and the documents.")
    arguments.add_argument("--address", default="", help="of a program that runs already with the demo")
    arguments.add_argument("--only", default="", help="those whose name holds this word")
    given = arguments.parse_args()
    with (
        nullcontext(given.address) if given.address else program_with_demo() as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(CHROMIUM_OPTIONS))
        take_all(browser, address, given.only)
        browser.close()


if __name__ == "__main__":
    main()
