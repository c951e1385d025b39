"""Moving the ownership of an account: proposed by its owner or by staff, confirmed by both sides (SPEC B4).

Nothing moves but the ownership: what the account has stays with the account, and the former owner keeps every role. An
owner who proposes has confirmed by it. Where the owner has left, staff may confirm in their place, with a reason; the
new owner always confirms themself.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from sqlalchemy import select, update

from domain.actor import Actor
from domain.refusals import Refusal
from extensions import db
from models.account import Account, AccountStatus
from models.approval import OwnershipChange, OwnershipChangeStatus
from models.member import Member
from models.notification import NotificationKind
from models.person import Person
from services.audit import record_event
from services.locks import guarded, locked, reread
from services.notifications import tell
from services.pay_approvals import withdraw_questions_of
from services.people import acts_for_provider, refuse_while_logged_in_as
from services.records import flush_or_refuse
from services.roles import give_every_role, is_owner_acting, take_every_role
from services.step_up import require_recent_proof

LIVES: Final = dt.timedelta(days=14)


class OwnershipNotYours(Refusal):
    message = "Only the owner of the account, or support, proposes another owner."


class NotFitToOwn(Refusal):
    message = (
        "The new owner has to be an enabled member with portal access and a verified e-mail address,"
        " and not be the owner already."
    )


class OwnershipChangeOpen(Refusal):
    message = "A change of ownership is open already. Withdraw it first, or wait for its answer."


class OwnershipChangeClosed(Refusal):
    message = "This change of ownership was answered, withdrawn or has expired. Nothing was changed."


class NotAsked(Refusal):
    message = "You are not one of the two who are asked here."


class ConfirmedAlready(Refusal):
    message = "This side has confirmed already. The other one is asked."


def propose_ownership_change(to_member: Member, *, actor: Actor, now: dt.datetime) -> OwnershipChange:
    """Ask that a member becomes owner; both sides get a mail, and 14 days.

    Refused: OwnershipNotYours, NotFitToOwn, OwnershipChangeOpen, NotWhileLoggedInAs.
    """
    require_recent_proof(actor, now=now)
    refuse_while_logged_in_as(actor)
    by_owner = is_owner_acting(to_member.account_id, actor)
    if not by_owner and not acts_for_provider(actor):
        raise OwnershipNotYours
    locked(to_member)
    _check_fit(to_member)
    owner = db.session.scalars(select(Member).where(Member.account_id == to_member.account_id, Member.is_owner)).one()
    _close_expired(to_member.account_id, actor, now)
    change = OwnershipChange(
        account_id=to_member.account_id,
        from_member_id=owner.id,
        to_member_id=to_member.id,
        proposed_by_id=actor.person_id,
        from_confirmed_at=now if by_owner else None,
        expires_at=now + LIVES,
        created_at=now,
    )
    db.session.add(change)
    # On both databases: PostgreSQL tells the name of the index, SQLite its column.
    flush_or_refuse(
        {"uq_ownership_change_live": OwnershipChangeOpen, "ownership_change.account_id": OwnershipChangeOpen}
    )
    record_event("ownership_change.proposed", change, actor=actor, now=now, after=_sides(change))
    _tell_both(change, "ownership_proposed", now, who=actor.name)
    return change


def confirm_ownership_change(change: OwnershipChange, *, actor: Actor, now: dt.datetime) -> OwnershipChange:
    """Say yes as one of the two sides. With the second yes the ownership moves.

    Refused: NotAsked, ConfirmedAlready, OwnershipChangeClosed, NotFitToOwn, NotWhileLoggedInAs.
    """
    require_recent_proof(actor, now=now)
    refuse_while_logged_in_as(actor)
    _lock_open(change, now)
    if actor.member_id == change.to_member_id:
        _confirm(change, "to_confirmed_at", now)
    elif actor.member_id == change.from_member_id and is_owner_acting(change.account_id, actor):
        _confirm(change, "from_confirmed_at", now)
    else:
        raise NotAsked
    record_event("ownership_change.confirmed", change, actor=actor, now=now)
    return _move_when_both_confirmed(change, actor, now)


def confirm_for_owner(change: OwnershipChange, *, actor: Actor, now: dt.datetime, reason: str) -> OwnershipChange:
    """Say yes in the place of an owner who cannot any more. Only staff do; the new owner still confirms themself.

    Refused: OwnershipNotYours, ConfirmedAlready, OwnershipChangeClosed.
    """
    require_recent_proof(actor, now=now)
    refuse_while_logged_in_as(actor)
    if not acts_for_provider(actor):
        raise OwnershipNotYours
    _lock_open(change, now)
    _confirm(change, "from_confirmed_at", now)
    record_event("ownership_change.confirmed_for_owner", change, actor=actor, now=now, after={"reason": reason})
    _tell_both(change, "ownership_confirmed_for_owner", now, who=actor.name, reason=reason)
    return _move_when_both_confirmed(change, actor, now)


def decline_ownership_change(change: OwnershipChange, *, actor: Actor, now: dt.datetime) -> OwnershipChange:
    """Say no as one of the two sides. Refused: NotAsked, OwnershipChangeClosed, NotWhileLoggedInAs."""
    refuse_while_logged_in_as(actor)
    if actor.member_id is None or actor.member_id not in (change.from_member_id, change.to_member_id):
        raise NotAsked
    return _close(change, OwnershipChangeStatus.DECLINED, actor, now)


def withdraw_ownership_change(change: OwnershipChange, *, actor: Actor, now: dt.datetime) -> OwnershipChange:
    """Take a proposal back, as the owner or as staff.

    Refused: OwnershipNotYours, OwnershipChangeClosed, NotWhileLoggedInAs.
    """
    refuse_while_logged_in_as(actor)
    if not acts_for_provider(actor) and not is_owner_acting(change.account_id, actor):
        raise OwnershipNotYours
    return _close(change, OwnershipChangeStatus.WITHDRAWN, actor, now)


def expire_ownership_changes(*, actor: Actor, now: dt.datetime) -> int:
    """Close what nobody answered in time, and say how many there were."""
    old = select(OwnershipChange).where(OwnershipChange.is_open, OwnershipChange.expires_at <= now)
    closed = 0
    for change in db.session.scalars(old.order_by(OwnershipChange.id)).all():
        try:
            _close(change, OwnershipChangeStatus.EXPIRED, actor, now)
        except OwnershipChangeClosed:  # answered at the last moment
            continue
        closed += 1
    return closed


def open_ownership_change(account_id: int, *, now: dt.datetime) -> OwnershipChange | None:
    """The change of ownership that an account waits for."""
    found = select(OwnershipChange).where(
        OwnershipChange.account_id == account_id, OwnershipChange.is_open, OwnershipChange.expires_at > now
    )
    return db.session.scalar(found)


def people_of_change(change: OwnershipChange) -> tuple[Person, Person]:
    """The owner as proposed, and who shall become it."""
    found = select(Member.id, Person).join(Person, Person.id == Member.person_id)
    both = (change.from_member_id, change.to_member_id)
    people = {row.id: row.Person for row in db.session.execute(found.where(Member.id.in_(both)))}
    return people[both[0]], people[both[1]]


def _check_fit(member: Member) -> None:
    person = db.session.get_one(Person, member.person_id, populate_existing=True)
    if not member.can_become_owner or person.email_verified_at is None or not person.can_sign_in:
        raise NotFitToOwn


def _lock_open(change: OwnershipChange, now: dt.datetime) -> None:
    locked(change)
    if not change.is_open or change.expires_at <= now:
        raise OwnershipChangeClosed


def _confirm(change: OwnershipChange, side: str, now: dt.datetime) -> None:
    column = getattr(OwnershipChange, side)
    confirmed = update(OwnershipChange).where(
        OwnershipChange.id == change.id, OwnershipChange.is_open, column.is_(None)
    )
    if not guarded(confirmed.values({side: now})):
        raise ConfirmedAlready
    reread(change)


def _move_when_both_confirmed(change: OwnershipChange, actor: Actor, now: dt.datetime) -> OwnershipChange:
    if change.from_confirmed_at is None or change.to_confirmed_at is None:
        return change
    first, second = sorted((change.from_member_id, change.to_member_id))
    rows = {row: locked(db.session.get_one(Member, row)) for row in (first, second)}
    former, new = rows[change.from_member_id], rows[change.to_member_id]
    account = db.session.get_one(Account, change.account_id, populate_existing=True)
    _check_fit(new)
    if account.status is not AccountStatus.ACTIVE or not _hand_over(former, new):
        raise OwnershipChangeClosed
    give_every_role(former, actor=actor, now=now)
    take_every_role(new, actor=actor, now=now)
    withdraw_questions_of(new, actor=actor, now=now)
    done = update(OwnershipChange).where(OwnershipChange.id == change.id, OwnershipChange.is_open)
    if not guarded(done.values(status=OwnershipChangeStatus.DONE, closed_at=now)):
        raise OwnershipChangeClosed
    reread(change)
    sides = _sides(change)
    record_event(
        "account.ownership_moved",
        account,
        actor=actor,
        now=now,
        account_id=account.id,
        before={"owner": sides["from"]},
        after={"owner": sides["to"]},
    )
    _tell_both(change, "ownership_moved", now)
    return change


def _hand_over(former: Member, new: Member) -> bool:
    """The two guarded steps; between them the account has no owner, after them exactly one."""
    given = update(Member).where(Member.id == former.id, Member.is_owner)
    taken = update(Member).where(Member.id == new.id, Member.can_become_owner)
    moved = guarded(given.values(is_owner=False, version=Member.version + 1)) and guarded(
        taken.values(is_owner=True, version=Member.version + 1)
    )
    reread(former)
    reread(new)
    return moved


def _close(change: OwnershipChange, status: OwnershipChangeStatus, actor: Actor, now: dt.datetime) -> OwnershipChange:
    locked(change)
    closed = update(OwnershipChange).where(OwnershipChange.id == change.id, OwnershipChange.is_open)
    if not guarded(closed.values(status=status, closed_at=now)):
        raise OwnershipChangeClosed
    reread(change)
    record_event(f"ownership_change.{status.value}", change, actor=actor, now=now)
    _tell_both(change, "ownership_not_moved", now, who=actor.name, what=status.value)
    return change


def _close_expired(account_id: int, actor: Actor, now: dt.datetime) -> None:
    """What ran out, but the clock has not closed yet, does not stand in the way of a new proposal."""
    old = select(OwnershipChange).where(
        OwnershipChange.account_id == account_id, OwnershipChange.is_open, OwnershipChange.expires_at <= now
    )
    found = db.session.scalar(old)
    if found is not None:
        _close(found, OwnershipChangeStatus.EXPIRED, actor, now)


def _sides(change: OwnershipChange) -> dict[str, Any]:
    former, new = people_of_change(change)
    return {"from": str(former), "to": str(new)}


def _tell_both(change: OwnershipChange, event: str, now: dt.datetime, **values: Any) -> None:
    account = db.session.get_one(Account, change.account_id)
    former, new = people_of_change(change)
    for person in (former, new):
        if person.email is None:
            continue
        tell(
            person,
            event,
            now=now,
            account_id=account.id,
            kind=NotificationKind.SECURITY,
            target=change,
            account=account.name,
            client_id=account.client_id,
            former=str(former),
            new=str(new),
            days=LIVES.days,
            **values,
        )
