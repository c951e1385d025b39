"""Accounts of the demo with their members: opened by the services, invited, and come in."""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import select, update

from domain.permissions import MemberRole
from extensions import db
from models.account import Account
from models.invoice import Invoice
from models.member import Interest, Member, MemberInterest, MemberInvitation, MemberStatus, MemberType
from models.person import Person, PhoneState
from services.accounts import create_account
from services.audit import record_event
from services.demo.companies import GONE, Company
from services.demo.world import World, keep
from services.members import add_member, disable_member, set_pay_limit
from services.pay_approvals import ask_for_payment
from services.roles import set_roles

# One member of Acme for each role, named by it, and one without any.
ROLES_OF_ACME: Final = (
    # the part before @acme.example, first name, last name, type, role
    ("billing", "Brenda", "Bills", MemberType.BILLING, MemberRole.BILLING),
    ("payments", "Paul", "Payton", MemberType.BILLING, MemberRole.PAYMENTS),
    ("licenses", "Liam", "Lister", MemberType.TECHNICAL, MemberRole.LICENSES),
    ("licenses-edit", "Lena", "Editson", MemberType.TECHNICAL, MemberRole.LICENSES_EDIT),
    ("subscriptions", "Susan", "Scribe", MemberType.MANAGEMENT, MemberRole.SUBSCRIPTIONS),
    ("subscriptions-edit", "Sam", "Subsby", MemberType.MANAGEMENT, MemberRole.SUBSCRIPTIONS_EDIT),
    ("chat", "Chiara", "Chatwin", MemberType.TECHNICAL, MemberRole.SUPPORT_CHAT),
    ("tickets", "Tim", "Ticknor", MemberType.TECHNICAL, MemberRole.TICKETS),
    ("releases", "Rhea", "Leeson", MemberType.TECHNICAL, MemberRole.RELEASE_MANAGER),
    ("none", "Nora", "Nunn", MemberType.OTHER, None),
)
_PAY_LIMIT: Final = 250_000
_PAYER: Final = "payments@acme.example"


def open_account(world: World, company: Company, at: dt.datetime) -> Account:
    """Open an account as sales do, and let its owner come in two days later."""
    first_name, last_name, email = company.owner
    values = {
        **company.values(),
        "parent": world.accounts.get(company.parent),
        "owner_first_name": first_name,
        "owner_last_name": last_name,
        "owner_email": email,
    }
    account = create_account(values, actor=world.as_staff("sales"), now=at)
    owner = db.session.scalars(select(Member).where(Member.account_id == account.id, Member.is_owner)).one()
    world.accounts[company.name], world.owners[company.name] = account, owner
    come_in(world, owner, at)
    return account


def seat(
    world: World,
    account: Account,
    names: tuple[str, str],
    email: str | None,
    type: MemberType,
    at: dt.datetime,
    *,
    roles: tuple[MemberRole, ...] = (),
    pay_limit: int | None = None,
    accepts: bool = True,
) -> Member:
    """Let the owner add a member, who comes in unless they leave the invitation lying."""
    values = {
        "account": account,
        "person.first_name": names[0],
        "person.last_name": names[1],
        "person.email": email,
        "type": type,
        "portal_access": email is not None,
        "pay_limit": pay_limit,
    }
    owner = world.as_owner(account)
    member = add_member(values, actor=owner, now=at)
    if roles:
        set_roles(member, roles, actor=owner, now=at)
    if accepts and email is not None:
        come_in(world, member, at + dt.timedelta(hours=3))
    return member


def come_in(world: World, member: Member, at: dt.datetime) -> None:
    """Accept an invitation: the seat is taken, with the password of the demo."""
    person = db.session.get_one(Person, member.person_id)
    person.password_hash, person.password_changed_at = world.password_hash, at
    person.email_verified_at = person.checked_at = at
    member.status = MemberStatus.ENABLED
    member.version += 1
    open_one = (MemberInvitation.member_id == member.id, MemberInvitation.is_open)
    db.session.execute(
        update(MemberInvitation).where(*open_one).values(accepted_at=at).execution_options(synchronize_session=False)
    )
    db.session.flush()
    world.people[person.email or ""] = person, member
    actor = world.as_member(person.email or "")
    record_event("member.invitation_accepted", member, actor=actor, now=at)


def seat_members_of_acme(world: World, at: dt.datetime) -> None:
    """The members of Acme that the contract of the demo names."""
    acme = world.accounts["Acme Telecom"]
    for place, (who, first_name, last_name, type, role) in enumerate(ROLES_OF_ACME):
        seat(
            world,
            acme,
            (first_name, last_name),
            f"{who}@acme.example",
            type,
            at + dt.timedelta(hours=place * 5),
            roles=() if role is None else (role,),
            pay_limit=_PAY_LIMIT if role is MemberRole.PAYMENTS else None,
        )


def put_other_members(world: World) -> None:
    """Members elsewhere in every state: at work, invited, disabled, and only in the address book."""
    for place, account in enumerate(world.accounts.values()):
        if place >= 4 and place % 3 == 0 and account.name != GONE:
            at = min(world.ago(20), account.created_at + dt.timedelta(days=30))
            world.agenda.note(at, _hire, world, account, place)
    world.agenda.note(world.ago(0, 8), _invite, world, world.accounts["Borealis Hosting"])


def put_question_of_acme(world: World) -> None:
    """Paul would like to pay an invoice above his limit, and the owner has not answered yet."""
    world.agenda.note(world.ago(0, 7, 40), _ask_owner, world)


def _ask_owner(world: World, at: dt.datetime) -> None:
    _person, payer = world.people[_PAYER]
    owed = select(Invoice).where(Invoice.account_id == payer.account_id, Invoice.can_pay)
    dearest = db.session.scalars(owed.order_by(Invoice.amount_due.desc(), Invoice.id).limit(1)).first()
    if dearest is None:
        return
    if payer.pay_limit is None or payer.pay_limit >= dearest.amount_due:
        owner = world.as_owner(world.accounts["Acme Telecom"])
        set_pay_limit(payer, dearest.amount_due // 2, actor=owner, now=at)
    ask_for_payment(dearest, actor=world.as_member(_PAYER), now=at, note="For the phones of the second floor.")


def _invite(world: World, account: Account, at: dt.datetime) -> None:
    seat(world, account, ("Inga", "Vitt"), "inga@borealis.example", MemberType.TECHNICAL, at,
         roles=(MemberRole.LICENSES_EDIT, MemberRole.TICKETS), accepts=False)  # fmt: skip


def _hire(world: World, account: Account, place: int, at: dt.datetime) -> None:
    domain = world.email_of_owner(account).split("@")[1]
    last_name = account.name.split()[0].rstrip(",")
    seat(world, account, ("Billie", last_name), f"billing@{domain}", MemberType.BILLING, at,
         roles=(MemberRole.BILLING, MemberRole.PAYMENTS))  # fmt: skip
    if place % 2 == 0:
        seat(world, account, ("Sal", last_name), None, MemberType.SALES, at)
        return
    left = seat(world, account, ("Terry", last_name), f"it@{domain}", MemberType.TECHNICAL, at,
                roles=(MemberRole.LICENSES_EDIT,))  # fmt: skip
    world.agenda.note(world.ago(8), _dismiss, world, account, left)


def _dismiss(world: World, account: Account, member: Member, at: dt.datetime) -> None:
    disable_member(member, actor=world.as_owner(account), now=at)


def say_what_interests(world: World) -> None:
    """Let some members say what they like to read about, and some verify their phone."""
    interests = list(db.session.scalars(select(Interest).order_by(Interest.position)))
    chance = world.chance("interests")
    for person, member in list(world.people.values()):
        for interest in chance.sample(interests, chance.randrange(3)):
            keep(MemberInterest(account_id=member.account_id, member_id=member.id, interest_id=interest.id))
        if chance.random() < 0.3:
            person.phone, person.phone_state = "+12025550142", PhoneState.VERIFIED
        if chance.random() < 0.7:
            person.last_sign_in_at = member.last_seen_at = world.ago(chance.randrange(1, 60), 7 + chance.randrange(9))
    db.session.flush()
