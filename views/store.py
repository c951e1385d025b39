"""The store: what an account can order by itself, the exact price, the order, and then paying it (SPEC E10)."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import Response, abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_admin import expose

from domain.permissions import P
from domain.refusals import Refusal
from domain.sentences import Sentence, joined
from extensions import db
from models import Account
from models.price import BillingPeriod
from panel import RealmPage, Visit
from panel.addresses import address, key_in
from panel.form import Form
from services.buying_on_credit import Settled, how_settled
from services.ordering import MOST_PACKAGES, BasketItem, QuantityNotAllowed, Quote, order_basket, quote_basket
from services.store import NotInStore, StoreItem, store_item, store_items
from services.subscriptions.trials import start_trial
from services.unit_of_work import unit_of_work
from views.locale import flash, said
from views.money import format_money
from views.price_form import PriceForm
from views.see_other import see_other
from views.settling import FIRST_BECAUSE
from views.whole_numbers import whole_number

PERIODS = {
    BillingPeriod.ONCE: Sentence("once"),
    BillingPeriod.MONTHLY: Sentence("a month"),
    BillingPeriod.QUARTERLY: Sentence("a quarter"),
    BillingPeriod.YEARLY: Sentence("a year"),
    BillingPeriod.TWO_YEARLY: Sentence("for two years"),
}


AFTER_TRIAL = "On its last day the first period is billed; unpaid, it just ends."
AFTER_TRIAL_ON_CREDIT = (
    "On its last day the first period is put on your next invoice, as far as your credit covers it. Choose before not"
    " to renew it, and it just ends."
)


class StorePage(RealmPage):
    """What is chosen is kept in the address; only a POST orders."""

    slug, title = "store", "Store"
    group, icon = "Services", "cart"
    verbs: ClassVar[dict[str, str]] = dict.fromkeys(("index", "package", "trial"), P.ORDERS_CREATE)

    @staticmethod
    def is_offered(visit: Visit) -> bool:
        """Whether the menu shows it."""
        return visit.owner_id is not None and visit.allows(P.ORDERS_CREATE)

    @expose("/")
    def index(self) -> ResponseReturnValue:
        """Everything that is offered, in the account's currency."""
        account = self._account()
        items = [self._card(item, account) for item in store_items(account, now=self.hooks.now())]
        return render_template("pages/store/store.html", **self._frame(self.title), items=items)

    @expose("/<code>", methods=("GET", "POST"))
    def package(self, code: str) -> ResponseReturnValue:
        """One package: how often and how many; with both in the address its price; posted, the order."""
        account = self._account()
        item = self._item(account, code)
        period, typed = request.args.get("period", ""), request.args.get("quantity", "")
        if not period:
            return self._package_page(item, account, "", "1")
        try:
            if item.price_for(period) is None:
                raise NotInStore
            wanted = BasketItem(item.package.code, _quantity(typed), BillingPeriod(period))
            if request.method == "POST":
                return self._order(account, wanted)
            quote = quote_basket(account, [wanted], actor=self.visit.actor, now=self.hooks.now())
        except Refusal as refusal:
            account = self._account()
            return self._package_page(self._item(account, code), account, period, typed, refusal.message), 422
        return self._preview(item, account, quote, period, typed)

    @expose("/<code>/trial", methods=("POST",))
    def trial(self, code: str) -> ResponseReturnValue:
        """Try it for nothing, once."""
        account, form, number, price = self._account(), Form(), "", 0
        item = self._item(account, code)
        if not form.validate():
            abort(400)
        try:
            with unit_of_work():
                subscription = start_trial(
                    account,
                    item.package,
                    billing=next(price.period for price in item.prices if price.period.months),
                    actor=self.visit.actor,
                    now=self.hooks.now(),
                )
                number, price = subscription.number, subscription.recurring_price
        except StopIteration:
            abort(404)
        except Refusal as refusal:
            account = self._account()
            return self._package_page(self._item(account, code), account, "", "1", refusal.message), 409
        goes_on = self._settled(self._account(), price) is not Settled.FIRST
        flash(
            joined([Sentence("The trial has begun."), Sentence(AFTER_TRIAL_ON_CREDIT if goes_on else AFTER_TRIAL)]),
            "success",
        )
        if self.visit.allows(P.SUBSCRIPTIONS_READ):
            return see_other(f"{self.visit.base_url}/subscriptions/{address(number)}")
        return see_other(self._url())

    def _order(self, account: Account, wanted: BasketItem) -> Response:
        form = PriceForm()
        if not form.validate():
            abort(400)
        with unit_of_work():
            placed = order_basket(
                account,
                [wanted],
                key=form.once,
                expected_total=form.seen_total,
                actor=self.visit.actor,
                now=self.hooks.now(),
            )
            invoice, total = placed.invoice, placed.order.total
            number, due = (invoice.number, invoice.amount_due) if invoice is not None else ("", 0)
            why = FIRST_BECAUSE.get(self._settled(account, due), "")
        if not number:
            shown = self._money(total, self._account())
            flash(
                Sentence("It is ordered, and begins in a moment. %(shown)s stand on your next invoice.", shown=shown),
                "success",
            )
            return self._after_order()
        if why:
            flash(Sentence("%(why)s This is invoice %(number)s.", why=Sentence(why), number=number), "warning")
        if due and self.visit.allows(P.INVOICES_PAY):
            return see_other(f"{self.visit.base_url}/pay/?invoice={address(number)}")
        flash(
            Sentence("It is ordered. It begins once invoice %(number)s is paid.", number=number)
            if due
            else "It is ordered.",
            "success",
        )
        return self._after_order()

    def _after_order(self) -> Response:
        return see_other(f"{self.visit.base_url}/orders/" if self.visit.allows(P.ORDERS_READ) else self._url())

    def _settled(self, account: Account, total: int) -> Settled:
        day = self.hooks.now().date()
        return how_settled(account.id, total, currency=account.currency, actor=self.visit.actor, day=day)

    def _package_page(self, item: StoreItem, account: Account, period: str, typed: str, error: str = "") -> str:
        return render_template(
            "pages/store/package.html",
            **self._frame(item.package.name),
            item=self._card(item, account),
            prices=[
                {
                    "value": price.period.value,
                    "label": f"{self._money(price.amount, account)} {PERIODS[price.period]}",
                    "chosen": price.period.value == period or (not period and number == 0),
                }
                for number, price in enumerate(item.prices)
            ],
            quantity=typed,
            most=MOST_PACKAGES,
            form=Form(),
            errors=[("quantity", error)] if error else [],
            after_trial=self._after_trial(item, account),
            url=self._url(address(item.package.code)),
            store_url=self._url(),
        )

    def _after_trial(self, item: StoreItem, account: Account) -> str:
        price = next((price.amount for price in item.prices if price.period.months), 0)
        return AFTER_TRIAL if self._settled(account, price) is Settled.FIRST else AFTER_TRIAL_ON_CREDIT

    def _preview(self, item: StoreItem, account: Account, quote: Quote, period: str, typed: str) -> ResponseReturnValue:
        settled = self._settled(account, quote.totals.total)
        return render_template(
            "pages/store/preview.html",
            **self._frame(item.package.name),
            lines=[
                {"label": f"{line.quantity} × {line.description}", "amount": self._money(line.net, account)}
                for line in quote.values
            ],
            tax=self._money(quote.totals.tax, account) if quote.totals.tax else "",
            total=self._money(quote.totals.total, account),
            on_credit=settled is Settled.NEXT_INVOICE,
            why=FIRST_BECAUSE.get(settled, ""),
            form=PriceForm.showing(quote.totals.total),
            url=f"{self._url(address(item.package.code))}?period={address(period)}&quantity={address(typed)}",
            back_url=self._url(address(item.package.code)),
        )

    def _card(self, item: StoreItem, account: Account) -> dict[str, Any]:
        cheapest = item.prices[0]
        return {
            "code": item.package.code,
            "name": item.package.name,
            "description": item.package.description,
            "contents": [f"{each.quantity} {each.product.name}" for each in item.package.items],
            "price": f"{self._money(cheapest.amount, account)} {said(PERIODS[cheapest.period])}",
            "more": len(item.prices) > 1,
            "trial_days": item.package.trial_days if item.can_try else 0,
            "url": self._url(address(item.package.code)),
            "trial_url": self._url(f"{address(item.package.code)}/trial"),
        }

    def _item(self, account: Account, code: str) -> StoreItem:
        try:
            return store_item(account, key_in(code), now=self.hooks.now())
        except NotInStore:
            abort(404)

    def _account(self) -> Account:
        if self.visit.owner_id is None:
            abort(404)
        return db.session.get_one(Account, self.visit.owner_id)

    def _money(self, amount: int, account: Account) -> str:
        return format_money(amount, account.currency, self.visit.locale)

    def _url(self, path: str = "") -> str:
        return f"{self.visit.base_url}/{self.slug}/{path}"

    def _frame(self, title: str) -> dict[str, Any]:
        return {"layout": self.realm.layout, "visit": self.visit, "title": title}


def _quantity(typed: str) -> int:
    """Refused: QuantityNotAllowed."""
    number = whole_number(typed)
    if number is None:
        raise QuantityNotAllowed
    return number
