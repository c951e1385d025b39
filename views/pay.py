"""PAY NOW: several invoices at once or in part, money for the balance, and what became of it (SPEC D5, D11, D13)."""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import urlencode

from babel.dates import format_date
from flask import Response, abort, current_app, render_template, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy import select

from domain.money import minor_to_text
from domain.permissions import P
from domain.refusals import Refusal
from domain.sentences import Sentence, joined
from extensions import db
from models import Account, Invoice, Payment, PaymentKind, PaymentStatus
from panel import RealmPage
from panel.addresses import address
from panel.form import Form
from services.allocations import open_invoices, paid_by
from services.paying.balance import pay_from_balance
from services.paying.charging import carry_out, finish, give_up
from services.paying.claims import claimed_ids
from services.paying.intents import Wanted, begin_payment, payment_of_key
from services.paying.offers import BALANCE, Way, instructions, is_offered, ways_to_pay
from services.unit_of_work import unit_of_work
from services.usable_credit import figures_of
from views.leading_away import leading_away
from views.locale import flash
from views.money import format_money
from views.pay_form import AMOUNT, NO_WAY, Basket, PayForm, read_funds, read_invoices
from views.see_other import see_other

LOOKS_AGAIN_SECONDS = 5
_LONGEST_NUMBER = 40


class PayPage(RealmPage):
    """Choosing what to pay and how, being led to the gateway and back, and what is known of the payment."""

    slug, title = "pay", "Pay"
    verbs: ClassVar[dict[str, str]] = {
        "index": P.INVOICES_PAY,
        "funds": P.FUNDS_ADD,
        "slip": P.INVOICES_PAY,
        "state": P.PAYMENTS_READ,
        "comeback": P.PAYMENTS_READ,
        "giving_up": P.INVOICES_PAY,
    }

    @expose("/", methods=("GET", "POST"))
    def index(self) -> ResponseReturnValue:
        """Invoices. The address names those that are chosen at first; without any it is all of them."""
        account = self._account()
        invoices = open_invoices(account.id, account.currency)
        named = request.args.getlist("invoice")
        if set(named) - {invoice.number for invoice in invoices}:
            self._explain_missing(account, named)
        form = PayForm()
        if request.method == "GET":
            chosen = set(named) or {invoice.number for invoice in invoices}
            return self._invoices_page(account, invoices, form, chosen, {})
        chosen, typed = set(request.form.getlist("invoice")), dict(request.form.items())
        if chosen - {invoice.number for invoice in invoices}:
            self._explain_missing(account, list(chosen))
        basket = read_invoices(chosen, typed, invoices, account.currency)
        answer = self._pay(account, form, basket, self._all_ways(account))
        if isinstance(answer, Response):
            return answer
        errors, status = answer
        return self._invoices_page(account, invoices, form, chosen, typed, errors), status

    @expose("/funds", methods=("GET", "POST"))
    def funds(self) -> ResponseReturnValue:
        """Money for the balance. What comes in covers the oldest debt first, and the page says so."""
        account = self._account()
        owed = figures_of(account.id, day=self.hooks.now().date()).owed
        form = PayForm()
        if request.method == "GET":
            form.funds.data = minor_to_text(owed, account.currency) if owed else ""
            return self._funds_page(account, form, owed)
        answer = self._pay(account, form, read_funds(form.funds.data or "", account.currency), self._ways(account))
        if isinstance(answer, Response):
            return answer
        errors, status = answer
        return self._funds_page(account, form, owed, errors), status

    @expose("/slip")
    def slip(self) -> ResponseReturnValue:
        """How to send money by hand. Nothing is booked: staff record what arrives."""
        account = self._account()
        way = next(
            (each for each in self._ways(account) if each.by_hand and each.value == request.args.get("way")), None
        )
        if way is None:
            abort(404)
        numbers = [number[:_LONGEST_NUMBER] for number in request.args.getlist("invoice")]
        invoices = [each for each in open_invoices(account.id, account.currency) if each.number in numbers]
        amount = sum(invoice.amount_due for invoice in invoices)
        reference = " ".join([account.client_id, *(invoice.number for invoice in invoices)])
        told = instructions(
            account, way, amount=amount, reference=reference, gateways=current_app.extensions["gateways"]
        )
        return render_template(
            "pages/pay/slip.html",
            **self._frame(way.label),
            amount=self._money(amount, account) if amount else "",
            told=[{"label": what, "value": value} for what, value in told],
            invoices=[self._row(invoice, account) for invoice in invoices],
        )

    @expose("/<number>")
    def state(self, number: str) -> ResponseReturnValue:
        """What is known of a payment; while that is nothing yet, the page looks again by itself."""
        payment = self._payment(number)
        account = self._account()
        page = render_template(
            "pages/pay/state.html",
            **self._frame(Sentence("Payment %(number)s", number=payment.number)),
            payment=payment,
            amount=self._money(payment.amount, account),
            settled=payment.settled_at is not None,
            failed=payment.status is PaymentStatus.FAILED,
            checked=payment.status is PaymentStatus.BEING_CHECKED,
            continue_at=payment.intent.get("continue_at") if payment.status is PaymentStatus.PENDING else None,
            continue_fields=payment.intent.get("continue_fields") or {},
            paid=[
                {
                    "number": invoice,
                    "amount": self._money(amount, account),
                    "url": self._url(f"invoices/{address(invoice)}"),
                }
                for invoice, amount in paid_by(payment)
            ],
            rest=self._rest(payment, account),
            form=Form(),
            url=self._url(f"pay/{address(payment.number)}"),
            details_url=self._url(f"payments/{address(payment.number)}"),
            again_url=self._url("pay/"),
        )
        answer = leading_away(page)
        if payment.status is PaymentStatus.BEING_CHECKED and not payment.intent.get("held"):
            answer.headers["Refresh"] = str(LOOKS_AGAIN_SECONDS)
        return answer

    @expose("/<number>/return")
    def comeback(self, number: str) -> ResponseReturnValue:
        """The payer comes back from the gateway. Asked again it changes nothing."""
        payment = self._payment(number)
        finish(payment.id, current_app.extensions["gateways"], actor=self.visit.actor, now=self.hooks.now())
        return see_other(self._url(f"pay/{address(number)}"))

    @expose("/<number>/give-up", methods=("POST",))
    def giving_up(self, number: str) -> ResponseReturnValue:
        """The payer does not want to go on: the invoices are free again."""
        payment = self._payment(number)
        found = give_up(payment.id, current_app.extensions["gateways"], actor=self.visit.actor, now=self.hooks.now())
        if found.message and self._payment(number).status is PaymentStatus.PENDING:
            flash(found.message, "warning")  # a page that cannot be closed
        return see_other(self._url(f"pay/{address(number)}"))

    def _pay(
        self, account: Account, form: PayForm, basket: Basket, ways: list[Way]
    ) -> Response | tuple[list[tuple[str, str]], int]:
        """Do what was chosen and lead on; or say what is wrong, with the status of the answer."""
        valid = form.validate()
        there = payment_of_key(account, form.key.data) if valid and form.key.data else None
        if there is not None:
            return see_other(self._url(f"pay/{address(there.number)}"))  # the same form, sent again
        errors = list(basket.errors)
        if not valid:
            errors += [(name, text) for name, texts in form.errors.items() if name for text in texts]
        way = next((each for each in ways if each.value == form.way.data), None)
        if way is None:
            errors.append(("way", NO_WAY))
        if errors or way is None:
            return errors, 422
        if way.by_hand:
            query = [("way", way.value), *(("invoice", part.invoice.number) for part in basket.parts)]
            return see_other(self._url(f"pay/slip?{urlencode(query)}"))
        try:
            return self._carry_out(account, form.key.data or "", basket, way)
        except Refusal as refusal:
            return [("", refusal.message), *self._also(refusal, basket)], 409

    def _carry_out(self, account: Account, key: str, basket: Basket, way: Way) -> Response:
        gateways, actor, now = current_app.extensions["gateways"], self.visit.actor, self.hooks.now()
        if way.value == BALANCE:
            with unit_of_work():
                payment = pay_from_balance(account, basket.parts, actor=actor, now=now, key=key)
                number = payment.number
            return see_other(self._url(f"pay/{address(number)}"))
        wanted = Wanted(way.means, way.gateway, key, tuple(basket.parts), basket.funds, way.method)
        with unit_of_work():
            payment = begin_payment(account, wanted, gateways=gateways, actor=actor, now=now)
            payment_id, number = payment.id, payment.number
        outside = f"{current_app.extensions['settings'].base_url}{self._url(f'pay/{address(number)}')}"
        result = carry_out(
            payment_id, gateways, actor=actor, now=now, return_url=f"{outside}/return", cancel_url=outside
        )
        if result.continue_at and not result.continue_fields:
            return see_other(result.continue_at)
        return see_other(self._url(f"pay/{address(number)}"))

    def _also(self, refusal: Refusal, basket: Basket) -> list[tuple[str, str]]:
        """Where a refusal names another act, how to get there."""
        if getattr(refusal, "instead", "") != "ask-the-owner" or not basket.parts:
            return []
        numbers = ", ".join(part.invoice.number for part in basket.parts)
        return [("", Sentence("Open invoice %(numbers)s and choose “Ask the owner” there.", numbers=numbers))]

    def _explain_missing(self, account: Account, numbers: list[str]) -> None:
        """404 for what is none of the account's; what is paid meanwhile is only left out."""
        short = [number[:_LONGEST_NUMBER] for number in numbers if "\0" not in number]
        found = select(Invoice.number).where(Invoice.account_id == account.id, Invoice.number.in_(short))
        if set(numbers) - set(db.session.scalars(found)):
            abort(404)

    def _invoices_page(
        self,
        account: Account,
        invoices: list[Invoice],
        form: PayForm,
        chosen: set[str],
        typed: dict[str, str],
        errors: list[tuple[str, str]] | None = None,
    ) -> Response:
        claimed = claimed_ids(invoices)
        rows = []
        for invoice in invoices:
            name = f"{AMOUNT}{invoice.number}"
            rows.append(
                {
                    **self._row(invoice, account),
                    "chosen": invoice.number in chosen and invoice.id not in claimed,
                    "under_way": invoice.id in claimed,
                    "field": name,
                    "amount": typed.get(name) or minor_to_text(invoice.amount_due, account.currency),
                    "error": dict(errors or ()).get(name, ""),
                }
            )
        gone = sorted(chosen - {invoice.number for invoice in invoices})
        page = render_template(
            "pages/pay/invoices.html",
            **self._frame("Pay invoices"),
            rows=rows,
            gone=gone,
            currency=account.currency,
            list_url=self._url("invoices/"),
            **self._choice(account, form, errors, self._url(f"pay/?{request.query_string.decode()}".rstrip("?"))),
        )
        return leading_away(page)

    def _funds_page(
        self, account: Account, form: PayForm, owed: int, errors: list[tuple[str, str]] | None = None
    ) -> Response:
        page = render_template(
            "pages/pay/funds.html",
            **self._frame("Add funds"),
            typed=form.funds.data or "",
            error=dict(errors or ()).get("funds", ""),
            currency=account.currency,
            owed=self._money(owed, account) if owed else "",
            **self._choice(account, form, errors, self._url("pay/funds"), balance=False),
        )
        return leading_away(page)

    def _choice(
        self, account: Account, form: PayForm, errors: list[tuple[str, str]] | None, url: str, *, balance: bool = True
    ) -> dict[str, Any]:
        ways = self._all_ways(account) if balance else self._ways(account)
        chosen = form.way.data or (ways[0].value if ways else "")
        return {
            "form": form,
            "ways": ways,
            "way": chosen,
            "errors": errors or [],
            "way_error": dict(errors or ()).get("way", ""),
            "url": url,
        }

    def _all_ways(self, account: Account) -> list[Way]:
        figures = figures_of(account.id, day=self.hooks.now().date())
        ways = self._ways(account)
        if figures.payable > 0 and is_offered(account, PaymentKind.BALANCE):
            note = Sentence("%(money)s can be used.", money=self._money(figures.payable, account))
            if figures.payable > figures.balance:
                note = joined([note, Sentence("Part of it is your credit limit.")])
            ways.append(Way(BALANCE, "Account balance", PaymentKind.BALANCE, note=note))
        return ways

    def _ways(self, account: Account) -> list[Way]:
        return ways_to_pay(account, current_app.extensions["gateways"], now=self.hooks.now())

    def _row(self, invoice: Invoice, account: Account) -> dict[str, Any]:
        return {
            "number": invoice.number,
            "url": self._url(f"invoices/{address(invoice.number)}"),
            "description": invoice.description,
            "due_on": format_date(invoice.due_on, "medium", locale=self.visit.locale) if invoice.due_on else "",
            "due": self._money(invoice.amount_due, account),
        }

    def _rest(self, payment: Payment, account: Account) -> str:
        rest = payment.amount - payment.amount_allocated - payment.amount_refunded
        return self._money(rest, account) if payment.settled_at is not None and rest else ""

    def _payment(self, number: str) -> Payment:
        found = select(Payment).where(
            Payment.account_id == self.visit.owner_id, Payment.number == number[:_LONGEST_NUMBER]
        )
        payment = db.session.scalar(found) if "\0" not in number else None
        if payment is None:
            abort(404)
        return payment

    def _account(self) -> Account:
        if self.visit.owner_id is None:
            abort(404)
        return db.session.get_one(Account, self.visit.owner_id)

    def _money(self, amount: int, account: Account) -> str:
        return format_money(amount, account.currency, self.visit.locale)

    def _url(self, path: str) -> str:
        return f"{self.visit.base_url}/{path}"

    def _frame(self, title: str) -> dict[str, Any]:
        return {"layout": self.realm.layout, "visit": self.visit, "title": title}
