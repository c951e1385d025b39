"""Members: seats in an account, the roles they hold, and help for those who are locked out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import update

from domain.actor import Actor
from domain.contact import check_time_zone, normalise_email
from domain.refusals import Refusal
from extensions import db
from models.account import Account
from models.member import Member, MemberStatus, MemberType
from models.person import Person, PersonKind
from models.sign_in import SessionEnd
from services.audit import record_event
from services.interests import InterestChange, set_interests
from services.invitations import invite_member, was_invited_in_vain
from services.locks import guarded, locked, reread
from services.password_resets import issue_temporary_password
from services.people import (
    EmailNotUsable,
    acts_for_provider,
    create_person,
    find_by_email,
    refuse_while_logged_in_as,
    remove_second_factors,
)
from services.records import delete_record, edit_record, flush_or_refuse
from services.roles import is_owner_acting
from services.sessions import end_sessions_without_seat
from services.step_up import require_recent_proof

_NAMES: Final = ("first_name", "last_name")
_OWN: Final = frozenset({"type", "phone", "time_zone", "pay_limit", "interests"})


class MemberExists(Refusal):
    message = "This person is a member of the account already."


class EmailMissing(Refusal):
    message = "Enter an e-mail address: without one nobody can sign in. Or switch portal access off."


class EmailWithoutAccess(Refusal):
    message = "Without portal access a member has no e-mail address here. Leave it empty, or switch portal access on."


class NameMissing(Refusal):
    message = "Enter a first or a last name."


class FieldNotEditable(Refusal):
    message = "Part of this form cannot be changed here. Reload the page and try again."


class IdentityNotManaged(Refusal):
    message = "This person's sign-in is not managed by this account. They can reset it themselves, or ask support."


class FirstUserName(Refusal):
    message = "The first user of an account cannot change their own name. Ask support to change it."


class PayLimitNotYours(Refusal):
    message = "Only the owner of the account can change how much a member may pay alone."


class PayLimitBelowZero(Refusal):
    message = "Enter a pay limit of zero or more, or leave it empty for none."


class NoPortalAccess(Refusal):
    message = "This member cannot sign in, so there is nothing to reset. Enable the member first."


class OwnerStays(Refusal):
    message = "The owner of the account cannot be disabled or deleted. Move the ownership to another member first."


class NotYourself(Refusal):
    message = "You cannot do this to yourself. Ask another owner, or support."


class MemberNotDisabled(Refusal):
    message = "This member is not disabled. Reload the page to see them as they are."


class MemberDisabledAlready(Refusal):
    message = "This member is disabled already."


def add_member(values: Mapping[str, Any], *, actor: Actor, now: dt.datetime) -> Member:
    """Give a person a seat. With portal access they are invited by mail and come in once they have accepted.

    ``values`` are those of the form: person.first_name, person.last_name, person.email, type, phone, time_zone,
    portal_access, pay_limit, interests (public ids), and account or account_id. Refused: EmailMissing,
    EmailNotReadable, EmailNotUsable, EmailWithoutAccess, InterestUnknown, MemberExists, NameMissing,
    PayLimitBelowZero, PayLimitNotYours, TimeZoneUnknown.
    """
    refuse_while_logged_in_as(actor)
    account = values.get("account") or db.session.get_one(Account, values["account_id"])
    if values.get("pay_limit") is not None:
        _refuse_pay_limit(account.id, values["pay_limit"], actor)
    member = _add_seat(account, values, is_owner=False, now=now)
    set_interests(member, values.get("interests") or ())
    after = {name: values.get(name) for name in ("person.email", "type", "portal_access", "pay_limit")}
    record_event("member.created", member, actor=actor, now=now, after=after)
    if member.portal_access:
        invite_member(member, actor=actor, now=now)
    return member


def add_owner(account: Account, values: Mapping[str, Any], *, actor: Actor, now: dt.datetime) -> Member:
    """Give a new account its owner, who is invited. Takes and refuses what ``add_member`` does."""
    member = _add_seat(account, {**values, "portal_access": True}, is_owner=True, now=now)
    record_event("member.created", member, actor=actor, now=now, after={"person.email": values.get("person.email")})
    return invite_member(member, actor=actor, now=now)


def edit_member(member: Member, changes: Mapping[str, Any], *, actor: Actor, now: dt.datetime) -> Member:
    """Change what an account keeps about a member. The name is changed where the identity is managed.

    Refused: FirstUserName, IdentityNotManaged, InterestUnknown, NameMissing, PayLimitBelowZero, PayLimitNotYours,
    TimeZoneUnknown, FieldNotEditable.
    """
    refuse_while_logged_in_as(actor)
    names = {name: str(changes[f"person.{name}"] or "").strip() for name in _NAMES if f"person.{name}" in changes}
    own = {name: value for name, value in changes.items() if not name.startswith("person.")}
    if not own.keys() <= _OWN or len(names) + len(own) < len(changes):
        raise FieldNotEditable
    if names:
        _rename(member, names, actor, now)
    if own.get("time_zone"):
        check_time_zone(own["time_zone"])
    if "pay_limit" in own:
        set_pay_limit(member, own.pop("pay_limit"), actor=actor, now=now)
    if "interests" in own:
        _record_interests(member, set_interests(member, own.pop("interests") or ()), actor, now)
    return edit_record(member, own, actor=actor, now=now)


def set_pay_limit(member: Member, limit: int | None, *, actor: Actor, now: dt.datetime) -> Member:
    """Say up to which amount a member pays alone; None for no limit. Only the owner does this, or staff who may.

    Refused: PayLimitNotYours, PayLimitBelowZero, NotWhileLoggedInAs.
    """
    refuse_while_logged_in_as(actor)
    _refuse_pay_limit(member.account_id, limit, actor)
    if limit == member.pay_limit:
        return member
    before = {"pay_limit": member.pay_limit}
    member.currency = db.session.get_one(Account, member.account_id).currency
    member.pay_limit = limit
    member.version += 1
    db.session.flush()
    after = {"pay_limit": limit, "currency": member.currency}
    record_event("member.pay_limit_changed", member, actor=actor, now=now, before=before, after=after)
    return member


def delete_member(member: Member, *, actor: Actor, now: dt.datetime) -> Member:
    """Take a seat away for good; the person and what they did stay. Refused: OwnerStays, NotYourself, RecordInUse."""
    refuse_while_logged_in_as(actor)
    locked(member)
    _refuse_owner_and_self(member, actor)
    delete_record(member, actor=actor, now=now)
    end_sessions_without_seat([member.person_id], SessionEnd.DISABLED, now=now)
    return member


def enable_member(member: Member, *, actor: Actor, now: dt.datetime) -> Member:
    """Let a disabled member in again; who never took their seat is invited as before. Refused: MemberNotDisabled."""
    refuse_while_logged_in_as(actor)
    locked(member)
    status = MemberStatus.INVITED if was_invited_in_vain(member) else MemberStatus.ENABLED
    if not guarded(_with_status(member, MemberStatus.DISABLED, status)):
        raise MemberNotDisabled
    before, after = {"status": MemberStatus.DISABLED}, {"status": status}
    record_event("member.enabled", reread(member), actor=actor, now=now, before=before, after=after)
    return member


def disable_member(member: Member, *, actor: Actor, now: dt.datetime) -> Member:
    """Keep a member out of this account at once; their roles are kept. Sessions end when it was their last seat.

    Refused: OwnerStays, NotYourself, MemberDisabledAlready.
    """
    refuse_while_logged_in_as(actor)
    locked(member)
    _refuse_owner_and_self(member, actor)
    before = {"status": member.status}
    if not guarded(_with_status(member, member.status, MemberStatus.DISABLED).where(Member.can_disable)):
        raise MemberDisabledAlready
    reread(member)
    end_sessions_without_seat([member.person_id], SessionEnd.DISABLED, now=now)
    record_event("member.disabled", member, actor=actor, now=now, before=before, after={"status": member.status})
    return member


def reset_member_password(member: Member, *, actor: Actor, now: dt.datetime) -> Member:
    """Mail the member a random password that works once, for 60 minutes; their sessions end, and nobody sees it.

    Refused: IdentityNotManaged, NoPortalAccess, NotWhileLoggedInAs.
    """
    require_recent_proof(actor, now=now)
    refuse_while_logged_in_as(actor)
    person = _managed_person(member, actor)
    if not member.can_reset_password or person.email is None:
        raise NoPortalAccess
    issue_temporary_password(person, actor=actor, now=now)
    record_event("member.password_reset", member, actor=actor, now=now)
    return member


def reset_member_second_factor(member: Member, *, actor: Actor, now: dt.datetime) -> Member:
    """Take away the member's time codes, recovery codes and passkeys; their sessions end and they are told by mail.

    Refused: IdentityNotManaged, NoPortalAccess, NotWhileLoggedInAs.
    """
    require_recent_proof(actor, now=now)
    refuse_while_logged_in_as(actor)
    person = _managed_person(member, actor)
    if not member.can_reset_second_factor:
        raise NoPortalAccess
    remove_second_factors(person, actor=actor, now=now, account_id=member.account_id)
    record_event("member.two_step_reset", member, actor=actor, now=now)
    return member


def _add_seat(account: Account, values: Mapping[str, Any], *, is_owner: bool, now: dt.datetime) -> Member:
    access = bool(values.get("portal_access", True))
    time_zone = check_time_zone(values["time_zone"]) if values.get("time_zone") else None
    person = _person_for(account, values, access, now)
    pay_limit = values.get("pay_limit")
    member = Member(
        account=account,
        person=person,
        type=values.get("type") or MemberType.OTHER,
        status=MemberStatus.INVITED if access else MemberStatus.ENABLED,
        portal_access=access,
        is_owner=is_owner,
        is_first=is_owner,
        phone=values.get("phone") or None,
        time_zone=time_zone,
        pay_limit=pay_limit,
        currency=None if pay_limit is None else account.currency,
        external_ref=values.get("external_ref"),
        created_at=now,
    )
    db.session.add(member)
    flush_or_refuse({"member.person_id": MemberExists})
    return member


def _person_for(account: Account, values: Mapping[str, Any], access: bool, now: dt.datetime) -> Person:
    """The person with this address, or a new one whose identity the account manages."""
    first, last = (str(values.get(f"person.{name}") or "").strip() for name in _NAMES)
    if not (first or last):
        raise NameMissing
    written = values.get("person.email")
    if access and not written:
        raise EmailMissing
    if written and not access:
        raise EmailWithoutAccess
    email = normalise_email(written) if written else None
    person = find_by_email(email) if email else None
    if person is not None:
        if person.kind is not PersonKind.MEMBER or person.erased_at is not None:
            raise EmailNotUsable
        return person
    return create_person(
        PersonKind.MEMBER,
        email=email,
        first_name=first,
        last_name=last,
        managed_by_account_id=account.id,
        now=now,
    )


def person_of(member: Member) -> Person:
    """The human being in a seat."""
    return db.session.get_one(Person, member.person_id)


def is_managed_here(member: Member, person: Person) -> bool:
    """Whether the account of the seat manages the sign-in, and may so touch more than the seat."""
    return person.managed_by_account_id == member.account_id


def _managed_person(member: Member, actor: Actor) -> Person:
    """The member's person, for acts on the identity: by the account that manages it, or by staff."""
    person = db.session.get_one(Person, member.person_id, populate_existing=True)
    if not acts_for_provider(actor) and person.managed_by_account_id != member.account_id:
        raise IdentityNotManaged
    return person


def _rename(member: Member, names: Mapping[str, str], actor: Actor, now: dt.datetime) -> None:
    if member.is_first and actor.person_id is not None and actor.person_id == member.person_id:
        raise FirstUserName
    person = _managed_person(member, actor)
    if not (names.get("first_name", person.first_name) or names.get("last_name", person.last_name)):
        raise NameMissing
    edit_record(person, names, actor=actor, now=now)


def _record_interests(member: Member, change: InterestChange, actor: Actor, now: dt.datetime) -> None:
    if change.before != change.after:
        before, after = {"interests": change.before}, {"interests": change.after}
        record_event("member.edited", member, actor=actor, now=now, before=before, after=after)


def _refuse_pay_limit(account_id: int, limit: int | None, actor: Actor) -> None:
    if not acts_for_provider(actor) and not is_owner_acting(account_id, actor):
        raise PayLimitNotYours
    if limit is not None and limit < 0:
        raise PayLimitBelowZero


def _refuse_owner_and_self(member: Member, actor: Actor) -> None:
    if member.is_owner:
        raise OwnerStays
    if actor.person_id is not None and actor.person_id == member.person_id:
        raise NotYourself


def _with_status(member: Member, before: MemberStatus, after: MemberStatus) -> Any:
    return (
        update(Member)
        .where(Member.id == member.id, Member.status == before)
        .values(status=after, version=Member.version + 1)
    )
