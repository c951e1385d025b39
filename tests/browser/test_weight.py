"""What the first page of each realm weighs, and that it asks nobody else. On SQLite only, see test_core_flows.py.

The program compresses nothing itself and leaves it to the proxy. So each text is weighed as gzip makes it.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Response

from tests.browser.conftest import BrowserPage
from tests.browser.house import OWNER, PORTAL, STAFF, House, sign_in

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

MOST_BYTES = 60_000
TEXT = ("text/", "application/javascript", "application/json", "image/svg")


# By address, the bytes that came from the program and not from what the browser has kept.
TRANSFERS = """() => Object.fromEntries(performance.getEntriesByType("resource")
  .filter((each) => each.name.includes("/assets/")).map((each) => [each.name, each.transferSize]))"""


def weight_of(answer: Response) -> int:
    """The bytes of a body on the way: those of a text when it is compressed, which the program leaves to others."""
    body = answer.body()
    is_text = answer.headers.get("content-type", "").startswith(TEXT) and "content-encoding" not in answer.headers
    return len(gzip.compress(body, 6)) if is_text else len(body)


FIRST_PAGES = pytest.mark.parametrize(("who", "first"), [(STAFF, "/staff/"), (OWNER, f"{PORTAL}/")])


def weights_of(open_window: Callable[..., BrowserPage], who: str, first: str) -> dict[str, int]:
    """What the first page and all it needs weigh in a cache that holds nothing, by path."""
    window = open_window()
    window.page = sign_in(window, who).context.new_page()
    window.page.context.new_cdp_session(window.page).send("Network.clearBrowserCache")
    answers: list[Response] = []
    asked: set[str] = set()
    window.page.on("response", lambda answer: answers.append(answer))
    window.page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
    window.open(first).wait_for_load_state("networkidle")
    assert asked - {""} == {urlsplit(window.address).netloc}
    weights = {urlsplit(answer.url).path: weight_of(answer) for answer in answers}
    assert first in weights
    assert {".css", ".js"} <= {Path(path).suffix for path in weights}
    return weights


@FIRST_PAGES
def test_the_first_page_asks_no_other_host_and_weighs_at_most_60_kb_with_its_texts_compressed_by_gzip(
    house: House, open_window: Callable[..., BrowserPage], who: str, first: str
) -> None:
    weights = weights_of(open_window, who, first)
    assert sum(weights.values()) <= MOST_BYTES, weights


def test_a_second_page_loads_styles_and_scripts_from_the_browsers_own_memory(
    house: House, open_window: Callable[..., BrowserPage]
) -> None:
    window = open_window()
    sign_in(window, STAFF)
    page = window.open("/staff/accounts/")
    page.wait_for_load_state("networkidle")
    over_the_wire: dict[str, int] = page.evaluate(TRANSFERS)
    assert {Path(urlsplit(address).path).name for address in over_the_wire} >= {
        "foyer.css",
        "dark.css",
        "foyer.js",
        "icons.svg",
    }
    assert set(over_the_wire.values()) == {0}, over_the_wire
