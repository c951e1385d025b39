"""What actions and forms ask beyond the columns of a record."""

from __future__ import annotations

from wtforms import IntegerField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Email, InputRequired, Length, NumberRange, ValidationError

from domain.currencies import UnknownCurrency
from domain.money import parse_minor
from domain.refusals import Refusal
from panel import TicksField
from panel.fields import AmountField
from panel.form import Form
from services.departments import offered_departments
from services.settings import number_setting


class ReasonForm(Form):
    """Why something grave is done; it stands in the audit."""

    reason = StringField(
        "Reason",
        [InputRequired("Say why, for those who read the record later."), Length(max=500)],
        description="It is kept in the record's history.",
    )


class GrantResetsForm(Form):
    """How many resets of the MAC and IP address a license gets on top."""

    count = IntegerField(
        "Resets to add",
        [InputRequired("Enter a whole number like 3."), NumberRange(1, 100, "Enter a number from 1 to 100.")],
        default=3,
    )


class AskForResetsForm(Form):
    """Why more resets are needed; the page fills it in."""

    description = TextAreaField(
        "What support reads", [InputRequired("Say what you need."), Length(max=20_000)], render_kw={"rows": 8}
    )


def resets_to_grant(_row: object) -> dict[str, int]:
    """As many as a new license has, so that granting is one click."""
    return {"count": max(1, number_setting("license_resets"))}


def department_choices() -> list[SelectChoice]:
    """The departments in use."""
    return [SelectChoice(each.key, each.name) for each in offered_departments()]


class DepartmentFields(Form):
    """Where somebody of the staff works."""

    departments = TicksField(
        "Departments",
        choices=department_choices,
        description="Support agents see the tickets of their departments, those of none, and their own.",
    )


class OwnerFields(Form):
    """Who will own a new account: invited by mail."""

    owner_first_name = StringField("Owner's first name", [InputRequired("Enter a first name."), Length(max=100)])
    owner_last_name = StringField("Owner's last name", [InputRequired("Enter a last name."), Length(max=100)])
    owner_email = StringField(
        "Owner's e-mail",
        [
            InputRequired("Enter an e-mail address like name@example.com."),
            Length(max=254),
            Email("Enter an e-mail address like name@example.com."),
        ],
    )


def amount_in_chosen_currency(form: Form, field: AmountField) -> None:
    """A validator for forms that ask for the currency too; while that is none, its own field says so."""
    currency = form["currency"].data
    if not field.data or not currency:
        return
    try:
        parse_minor(field.data, currency)
    except UnknownCurrency:
        return
    except Refusal as refusal:
        raise ValidationError(refusal.message) from None


class OpeningFields(OwnerFields):
    """What is asked besides when an account is opened."""

    credit_limit = AmountField(
        "Credit limit",
        [Length(max=40), amount_in_chosen_currency],
        description="In its currency. A postpaid account needs one; it can be changed at any time.",
        render_kw={"inputmode": "decimal"},
    )
