"""What staff agree with an account about credit: a limit for good or up to a day, and prepaid or postpaid."""

from __future__ import annotations

import datetime as dt

from flask_babel import format_date
from wtforms import StringField
from wtforms.validators import InputRequired, Length, Optional

from domain.actor import Actor
from domain.money import parse_minor
from domain.permissions import P
from domain.sentences import Amount, Sentence
from models import Account, CreditLimit
from panel import STAFF, Action
from panel.fields import AmountField, DayField
from panel.form import Form
from services.credit_limits import PostpaidNeedsLimit, remove_credit_limit, set_credit_limit
from services.payment_modes import switch_to_postpaid, switch_to_prepaid
from views.forms import ReasonForm


class LimitForm(Form):
    """How much may be spent on credit, up to when, and why."""

    amount = AmountField(
        "Credit limit",
        [InputRequired("Enter an amount like 500.00."), Length(max=40)],
        description="In the currency of the account. The whole limit, not what is added to an older one.",
        render_kw={"inputmode": "decimal"},
    )
    last_day = DayField(
        "Last day",
        [Optional()],
        description="The limit ends by itself after this day. Left empty, it is permanent.",
    )
    reason = StringField(
        "Reason", [Length(max=255)], description="For colleagues. It stands in the history of the account."
    )


def _set(
    account: Account, *, actor: Actor, now: dt.datetime, amount: str, last_day: dt.date | None, reason: str | None
) -> CreditLimit:
    minor = parse_minor(amount, account.currency)
    return set_credit_limit(account, amount=minor, last_day=last_day, reason=reason or "", actor=actor, now=now)


def _said(limit: CreditLimit) -> str:
    amount = Amount(limit.amount, limit.currency)
    if limit.valid_to is None:
        return Sentence("The credit limit is %(amount)s.", amount=amount)
    last = format_date(limit.valid_to - dt.timedelta(days=1), "medium")
    return Sentence("The credit limit is %(amount)s up to and including %(day)s.", amount=amount, day=last)


SET_LIMIT = Action(
    _set,
    "Set credit limit",
    grant=P.STAFF_CREDIT_LIMITS_SET,
    when=Account.can_hold_credit,
    why_not="A deleted account gets no credit.",
    realms={STAFF},
    form=LimitForm,
    confirm=(
        "It takes the place of the older limit of its kind. While a temporary and a permanent one are both in force,"
        " the higher one counts."
    ),
    done=_said,
    name="set-credit-limit",
)

REMOVE_LIMIT = Action(
    remove_credit_limit,
    "Remove credit limit",
    grant=P.STAFF_CREDIT_LIMITS_SET,
    when=Account.can_lose_credit,
    why_not=PostpaidNeedsLimit.message,
    realms={STAFF},
    form=ReasonForm,
    confirm="Every limit ends now. What was spent on credit stays owed, and nothing can be spent until it is covered.",
    done="The credit limit is removed.",
    danger=True,
    name="remove-credit-limit",
)

TO_POSTPAID = Action(
    switch_to_postpaid,
    "Switch to postpaid",
    grant=P.STAFF_CREDIT_LIMITS_SET,
    when=Account.can_lose_credit,
    why_not="This account is postpaid already, or deleted. Reload the page to see it as it is.",
    realms={STAFF},
    confirm="What it uses from now on is billed after the month, up to its credit limit. It needs a limit first.",
    done="The account is postpaid now.",
    name="switch-to-postpaid",
)

TO_PREPAID = Action(
    switch_to_prepaid,
    "Switch to prepaid",
    grant=P.STAFF_CREDIT_LIMITS_SET,
    when=Account.can_be_prepaid,
    why_not="This account is prepaid already, or deleted. Reload the page to see it as it is.",
    realms={STAFF},
    confirm="What the account used and was not billed for is billed at once. Then it pays before it uses.",
    done="The account is prepaid now.",
    name="switch-to-prepaid",
)

CREDIT_ACTIONS = (SET_LIMIT, REMOVE_LIMIT, TO_POSTPAID, TO_PREPAID)
