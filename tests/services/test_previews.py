"""Looking with the roles of a member before they are saved."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from sqlalchemy.orm import Session

from domain.permissions import SEAT_GRANTS, MemberRole
from models import Account, Member
from services.audit import target_of, timeline_of
from services.people import NotWhileLoggedInAs
from services.previews import NothingToPreview, NotYoursToPreview, end_preview, start_preview
from tests.factories.people import AccountFactory, MemberFactory, OwnerFactory
from tests.support.standing import agent, browser_of, owner_actor, preview, staff_actor, standing


@pytest.fixture
def account(session: Session) -> Account:
    return AccountFactory()


@pytest.fixture
def owner(account: Account) -> Member:
    return OwnerFactory(account=account)


def test_a_preview_keeps_its_roles_and_saves_none(account: Account, owner: Member, now: dt.datetime) -> None:
    member = MemberFactory(account=account)
    row = preview(owner, member, [MemberRole.TICKETS, "billing"], browser_of(owner.person, now), now)
    assert (row.roles, row.expires_at) == (["billing", "tickets"], now + dt.timedelta(minutes=15))
    assert standing(browser_of(member.person, now), account, now).grants == SEAT_GRANTS  # type: ignore[union-attr]
    told = timeline_of(*target_of(member))[0]
    assert (told.event, told.after) == ("member.previewed", {"roles": ["billing", "tickets"]})


def test_ownership_is_not_previewed(account: Account, owner: Member, now: dt.datetime) -> None:
    member = MemberFactory(account=account)
    assert preview(owner, member, ["owner", "billing"], browser_of(owner.person, now), now).roles == ["billing"]


def test_a_new_preview_replaces_the_one_before(account: Account, owner: Member, now: dt.datetime) -> None:
    browser = browser_of(owner.person, now)
    first = preview(owner, MemberFactory(account=account), ["billing"], browser, now)
    second = preview(owner, MemberFactory(account=account), ["tickets"], browser, now)
    found = standing(browser, account, now)
    assert found is not None
    assert (found.member_id, first.member_id != second.member_id) == (second.member_id, True)


def test_ending_gives_the_owner_everything_back(account: Account, owner: Member, now: dt.datetime) -> None:
    browser = browser_of(owner.person, now)
    assert not end_preview(browser, now=now)
    preview(owner, MemberFactory(account=account), [], browser, now)
    assert end_preview(browser, now=now)
    found = standing(browser, account, now)
    assert found is not None
    assert (found.is_preview, found.member_id) == (False, owner.id)


def test_only_the_owner_of_the_account_previews(account: Account, owner: Member, now: dt.datetime) -> None:
    member, foreign, staff = MemberFactory(account=account), OwnerFactory(), agent()
    strangers = (
        owner_actor(member, now),
        owner_actor(foreign, now),
        staff_actor(staff, now),
        dataclasses.replace(owner_actor(owner, now), member_id=None),
    )
    for actor in strangers:
        with pytest.raises(NotYoursToPreview):
            start_preview(member, [], actor=actor, session=browser_of(owner.person, now), now=now)


def test_staff_logged_in_as_the_owner_do_not_preview(account: Account, owner: Member, now: dt.datetime) -> None:
    staff = agent()
    actor = dataclasses.replace(staff_actor(staff, now), member_id=owner.id, on_behalf_of_id=owner.person_id)
    with pytest.raises(NotWhileLoggedInAs):
        start_preview(MemberFactory(account=account), [], actor=actor, session=browser_of(staff.person, now), now=now)


def test_there_is_no_preview_of_the_owner_or_of_who_cannot_come_in(
    account: Account, owner: Member, now: dt.datetime
) -> None:
    for member in (owner, MemberFactory(account=account, portal_access=False)):
        with pytest.raises(NothingToPreview):
            preview(owner, member, [], browser_of(owner.person, now), now)
