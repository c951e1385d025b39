"""Accounts that are no longer what they were: suspended for debt or by staff, on their way out, and gone."""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import select

from extensions import db
from models.account import AccountStatus, SuspensionCause
from models.dunning_step import DunningKind, DunningStep
from models.invoice import Invoice
from models.member import Member
from models.person import Person
from services.accounts import suspend_account
from services.audit import record_event
from services.demo.companies import GONE
from services.demo.world import World, add

_STEPS: Final = (
    # name, kind, days after the invoice was due
    ("reminder_1", DunningKind.REMINDER, 3),
    ("reminder_2", DunningKind.REMINDER, 10),
    ("final_warning", DunningKind.FINAL_WARNING, 20),
    ("suspension", DunningKind.SUSPENSION, 30),
)


def put_endings(world: World) -> None:
    """Delta Dental was suspended for its debt; three others left or were sent away."""
    world.agenda.note(world.ago(58, 6), _suspend, world, "Delta Dental", SuspensionCause.DEBT)
    world.agenda.note(world.ago(25, 10), _suspend, world, "Silverline Taxi", SuspensionCause.STAFF)
    world.agenda.note(world.ago(11, 10), _leave, world, "Ironbridge Manufacturing")
    world.agenda.note(world.ago(400, 10), _erase, world, GONE)


def _suspend(world: World, name: str, cause: SuspensionCause, at: dt.datetime) -> None:
    account = world.accounts[name]
    words = "Invoices are long overdue" if cause is SuspensionCause.DEBT else "Calls to premium numbers, see the ticket"
    actor = world.system if cause is SuspensionCause.DEBT else world.as_staff("admin")
    suspend_account(account, actor=actor, now=at, reason=words)
    account.suspension_cause = cause
    if cause is SuspensionCause.DEBT:
        owed = select(Invoice).where(Invoice.account_id == account.id, Invoice.can_pay).order_by(Invoice.id)
        for invoice in db.session.scalars(owed):
            _dun(invoice, at)
    db.session.flush()


def _dun(invoice: Invoice, at: dt.datetime) -> None:
    due_on = invoice.due_on or at.date()
    for step, kind, days in _STEPS:
        planned_on = due_on + dt.timedelta(days=days)
        if planned_on <= at.date():
            done_at = dt.datetime(planned_on.year, planned_on.month, planned_on.day, 6, tzinfo=dt.UTC)
            add(
                DunningStep(
                    account_id=invoice.account_id,
                    invoice_id=invoice.id,
                    step=step,
                    kind=kind,
                    planned_on=planned_on,
                    done_at=done_at,
                    created_at=done_at,
                )
            )


def _leave(world: World, name: str, at: dt.datetime) -> None:
    """An account that asked to be deleted and may still change its mind."""
    account = world.accounts[name]
    account.status = AccountStatus.SUSPENDED_FOR_DELETION
    account.suspended_at, account.deletion_due_on = at, at.date() + dt.timedelta(days=30)
    account.version += 1
    db.session.flush()
    record_event("account.deletion_started", account, actor=world.as_staff("admin"), now=at,
                 after={"deletion_due_on": account.deletion_due_on})  # fmt: skip


def _erase(world: World, name: str, at: dt.datetime) -> None:
    """An account whose days are over: personal data is replaced, documents stay."""
    account = world.accounts[name]
    account.status, account.deleted_at = AccountStatus.DELETED, at
    account.contact_name = account.contact_email = account.contact_phone = account.billing_email = None
    account.version += 1
    people = select(Person).join(Member, Member.person_id == Person.id).where(Member.account_id == account.id)
    for person in db.session.scalars(people):
        person.first_name, person.last_name, person.email = "deleted", "person", None
        person.password_hash, person.erased_at, person.disabled_at = None, at, at
        record_event("person.data_replaced", person, account_id=account.id, actor=world.system, now=at)
    db.session.flush()
