"""Writing bills in the demo: the tax of a line, an order with its issued invoice, and the order fulfilled."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy.orm.attributes import set_committed_value

from domain.actor import Actor, system_actor
from domain.tax import Buyer, decide_tax
from models.account import Account
from models.invoice import Invoice
from models.order import OrderKind, OrderStatus
from services.audit import record_event
from services.demo.catalogue import tax_name
from services.demo.world import World
from services.invoices import InvoiceLineValues, create_invoice, issue_invoice, totals_of
from services.orders import place_order
from services.taxes import LineTax

SELLER_COUNTRY: Final = "DE"
_PROVISIONING: Final = system_actor("provisioning")


def tax_on(world: World, account: Account, on: dt.date) -> LineTax:
    """How an account is taxed on a day; in the demo all products of a country are taxed alike."""
    buyer = Buyer(
        country=account.country, region=account.region or "", vat_id=account.vat_id or "", exempt=account.tax_exempt
    )
    decision = decide_tax(world.tax_rules, buyer, seller_country=SELLER_COUNTRY, product_class="", on=on)
    rule = decision.rule
    if rule is None:
        return LineTax(decision.treatment, decision.rate_ppm)
    name = tax_name(account.country, rule.rate_ppm, on)
    told = {
        "name": name,
        "rate": rule.rate_ppm,
        "valid_from": rule.valid_from.isoformat(),
        "valid_to": rule.valid_to.isoformat() if rule.valid_to else None,
        "country": rule.country,
        "region": rule.region,
    }
    return LineTax(decision.treatment, decision.rate_ppm, name, None, told)


def taxed(tax: LineTax) -> dict[str, Any]:
    """The part of a line that says how it is taxed."""
    return {"tax_rate": tax.rate_ppm, "treatment": tax.treatment, "tax_name": tax.name}


def simple_line(
    world: World, account: Account, code: str, unit_price: int, quantity: int, on: dt.date, description: str = ""
) -> InvoiceLineValues:
    """A line over a product at a price of its own, as staff write it."""
    product, tax = world.products[code], tax_on(world, account, on)
    return InvoiceLineValues(
        description=description or product.name,
        unit_price=unit_price,
        quantity=quantity,
        product_id=product.id,
        explanation={"price": {"unit": unit_price}, "quantity": quantity, **tax.explanation},
        **taxed(tax),
    )


def bill(
    world: World,
    account: Account,
    lines: Sequence[InvoiceLineValues],
    description: str,
    kind: OrderKind,
    actor: Actor,
    at: dt.datetime,
    *,
    subscription_id: int | None = None,
) -> Invoice:
    """Place an order, and issue the invoice over it."""
    draft = draft_bill(account, lines, description, kind, actor, at, subscription_id=subscription_id)
    return issue_invoice(draft, actor=actor, now=at)


def draft_bill(
    account: Account,
    lines: Sequence[InvoiceLineValues],
    description: str,
    kind: OrderKind,
    actor: Actor,
    at: dt.datetime,
    *,
    subscription_id: int | None = None,
) -> Invoice:
    """Place an order, and write the invoice over it without issuing it."""
    totals = totals_of(lines)
    order = place_order(
        account.id,
        description=description,
        kind=kind,
        currency=account.currency,
        net=totals.net,
        tax=totals.tax,
        actor=actor,
        now=at,
    )
    invoice = create_invoice(
        account, lines, description=description, order=order, subscription_id=subscription_id, actor=actor, now=at
    )
    set_committed_value(invoice, "order", order)  # at hand already: it need not be read again
    return invoice


def fulfil(invoice: Invoice, at: dt.datetime) -> None:
    """Say that what an order asked for was provided."""
    order = invoice.order
    order.status, order.fulfilled_at = OrderStatus.FULFILLED, at
    order.version += 1
    record_event("order.fulfilled", order, account_id=order.account_id, actor=_PROVISIONING, now=at)
