"""Interests in the company: which ones a member has, of those the provider offers."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import delete, select

from domain.refusals import Refusal
from extensions import db
from models.member import Interest, Member, MemberInterest


class InterestUnknown(Refusal):
    message = "One of the interests is not offered any more. Reload the page and choose again."


class InterestChange(NamedTuple):
    """The names of a member's interests, before and after."""

    before: list[str]
    after: list[str]


def offered_interests() -> list[Interest]:
    """What a member may be interested in, in the provider's order."""
    offered = select(Interest).where(Interest.retired.is_(False)).order_by(Interest.position, Interest.id)
    return list(db.session.scalars(offered))


def interests_of(member: Member) -> list[Interest]:
    """A member's interests, retired ones too, in the provider's order."""
    held = (
        select(Interest)
        .join(MemberInterest, MemberInterest.interest_id == Interest.id)
        .where(MemberInterest.member_id == member.id, MemberInterest.account_id == member.account_id)
        .order_by(Interest.position, Interest.id)
    )
    return list(db.session.scalars(held))


def set_interests(member: Member, chosen: Collection[str]) -> InterestChange:
    """Let a member have exactly these interests, by their public ids, and keep what was retired meanwhile.

    The caller records it. Refused: InterestUnknown.
    """
    before, offered = interests_of(member), {each.public_id: each for each in offered_interests()}
    held = {each.public_id: each for each in before}
    if not set(chosen) <= offered.keys() | held.keys():
        raise InterestUnknown
    kept = {key for key, each in held.items() if each.retired} | set(chosen)
    gone = [each.id for key, each in held.items() if key not in kept]
    db.session.execute(
        delete(MemberInterest)
        .where(MemberInterest.member_id == member.id, MemberInterest.interest_id.in_(gone))
        .execution_options(synchronize_session=False)
    )
    for key in sorted(kept - held.keys()):
        row = MemberInterest(account_id=member.account_id, member_id=member.id, interest_id=offered[key].id)
        db.session.add(row)
    db.session.flush()
    return InterestChange([each.name for each in before], [each.name for each in interests_of(member)])
