"""Every page of the demo in a browser: each address of the route map is walked, or stands below with its reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pytest
from flask import Flask
from playwright.sync_api import Browser
from sqlalchemy import select, update

from extensions import db
from models import Account, ChatStatus, Member, Payment, PaymentStatus, Person, StaffMember
from services.demo import load_demo
from services.transfers import held_items, licenses_to_transfer_between
from services.unit_of_work import unit_of_work
from tests.browser.pictures import OWNER, STAFF, sign_in
from tests.browser.walking import Walk, pages_of, rules_of, visitor
from tests.conftest import Stage, close_connections, settings_for, whole_app
from tests.factories.people import LoginAsSessionFactory, LoginConsentFactory, OwnershipChangeFactory
from tests.factories.support import ChatSessionFactory, DataRequestFactory, InboundMailFactory, MacroFactory
from tests.support.databases import SqliteFile
from tests.support.serving import served

pytestmark = pytest.mark.slow

ROWS = 10  # of each list: rows are alike

# Where the walks begin: the first page of a realm, and what only a form or nothing leads to.
STAFF_STARTS = (
    "",
    "search/?q=acme",
    "components/",
    "transfers/amounts?account=10001&{between}",
    "transfers/confirm?account=10001&{between}&{moved}",
    "attachments/",
    "chat-news/",
    "downloads/",
    "saved-views/",
    "subscription-changes/",
    "ticket-presence/",
    "your-jobs/",
)
PORTAL_STARTS = (
    "",
    "transfers/amounts?{between}",
    "transfers/confirm?{between}&{moved}",
    "pay/{payment}",
    "ownership/",
    "leave/",
    "attachments/",
    "chat-news/",
    "downloads/",
    "saved-views/",
    "subscription-changes/",
    "your-jobs/",
)
# Lists whose rows are in a state that those at the top of the whole list are not in.
STAFF_THROUGH = (
    "accounts/?status=closed",
    "invoices/?status=draft",
    "jobs/?status=failed",
    "members/?status=invited",
    "members/?status=disabled",
    "subscriptions/?status=cancelled",
    "tickets/?status=solved",
    "tickets/?status=closed",
)
PORTAL_THROUGH = ("tickets/?status=solved", "subscriptions/?status=cancelled", "licenses/?status=active")


# Pages that are not walked, with the reason why. A page that is walked may not stand here.
A_FILE = "a file, no page"
FOR_SCRIPTS = "an answer to a script, no page"
NO_PAGE = "not found: only what stands below it is a page"
MANY = "for many rows at once; its page is walked as such"
STATE = "no record of this demo is in the state in which it is offered"
ELSEWHERE = "comes from outside: a gateway sends the payer back to it"
EVERYWHERE = {
    "app_wizard.index": NO_PAGE,
    "attachments.fetch": A_FILE,
    "chat_news.news": FOR_SCRIPTS,
    "counters.index": FOR_SCRIPTS,
    "downloads.fetch": A_FILE,
    "members give-roles": MANY,
    "members take-roles": MANY,
    "month_packs.file": A_FILE,
    "papers.credit_note": A_FILE,
    "papers.index": NO_PAGE,
    "papers.invoice": A_FILE,
    "papers.receipt": A_FILE,
    "saved_views.counts": FOR_SCRIPTS,
    "search.palette": FOR_SCRIPTS,
    "your_jobs.progress": FOR_SCRIPTS,
    "tickets restore": "it takes back what was just done, by a button beside the message",
}
NOT_IN_THE_BACK_OFFICE = EVERYWHERE | {
    "accounts ask-for-consent": STATE,
    "accounts reactivate": STATE,
    "announcements send": STATE,
    "chats say": STATE,
    "data_requests carry-out": STATE,
    "data_requests check-off": STATE,
    "data_requests close": STATE,
    "data_requests lift-restriction": STATE,
    "jobs retry": STATE,
    "members ask-for-consent": STATE,
    "papers.statement": A_FILE,
    "rehearsal.day": "a rehearsal is made by a job, and none runs here",
    "rehearsal.sheet": A_FILE,
    "staff_members enable": STATE,
    "ticket_macros.progress": FOR_SCRIPTS,
    "ticket_macros.run": "a run is made by a job, and none runs here (tests/browser/test_macros.py looks at one)",
    "tickets grant-resets": STATE,
}
NOT_IN_THE_PORTAL = EVERYWHERE | {
    "add_payment_method.comeback": ELSEWHERE,
    "chats say": STATE,
    "invoices ask-the-owner": STATE,
    "licenses ask-for-resets": STATE,
    "login_consents withdraw": STATE,
    "members access-on": STATE,
    "members enable": STATE,
    "members invite": STATE,
    "members withdraw-invitation": STATE,
    "pay.comeback": ELSEWHERE,
    "pay.slip": "the demo has no way to send money by hand",
    "subscription_changes.reactivation": STATE,
    "subscriptions reactivate": STATE,
    "tickets rate": STATE,
    "your_jobs.show": "nobody of the demo asked for a job (tests/browser/test_your_jobs.py looks at one)",
}


@dataclass(frozen=True)
class Demo:
    """The program with its demo, as it runs. ``words`` stand for what the addresses of its records hold."""

    app: Flask
    address: str
    words: Mapping[str, str] = field(default_factory=dict)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, stage: Stage) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("walk")
    database = SqliteFile.make(folder, stage.make_tables)
    database.clean()
    app = whole_app(settings_for(database, folder))
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 3600  # else the browser asks for fifty files again on every page
    with app.app_context():
        now = dt.datetime.now(dt.UTC)
        with unit_of_work():
            assert load_demo(now=now)
            db.session.execute(update(Person).values(rows_per_page=ROWS))
            add_what_the_demo_lacks(now)
        words = words_of_acme()
        db.session.remove()
    with served(app) as address:
        yield Demo(app, address, words)
    close_connections(app)


def add_what_the_demo_lacks(now: dt.datetime) -> None:
    """One record of each list that the demo leaves empty."""
    account = db.session.scalars(select(Account).where(Account.client_id == "10001")).one()
    seats = select(Member).where(Member.account_id == account.id).order_by(Member.id).limit(3)
    owner, member, another = db.session.scalars(seats)
    agent = db.session.scalars(select(StaffMember).join(Person).where(Person.email == STAFF[0])).one()
    LoginConsentFactory(account=account, staff_member=agent, created_at=now)
    LoginAsSessionFactory(member=member, created_at=now, expires_at=now + dt.timedelta(hours=1))
    OwnershipChangeFactory(from_member=owner, to_member=member, created_at=now)
    DataRequestFactory(person=db.session.get_one(Person, another.person_id))
    InboundMailFactory()
    ChatSessionFactory(member=another, status=ChatStatus.WAITING, created_at=now)
    MacroFactory()


def words_of_acme() -> dict[str, str]:
    """What the addresses below hold."""
    account_id = db.session.scalars(select(Account.id).where(Account.client_id == "10001")).one()
    source, target, *_others = licenses_to_transfer_between(account_id)
    item = held_items(source, target)[0]
    payment = select(Payment.number).where(Payment.account_id == account_id, Payment.status == PaymentStatus.PENDING)
    return {
        "between": f"source={source.code}&target={target.code}",
        "moved": f"items-{item.code}=1",
        "payment": db.session.scalars(payment).first() or "",
    }


def walked(demo: Demo, chromium: Browser, realm: str, starts: Sequence[str], through: Sequence[str]) -> Walk:
    """The walk of a realm's visitor from its starts."""
    email, base = {"staff": STAFF, "portal": OWNER}[realm]
    walk = Walk(demo.address, rules_of(demo.app), pages_of(demo.app, realm))
    page = visitor(chromium)
    sign_in(page, demo.address, email)
    first, then = ([f"{base}/{path.format(**demo.words)}" for path in paths] for paths in (starts, through))
    walk.go(page, *first, through=then)
    page.context.close()
    return walk


def missed(walk: Walk) -> set[str]:
    """The rules that were not reached: an endpoint without its realm, and the action."""
    names = (f"{endpoint.partition('_')[2]} {action}".strip() for endpoint, action in walk.pages - set(walk.reached))
    return {name.replace(".action_view", "").replace(".bulk_view", " bulk") for name in names}


def test_every_page_of_the_back_office_is_sound_in_every_window(demo: Demo, chromium: Browser) -> None:
    walk = walked(demo, chromium, "staff", STAFF_STARTS, STAFF_THROUGH)
    assert walk.found == []
    assert missed(walk) == set(NOT_IN_THE_BACK_OFFICE)


def test_every_page_of_the_portal_is_sound_in_every_window(demo: Demo, chromium: Browser) -> None:
    walk = walked(demo, chromium, "portal", PORTAL_STARTS, PORTAL_THROUGH)
    assert walk.found == []
    assert missed(walk) == set(NOT_IN_THE_PORTAL)
