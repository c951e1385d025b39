"""Accounts and members from CSV: what they become, what refuses them, and a second import."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from extensions import db
from models import (
    Account,
    AccountAncestor,
    AuditEvent,
    LedgerAccount,
    Member,
    MemberInvitation,
    MemberRoleGrant,
    Person,
)
from services.accounts import create_account
from services.unit_of_work import unit_of_work
from tests.factories.people import InterestFactory, PersonFactory
from tests.services.imports.files import (
    CLERK,
    all_of,
    bring_in,
    bring_in_samples,
    changed,
    count_everything,
    csv_of,
    look_at,
    places_of,
    problems_of,
    sample,
)

NOW = dt.datetime(2026, 5, 15, 9, 30, tzinfo=dt.UTC)
ACCOUNT = ("external_ref", "name", "country", "currency")
MEMBER = ("external_ref", "account_ref", "last_name", "email")


def account(ref: str) -> Account:
    return db.session.scalars(select(Account).where(Account.external_ref == ref)).one()


def member(ref: str) -> Member:
    return db.session.scalars(select(Member).where(Member.external_ref == ref)).one()


def test_accounts_come_with_their_data_and_the_next_client_ids(session: Session) -> None:
    report = bring_in("accounts", sample("accounts"), NOW)
    assert report.made == {"accounts": 4}
    alder, dogwood = account("K-1001"), account("K-1004")
    assert (alder.client_id, alder.name, alder.region) == ("10001", "Alder Communications", "NY")
    assert (alder.imported_from, alder.billing_name, alder.billing_email) == (
        "csv",
        "Alder Communications",
        "billing@alder.example",
    )
    assert (alder.status, alder.time_zone, alder.payment_mode) == ("active", "America/New_York", "prepaid")
    assert (dogwood.name, dogwood.status, dogwood.suspended_at) == ("Dogwood, Ltd.", "suspended", NOW)
    assert account("K-1002").billing_email == "info@birke.example"
    assert len(all_of(LedgerAccount)) == 8


def test_an_account_stands_below_its_reseller_in_the_same_file(session: Session) -> None:
    bring_in("accounts", sample("accounts"), NOW)
    alder, cedar = account("K-1001"), account("K-1003")
    assert cedar.parent_account_id == alder.id
    rows = db.session.scalars(select(AccountAncestor).where(AccountAncestor.account_id == cedar.id))
    assert {(row.ancestor_id, row.depth) for row in rows} == {(cedar.id, 0), (alder.id, 1)}


def test_a_line_of_resellers_is_known_at_every_depth(session: Session) -> None:
    bring_in("accounts", sample("accounts"), NOW)
    header = (*ACCOUNT, "parent", "client_id")
    client_id = account("K-1003").client_id
    bring_in(
        "accounts",
        csv_of(header, ("A", "Aa", "US", "USD", client_id, "77001"), ("B", "Bb", "US", "USD", "77001", "")),
        NOW,
    )
    rows = db.session.scalars(select(AccountAncestor).where(AccountAncestor.account_id == account("B").id))
    line = [row.ancestor_id for row in sorted(rows, key=lambda row: row.depth)]
    assert line == [account(ref).id for ref in ("B", "A", "K-1003", "K-1001")]


def test_a_client_id_that_people_know_is_kept_and_never_given_again(session: Session) -> None:
    header = (*ACCOUNT, "client_id")
    bring_in(
        "accounts",
        csv_of(header, ("A", "Aa", "US", "USD", "10002"), ("B", "Bb", "US", "USD", ""), ("C", "Cc", "US", "USD", "")),
        NOW,
    )
    assert [each.client_id for each in all_of(Account)] == ["10002", "10001", "10003"]
    with unit_of_work():
        opened = create_account({"name": "Dd", "country": "US", "currency": "USD"}, actor=CLERK, now=NOW)
    assert opened.client_id == "10004"
    assert places_of("accounts", csv_of(header, ("E", "Ee", "US", "USD", "10004")), NOW) == [(2, "client_id")]


def test_a_parent_that_comes_later_or_never_is_refused(session: Session) -> None:
    header = (*ACCOUNT, "parent")
    content = csv_of(
        header, ("A", "Aa", "US", "USD", "B"), ("B", "Bb", "US", "USD", "B"), ("C", "Cc", "US", "USD", "X")
    )
    assert places_of("accounts", content, NOW) == [(2, "parent"), (3, "parent"), (4, "parent")]


def test_the_second_import_passes_over_what_is_here_and_takes_no_number(session: Session) -> None:
    bring_in("accounts", sample("accounts"), NOW)
    before = count_everything()
    again = bring_in("accounts", sample("accounts"), NOW)
    assert (again.new, again.there) == (0, 4)
    assert count_everything() == before
    added = bring_in("accounts", csv_of(ACCOUNT, ("Z", "Zz", "US", "USD")), NOW)
    assert added.new == 1
    assert account("Z").client_id == "10005"


def test_an_account_that_says_something_else_is_refused_and_stays_as_it_is(session: Session) -> None:
    bring_in("accounts", sample("accounts"), NOW)
    [(line, column, message)] = problems_of("accounts", changed("accounts", 3, "Birke Netze GmbH", "Birke AG"), NOW)
    assert (line, column) == (3, "name")
    assert "“Birke Netze GmbH”, not “Birke AG”" in message
    assert account("K-1002").name == "Birke Netze GmbH"


def test_the_same_number_of_another_older_system_is_another_account(session: Session) -> None:
    header = (*ACCOUNT, "source")
    bring_in("accounts", csv_of(header, ("1", "Aa", "US", "USD", "old"), ("1", "Bb", "US", "USD", "older")), NOW)
    assert len(all_of(Account)) == 2
    assert problems_of("members", csv_of(MEMBER, ("P", "1", "Miller", "")), NOW) == [
        (2, "account_ref", "“1” stands for several accounts of different sources. Use client_id.")
    ]


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("name", "A"),
        ("country", "XX"),
        ("country", "Germany"),
        ("currency", "usd"),
        ("status", "deleted"),
        ("time_zone", "Berlin"),
        ("contact_email", "office at alder"),
        ("vat_id", "DE1"),
        ("tax_exempt", "maybe"),
        ("support_contract_until", "31.12.2026"),
        ("support_contract_until", "2026-02-30"),
    ],
)
def test_a_value_that_the_forms_would_refuse_is_refused_here(session: Session, cell: str, value: str) -> None:
    good = {"external_ref": "A", "name": "Aa", "country": "DE", "currency": "EUR"}
    row = good | {cell: value}
    assert places_of("accounts", csv_of(list(row), list(row.values())), NOW) == [(2, cell)]


def test_members_take_their_seats_and_nobody_is_mailed(session: Session) -> None:
    bring_in_samples(NOW, "accounts", "members")
    joan, desk = member("P-1"), member("P-3")
    assert (joan.is_owner, joan.is_first, joan.status, joan.portal_access) == (True, True, "invited", True)
    assert (desk.status, desk.portal_access) == ("enabled", False)
    assert db.session.get_one(Person, desk.person_id).email is None
    assert {grant.role for grant in all_of(MemberRoleGrant) if grant.member_id == member("P-2").id} == {
        "billing",
        "payments",
    }
    assert all_of(MemberInvitation) == []
    events = db.session.scalars(select(AuditEvent).where(AuditEvent.event == "member.created")).all()
    assert len(events) == 6
    assert {event.source for event in events} == {"import"}


def test_one_address_is_one_person_with_two_seats(session: Session) -> None:
    bring_in_samples(NOW, "accounts", "members")
    assert member("P-2").person_id == member("P-6").person_id
    person = db.session.get_one(Person, member("P-2").person_id)
    assert (person.email, person.managed_by_account_id) == ("ray@alder.example", account("K-1001").id)
    assert person.password_hash is None


def test_members_are_passed_over_the_second_time(session: Session) -> None:
    bring_in_samples(NOW, "accounts", "members")
    before = count_everything()
    assert look_at("members", sample("members"), NOW).there == 6
    assert bring_in("members", sample("members"), NOW).new == 0
    assert count_everything() == before


@pytest.mark.parametrize(
    ("line", "old", "new", "column"),
    [
        (2, "joan@alder.example,yes", ",yes", "owner"),
        (2, "yes,,management", "yes,billing,management", "roles"),
        (3, "billing; payments", "billing; king", "roles"),
        (3, "ray@alder.example", "joan@alder.example", "email"),
        (3, ",,billing; payments", ",yes,", "owner"),
        (4, ",,,,other", ",,,tickets,other", "roles"),
        (4, "Front,Desk", ",", "last_name"),
        (5, "K-1002", "K-9999", "account_ref"),
        (5, "K-1002", "", "client_id"),
        (6, "P-5,K-1003", "P-1,K-1001", "external_ref"),
    ],
)
def test_a_member_who_cannot_be_is_refused(session: Session, line: int, old: str, new: str, column: str) -> None:
    bring_in("accounts", sample("accounts"), NOW)
    assert (line, column) in places_of("members", changed("members", line, old, new), NOW)


def test_staff_never_become_members(session: Session) -> None:
    bring_in("accounts", sample("accounts"), NOW)
    PersonFactory(kind="staff", email="joan@alder.example")
    db.session.commit()
    assert places_of("members", sample("members"), NOW) == [(2, "email")]


def test_an_account_keeps_its_one_owner(session: Session) -> None:
    bring_in_samples(NOW, "accounts", "members")
    content = csv_of((*MEMBER, "owner"), ("P-9", "K-1001", "Usurper", "new@alder.example", "yes"))
    assert places_of("members", content, NOW) == [(2, "owner")]


def test_interests_are_those_of_the_provider(session: Session) -> None:
    bring_in("accounts", sample("accounts"), NOW)
    InterestFactory(name="Webinars")
    db.session.commit()
    header = (*MEMBER, "interests")
    assert places_of("members", csv_of(header, ("P", "K-1001", "Miller", "", "Golf")), NOW) == [(2, "interests")]
    assert bring_in("members", csv_of(header, ("P", "K-1001", "Miller", "", "Webinars")), NOW).new == 1
