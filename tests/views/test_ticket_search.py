"""Searching tickets by what was written in them: in both realms, in files and counts, and in the search of the back office."""

from __future__ import annotations

import pytest

from domain.permissions import MemberRole, StaffRole
from tests.factories.people import AccountFactory, DepartmentFactory, StaffDepartmentFactory, StaffMemberFactory
from tests.factories.support import MessageFactory, TicketFactory
from tests.support.desk import Desk, member_desk, staff_desk

TOO_SHORT = "Search words need at least 2 letters or digits; left out: "


@pytest.fixture
def account(session):
    """One ticket with a message and a note, and a ticket without any."""
    made = AccountFactory(client_id="10001", name="Acme Bakery")
    ticket = TicketFactory(account=made, number="T-1001", subject="Phones are silent", department=None)
    MessageFactory(discussion__ticket=ticket, title="Since Monday", body="No *dial tone* in the Büro.")
    MessageFactory(discussion__ticket=ticket, title="Careful", body="A lemming.", from_staff=True, internal=True)
    TicketFactory(account=made, number="T-1002", subject="Fax", department=None)
    return made


@pytest.fixture
def member(app, account):
    return member_desk(app, account, MemberRole.TICKETS)


def listed(desk: Desk, typed: str, path: str = "/tickets/") -> set[str]:
    page = desk.get(path, query_string={"q": typed}).get_data(as_text=True)
    return {number for number in ("T-1001", "T-1002", "T-2001") if f">{number}<" in page or f"\n{number}," in page}


@pytest.mark.parametrize("typed", ["dial tone", "monday", "buro", "silen", "T-1001"])
def test_both_realms_find_a_ticket_by_what_was_written(app, member, typed):
    assert listed(member, typed) == listed(staff_desk(app), typed) == {"T-1001"}


def test_the_words_of_a_note_are_found_in_the_back_office_only(app, member):
    assert listed(staff_desk(app), "lemming") == {"T-1001"}
    assert listed(member, "lemming") == set()
    assert member.get("/tickets/count?q=lemming").json == {"text": "0"}
    assert "T-1001" not in member.get("/tickets/export.csv?q=lemming").get_data(as_text=True)
    assert "T-1001" in member.get("/tickets/export.csv?q=monday").get_data(as_text=True)


def test_the_search_of_the_whole_account_and_the_palette_know_no_notes_either(app, account, member):
    for typed, seen in (("monday", True), ("lemming", False)):
        assert ("T-1001" in member.get(f"/search/?q={typed}").get_data(as_text=True)) is seen
        assert ("T-1001" in member.get(f"/search/palette?q={typed}").get_data(as_text=True)) is seen
    assert "T-1001" in staff_desk(app).get("/search/palette?q=lemming").get_data(as_text=True)


def test_the_words_of_another_accounts_ticket_are_not_found(app, account, member):
    other = TicketFactory(number="T-2001", subject="Ours", department=None)
    MessageFactory(discussion__ticket=other, body="zeppelin")
    assert listed(staff_desk(app), "zeppelin") == {"T-2001"}
    assert listed(member, "zeppelin") == set()
    assert "T-2001" not in member.get("/search/?q=zeppelin").get_data(as_text=True)


def test_an_agent_finds_words_in_the_tickets_they_see_only(app, account):
    elsewhere = TicketFactory(account=account, number="T-2001", subject="Ours", department=DepartmentFactory())
    MessageFactory(discussion__ticket=elsewhere, body="monday zeppelin")
    agent = StaffMemberFactory(role=StaffRole.SUPPORT_AGENT)
    StaffDepartmentFactory(staff_member=agent, department=DepartmentFactory())
    desk = Desk(app, agent.person, "/staff")
    assert listed(desk, "monday") == {"T-1001"}
    assert listed(desk, "zeppelin") == set()
    assert "T-2001" not in desk.get("/search/?q=zeppelin").get_data(as_text=True)
    assert "T-2001" in staff_desk(app).get("/search/?q=zeppelin").get_data(as_text=True)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("a", f"{TOO_SHORT}a."),
        ("monday 😀 *", f"{TOO_SHORT}😀, *."),
        ("mon\0day", "The search holds a character that is no text."),
        ("x" * 201, "Search for at most 200 characters."),
    ],
)
def test_what_is_not_looked_for_is_said(member, typed, said):
    assert said in member.get("/tickets/", query_string={"q": typed}).get_data(as_text=True)


@pytest.mark.parametrize(
    "typed",
    ["'", '"', "\\", "*", ":*", "a:*", "!(|&)", "'; DROP TABLE ticket; --", "NOT monday", "words:monday", "😀" * 200, "\u202e",
     "办公室", "the and of", "x" * 200, "a " * 90, "%", "ﷺ" * 100],
)  # fmt: skip
def test_whatever_is_typed_the_page_is_whole(member, typed):
    answer = member.get("/tickets/", query_string={"q": typed})
    assert answer.status_code == 200
    assert "</html>" in answer.get_data(as_text=True)


def test_a_search_is_combined_with_filters_order_and_pages(app, account):
    for number in range(60):
        made = TicketFactory(account=account, subject=f"Row {number}", department=None)
        MessageFactory(discussion__ticket=made, body="zeppelin")
    desk = staff_desk(app)
    first = desk.get("/tickets/?q=zeppelin&sort=number&status=open").get_data(as_text=True)
    assert first.count('data-label="Number"') == 50
    last = desk.get("/tickets/?q=zeppelin&sort=number&status=open&after=last").get_data(as_text=True)
    assert last.count('data-label="Number"') == 50
    assert "Row 59" in last
    assert "Row 0<" not in last
    assert "There is nothing" not in desk.get("/tickets/?q=zeppelin&status=open").get_data(as_text=True)
    assert desk.get("/tickets/?q=zeppelin&status=solved").get_data(as_text=True).count('data-label="Number"') == 0
