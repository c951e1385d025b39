"""Financing: the options and the form that asks for one, the requests, and what staff offer and decide (SPEC E10)."""

from __future__ import annotations

from typing import ClassVar

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from wtforms import RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Email, InputRequired, Length

from domain.money import parse_minor
from domain.permissions import P
from domain.refusals import Refusal
from domain.sentences import Sentence
from extensions import db
from models import Account, FinancingOption, FinancingRequest, Person
from panel import STAFF, Action, Choice, Column, DateRange, Lookup, RealmPage, Resource, Visit, YesNo, reading
from panel.addresses import address
from panel.fields import AmountField
from panel.form import Form
from panel.forms import errors_of, refuse_nul
from services.financing import (
    COUNTRY,
    FinancingDecided,
    Wish,
    approve_financing,
    decline_financing,
    options_for,
    request_financing,
)
from services.unit_of_work import unit_of_work
from views.locale import flash
from views.see_other import see_other

_EMAIL = "Enter an e-mail address like name@example.com."


class FinancingForm(Form):
    """Which option, how much, and whom to talk to."""

    option = RadioField("Option", [InputRequired("Choose an option.")], choices=[])
    amount = AmountField(
        "Amount to finance",
        [InputRequired("Enter an amount like 12000.00."), Length(max=40)],
        render_kw={"inputmode": "decimal"},
    )
    contact = StringField("Contact", [InputRequired("Enter a name."), Length(max=120)])
    email = StringField("E-mail", [InputRequired(_EMAIL), Length(max=254), Email(_EMAIL)], render_kw={"type": "email"})
    phone = StringField("Phone", [Length(max=32)], render_kw={"type": "tel"})
    note = TextAreaField(
        "What it is for", [Length(max=2000)], description="What you plan, and by when.", render_kw={"rows": 5}
    )


class AnswerForm(Form):
    """What the account reads in the ticket."""

    answer = TextAreaField(
        "Answer", [InputRequired("Write what the account reads."), Length(max=5_000)], render_kw={"rows": 6}
    )


class FinancingPage(RealmPage):
    """The options of an account in the United States; elsewhere there is no such page."""

    slug, title = "financing", "Financing"
    group, icon = "Money", "cash-coin"
    verbs: ClassVar[dict[str, str]] = {"index": P.FINANCING_REQUEST}

    @staticmethod
    def is_offered(visit: Visit) -> bool:
        """Whether the menu shows it."""
        here = visit.owner_id is not None and visit.context.country == COUNTRY
        return here and visit.allows(P.FINANCING_REQUEST)

    @expose("/", methods=("GET", "POST"))
    def index(self) -> ResponseReturnValue:
        """The options and the form; posted, the request and its ticket."""
        account = self._account()
        options = {option.code: option for option in options_for(account)}
        form = self._form(account, options)
        if request.method == "GET":
            return self._page(form, options)
        valid = form.validate()
        if refuse_nul(form) or not valid:
            return self._page(form, options, errors_of(form)), 422
        try:
            amount = parse_minor(form.amount.data or "", account.currency)
        except Refusal as refusal:
            form.amount.errors = [refusal.message]
            return self._page(form, options, errors_of(form)), 422
        try:
            wish = Wish(
                amount=amount,
                contact=(form.contact.data or "").strip(),
                email=form.email.data or "",
                phone=(form.phone.data or "").strip(),
                note=(form.note.data or "").strip(),
            )
            with unit_of_work():
                made = request_financing(
                    account, options[form.option.data], wish, actor=self.visit.actor, now=self.hooks.now()
                )
                done = made.public_id
        except Refusal as refusal:
            return self._page(form, options, [("", refusal.message)]), 409
        flash("Your request is sent. We answer in its ticket.", "success")
        return see_other(f"{self.visit.base_url}/financing-requests/{address(done)}")

    def _form(self, account: Account, options: dict[str, FinancingOption]) -> FinancingForm:
        person = db.session.get(Person, self.visit.actor.person_id) if self.visit.actor.person_id else None
        form = FinancingForm(data={"contact": person.name, "email": person.email} if person is not None else {})
        form.amount.description = Sentence("In %(currency)s.", currency=account.currency)
        form.option.choices = [SelectChoice(option.code, option.name) for option in options.values()]
        form.option.notes = {option.code: option.description for option in options.values()}
        return form

    def _page(
        self,
        form: FinancingForm,
        options: dict[str, FinancingOption],
        errors: list[tuple[str, str]] | None = None,
    ) -> str:
        return render_template(
            "pages/financing.html",
            layout=self.realm.layout,
            visit=self.visit,
            title=self.title,
            form=form,
            offered=bool(options),
            errors=errors or [],
            url=f"{self.visit.base_url}/{self.slug}/",
            requests_url=f"{self.visit.base_url}/financing-requests/" if self.visit.allows(P.FINANCING_READ) else "",
        )

    def _account(self) -> Account:
        if self.visit.owner_id is None or self.visit.context.country != COUNTRY:
            abort(404)
        return db.session.get_one(Account, self.visit.owner_id)


class FinancingRequestResource(Resource):
    model, slug, title = FinancingRequest, "financing-requests", "Financing requests"
    description = "Who asked for which option, and what was decided. The rest stands in the ticket."
    group, icon, label = "Money", "cash-coin", "option.name"
    columns = (
        Column("created_at", "Date", link=True, sort=True),
        Column("account.name", "Account", realms={STAFF}),
        Column("option.name", "Option"),
        Column("amount"),
        Column("status"),
        Column("ticket.number", "Ticket"),
        Column("contact", list=False),
        Column("email", "E-mail", list=False),
        Column("phone", list=False),
        Column("note", "What it is for", list=False),
    )
    filters = (
        Choice("status"),
        DateRange("created_at", "Date"),
        Lookup("option", realms={STAFF}),
        Lookup("account", realms={STAFF}),
    )
    default_sort = "-created_at"
    load = ("option",)
    grants = reading(P.FINANCING_READ)
    actions = (
        Action(
            approve_financing,
            "Approve",
            grant=P.STAFF_FINANCING_DECIDE,
            when=FinancingRequest.can_decide,
            why_not=FinancingDecided.message,
            realms={STAFF},
            form=AnswerForm,
            confirm="The ticket is answered and solved.",
            done="The request is approved.",
            name="approve",
        ),
        Action(
            decline_financing,
            "Decline",
            grant=P.STAFF_FINANCING_DECIDE,
            when=FinancingRequest.can_decide,
            why_not=FinancingDecided.message,
            realms={STAFF},
            form=AnswerForm,
            confirm="The ticket is answered and solved.",
            done="The request is declined.",
            danger=True,
            name="decline",
        ),
    )

    @staticmethod
    def is_offered(visit: Visit) -> bool:
        """In the menu of staff; members come from the page that asks."""
        return visit.owner_id is None


class FinancingOptionResource(Resource):
    model, slug, title = FinancingOption, "financing-options", "Financing options"
    description = "What accounts in the United States may ask for, in this order."
    group, icon, label, status = "Catalogue", "cash-coin", "name", ""
    realms = frozenset({STAFF})
    columns = (
        Column("name", link=True),
        Column("code"),
        Column("description"),
        Column("is_offered"),
        Column("position", sort=True),
    )
    filters = (YesNo("is_offered"),)
    default_sort = "position"
    form = {
        "create": ("code", "name", "description", "position", "is_offered"),
        "edit": ("name", "description", "position", "is_offered"),
    }
    help = {
        "code": "Short and never changed.",
        "position": "Options are shown in this order, the lowest number first.",
        "description": "What it means for the account, in a sentence or two.",
    }
    grants = {
        **reading(P.STAFF_CATALOGUE_READ),
        "create": P.STAFF_CATALOGUE_EDIT,
        "edit": P.STAFF_CATALOGUE_EDIT,
    }
