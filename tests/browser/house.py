"""The rows that the stories in the browser need: an account with licenses, invoices and tickets, and who signs in."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from playwright.sync_api import Page

from domain.permissions import StaffRole
from models import Account, ArticleKind, Invoice, License, Product, Ticket, TicketPriority, TicketStatus
from tests.factories.catalogue import FinancingOptionFactory, ProductFactory, ResourceArticleFactory
from tests.factories.money import InvoiceFactory
from tests.factories.people import AccountFactory
from tests.factories.services import LicenseFactory, LicenseItemFactory
from tests.factories.support import TicketFactory, TicketTypeFactory
from tests.services.money import fund, issued
from tests.support.door import PASSWORD, member_who_can_sign_in, staff_who_can_sign_in

if TYPE_CHECKING:
    from tests.browser.conftest import BrowserPage

OWNER, STAFF = "mia@acme.example", "sam@provider.example"
PORTAL = "/portal/20777"


@dataclass
class House:
    """What was made; tickets and licenses in the order of their numbers."""

    account: Account
    licenses: list[License]
    seats: Product
    tickets: list[Ticket]
    small_invoice: Invoice  # the balance covers it
    large_invoice: Invoice  # the balance does not


def furnish(now: dt.datetime) -> House:
    """Fill the database for one story."""
    account = AccountFactory(
        client_id="20777", name="Acme Telecom", transfers_allowed=True, support_contract_until=dt.date(2099, 12, 31)
    )
    member_who_can_sign_in(OWNER, account=account, is_owner=True, person__first_name="Mia", person__last_name="Stone")
    sam = staff_who_can_sign_in(STAFF, role=StaffRole.ADMINISTRATOR)
    seats = ProductFactory(name="Seats", code="seats")
    licenses = [
        LicenseFactory(account=account, code=f"LIC-{number}", reference=f"Office {number}") for number in (1, 2, 3)
    ]
    for number, license in enumerate(licenses):
        LicenseItemFactory(license=license, product=seats, quantity=10 - number)
    fund(account, 5_000, now)
    large, small = issued(account, now, net=10_000), issued(account, now, net=3_000)
    InvoiceFactory(account=AccountFactory(name="Another House"), number="INV-OTHER")
    ResourceArticleFactory(kind=ArticleKind.GUIDE, summary="In three steps.")
    ResourceArticleFactory(
        public_id="first-steps", body="One.\n\nTwo.", url="https://videos.example.com/1", language="de"
    )
    for _number in range(3):
        FinancingOptionFactory(description="For orders from 2,000.")
    kind = TicketTypeFactory(name="Question")
    tickets = [
        TicketFactory(
            account=account,
            ticket_type=kind,
            number=f"T-{number}",
            subject=f"Phones of floor {number} are silent",
            assignee=sam,
            priority=TicketPriority.URGENT if number == 4 else TicketPriority.NORMAL,
            status=TicketStatus.SOLVED if number == 5 else TicketStatus.OPEN,
            solved_at=now if number == 5 else None,
            last_message_at=now - dt.timedelta(hours=number),
        )
        for number in range(1, 6)
    ]
    return House(account, licenses, seats, tickets, small, large)


def sign_in(window: BrowserPage, email: str) -> Page:
    """Come in by the form."""
    page = window.open("/sign-in")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/sign-in" not in url)
    return page
