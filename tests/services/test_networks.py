"""Lists of networks: kept in one spelling, and never so that they lock out who changes them."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from domain.actor import Actor, Source
from domain.networks import MOST_NETWORKS, NetworkNotReadable
from services.audit import timeline_of
from services.networks import (
    NetworkListed,
    NetworkNotListed,
    TooManyNetworks,
    WouldLockOut,
    account_admits,
    add_network,
    networks_of,
    person_may_come_from,
    remove_network,
)
from services.people import NotWhileLoggedInAs
from services.step_up import ProofNeeded
from services.unit_of_work import unit_of_work
from tests.factories.people import AccountFactory, AllowedNetworkFactory, PersonFactory

HERE = "203.0.113.7"


@pytest.fixture
def person(session):
    return PersonFactory()


@pytest.fixture
def actor(person, now):
    return Actor("Mia", Source.PORTAL, person_id=person.id, ip=HERE, proved_at=now)


def add(owner, cidr, actor, now, note=""):
    with unit_of_work():
        return add_network(owner, cidr, note, actor=actor, now=now)


def remove(owner, row, actor, now):
    with unit_of_work():
        remove_network(owner, row.public_id, actor=actor, now=now)


def listed(owner):
    return [row.cidr for row in networks_of(owner)]


@pytest.fixture(params=["person", "account"])
def owner(request, person):
    return person if request.param == "person" else AccountFactory()


def test_a_network_is_added_with_its_note_and_recorded(owner, actor, now):
    add(owner, " 203.0.113.99/24 ", actor, now, "Office\r\n ")
    assert [(row.cidr, row.note) for row in networks_of(owner)] == [("203.0.113.0/24", "Office")]
    key = getattr(owner, "client_id", None) or owner.public_id
    [event] = timeline_of(owner.__tablename__, key)
    assert event.event == f"{owner.__tablename__}.networks_changed"
    assert (event.before, event.after) == ({"networks": []}, {"networks": ["203.0.113.0/24"]})


@pytest.mark.parametrize("ip", [HERE, f"::ffff:{HERE}"])
def test_the_first_network_must_hold_the_address_of_the_request(owner, actor, now, ip):
    with pytest.raises(WouldLockOut, match="lock you out"):
        add(owner, "198.51.100.0/24", replace(actor, ip=ip), now)
    assert listed(owner) == []
    add(owner, "203.0.113.0/24", replace(actor, ip=ip), now)


def test_an_unknown_address_can_list_nothing(owner, actor, now):
    with pytest.raises(WouldLockOut, match="not known"):
        add(owner, "0.0.0.0/0", replace(actor, ip=None), now)


def test_removing_the_network_one_is_in_is_refused_until_it_is_the_last(owner, actor, now):
    mine, other = add(owner, HERE, actor, now), add(owner, "198.51.100.0/24", actor, now)
    with pytest.raises(WouldLockOut):
        remove(owner, mine, actor, now)
    assert listed(owner) == ["203.0.113.7/32", "198.51.100.0/24"]
    remove(owner, other, actor, now)
    remove(owner, mine, actor, now)
    assert listed(owner) == []


def test_the_network_of_another_is_not_found(owner, actor, now):
    other = PersonFactory()
    strange = AllowedNetworkFactory(person=other)
    with pytest.raises(NetworkNotListed):
        remove(owner, strange, actor, now)
    assert listed(other) == [strange.cidr]


def test_a_network_is_listed_once_in_whichever_spelling(owner, actor, now):
    add(owner, "203.0.113.0/24", actor, now)
    with pytest.raises(NetworkListed):
        add(owner, "::ffff:203.0.113.5/120", actor, now)
    with pytest.raises(NetworkNotReadable):
        add(owner, "the office", actor, now)


def test_a_list_has_an_end(owner, actor, now):
    add(owner, "203.0.113.0/24", actor, now)
    for number in range(MOST_NETWORKS - 1):
        add(owner, f"10.0.{number}.0/24", actor, now)
    with pytest.raises(TooManyNetworks):
        add(owner, "10.1.0.0/16", actor, now)


def test_changing_a_list_wants_a_recent_proof_and_nobody_else_in_the_seat(owner, actor, now):
    stale = replace(actor, proved_at=now - dt.timedelta(minutes=16))
    with pytest.raises(ProofNeeded):
        add(owner, HERE, stale, now)
    with pytest.raises(NotWhileLoggedInAs):
        add(owner, HERE, replace(actor, on_behalf_of_id=actor.person_id), now)
    row = add(owner, HERE, actor, now)
    with pytest.raises(ProofNeeded):
        remove(owner, row, stale, now)


def test_each_list_holds_for_its_owner_only(person, actor, now):
    account = AccountFactory()
    add(account, HERE, actor, now)
    assert person_may_come_from(person.id, "198.51.100.1")
    assert not account_admits(account.id, "198.51.100.1")
    assert account_admits(account.id, HERE)
