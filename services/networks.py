"""Networks from which a person, or anybody of an account, may come in (SPEC A7). No network listed: from anywhere.

A list that would lock out the request that saves it is refused. A person's own list holds everywhere, also for staff
who are logged in as a member; an account's list holds for its members, not for the staff who help them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import ColumnElement, select

from domain.actor import Actor
from domain.networks import MOST_NETWORKS, networks_admit, normalise_network
from domain.refusals import Refusal
from domain.sentences import Sentence
from extensions import db
from models.account import Account
from models.person import Person
from models.sign_in import AllowedNetwork
from services.audit import record_event
from services.locks import locked
from services.people import refuse_while_logged_in_as
from services.records import flush_or_refuse
from services.step_up import require_recent_proof


class NetworkNotAllowed(Refusal):
    message = "From this network you may not come in. Use one of the networks that are listed in your settings."


class NetworkListed(Refusal):
    message = "This network is in the list already."


class NetworkNotListed(Refusal):
    message = "This network is not in the list any more. Reload the page to see the list as it is."


class TooManyNetworks(Refusal):
    message = Sentence(
        "The list holds %(count)s networks, which is the most. Remove one first, or add a larger network.",
        count=MOST_NETWORKS,
    )


class WouldLockOut(Refusal):
    """Said with the address of the request, so that it can be added first."""

    def __init__(self, ip: str | None) -> None:
        place = Sentence("you are at %(ip)s", ip=ip) if ip else Sentence("your address is not known")
        super().__init__(
            Sentence(
                "This would lock you out: %(place)s, which the list would not hold. Add that address first.",
                place=place,
            )
        )


def networks_of(owner: Person | Account) -> Sequence[AllowedNetwork]:
    """The list of a person or account, in the order it was made."""
    return db.session.scalars(select(AllowedNetwork).where(_of(owner)).order_by(AllowedNetwork.id)).all()


def person_may_come_from(person_id: int, ip: str | None) -> bool:
    """Whether the person's own list admits this address."""
    return networks_admit(
        db.session.scalars(select(AllowedNetwork.cidr).where(AllowedNetwork.person_id == person_id)), ip
    )


def account_admits(account_id: int, ip: str | None) -> bool:
    """Whether the account's list admits its members at this address."""
    return networks_admit(
        db.session.scalars(select(AllowedNetwork.cidr).where(AllowedNetwork.account_id == account_id)), ip
    )


def add_network(
    owner: Person | Account, cidr: str, note: str = "", *, actor: Actor, now: dt.datetime
) -> AllowedNetwork:
    """Put an address or a network into the list.

    Refused: NetworkNotReadable, NetworkListed, TooManyNetworks, WouldLockOut, NotWhileLoggedInAs; wants a recent proof.
    """
    before = _begin(owner, actor, now)
    kept = normalise_network(cidr)
    if kept in before:
        raise NetworkListed
    if len(before) >= MOST_NETWORKS:
        raise TooManyNetworks
    _refuse_to_lock_out([*before, kept], actor)
    row = AllowedNetwork(cidr=kept, note=_checked_note(note), created_at=now)
    if isinstance(owner, Person):
        row.person_id = owner.id
    else:
        row.account_id = owner.id
    db.session.add(row)
    flush_or_refuse({"allowed_network.cidr": NetworkListed})
    _record(owner, before, [*before, kept], actor, now)
    return row


def remove_network(owner: Person | Account, public_id: str, *, actor: Actor, now: dt.datetime) -> AllowedNetwork:
    """Take a network out of the list. Removing the last one lets the owner come in from anywhere again.

    Refused: NetworkNotListed, WouldLockOut, NotWhileLoggedInAs; wants a recent proof.
    """
    before = _begin(owner, actor, now)
    row = db.session.scalar(select(AllowedNetwork).where(_of(owner), AllowedNetwork.public_id == public_id))
    if row is None:
        raise NetworkNotListed
    after = [cidr for cidr in before if cidr != row.cidr]
    _refuse_to_lock_out(after, actor)
    db.session.delete(row)
    db.session.flush()
    _record(owner, before, after, actor, now)
    return row


def _checked_note(typed: str) -> str | None:
    note = "".join(letter for letter in typed if letter.isprintable()).strip()
    return note or None


def _begin(owner: Person | Account, actor: Actor, now: dt.datetime) -> list[str]:
    """The list as it is, its owner locked: two who change it at once must not lock each other out together."""
    require_recent_proof(actor, now=now)
    refuse_while_logged_in_as(actor)
    locked(owner)
    return [row.cidr for row in networks_of(owner)]


def _refuse_to_lock_out(networks: Sequence[str], actor: Actor) -> None:
    if not networks_admit(networks, actor.ip):
        raise WouldLockOut(actor.ip)


def _record(
    owner: Person | Account, before: Sequence[str], after: Sequence[str], actor: Actor, now: dt.datetime
) -> None:
    event = "person.networks_changed" if isinstance(owner, Person) else "account.networks_changed"
    sides = {"networks": list(before)}, {"networks": list(after)}
    record_event(event, owner, actor=actor, now=now, before=sides[0], after=sides[1])


def _of(owner: Person | Account) -> ColumnElement[bool]:
    return AllowedNetwork.person_id == owner.id if isinstance(owner, Person) else AllowedNetwork.account_id == owner.id
