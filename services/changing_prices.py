"""Invoice lines for changes within a paid period and for renewals, each with its explanation."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from domain.actor import Actor
from domain.periods import Period, PricedPeriod
from domain.proration import ProratedCharge, change_price, change_quantity, price_of
from domain.sentences import Sentence, counted
from models.product import Product
from services.invoices import InvoiceLineValues
from services.ordering import explained
from services.taxes import LineTax


@dataclass(frozen=True, slots=True)
class ChangedThing:
    """What is changed or renewed: one product of a subscription (or its plan as a whole, without one), how it is taxed,
    and the period that is paid for.
    """

    product: Product | None
    subscription_id: int
    period: Period
    tax: LineTax


def more_line(
    thing: ChangedThing,
    unit_price: int,
    *,
    paid_quantity: int,
    before: int,
    after: int,
    actor: Actor,
    now: dt.datetime,
    on: dt.date | None = None,
) -> InvoiceLineValues | None:
    """The line for a new quantity from a day on, which is today where nothing is said.

    None when nothing is to be paid: less, or paid for already. ``paid_quantity`` is the most that was paid for in this
    period.
    """
    on = on or now.date()
    change = change_quantity(
        unit_price, paid_quantity=paid_quantity, new_quantity=after, period=thing.period, changed_on=on
    )
    words = changed_words(_name(thing), str(before), str(after))
    return _prorated(thing, change.charge, words, unit_price, after - paid_quantity, before, after, actor, now, on)


def changed_words(name: str, before: str, after: str) -> Sentence:
    """How a line says that there is another number of a product."""
    return Sentence("%(name)s: %(before)s to %(after)s", name=name, before=before, after=after)


def plan_line(
    thing: ChangedThing,
    *,
    old_price: int,
    new_price: int,
    old: str,
    new: str,
    actor: Actor,
    now: dt.datetime,
    on: dt.date | None = None,
) -> InvoiceLineValues | None:
    """The line for a dearer plan from a day on; None for a cheaper one, which takes effect at renewal."""
    on = on or now.date()
    charge = change_price(old_price, new_price, thing.period, on)
    return _prorated(
        thing,
        charge,
        Sentence("%(old)s to %(new)s", old=old, new=new),
        new_price - old_price,
        1,
        old,
        new,
        actor,
        now,
        on,
    )


def renewal_line(
    thing: ChangedThing, priced: PricedPeriod, unit_price: int, quantity: int, *, actor: Actor, now: dt.datetime
) -> InvoiceLineValues:
    """The line of the next period; of a longer or shorter one the whole is rounded once, as one piece."""
    regular = priced.numerator == priced.denominator
    price = {"unit": unit_price, "times": f"{priced.numerator}/{priced.denominator}"}
    days = {"left": priced.period.days, "of": priced.period.days}
    words = _name(thing)
    if not regular:
        words = counted(
            "%(name)s: %(quantity)s, %(count)s day",
            "%(name)s: %(quantity)s, %(count)s days",
            priced.period.days,
            name=words,
            quantity=str(quantity),
        )
    return _values(
        thing,
        words,
        unit_price if regular else price_of(unit_price * quantity, priced),
        quantity if regular else 1,
        priced.period,
        explained(
            thing.tax,
            actor=actor,
            now=now,
            price={"unit": unit_price} if regular else price,
            quantity=quantity,
            days=days,
        ),
    )


def _prorated(
    thing: ChangedThing,
    charge: ProratedCharge,
    words: str,
    unit_price: int,
    quantity: int,
    before: int | str,
    after: int | str,
    actor: Actor,
    now: dt.datetime,
    on: dt.date,
) -> InvoiceLineValues | None:
    if charge.amount == 0:
        return None
    why = explained(
        thing.tax,
        actor=actor,
        now=now,
        price={"unit": unit_price},
        quantity=quantity,
        days={"left": charge.days_left, "of": charge.days},
        **{"from": str(before), "to": str(after)},
    )
    rest = Period(on, thing.period.last)
    said = Sentence(
        "%(what)s, %(left)s of %(days)s days", what=words, left=str(charge.days_left), days=str(charge.days)
    )
    return _values(thing, said, charge.amount, 1, rest, why)


def _values(
    thing: ChangedThing, words: str, unit_price: int, quantity: int, period: Period, why: dict[str, object]
) -> InvoiceLineValues:
    return InvoiceLineValues(
        description=words,
        unit_price=unit_price,
        quantity=quantity,
        tax_rate=thing.tax.rate_ppm,
        tax_name=thing.tax.name,
        treatment=thing.tax.treatment,
        tax_rule_id=thing.tax.rule_id,
        product_id=thing.product.id if thing.product is not None else None,
        subscription_id=thing.subscription_id,
        period_from=period.first,
        period_to=period.last,
        explanation=why,
    )


def _name(thing: ChangedThing) -> str:
    if thing.product is None:
        raise ValueError("only a product has quantities")
    return thing.product.name
