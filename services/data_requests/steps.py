"""The checklist of a deletion: which data of the person there is, what becomes of it, and why (SPEC G2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Select, or_, select

from extensions import db
from models.audit import AuditEvent
from models.chat import ChatMessage
from models.discussion import Message
from models.financing import FinancingRequest
from models.identity import TelegramBinding
from models.invoice import Invoice
from models.ledger import LedgerEntry
from models.member import Member
from models.notification import NotificationDelivery
from models.person import Person
from models.policy import DataRequest, DataRequestStep, PolicyDecision, StepDecision
from models.support_desk import InboundMail

_Rows = Select[*tuple[Any, ...]]


class _Kind(NamedTuple):
    """A line of the list; it stands there where ``found`` gives a row, or always."""

    title: str
    decision: StepDecision
    reason: str
    found: Callable[[Person], _Rows] | None = None


def add_steps(request: DataRequest, person: Person) -> None:
    """Write the checklist of a deletion from what the person has."""
    for position, kind in enumerate(_kinds_of(person), start=1):
        step = DataRequestStep(
            data_request_id=request.id,
            position=position,
            title=kind.title,
            decision=kind.decision,
            reason=kind.reason,
        )
        db.session.add(step)
    db.session.flush()


def steps_of(request: DataRequest) -> Sequence[DataRequestStep]:
    """The checklist, in its order."""
    found = select(DataRequestStep).where(DataRequestStep.data_request_id == request.id)
    return db.session.scalars(found.order_by(DataRequestStep.position)).all()


def _kinds_of(person: Person) -> Iterator[_Kind]:
    for kind in _KINDS:
        if kind.found is None or db.session.execute(kind.found(person).limit(1)).first() is not None:
            yield kind


def _accounts_of(person: Person) -> _Rows:
    return select(Member.account_id).where(Member.person_id == person.id)


def _came_in(person: Person) -> _Rows:
    return select(InboundMail.id).where(or_(InboundMail.person_id == person.id, InboundMail.sender == person.email))


_KINDS: Final = (
    _Kind("Profile: name, address, phone, picture", StepDecision.REPLACE, "It becomes a deleted person."),
    _Kind(
        "Ways to sign in: password, factors, devices, networks, sessions",
        StepDecision.REMOVE,
        "They serve nobody any more.",
    ),
    _Kind(
        "Telegram chat, and what was not sent from it",
        StepDecision.REMOVE,
        "Nothing is sent there any more, and it is nobody's.",
        lambda person: select(TelegramBinding.id).where(TelegramBinding.person_id == person.id),
    ),
    _Kind(
        "Seats in accounts",
        StepDecision.REPLACE,
        "They are disabled and show a deleted person; the account keeps what was done with them.",
        lambda person: select(Member.id).where(Member.person_id == person.id),
    ),
    _Kind(
        "Notices and mails to the person",
        StepDecision.REMOVE,
        "Texts and addresses go; that something was sent is kept.",
        lambda person: select(NotificationDelivery.id).where(NotificationDelivery.person_id == person.id),
    ),
    _Kind(
        "Messages in tickets",
        StepDecision.REPLACE,
        "They belong to the tickets of the account and stay; full name and address in them are replaced.",
        lambda person: select(Message.id).where(Message.author_id == person.id),
    ),
    _Kind(
        "Messages in chats",
        StepDecision.REPLACE,
        "They belong to the account and stay; full name and address in them are replaced.",
        lambda person: select(ChatMessage.id).where(ChatMessage.author_id == person.id),
    ),
    _Kind(
        "Mails that came from the person",
        StepDecision.REMOVE,
        "Sender, subject and content go; that a mail came is counted.",
        _came_in,
    ),
    _Kind(
        "Requests for financing",
        StepDecision.REPLACE,
        "The decision is kept with the account, without the contact.",
        lambda person: select(FinancingRequest.id).where(FinancingRequest.requested_by_id == person.id),
    ),
    _Kind(
        "Invoices, credit notes and receipts",
        StepDecision.KEEP,
        "Tax law wants issued documents kept as they are.",
        lambda person: select(Invoice.id).where(Invoice.account_id.in_(_accounts_of(person))),
    ),
    _Kind(
        "Ledger",
        StepDecision.KEEP,
        "Commercial law wants the books kept as they are.",
        lambda person: select(LedgerEntry.id).where(LedgerEntry.account_id.in_(_accounts_of(person))),
    ),
    _Kind(
        "Decisions on policies",
        StepDecision.KEEP,
        "They prove what was agreed; the IP address goes.",
        lambda person: select(PolicyDecision.id).where(PolicyDecision.person_id == person.id),
    ),
    _Kind(
        "History of acts",
        StepDecision.KEEP,
        "The audit proves who did what; its chain allows no change.",
        lambda person: select(AuditEvent.id).where(AuditEvent.actor_person_id == person.id),
    ),
)
