"""A computer that was told to remember somebody forgets them with the next click after their right to come in is gone."""

from __future__ import annotations

import datetime as dt

import pytest

from domain.actor import Actor, Source
from models import Account, Member, Person
from services.accounts import suspend_account
from services.members import delete_member, disable_member
from services.password_resets import issue_temporary_password
from services.people import remove_second_factors
from services.unit_of_work import unit_of_work
from tests.factories.people import AccountFactory, OwnerFactory, StaffMemberFactory
from tests.support.door import check_own_data, member_who_can_sign_in, post_form, sign_in_as

HOME = "/portal/20777/"


@pytest.fixture
def account(session) -> Account:
    account = AccountFactory(client_id="20777", name="Acme Telecom")
    OwnerFactory(account=account)
    return account


@pytest.fixture
def actor(session) -> Actor:
    sam = StaffMemberFactory()
    proved = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=5)
    return Actor("Sam", Source.STAFF, person_id=sam.person.id, staff_member_id=sam.id, proved_at=proved)


def end_by(way, member, person, account, **told):
    """Take away the right to come in, in one of the ways there are."""
    if way == "disabled":
        disable_member(member, **told)
    elif way == "removed":
        delete_member(member, **told)
    elif way == "suspended":
        suspend_account(account, **told)
    elif way == "password reset":
        issue_temporary_password(person, **told)
    else:
        remove_second_factors(person, account_id=account.id, **told)


@pytest.mark.parametrize("way", ["disabled", "removed", "suspended", "password reset", "factors reset"])
def test_the_remembered_session_is_dead_with_the_next_click(app, session, account, actor, way):
    member = member_who_can_sign_in(account=account)
    ids = member.id, member.person_id
    client = app.test_client()
    post_form(client, "/sign-in", email="mia@acme.example", password="correct horse battery", remember="y")
    assert client.get(HOME).status_code == 200
    with unit_of_work():
        row, person = session.get_one(Member, ids[0]), session.get_one(Person, ids[1])
        end_by(way, row, person, session.get_one(Account, account.id), actor=actor, now=dt.datetime.now(dt.UTC))
    for address in (HOME, "/settings/profile", f"/avatars/{person.public_id}"):
        assert client.get(address).location.startswith("/sign-in"), address


def test_a_password_changed_elsewhere_ends_it_and_the_one_who_changed_it_goes_on(app, session, account):
    member_who_can_sign_in(account=account)
    at_home, at_work = app.test_client(), app.test_client()
    for client in (at_home, at_work):
        post_form(client, "/sign-in", email="mia@acme.example", password="correct horse battery", remember="y")
    new = {"new_password": "quiet river lantern", "repeated": "quiet river lantern"}
    assert post_form(at_work, "/change-password", current_password="correct horse battery", **new).status_code == 303
    assert at_work.get(HOME).status_code == 200
    assert at_home.get(HOME).location.startswith("/sign-in")


def test_an_invited_member_checks_their_data_once_and_never_again(app, session, account):
    member_who_can_sign_in(account=account, person__checked_at=None)
    client = app.test_client()
    sign_in_as(client)
    assert client.get(HOME).location == "/first-check"
    assert check_own_data(client).location == HOME
    again = app.test_client()
    assert sign_in_as(again).location == HOME
    assert again.get(HOME).status_code == 200
