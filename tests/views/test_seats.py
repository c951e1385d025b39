"""The accounts a person may change to: the menu in the portal, and the page of all of them."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from models import AccountStatus, Member
from tests.factories.people import MemberFactory
from tests.support.desk import Desk, seat, staff_desk


@pytest.fixture
def member(app: Flask, session: Session) -> Member:
    return MemberFactory(account__client_id="20001", account__name="First Ltd")


@pytest.fixture
def desk(app: Flask, member: Member) -> Desk:
    return seat(app, member)


def text(answer: Any) -> str:
    return str(answer.get_data(as_text=True))


def test_one_seat_needs_no_menu(desk: Desk) -> None:
    assert 'id="account-menu"' not in text(desk.get("/"))
    assert 'href="/portal/20001/"' in text(desk.client.get("/accounts"))


def test_the_other_accounts_stand_in_a_menu_with_their_client_ids(desk: Desk, member: Member) -> None:
    MemberFactory(person=member.person, account__client_id="20002", account__name="Second Ltd")
    menu = text(desk.get("/")).partition('id="account-menu"')[2].partition("</div>")[0]
    assert 'href="/portal/20002/"' in menu
    assert "Second Ltd" in menu
    assert 'href="/accounts"' in menu
    assert "First Ltd" not in menu


def test_a_suspended_account_is_named_and_leads_nowhere(desk: Desk, member: Member) -> None:
    values = {"account__client_id": "20002", "account__name": "Second Ltd", "account__status": AccountStatus.SUSPENDED}
    MemberFactory(person=member.person, **values)
    for page in (text(desk.get("/")), text(desk.client.get("/accounts"))):
        assert "Second Ltd" in page
        assert "Suspended" in page
        assert "/portal/20002/" not in page
    assert desk.client.get("/portal/20002/").status_code == 404


def test_seats_that_were_taken_away_are_not_named(desk: Desk, member: Member) -> None:
    MemberFactory(person=member.person, account__name="Gone Ltd", status="disabled")
    MemberFactory(person=member.person, account__name="Erased Ltd", account__status=AccountStatus.DELETED)
    MemberFactory(account__name="Foreign Ltd")
    page = text(desk.client.get("/accounts"))
    assert [name for name in ("Gone Ltd", "Erased Ltd", "Foreign Ltd") if name in page] == []


def test_staff_have_no_seats(app: Flask, session: Session) -> None:
    assert "You have no seat in an account" in text(staff_desk(app).client.get("/accounts"))


def test_who_is_not_signed_in_is_asked_to(client: Any) -> None:
    assert client.get("/accounts").status_code == 303
