"""What staff do with money on a record: use a payment for invoices, credit an invoice, give an account credit."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets

from wtforms import BooleanField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from domain.actor import Actor
from domain.money import minor_to_text, parse_minor
from domain.permissions import P
from domain.sentences import Amount, Sentence, word
from models import Account, CreditNote, CreditReason, Invoice, Payment, Refund
from models.payment import RefundStatus
from panel import STAFF, Action
from panel.fields import AmountField
from panel.form import Form
from services.credit import give_credit, take_back_credit
from services.credit_notes import InvoiceNotCreditable, issue_credit_note
from services.payments import allocate_payment, invoices_named
from services.refunds import refund_payment

REASONS = {reason: word(reason) for reason in CreditReason}


class AllocateForm(Form):
    """Which invoices a payment pays; none named: the oldest debt."""

    invoices = StringField(
        "Invoice numbers",
        [Length(max=1000)],
        description="Separated by commas; they are paid in this order. Left empty, the oldest debt is paid first.",
    )


class CreditForm(Form):
    """How much of an invoice is credited and why."""

    whole = BooleanField("Credit all that is left of the invoice")
    amount = AmountField(
        "Amount, tax included",
        [Length(max=40)],
        description="Needed unless all of it is credited.",
        render_kw={"inputmode": "decimal"},
    )
    reason = SelectField(
        "Reason",
        [InputRequired("Choose a reason.")],
        choices=[SelectChoice("", ""), *(SelectChoice(reason.value, label) for reason, label in REASONS.items())],
    )
    description = StringField("Text on the credit note", [Length(max=255)])
    remark = TextAreaField("Remark for colleagues", [Length(max=1000)])

    def validate(self, extra_validators: object = None) -> bool:
        valid = bool(super().validate(extra_validators))
        typed = (self.amount.data or "").strip()
        if bool(typed) == bool(self.whole.data):
            message = "Enter an amount, or credit all that is left: one of the two."
            self.amount.errors = [*self.amount.errors, message]
            return False
        return valid


class BalanceForm(Form):
    """How much a balance is changed by, and why; the customer reads it."""

    amount = AmountField(
        "Amount",
        [InputRequired("Enter an amount like 12.50."), Length(max=40)],
        description="In the currency of the account.",
        render_kw={"inputmode": "decimal"},
    )
    reason = StringField(
        "Reason",
        [InputRequired("Say why: it stands on the statement of the customer."), Length(max=200)],
        description="It stands on the statement of the customer.",
    )


class RefundForm(Form):
    """How much of a payment is sent back, and why; the customer reads it."""

    key = HiddenField(default=lambda: secrets.token_hex(16), validators=[InputRequired()])
    amount = AmountField(
        "Amount",
        [InputRequired("Enter an amount like 12.50."), Length(max=40)],
        description="In the currency of the payment, and never more than no invoice has.",
        render_kw={"inputmode": "decimal"},
    )
    reason = StringField(
        "Reason",
        [InputRequired("Say why: it stands on the statement of the customer."), Length(max=200)],
        description="It stands on the statement of the customer.",
    )


def _allocate(payment: Payment, *, actor: Actor, now: dt.datetime, invoices: str | None) -> tuple[Payment, int]:
    before = payment.amount_allocated
    named = invoices_named(invoices or "", account_id=payment.account_id)
    allocate_payment(payment, actor=actor, now=now, invoices=named or None)
    return payment, payment.amount_allocated - before


def _said_of_allocation(result: tuple[Payment, int]) -> str:
    payment, used = result
    if not used:
        return "Nothing was due: the payment stays as balance."
    return Sentence("%(used)s of the payment are used for invoices.", used=Amount(used, payment.currency))


def _credit(
    invoice: Invoice,
    *,
    actor: Actor,
    now: dt.datetime,
    whole: bool,
    amount: str | None,
    reason: str,
    description: str | None,
    remark: str | None,
) -> CreditNote:
    return issue_credit_note(
        invoice,
        reason=CreditReason(reason),
        amount=None if whole else parse_minor(amount or "", invoice.currency),
        description=(description or "").strip(),
        remark=(remark or "").strip() or None,
        actor=actor,
        now=now,
    )


def _said_of_credit(note: CreditNote) -> str:
    return Sentence(
        "Credit note %(number)s over %(total)s is issued.", number=note.number, total=Amount(note.total, note.currency)
    )


def _refund(payment: Payment, *, actor: Actor, now: dt.datetime, key: str, amount: str, reason: str) -> Refund:
    minor = parse_minor(amount, payment.currency)
    known = hashlib.sha256(key.encode()).hexdigest()  # whatever a browser sends back, it is as long as keys are
    return refund_payment(payment, amount=minor, reason=reason, key=known, actor=actor, now=now)


def _said_of_refund(refund: Refund) -> str:
    words = Amount(refund.amount, refund.currency)
    if refund.status is RefundStatus.SETTLED:
        return Sentence(
            "Refund %(number)s: %(words)s are booked as sent back by hand.", number=refund.number, words=words
        )
    return Sentence(
        "Refund %(number)s: %(words)s are set aside, and the payment provider is asked to send them.",
        number=refund.number,
        words=words,
    )


def _free_of_refund(payment: Payment) -> dict[str, str]:
    free = payment.amount - payment.amount_refunded - payment.amount_allocated
    return {"amount": minor_to_text(free, payment.currency) if free else ""}


def _give(account: Account, *, actor: Actor, now: dt.datetime, amount: str, reason: str) -> Account:
    return give_credit(
        account, amount=parse_minor(amount, account.currency), reason=reason.strip(), actor=actor, now=now
    )


def _take_back(account: Account, *, actor: Actor, now: dt.datetime, amount: str, reason: str) -> Account:
    return take_back_credit(
        account, amount=parse_minor(amount, account.currency), reason=reason.strip(), actor=actor, now=now
    )


ALLOCATE = Action(
    _allocate,
    "Allocate",
    grant=P.STAFF_PAYMENTS_RECORD,
    when=Payment.can_allocate,
    why_not="Nothing of this payment is left to be used for invoices.",
    realms={STAFF},
    form=AllocateForm,
    confirm="What is left of the payment is used for invoices of its account. The rest stays as balance.",
    done=_said_of_allocation,
    name="allocate",
)

REFUND = Action(
    _refund,
    "Refund",
    grant=P.STAFF_PAYMENTS_REFUND,
    when=Payment.can_refund,
    why_not="All of this payment was given back already, or its money never arrived.",
    realms={STAFF},
    form=RefundForm,
    fill=_free_of_refund,
    confirm=(
        "The money leaves the balance of the account now and goes back the way it came. What was paid by hand"
        " (a bank transfer, a cheque) you send by hand too."
    ),
    done=_said_of_refund,
    danger=True,
    name="refund",
)

CREDIT = Action(
    _credit,
    "Issue a credit note",
    grant=P.STAFF_CREDIT_NOTES_ISSUE,
    when=Invoice.can_credit,
    why_not=InvoiceNotCreditable.message,
    realms={STAFF},
    form=CreditForm,
    confirm=(
        "What is still due becomes less first. What was paid already becomes balance again. A credit note"
        " is never changed or taken back."
    ),
    done=_said_of_credit,
    danger=True,
    name="credit",
)

GIVE_CREDIT = Action(
    _give,
    "Give credit",
    grant=P.STAFF_CREDIT_GIVE,
    realms={STAFF},
    form=BalanceForm,
    confirm="The amount is added to the balance of the account at our expense.",
    done="The credit is given.",
    name="give-credit",
)

TAKE_BACK_CREDIT = Action(
    _take_back,
    "Take back credit",
    grant=P.STAFF_CREDIT_GIVE,
    realms={STAFF},
    form=BalanceForm,
    confirm="The amount is taken out of the balance of the account, never more than it holds.",
    done="The credit is taken back.",
    danger=True,
    name="take-back-credit",
)
