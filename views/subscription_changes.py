"""Changing a subscription in steps without script: what it would be, the exact price, and then paying (SPEC E1, E2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import urlencode

from babel.dates import format_date
from flask import Response, abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_admin import expose
from sqlalchemy import select

from domain.permissions import P
from domain.refusals import Refusal
from domain.sentences import Sentence
from extensions import db
from models import Invoice, Subscription
from panel import RealmPage
from panel.addresses import address
from panel.form import Form
from panel.words import inside
from services.buying_on_credit import Settled, how_settled
from services.invoices import InvoiceLineValues
from services.subscriptions.change_orders import change_under_way, give_up_change, invoice_of
from services.subscriptions.changing import limits_of, quote_quantities, save_quantities
from services.subscriptions.plans import change_plan, offered_plans, quote_plan
from services.subscriptions.quotes import ChangeQuote, QuantityNotPossible
from services.subscriptions.standing import reactivate
from services.subscriptions.terms import load_subscription, renews_with
from services.unit_of_work import unit_of_work
from views.locale import chosen, flash, said
from views.money import format_money
from views.price_form import PriceForm
from views.see_other import see_other
from views.settling import FIRST_BECAUSE, FIRST_BECAUSE_OF_THEIRS
from views.whole_numbers import whole_number

FIELD = "items-"
_LONGEST = 40


class SubscriptionChangePage(RealmPage):
    """What is typed is kept in the address, so Back and reload work; only a POST writes."""

    slug, title = "subscription-changes", "Change a subscription"
    verbs: ClassVar[dict[str, str]] = {
        "index": P.SUBSCRIPTIONS_READ,
        **dict.fromkeys(("quantities", "plan", "reactivation", "giving_up"), P.SUBSCRIPTIONS_EDIT),
    }

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """A subscription is chosen in the list."""
        return see_other(f"{self.visit.base_url}/subscriptions/")

    @expose("/<number>/quantities", methods=("GET", "POST"))
    def quantities(self, number: str) -> ResponseReturnValue:
        """How many of each; then what that costs; posted, the change."""
        subscription = self._subscription(number)
        typed = {name.removeprefix(FIELD): value for name, value in request.args.items() if name.startswith(FIELD)}
        if not typed:
            return self._quantities_page(subscription, {})
        try:
            wanted = _whole_numbers(typed)
            if request.method == "POST":
                return self._save(subscription, lambda form: save_quantities(
                    subscription.id,
                    wanted,
                    expected_total=form.seen_total,
                    key=form.once,
                    actor=self.visit.actor,
                    now=self.hooks.now(),
                ))  # fmt: skip
            quote = quote_quantities(subscription, wanted, actor=self.visit.actor, now=self.hooks.now())
        except Refusal as refusal:
            return self._quantities_page(self._subscription(number), typed, refusal.message), 422
        fields = {f"{FIELD}{code}": value for code, value in typed.items()}
        return self._preview(subscription, quote, "quantities", fields)

    @expose("/<number>/plan", methods=("GET", "POST"))
    def plan(self, number: str) -> ResponseReturnValue:
        """Which plan; then what that costs; posted, the change."""
        subscription, code = self._subscription(number), request.args.get("plan", "")
        if not code:
            return self._plan_page(subscription)
        try:
            if request.method == "POST":
                return self._save(subscription, lambda form: change_plan(
                    subscription.id,
                    code,
                    expected_total=form.seen_total,
                    key=form.once,
                    actor=self.visit.actor,
                    now=self.hooks.now(),
                ))  # fmt: skip
            quote = quote_plan(subscription, code, actor=self.visit.actor, now=self.hooks.now())
        except Refusal as refusal:
            return self._plan_page(self._subscription(number), refusal.message), 422
        return self._preview(subscription, quote, "plan", {"plan": code})

    @expose("/<number>/reactivate", methods=("GET", "POST"))
    def reactivation(self, number: str) -> ResponseReturnValue:
        """An expired one, as it was: its invoice is led to, and paying that brings it back."""
        subscription, error = self._subscription(number), ""
        form = Form()
        if request.method == "POST" and form.validate():
            try:
                with unit_of_work():
                    invoice = reactivate(subscription.id, actor=self.visit.actor, now=self.hooks.now())
                    of_invoice, why = self._of_invoice(invoice, subscription)
                if of_invoice:
                    return self._to_invoice(of_invoice, why)
                flash(self._comes_back(), "success")
                return self._to_subscription(number)
            except Refusal as refusal:
                error, subscription = refusal.message, self._subscription(number)
        page = render_template(
            "pages/subscription/reactivate.html",
            **self._frame(subscription, "Reactivate"),
            price=self._money(subscription.recurring_price, subscription),
            on_credit=self._settled(subscription, subscription.recurring_price) is Settled.NEXT_INVOICE,
            own=self._own,
            form=form,
            errors=[("", error)] if error else [],
            url=self._url(subscription, "reactivate"),
        )
        return page, 409 if error else 200

    @expose("/<number>/give-up", methods=("POST",))
    def giving_up(self, number: str) -> ResponseReturnValue:
        """A change that waits for its payment is not wanted any more."""
        subscription = self._subscription(number)
        try:
            with unit_of_work():
                give_up_change(subscription.id, actor=self.visit.actor, now=self.hooks.now())
            flash("The change is given up; its invoice is void.", "success")
        except Refusal as refusal:
            flash(refusal.message, "danger")
        return self._to_subscription(number)

    def _save(self, subscription: Subscription, act: Any) -> Response:
        """Write the change, and lead to what has to be paid for it."""
        form, number = PriceForm(), subscription.number
        if not form.validate():
            abort(400)
        with unit_of_work():
            invoice: Invoice | None = act(form)
            of_invoice, why = self._of_invoice(invoice, subscription)
        if of_invoice:
            return self._to_invoice(of_invoice, why)
        if total := int(form.total.data or 0):  # it is what was asked for, and no invoice asks for it
            shown = self._money(total, self._subscription(number))
            flash(self._is_made(shown), "success")
            return self._to_subscription(number)
        flash("The change is saved.", "success")
        return self._to_subscription(number)

    def _of_invoice(self, invoice: Invoice | None, subscription: Subscription) -> tuple[str, str]:
        """The number of the invoice that is paid first, and why a postpaid account pays it first."""
        if invoice is None:
            return "", ""
        return invoice.number, self._first_because(self._settled(subscription, invoice.amount_due))

    def _settled(self, subscription: Subscription, total: int) -> Settled:
        return how_settled(
            subscription.account_id,
            total,
            currency=subscription.currency,
            actor=self.visit.actor,
            day=self.hooks.now().date(),
        )

    def _first_because(self, settled: Settled) -> str:
        return (FIRST_BECAUSE if self.visit.owner_id is not None else FIRST_BECAUSE_OF_THEIRS).get(settled, "")

    @property
    def _own(self) -> bool:
        """Whether the visitor reads of their own account."""
        return self.visit.owner_id is not None

    def _comes_back(self) -> str:
        if self._own:
            return "It comes back in a moment. The next period stands on your next invoice."
        return "It comes back in a moment. The next period stands on their next invoice."

    def _is_made(self, total: str) -> Sentence:
        if self._own:
            return Sentence("The change is made in a moment. %(total)s stand on your next invoice.", total=total)
        return Sentence("The change is made in a moment. %(total)s stand on their next invoice.", total=total)

    def _quantities_page(self, subscription: Subscription, typed: Mapping[str, str], error: str = "") -> str:
        items, limits = [], limits_of(subscription, now=self.hooks.now())
        for item in sorted(subscription.items, key=lambda each: each.product.name):
            least, most = limits[item.product.code]
            if not item.quantity and not most:
                continue  # the plan does not have it (any more)
            kept = renews_with(item)
            items.append(
                {
                    "name": f"{FIELD}{item.product.code}",
                    "label": item.product.name,
                    "value": typed.get(item.product.code, str(kept)),
                    "now": item.quantity,
                    "pending": item.pending_quantity,
                    "least": least,
                    "most": most,
                    "price": self._money(item.unit_price, subscription),
                }
            )
        return render_template(
            "pages/subscription/quantities.html",
            **self._frame(subscription, "Change quantities"),
            items=items,
            period=inside(chosen(subscription.period)),
            errors=[(items[0]["name"] if items else "", error)] if error else [],
            url=self._url(subscription, "quantities"),
        )

    def _plan_page(self, subscription: Subscription, error: str = "") -> str:
        offered = [
            {
                "value": package.code,
                "label": package.name,
                "price": self._money(terms.price, subscription),
                "note": ", ".join(f"{item.quantity} {item.product.name}" for item in terms.items),
            }
            for package, terms in offered_plans(subscription, now=self.hooks.now())
        ]
        waits = subscription.next_package
        if waits is not None:
            offered = [each for each in offered if each["value"] != waits.code]
            label = Sentence("Stay with %(package)s", package=subscription.package.name)
            price = self._money(subscription.recurring_price, subscription)
            offered.insert(0, {"value": subscription.package.code, "label": label, "price": price, "note": ""})
        return render_template(
            "pages/subscription/plan.html",
            **self._frame(subscription, "Change plan"),
            plan=subscription.package.name,
            price=self._money(subscription.recurring_price, subscription),
            period=inside(chosen(subscription.period)),
            waits=waits.name if waits is not None else "",
            offered=offered,
            errors=[("", error)] if error else [],
            url=self._url(subscription, "plan"),
        )

    def _preview(
        self, subscription: Subscription, quote: ChangeQuote, step: str, fields: Mapping[str, str]
    ) -> ResponseReturnValue:
        settled = self._settled(subscription, quote.totals.total)
        return render_template(
            "pages/subscription/preview.html",
            **self._frame(subscription, "Change plan" if step == "plan" else "Change quantities"),
            lines=[self._line(line, subscription) for line in quote.lines],
            net=self._money(quote.totals.net, subscription),
            tax=self._money(quote.totals.tax, subscription) if quote.totals.tax else "",
            total=self._money(quote.totals.total, subscription),
            pays=quote.totals.total > 0,
            on_credit=settled is Settled.NEXT_INVOICE,
            own=self._own,
            why=self._first_because(settled),
            before=self._money(quote.recurring_before, subscription),
            after=self._money(quote.recurring_after, subscription),
            period=inside(chosen(subscription.period)),
            at_renewal=self._day(subscription) if quote.at_renewal else "",
            form=PriceForm.showing(quote.totals.total),
            url=f"{self._url(subscription, step)}?{urlencode(fields)}",
            back_again=f"{self._url(subscription, step)}",
        )

    def _line(self, line: InvoiceLineValues, subscription: Subscription) -> dict[str, str]:
        label = said(Sentence("%(line)s", line=line.description))  # names of products are data
        return {"label": label, "amount": self._money(line.net, subscription)}

    def _subscription(self, number: str) -> Subscription:
        """The subscription of this number, of the portal's own account. Anything else is not found."""
        found = select(Subscription.id).where(Subscription.number == number[:_LONGEST])
        if self.visit.owner_id is not None:
            found = found.where(Subscription.account_id == self.visit.owner_id)
        row = db.session.scalar(found) if "\0" not in number else None
        if row is None:
            abort(404)
        return load_subscription(row)

    def _frame(self, subscription: Subscription, title: str) -> dict[str, Any]:
        order = change_under_way(subscription)
        invoice = invoice_of(order) if order is not None else None
        waiting = None
        if order is not None:
            number = invoice.number if invoice is not None else ""
            waiting = {
                "number": number,
                "url": f"{self.visit.base_url}/invoices/{address(number)}",
                "give_up_url": self._url(subscription, "give-up"),
            }
        return {
            "layout": self.realm.layout,
            "visit": self.visit,
            "title": title,
            "number": subscription.number,
            "back_url": f"{self.visit.base_url}/subscriptions/{address(subscription.number)}",
            "waiting": waiting,
            "token_form": Form(),
        }

    def _to_invoice(self, number: str, why: str) -> Response:
        """Where it is paid: in the portal by whoever may, else the invoice itself. ``why`` it is paid first, or ""."""
        if why:
            flash(Sentence("%(why)s This is invoice %(number)s.", why=Sentence(why), number=number), "warning")
        if self.visit.owner_id is not None and self.visit.allows(P.INVOICES_PAY):
            return see_other(f"{self.visit.base_url}/pay/?invoice={address(number)}")
        if self.visit.allows(P.INVOICES_READ):
            return see_other(f"{self.visit.base_url}/invoices/{address(number)}")
        flash(Sentence("Invoice %(number)s is issued. The change counts once it is paid.", number=number), "success")
        return see_other(f"{self.visit.base_url}/subscriptions/")

    def _to_subscription(self, number: str) -> Response:
        return see_other(f"{self.visit.base_url}/subscriptions/{address(number)}")

    def _day(self, subscription: Subscription) -> str:
        return str(format_date(subscription.current_period_to, "medium", locale=self.visit.locale))

    def _money(self, amount: int, subscription: Subscription) -> str:
        return format_money(amount, subscription.currency, self.visit.locale)

    def _url(self, subscription: Subscription, step: str) -> str:
        return f"{self.visit.base_url}/{self.slug}/{address(subscription.number)}/{step}"


def _whole_numbers(typed: Mapping[str, str]) -> dict[str, int]:
    """Product code -> whole number. Refused: QuantityNotPossible."""
    found = {}
    for code, given in typed.items():
        number = whole_number(given)
        if number is None:
            raise QuantityNotPossible("Enter whole numbers, like 12.")
        found[code] = number
    return found
