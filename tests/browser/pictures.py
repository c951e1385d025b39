"""Pictures of the main pages: `python -m tests.browser.pictures FOLDER [--address URL] [--only WORD]`.

Starts the program with its demo in a folder of its own, walks both realms in light and dark at three widths, and keeps
one picture a page in FOLDER, to be looked at. Those that are kept with the product: tests/browser/shipped_pictures.py.
"""

from __future__ import annotations

import argparse
import datetime as dt
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from waitress.server import create_server

from tests.browser.conftest import CHROMIUM_OPTIONS
from tests.support.surroundings import chromium_path

WIDTHS = (1440, 768, 360)
HEIGHT = {1440: 900, 768: 1024, 360: 780}
THEMES = ("light", "dark")
STAFF = ("admin@foyer.example", "/staff")
OWNER = ("owner@acme.example", "/portal/10001")

# Lists of each realm; a word after the slug opens the first record of that list.
STAFF_PAGES = (
    "", "accounts/", "accounts/10001", "accounts/10001/edit", "accounts/new", "members/", "members/ first",
    "invoices/", "invoices/ first", "payments/", "subscriptions/", "subscriptions/ first", "licenses/", "licenses/ first",
    "tickets/", "tickets/ first", "products/", "packages/", "prices/", "tax-rules/", "staff-members/", "audit/",
    "settings/", "settings/deletion_days", "search/?q=acme", "accounts/10001/deletion", "staff-members/new",
)  # fmt: skip
PORTAL_PAGES = (
    "", "invoices/", "invoices/ first", "payments/", "balance/", "subscriptions/", "licenses/", "licenses/ first",
    "transfers/", "customer-licenses/", "client-app-report/", "members/", "members/new", "tickets/", "tickets/new",
    "tickets/ first",
)  # fmt: skip


@contextmanager
def program_with_demo() -> Iterator[str]:
    """The address of the program on a new database that holds the demo."""
    from flask_migrate import upgrade

    from app import create_app
    from config import load_settings
    from extensions import db
    from services.demo.load import load_demo
    from services.unit_of_work import unit_of_work

    with tempfile.TemporaryDirectory() as folder:
        app = create_app(load_settings({"DATA_DIR": folder}))
        with app.app_context():
            upgrade(directory=str(Path(app.root_path) / "migrations"))
            with unit_of_work():
                load_demo(now=dt.datetime.now(dt.UTC))
        server = create_server(app, host="127.0.0.1", port=0, threads=6)
        threading.Thread(target=server.run, daemon=True).start()
        yield f"http://127.0.0.1:{server.effective_port}"
        server.close()
        with app.app_context():
            db.engine.dispose()


def window(browser: Browser, address: str, theme: str, width: int) -> Page:
    """A page without a session, in a theme and of a width."""
    context = browser.new_context(viewport={"width": width, "height": HEIGHT.get(width, 800)}, locale="en-US")
    context.add_cookies([{"name": "theme", "value": theme, "url": address}])
    return context.new_page()


def sign_in(page: Page, address: str, email: str) -> None:
    """Come in as one of the demo's cast."""
    page.goto(f"{address}/sign-in")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill("Foyer-demo-1!")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda url: "/sign-in" not in url)


def take_realm(page: Page, folder: Path, address: str, prefix: str, paths: tuple[str, ...], only: str) -> None:
    """Take a picture of each page of a realm; of a long one only the upper part."""
    for path in paths:
        slug, _, word = path.partition(" ")
        realm = prefix.split("/")[1]
        name = f"{realm}-{(slug.strip('/') or 'home').replace('/', '-')}{'-first' if word else ''}"
        if only not in name:
            continue
        page.goto(f"{address}{prefix}/{slug}")
        if word:
            link = page.locator("tbody a:not(.menu-item)").first
            if not link.count():
                continue
            page.goto(address + (link.get_attribute("href") or ""))
        page.wait_for_load_state("networkidle")
        keep(page, folder / f"{name}.png")


def take_openings(page: Page, folder: Path, address: str, only: str) -> None:
    """What opens on a page of the back office: a row's menu, the filters, the dialog of an action, a form's mistakes."""
    if only not in "openings":
        return
    page.goto(f"{address}/staff/licenses/?status=active")
    page.locator(".row-menu").nth(1).click()
    keep(page, folder / "opening-row-menu.png")
    page.keyboard.press("Escape")
    page.locator(".filters > summary").click()
    keep(page, folder / "opening-filters.png")
    page.goto(f"{address}/staff/tickets/")
    page.locator('input[name="id"]').first.check()
    page.locator('input[name="id"]').nth(1).check()
    keep(page, folder / "opening-bulk.png")
    page.goto(f"{address}/staff/accounts/10001/suspend")
    keep(page, folder / "opening-action-page.png")
    page.goto(f"{address}/staff/accounts/10001")
    page.get_by_role("link", name="Suspend").click()
    page.get_by_role("dialog").wait_for()
    keep(page, folder / "opening-dialog.png")
    page.goto(f"{address}/staff/accounts/new")
    page.locator("main .btn-primary").click()
    page.locator(".error-summary").wait_for()
    keep(page, folder / "opening-mistakes.png")
    page.goto(f"{address}/staff/no-such-page")
    keep(page, folder / "opening-not-found.png")


def keep(page: Page, file: Path) -> None:
    """Keep what the window shows."""
    file.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=file)


def main() -> None:
    """Take them all."""
    arguments = argparse.ArgumentParser(description="Pictures of the main pages with the demo.")
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--address", default="", help="of a program that runs already with the demo")
    arguments.add_argument("--only", default="", help="pages whose name holds this word")
    arguments.add_argument("--widths", default=",".join(map(str, WIDTHS)))
    arguments.add_argument("--themes", default=",".join(THEMES))
    given = arguments.parse_args()
    if given.address:
        take_all(given.folder, given.address, given)
    else:
        with program_with_demo() as address:
            take_all(given.folder, address, given)


def take_all(folder: Path, address: str, given: argparse.Namespace) -> None:
    """Both realms, in the themes and widths asked for."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(CHROMIUM_OPTIONS))
        for theme in given.themes.split(","):
            for width in map(int, given.widths.split(",")):
                place = folder / f"{theme}-{width}"
                page = window(browser, address, theme, width)
                if given.only in "sign-in":
                    page.goto(f"{address}/sign-in")
                    keep(page, place / "sign-in.png")
                for (email, prefix), paths in ((STAFF, STAFF_PAGES), (OWNER, PORTAL_PAGES)):
                    page = window(browser, address, theme, width)
                    sign_in(page, address, email)
                    take_realm(page, place, address, prefix, paths, given.only)
                    if prefix == "/staff":
                        take_openings(page, place, address, given.only)
                    page.context.close()
        browser.close()


if __name__ == "__main__":
    main()
