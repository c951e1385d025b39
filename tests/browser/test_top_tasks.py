"""The ten tasks of every day, by the keyboard alone and without any script (UX 45).

Each begins on the first page after signing in, goes on by what stands on the pages, and ends with what is in the
database or in the file. On SQLite only, see test_core_flows.py.
"""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from domain.invoices import InvoiceStatus
from extensions import db
from models import Account, Discussion, ItemTransfer, LicenseItem, Member, Message, MessageAttachment, Person, Ticket
from tests.browser.conftest import BrowserPage
from tests.browser.hands import Clicks, Hand, Keys, come_in
from tests.browser.house import OWNER, STAFF, House, furnish
from tests.factories.support import DiscussionFactory, MessageFactory

pytestmark = [
    pytest.mark.parametrize("database", ["sqlite"], indirect=True),
    pytest.mark.parametrize("way", ["keyboard", "no script"]),
]

ComeIn = Callable[[str], Hand]
Row = TypeVar("Row")


@pytest.fixture
def house(session: object) -> House:
    house = furnish(dt.datetime.now(dt.UTC))
    MessageFactory(discussion=DiscussionFactory(ticket=house.tickets[0]))
    house.licenses[0].mac_address, house.licenses[0].last_valid_ip = "00:00:5e:00:53:01", "192.0.2.7"
    db.session.flush()
    return house


@pytest.fixture
def enter(house: House, open_window: Callable[..., BrowserPage], way: str) -> ComeIn:
    """Signs somebody in, in a window that is used this way."""

    def one(email: str) -> Hand:
        window = open_window(java_script_enabled=way == "keyboard")
        hand: Hand = Keys(window.page) if way == "keyboard" else Clicks(window.page)
        come_in(hand, window, email)
        return hand

    return one


def follow(hand: Hand, word: str) -> None:
    """Follow a link of the navigation; in the portal most stand in menus, which are opened first."""
    named = hand.page.locator("span").filter(has_text=re.compile(f"^{word}$"))
    link = hand.page.locator(".nav-item").filter(has=named)
    if not link.is_visible():
        hand.press(hand.page.locator(".nav-group").filter(has=link).locator(".nav-button"))
    hand.press(link)
    expect(hand.page.get_by_role("heading", level=1)).to_have_text(re.compile(f"^{word}$"))


def asked(page: Page, way: str) -> Locator:
    """Where an act is confirmed: in a dialog, or on a page of its own."""
    return page.get_by_role("dialog") if way == "keyboard" else page.locator("main")


def fresh(row: Row) -> Row:
    """A row as it stands in the database now."""
    db.session.rollback()
    db.session.refresh(row)
    return row


def test_an_invoice_is_paid(house: House, enter: ComeIn, way: str) -> None:
    hand = enter(OWNER)
    page = hand.page
    follow(hand, "Invoices")
    hand.press(page.get_by_role("link", name=house.small_invoice.number, exact=True))
    hand.press(page.get_by_role("link", name="Pay from balance"))
    hand.press(asked(page, way).get_by_role("button", name="Pay from balance"))
    expect(page.get_by_role("status").first).to_contain_text("The invoice is paid.")
    assert fresh(house.small_invoice).status == InvoiceStatus.PAID


def test_a_member_is_added(house: House, enter: ComeIn, way: str) -> None:
    hand = enter(OWNER)
    page = hand.page
    follow(hand, "Members")
    hand.press(page.get_by_role("link", name="Add member"))
    for label, text in {"First name": "Nora", "Last name": "New", "E-mail": "nora@acme.example"}.items():
        hand.write(page.get_by_label(label), text)
    hand.press(page.locator("main button[type=submit]"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("nora@acme.example")
    db.session.rollback()
    seats = select(Member.account_id, Person.last_name).join(Person, Person.id == Member.person_id)
    added = db.session.execute(seats.where(Person.email == "nora@acme.example")).one()
    assert tuple(added) == (house.account.id, "New")


def test_a_license_is_reset(house: House, enter: ComeIn, way: str) -> None:
    hand = enter(OWNER)
    page = hand.page
    follow(hand, "Licenses")
    hand.press(page.get_by_role("link", name="LIC-1", exact=True))
    hand.press(page.get_by_role("link", name="Reset MAC/IP address"))
    hand.press(asked(page, way).get_by_role("button", name="Reset MAC/IP address"))
    expect(page.get_by_role("status").first).to_contain_text("The MAC and IP address are reset.")
    reset = fresh(house.licenses[0])
    assert (reset.mac_address, reset.last_valid_ip) == (None, None)


def test_seats_are_transferred(house: House, enter: ComeIn, way: str) -> None:
    hand = enter(OWNER)
    page = hand.page
    follow(hand, "Manage .* subscriptions")
    for code in ("LIC-1", "LIC-2"):
        hand.press(page.get_by_label(code))
        hand.press(page.get_by_role("button", name="Continue"))
    hand.write(page.get_by_role("spinbutton"), "4")
    hand.press(page.get_by_role("button", name="Preview"))
    hand.press(page.get_by_role("button", name="Transfer", exact=True))
    expect(page.get_by_role("status").first).to_contain_text("The items are transferred.")
    db.session.rollback()
    assert len(db.session.scalars(select(ItemTransfer)).all()) == 1
    held = select(LicenseItem.quantity).order_by(LicenseItem.license_id)
    assert db.session.scalars(held).all() == [6, 13, 8]


def test_a_ticket_is_opened_with_a_file(house: House, enter: ComeIn, way: str, tmp_path: Path) -> None:
    trace = tmp_path / "trace.log"
    trace.write_text("INVITE sip:100@pbx")
    hand = enter(OWNER)
    page = hand.page
    follow(hand, "Tickets")
    hand.press(page.get_by_role("link", name="Add ticket"))
    hand.press(page.get_by_label("Question"))
    hand.press(page.get_by_role("button", name="Continue"))
    hand.write(page.get_by_label("Subject"), "No dial tone")
    hand.write(page.get_by_label("Description"), "Since Monday no phone has a dial tone.")
    hand.attach(page.get_by_label("Files"), trace)
    hand.press(page.locator("main button[type=submit]").last)
    expect(page.get_by_role("heading", level=1)).to_contain_text("No dial tone")
    db.session.rollback()
    opened = db.session.scalars(select(Ticket).where(Ticket.subject == "No dial tone")).one()
    assert opened.account_id == house.account.id
    assert db.session.scalars(select(MessageAttachment.name)).all() == ["trace.log"]


def test_a_filtered_list_is_exported(house: House, enter: ComeIn, way: str) -> None:
    hand = enter(STAFF)
    page = hand.page
    follow(hand, "Tickets")
    hand.press(page.locator("summary", has_text="Filters"))
    hand.press(page.get_by_label("Urgent"))
    hand.press(page.get_by_role("button", name="Apply filters"))
    expect(page.locator("tbody tr")).to_have_count(1)
    sent = hand.download(page.get_by_role("link", name="CSV"))
    with Path(sent.path()).open(encoding="utf-8-sig", newline="") as file:
        head, *rows = csv.reader(file)
    assert [dict(zip(head, row, strict=True))["Number"] for row in rows] == ["T-4"]


def test_the_theme_is_changed(house: House, enter: ComeIn, way: str) -> None:
    hand = enter(OWNER)
    page = hand.page
    hand.press(page.get_by_role("button", name=re.compile("your menu")))
    hand.press(page.get_by_role("button", name="Dark"))
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    follow(hand, "Invoices")
    assert 'data-bs-theme="dark"' in page.request.get(page.url).text()


def test_a_customer_is_found_by_the_code_of_a_license(house: House, enter: ComeIn, way: str) -> None:
    hand = enter(STAFF)
    page = hand.page
    if way == "keyboard":
        page.keyboard.press("/")
        page.keyboard.type("lic-2")
        expect(page.locator("#palette [role=option]").first).to_contain_text("LIC-2")
    else:
        hand.write(page.locator("#global-search"), "lic-2")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("LIC-2")
    hand.press(page.locator("main").get_by_role("link", name="Acme Telecom").first)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Acme Telecom")


def test_a_ticket_is_answered(house: House, enter: ComeIn, way: str) -> None:
    hand = enter(STAFF)
    page = hand.page
    follow(hand, "Tickets")
    hand.press(page.get_by_role("link", name="T-1", exact=True))
    answer = page.locator("#answer form")
    hand.write(answer.get_by_label("Description"), "Please restart the switch.")
    hand.press(answer.get_by_role("button", name="Send answer"))
    expect(page.get_by_role("status").first).to_contain_text("sent")
    db.session.rollback()
    texts = select(Message.body).join(Discussion, Discussion.id == Message.discussion_id)
    of_ticket = texts.where(Discussion.ticket_id == house.tickets[0].id).order_by(Message.id)
    assert db.session.scalars(of_ticket).all()[1:] == ["Please restart the switch."]


def test_an_account_is_created_with_its_owner(house: House, enter: ComeIn, way: str) -> None:
    hand = enter(STAFF)
    page = hand.page
    follow(hand, "Accounts")
    hand.press(page.get_by_role("link", name="Add account"))
    hand.write(page.get_by_label("Name", exact=True), "New House Ltd")
    hand.choose(page.get_by_label("Country", exact=True), "United States")
    hand.choose(page.get_by_label("Currency", exact=True), "USD – US Dollar")
    for label, text in {
        "Owner's first name": "Nora",
        "Owner's last name": "New",
        "Owner's e-mail": "nora@new-house.example",
    }.items():
        hand.write(page.get_by_label(label, exact=True), text)
    hand.press(page.locator("main button[type=submit]"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("New House Ltd")
    db.session.rollback()
    made = db.session.scalars(select(Account).where(Account.name == "New House Ltd")).one()
    assert made.country == "US"
