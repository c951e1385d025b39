"""The search of the back office: by name, number, code and address; only what the role may read; never a broken page."""

from __future__ import annotations

import pytest

from domain.permissions import MemberRole, StaffRole
from services.search import FoundKind, search_everything
from tests.factories.money import CreditNoteFactory, InvoiceFactory, PaymentFactory, PaymentMethodFactory
from tests.factories.people import (
    AccountFactory,
    DepartmentFactory,
    MemberFactory,
    MemberRoleGrantFactory,
    PersonFactory,
    StaffDepartmentFactory,
    StaffMemberFactory,
)
from tests.factories.services import LicenseFactory, SubscriptionFactory
from tests.factories.support import TicketFactory
from tests.support.desk import Desk, staff_desk
from tests.support.door import member_who_can_sign_in, sign_in_as

EVERYTHING = tuple(FoundKind)


@pytest.fixture
def account(session):
    made = AccountFactory(client_id="10001", name="Acme Bakery", contact_email="office@acme.example")
    MemberFactory(account=made, person=PersonFactory(email="mia@acme.example", first_name="Mia", last_name="Marsh"))
    LicenseFactory(account=made, code="ABCD-EFGH-2345-6789", reference="Head office")
    InvoiceFactory(account=made, number="INV-2026-0001")
    TicketFactory(account=made, number="T-1001", subject="Phones are silent", department=None)
    return made


def found(text, kinds=EVERYTHING, **others):
    return [(hit.kind.value, hit.title) for hit in search_everything(text, kinds, **others).hits]


@pytest.mark.parametrize(
    ("typed", "hit"),
    [
        ("bakery", ("accounts", "Acme Bakery")),
        ("10001", ("accounts", "Acme Bakery")),
        ("office@acme", ("accounts", "Acme Bakery")),
        ("marsh mia", ("members", "Mia Marsh")),
        ("mia@acme.example", ("members", "Mia Marsh")),
        ("head OFFICE", ("licenses", "ABCD-EFGH-2345-6789")),
        ("efgh-2345", ("licenses", "ABCD-EFGH-2345-6789")),
        ("2026-0001", ("invoices", "INV-2026-0001")),
        ("silent", ("tickets", "T-1001")),
    ],
)
def test_words_find_what_holds_all_of_them(account, typed, hit):
    assert hit in found(typed)
    assert found(f"{typed} zebra") == []


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("10001", "/staff/accounts/10001"),
        (" inv-2026-0001 ", "/staff/invoices/INV-2026-0001"),
        ("abcd efgh 2345 6789", "/staff/licenses/ABCD-EFGH-2345-6789"),
        ("T-1001", "/staff/tickets/T-1001"),
    ],
)
def test_a_number_typed_whole_opens_its_record(app, account, typed, address):
    answer = staff_desk(app).get("/search/", query_string={"q": typed})
    assert (answer.status_code, answer.location) == (303, address)


def test_an_address_typed_whole_opens_the_member_and_of_two_seats_both_are_shown(app, account):
    desk = staff_desk(app)
    assert desk.get("/search/?q=MIA@acme.example").status_code == 303
    MemberFactory(person=PersonFactory(email="two@acme.example", first_name="Two", last_name="Seats"))
    both = MemberFactory(person=PersonFactory(email="both@acme.example"))
    MemberFactory(person=both.person)
    page = desk.get("/search/?q=both@acme.example")
    assert page.status_code == 200
    assert page.get_data(as_text=True).count("/staff/members/") >= 2


def test_the_page_groups_what_it_found_and_names_the_account(app, account):
    page = staff_desk(app).get("/search/?q=acme").get_data(as_text=True)
    assert page.index(">Accounts<") < page.index(">Members<")
    assert "Acme Bakery (10001)" in page
    assert 'value="acme"' in page


def test_at_most_ten_of_a_kind_are_shown_and_the_list_has_the_rest(app, session):
    for number in range(12):
        AccountFactory(name=f"Bakery {number}")
    result = search_everything("bakery", EVERYTHING)
    assert (len(result.hits), result.more) == (10, {FoundKind.ACCOUNT})
    assert "/staff/accounts/?q=bakery" in staff_desk(app).get("/search/?q=bakery").get_data(as_text=True)


@pytest.mark.parametrize(
    ("role", "kinds"),
    [
        (StaffRole.SUPPORT_AGENT, {"accounts", "members", "licenses", "tickets"}),
        (StaffRole.SALES, {"accounts"}),
        (StaffRole.BILLING, {"accounts", "invoices"}),
        (StaffRole.AUDITOR, {"accounts", "members", "licenses", "invoices", "tickets"}),
    ],
)
def test_a_role_finds_what_it_may_read_and_nothing_else(app, account, role, kinds):
    desk, found_kinds = staff_desk(app, role), set()
    for typed, kind in (("bakery", "accounts"), ("marsh", "members"), ("efgh", "licenses"), ("2026-00", "invoices"),
                        ("silent", "tickets")):  # fmt: skip
        page = desk.get("/search/", query_string={"q": typed}).get_data(as_text=True)
        found_kinds |= {kind} if 'class="short-list"' in page else set()
    assert found_kinds == kinds
    exact = desk.get("/search/?q=INV-2026-0001")
    assert exact.status_code == (303 if "invoices" in kinds else 200)


def test_an_agent_finds_tickets_of_own_departments_only(app, account):
    elsewhere, own = DepartmentFactory(), DepartmentFactory()
    TicketFactory(account=account, number="T-2001", subject="Silent billing", department=elsewhere)
    TicketFactory(account=account, number="T-2002", subject="Silent support", department=own)
    agent = StaffMemberFactory(role=StaffRole.SUPPORT_AGENT)
    StaffDepartmentFactory(staff_member=agent, department=own)
    desk = Desk(app, agent.person, "/staff")
    page = desk.get("/search/?q=silent").get_data(as_text=True)
    assert "T-2002" in page
    assert "T-1001" in page
    assert "T-2001" not in page
    assert desk.get("/search/?q=T-2001").status_code == 200


@pytest.mark.parametrize("typed", ["%", "___", "900%_", "a\\b", "\\%\\_", "'; --", "((("])
def test_signs_of_patterns_are_letters_like_others(account, typed):
    assert found(typed) == []


@pytest.mark.parametrize(
    "typed",
    ["", "  ", "a", "ab", "\0", "bak\0ery", "x" * 201, "x" * 5000, "مرحبا بالعالم", "\u202eyrekab", "😀😀😀", "\ud83d",
     "a " * 90, "𐀀" * 200],
)  # fmt: skip
def test_whatever_is_typed_the_page_is_whole(app, account, typed):
    answer = staff_desk(app).client.get("/staff/search/", query_string={"q": typed.encode("utf-8", "replace")})
    assert answer.status_code == 200
    assert "</html>" in answer.get_data(as_text=True)


def test_a_name_from_right_to_left_is_found(session):
    AccountFactory(name="مخبز القمر")
    assert found("القمر") == [("accounts", "مخبز القمر")]


def test_short_words_are_said_to_be_left_out(app, account):
    page = staff_desk(app).get("/search/?q=acme+of").get_data(as_text=True)
    assert "left out: of" in page
    assert "Acme Bakery" in page


def test_the_box_stands_on_every_page_of_both_realms_and_asks_its_own(app, account):
    desk = staff_desk(app)
    for path in ("/", "/accounts/10001", "/settings/"):
        assert 'action="/staff/search/"' in desk.get(path).get_data(as_text=True)
    member = Desk(app, MemberFactory(account=account).person, "/portal/10001")
    assert 'action="/portal/10001/search/"' in member.get("/").get_data(as_text=True)
    assert member.client.get("/staff/search/?q=acme").status_code == 404


@pytest.mark.parametrize(
    ("typed", "hit"),
    [
        ("SUB-000042", ("subscriptions", "SUB-000042")),
        ("warehouse phones", ("subscriptions", "SUB-000042")),
        ("CN-2026-0007", ("credit-notes", "CN-2026-0007")),
        ("PAY-000009", ("payments", "PAY-000009")),
        ("wire 7781", ("payments", "PAY-000009")),
        ("4242", ("payment-methods", "4242")),
    ],
)
def test_money_and_subscriptions_are_found_by_what_people_know_of_them(account, typed, hit):
    SubscriptionFactory(account=account, number="SUB-000042", reference="Warehouse phones")
    CreditNoteFactory(invoice=InvoiceFactory(account=account), number="CN-2026-0007")
    PaymentFactory(account=account, number="PAY-000009", reference="wire 7781")
    PaymentMethodFactory(account=account, last_four="4242")
    assert hit in found(typed)


def test_in_one_account_nothing_of_another_is_found(account):
    other = AccountFactory(client_id="10002", name="Acme Bakery of the north")
    LicenseFactory(account=other, code="ZZZZ-EFGH-2345-6789")
    TicketFactory(account=other, number="T-1002", subject="Phones are silent", department=None)
    assert found("silent", account_id=account.id) == [("tickets", "T-1001")]
    assert found("ZZZZ-EFGH-2345-6789", account_id=account.id) == []
    assert found("bakery", account_id=account.id) == [("accounts", "Acme Bakery")]


def offered(somebody, typed, base=""):
    answer = somebody.get(f"{base}/search/palette", query_string={"q": typed})
    assert answer.status_code == 200
    return {group["label"]: [item["title"] for item in group["items"]] for group in answer.get_json()}


def test_the_palette_offers_the_record_whose_number_was_typed_before_all_else(app, account):
    groups = offered(staff_desk(app), "INV-2026-0001")
    assert next(iter(groups.items())) == ("", ["INV-2026-0001"])
    assert "INV-2026-0001" not in groups.get("Invoices", [])


def test_the_palette_offers_pages_and_acts_by_their_words_and_only_permitted_ones(app, account):
    desk = staff_desk(app)
    assert "Tickets" in offered(desk, "tick")["Go to"]
    assert "Add account" in offered(desk, "add acc")["Do"]
    auditor = staff_desk(app, StaffRole.AUDITOR)
    assert "Do" not in offered(auditor, "add acc")


def test_a_member_searches_their_own_account_and_finds_no_accounts(account, client, session):
    InvoiceFactory(account=AccountFactory(client_id="10002"), number="INV-2026-0002")
    member_who_can_sign_in("owner@acme.example", account=account, is_owner=True)
    session.commit()
    sign_in_as(client, "owner@acme.example")
    page = client.get("/portal/10001/search/?q=INV-2026")
    assert "INV-2026-0001" in page.text
    assert "INV-2026-0002" not in page.text
    assert client.get("/portal/10001/search/?q=INV-2026-0002").status_code == 200  # found nothing: no redirect
    groups = offered(client, "bakery", "/portal/10001")
    assert "Accounts" not in groups
    assert client.get("/portal/10002/search/palette?q=INV").status_code == 404


def test_a_member_without_the_right_is_offered_nothing_of_it(account, client, session):
    member = member_who_can_sign_in("tickets@acme.example", account=account)
    MemberRoleGrantFactory(member=member, role=MemberRole.TICKETS)
    session.commit()
    sign_in_as(client, "tickets@acme.example")
    assert offered(client, "INV-2026-0001", "/portal/10001").keys() & {"", "Invoices"} == set()
    assert offered(client, "silent", "/portal/10001")["Tickets"] == ["T-1001"]


@pytest.mark.parametrize("typed", ["", "\0", "x" * 5000, "%_\\", "' OR 1=1 --", "🙂"])
def test_nonsense_in_the_palette_is_answered_with_a_list(app, account, typed):
    assert "Accounts" not in offered(staff_desk(app), typed)


def test_a_draft_is_no_members_business_in_search_list_or_details(account, client, session):
    draft = InvoiceFactory(account=account, draft=True)
    member_who_can_sign_in("owner@acme.example", account=account, is_owner=True)
    session.commit()
    assert found(draft.number) == [("invoices", draft.number)]
    assert found(draft.number, account_id=account.id) == []
    sign_in_as(client, "owner@acme.example")
    assert draft.number not in client.get("/portal/10001/invoices/").text
    assert draft.number not in client.get("/portal/10001/invoices/export.csv").text
    assert client.get(f"/portal/10001/invoices/{draft.number}").status_code == 404
