"""Subscriptions of the demo and their bills: begun, billed period by period, changed, and ended in every way."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Final

from domain.actor import Actor
from domain.periods import Period, nth_period
from domain.proration import change_quantity
from models.account import Account
from models.invoice import Invoice
from models.license import License, LicenseStatus
from models.number_series import NumberedKind
from models.order import OrderKind
from models.price import BillingPeriod
from models.subscription import (
    Subscription,
    SubscriptionChange,
    SubscriptionItem,
    SubscriptionPeriod,
    SubscriptionStatus,
)
from models.subscription import (
    SubscriptionChangeKind as Change,
)
from services.audit import record_event
from services.demo.bills import bill, fulfil, tax_on, taxed
from services.demo.catalogue import MONTHS, PACKAGES, price_of
from services.demo.habits import Habit, pay_as_usual
from services.demo.licenses import activate, issue_license, set_status
from services.demo.world import World, add, keep
from services.invoices import InvoiceLineValues
from services.numbers import next_number
from services.ordering import explained

_PLANS: Final = {plan.code: plan for plan in PACKAGES}
_ONE_DAY: Final = dt.timedelta(days=1)
_BILLING_HOUR: Final = 6
# What still ran when a subscription ended is told by its status.
_ENDINGS: Final = {
    SubscriptionStatus.EXPIRED: (Change.EXPIRED, "subscription.expired"),
    SubscriptionStatus.SUSPENDED: (Change.SUSPENDED, "subscription.suspended"),
    SubscriptionStatus.TERMINATED: (Change.TERMINATED, "subscription.terminated"),
}


@dataclass
class Contract:
    """A subscription as it will go: how big, how long, who pays how, and how it ends."""

    account: Account
    plan: str
    period: BillingPeriod
    started_on: dt.date
    habit: Habit
    size: int = 100  # per cent of what the package contains
    ends: SubscriptionStatus = SubscriptionStatus.ACTIVE
    ends_on: dt.date | None = None
    renews: bool = True
    grows_on: dt.date | None = None  # half as many again of the first item, from this day
    reference: str | None = None
    licensee: str | None = None
    trial: bool = False

    subscription: Subscription = field(init=False)
    items: list[SubscriptionItem] = field(init=False, default_factory=list)
    license: License | None = field(init=False, default=None)

    @property
    def days_of_once(self) -> Period:
        return Period(self.started_on, self.started_on + 29 * _ONE_DAY)

    def nth(self, number: int) -> Period:
        if self.period is BillingPeriod.ONCE:
            return self.days_of_once
        return nth_period(self.started_on, MONTHS[self.period], number)


def sign(world: World, contract: Contract) -> None:
    """Put a contract on the agenda, with everything that follows from it."""
    world.agenda.note(world.morning(contract.started_on, _BILLING_HOUR), _begin, world, contract)


def _begin(world: World, contract: Contract, at: dt.datetime) -> None:
    plan, account = _PLANS[contract.plan], contract.account
    quantities = [max(1, quantity * contract.size // 100) for _, quantity in plan.contents]
    package = world.packages[contract.plan]
    if plan.kind is not None:
        held = {code: quantity for (code, _), quantity in zip(plan.contents, quantities, strict=True)}
        contract.license = issue_license(
            world, account, plan, held, contract.period, at, reference=contract.reference, licensee=contract.licensee
        )
        _activate_soon(world, contract.license, at)
    period = contract.nth(0)
    prices = [price_of(code, account.currency, contract.period) for code, _ in plan.contents]
    contract.subscription = add(
        Subscription(
            account_id=account.id,
            number=next_number(NumberedKind.SUBSCRIPTION, now=at),
            package_id=package.id,
            license_id=contract.license.id if contract.license else None,
            reseller_account_id=account.parent_account_id,
            licensee=contract.licensee,
            period=contract.period,
            started_on=contract.started_on,
            current_period_from=period.first,
            current_period_to=period.last,
            currency=account.currency,
            recurring_price=sum(price * quantity for price, quantity in zip(prices, quantities, strict=True)),
            reference=contract.reference,
            trial_ends_on=contract.started_on + 13 * _ONE_DAY if contract.trial else None,
            created_at=at,
        )
    )
    for (code, _), quantity, price in zip(plan.contents, quantities, prices, strict=True):
        item = SubscriptionItem(
            account_id=account.id,
            subscription_id=contract.subscription.id,
            product_id=world.products[code].id,
            quantity=quantity,
            currency=account.currency,
            unit_price=price,
            created_at=at,
        )
        contract.items.append(keep(item))
    record_event("subscription.started", contract.subscription, actor=world.as_owner(account), now=at,
                 after={"package": package.name, "price": contract.subscription.recurring_price})  # fmt: skip
    if contract.ends_on is not None:
        world.agenda.note(world.morning(contract.ends_on, 7), _end, world, contract)
    if contract.grows_on is not None:
        world.agenda.note(world.morning(contract.grows_on, 11), _grow, world, contract)
    _bill_period(world, contract, 0, at)


def _activate_soon(world: World, license: License, at: dt.datetime) -> None:
    if world.chance(f"activated {license.code}").random() < 0.9:  # the others were sold, and no device has used them
        world.agenda.note(at + dt.timedelta(hours=5), activate, world, license)


def _bill_period(world: World, contract: Contract, number: int, at: dt.datetime) -> None:
    """Bill one period, and put the next on the agenda."""
    subscription, account, period = contract.subscription, contract.account, contract.nth(number)
    ended = contract.ends_on is not None and period.first >= contract.ends_on
    if ended or (subscription.status is not SubscriptionStatus.ACTIVE):
        return
    once = contract.period is BillingPeriod.ONCE
    following = period.last + _ONE_DAY
    subscription.current_period_from, subscription.current_period_to = period.first, period.last
    subscription.renews_on = following if contract.renews and not once else None
    actor = world.as_owner(account) if number == 0 else world.system
    lines = [_line(world, contract, item, period, actor, at) for item in contract.items]
    kind = OrderKind.RENEWAL if number else (OrderKind.TRIAL if contract.trial else OrderKind.PURCHASE)
    invoice = bill(world, account, lines, f"{_title(world, contract)}, {_said(period)}", kind, actor, at,
                   subscription_id=subscription.id)  # fmt: skip
    keep(
        SubscriptionPeriod(
            account_id=account.id,
            subscription_id=subscription.id,
            invoice_id=invoice.id,
            period_from=period.first,
            period_to=period.last,
            currency=subscription.currency,
            net=invoice.net_total,
            created_at=at,
        )
    )
    what = Change.RENEWED if number else Change.STARTED
    tell(contract, what, actor, at, invoice=invoice, after=_said(period), amount=invoice.net_total)
    if number:
        record_event("subscription.renewed", subscription, actor=actor, now=at, after={"period": _said(period)})
    fulfil(invoice, at)
    pay_as_usual(world, invoice, contract.habit, at)
    if contract.renews and not once:
        world.agenda.note(world.morning(following, _BILLING_HOUR), _bill_period, world, contract, number + 1)


def _grow(world: World, contract: Contract, at: dt.datetime) -> None:
    """Add half as many of the first item, and bill the rest of the period by the day."""
    subscription, item = contract.subscription, contract.items[0]
    period = Period(subscription.current_period_from, subscription.current_period_to)
    before, after = item.quantity, item.quantity + max(1, item.quantity // 2)
    change = change_quantity(
        item.unit_price, paid_quantity=before, new_quantity=after, period=period, changed_on=at.date()
    )
    item.quantity, item.version = after, item.version + 1
    subscription.recurring_price += item.unit_price * (after - before)
    subscription.version += 1
    actor = world.as_owner(contract.account)
    product = next(name for name in world.products.values() if name.id == item.product_id)
    tax = tax_on(world, contract.account, at.date())
    line = InvoiceLineValues(
        description=f"{product.name}: {before} to {after}, {change.charge.days_left} of {change.charge.days} days",
        unit_price=change.charge.amount,
        product_id=product.id,
        subscription_id=subscription.id,
        period_from=at.date(),
        period_to=period.last,
        explanation=explained(
            tax,
            actor=actor,
            now=at,
            price={"unit": item.unit_price, "period": contract.period.value},
            quantity=after - before,
            days={"left": change.charge.days_left, "of": change.charge.days},
            **{"from": str(before), "to": str(after)},
        ),
        **taxed(tax),
    )
    invoice = bill(world, contract.account, [line], f"More of {product.name}", OrderKind.CHANGE, actor, at,
                   subscription_id=subscription.id)  # fmt: skip
    tell(contract, Change.QUANTITY_INCREASED, actor, at, item=item, invoice=invoice, before=str(before),
         after=str(after), amount=change.charge.amount)  # fmt: skip
    record_event("subscription.quantities_changed", subscription, actor=actor, now=at,
                 before={product.name: before}, after={product.name: after})  # fmt: skip
    fulfil(invoice, at)
    pay_as_usual(world, invoice, contract.habit, at)


def _end(world: World, contract: Contract, at: dt.datetime) -> None:
    subscription = contract.subscription
    subscription.status, subscription.renews_on = contract.ends, None
    subscription.version += 1
    if contract.ends is SubscriptionStatus.TERMINATED:
        subscription.terminated_on = at.date()
    if contract.ends is SubscriptionStatus.SUSPENDED:
        subscription.suspended_at = at
    what, event = _ENDINGS[contract.ends]
    actor = world.system if contract.ends is SubscriptionStatus.EXPIRED else world.as_staff("finance")
    tell(contract, what, actor, at)
    record_event(event, subscription, actor=actor, now=at, after={"status": contract.ends})
    if contract.license is not None:
        set_status(world, contract.license, LicenseStatus(contract.ends.value), at)


def tell(
    contract: Contract,
    kind: Change,
    actor: Actor,
    at: dt.datetime,
    *,
    item: SubscriptionItem | None = None,
    invoice: Invoice | None = None,
    before: str | None = None,
    after: str | None = None,
    amount: int = 0,
) -> None:
    """Write one line of the history of a subscription."""
    keep(
        SubscriptionChange(
            account_id=contract.account.id,
            subscription_id=contract.subscription.id,
            subscription_item_id=item.id if item else None,
            invoice_id=invoice.id if invoice else None,
            kind=kind,
            before=before,
            after=after,
            effective_on=at.date(),
            currency=contract.account.currency,
            amount=amount,
            changed_by=actor.name,
            changed_by_person_id=actor.person_id,
            created_at=at,
        )
    )


def _line(
    world: World, contract: Contract, item: SubscriptionItem, period: Period, actor: Actor, at: dt.datetime
) -> InvoiceLineValues:
    tax = tax_on(world, contract.account, period.first)
    product = next(product for product in world.products.values() if product.id == item.product_id)
    return InvoiceLineValues(
        description=product.name,
        unit_price=item.unit_price,
        quantity=item.quantity,
        product_id=product.id,
        subscription_id=contract.subscription.id,
        period_from=period.first,
        period_to=period.last,
        explanation=explained(
            tax,
            actor=actor,
            now=at,
            price={"unit": item.unit_price, "period": contract.period.value},
            quantity=item.quantity,
            days={"left": period.days, "of": period.days},
        ),
        **taxed(tax),
    )


def _title(world: World, contract: Contract) -> str:
    return str(world.packages[contract.plan])


def _said(period: Period) -> str:
    return f"{period.first.isoformat()} to {period.last.isoformat()}"
