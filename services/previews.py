"""Looking at the portal as it will be for a member with these roles, before they are saved (SPEC B6)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Final

from sqlalchemy import select, update

from domain.actor import Actor
from domain.permissions import MemberRole
from domain.refusals import Refusal
from extensions import db
from models.account import Account
from models.member import Member
from models.member_preview import MemberPreview
from models.sign_in import SignInSession
from services.audit import record_event
from services.locks import rows_changed
from services.people import refuse_while_logged_in_as

LASTS: Final = dt.timedelta(minutes=15)


class NotYoursToPreview(Refusal):
    message = "Only the owner of the account looks at it with the roles of a member."


class NothingToPreview(Refusal):
    message = "The owner sees everything, and members without portal access nothing: there is no preview of either."


def start_preview(
    member: Member, roles: Iterable[MemberRole | str], *, actor: Actor, session: SignInSession, now: dt.datetime
) -> MemberPreview:
    """Show the owner, in this browser only, what a member with these roles would see. They need not be saved.

    A preview that runs already is replaced. Refused: NotYoursToPreview, NothingToPreview, NotWhileLoggedInAs.
    """
    refuse_while_logged_in_as(actor)
    wanted = sorted({MemberRole(role) for role in roles} - {MemberRole.OWNER})
    owner = select(Member.id).where(Member.account_id == member.account_id, Member.is_owner, Member.can_sign_in)
    if actor.member_id is None or db.session.scalar(owner) != actor.member_id:
        raise NotYoursToPreview
    if not member.can_hold_roles:
        raise NothingToPreview
    end_preview(session, now=now)
    preview = MemberPreview(
        account=db.session.get_one(Account, member.account_id),
        member_id=member.id,
        sign_in_session_id=session.id,
        roles=[role.value for role in wanted],
        expires_at=now + LASTS,
        created_at=now,
    )
    db.session.add(preview)
    db.session.flush()
    record_event("member.previewed", member, actor=actor, now=now, after={"roles": wanted})
    return preview


def end_preview(session: SignInSession, *, now: dt.datetime) -> bool:
    """End the preview of this browser, and say whether there was one. It changed nothing, so nothing is recorded."""
    running = update(MemberPreview).where(
        MemberPreview.sign_in_session_id == session.id, MemberPreview.ended_at.is_(None)
    )
    return rows_changed(running.values(ended_at=now)) > 0
