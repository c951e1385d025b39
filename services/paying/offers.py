"""The ways to pay that an account is offered: by its country and currency, and by what is set up (SPEC D5)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from sqlalchemy import select

from domain.offers import allows
from domain.sentences import Sentence, joined
from extensions import db
from gateways.port import ChargeRequest, Gateway, Means, Mode, Payer
from gateways.registry import Gateways
from models.account import Account
from models.payment import PaymentKind
from models.payment_method import PaymentMethod, PaymentMethodKind, PaymentMethodStatus
from services.settings import text_setting

BALANCE: Final = "balance"
STORED: Final = "stored"
_LABELS: Final = {
    PaymentKind.CARD: "Credit or debit card",
    PaymentKind.PAYPAL: "PayPal",
    PaymentKind.PAYPAL_AGREEMENT: "PayPal billing agreement",
    PaymentKind.BANK_TRANSFER: "Bank transfer",
    PaymentKind.CHEQUE: "Cheque",
}
_MODES: Final = {
    Mode.LIVE: "",
    Mode.TEST: "Test mode: no real money moves.",
    Mode.SIMULATED: "Simulated: no real money moves.",
}
STORED_MEANS: Final = MappingProxyType(
    {
        PaymentMethodKind.CARD: PaymentKind.CARD,
        PaymentMethodKind.BILLING_AGREEMENT: PaymentKind.PAYPAL_AGREEMENT,
    }
)
"""What a stored method pays with; kinds that are not here cannot be charged."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to pay. ``value`` names it in forms; ``by_hand``: the payer is told where to send money themselves."""

    value: str
    label: str
    means: PaymentKind
    gateway: str = ""
    note: str = ""
    method: PaymentMethod | None = None
    by_hand: bool = False


def is_offered(account: Account, means: PaymentKind) -> bool:
    """Whether staff's settings offer this to accounts of this country and currency."""
    country = account.billing_country or account.country
    return allows(text_setting(f"{means.value}_countries"), country) and allows(
        text_setting(f"{means.value}_currencies"), account.currency
    )


def ways_to_pay(account: Account, gateways: Gateways, *, now: dt.datetime) -> list[Way]:
    """What is offered beside the balance: kept methods first, the default before the others."""
    means = [kind for kind in _LABELS if is_offered(account, kind)]
    ways = [way for method in _kept_methods(account, now) if (way := _kept(method, means, gateways, account))]
    for kind in means:
        offering = [
            each for each in gateways.offering(Means(kind.value), account.currency) if Means(kind.value) in each.pages
        ]
        ways += [_new(kind, gateway, named=len(offering) > 1) for gateway in offering]
    return ways


def instructions(
    account: Account, way: Way, *, amount: int, reference: str, gateways: Gateways
) -> Sequence[tuple[str, str]]:
    """How to pay by hand, as label and value; the reference lets staff know whose money it is. Nothing is booked."""
    if not way.by_hand:
        raise ValueError("only what is paid by hand has instructions")
    payer = Payer(account.client_id, account.name)
    request = ChargeRequest("", amount, account.currency, Means(way.means.value), payer, reference, reference)
    return gateways.get(way.gateway).charge(request).instructions


def page_origins(gateways: Gateways) -> list[str]:
    """Where forms of ours may lead to, for the content policy of the pages that pay."""
    return sorted({origin for gateway in gateways for origin in gateway.page_origins()})


def _new(kind: PaymentKind, gateway: Gateway, *, named: bool) -> Way:
    """A way without a stored method; ``named``: others offer the same, so it is said whose it is."""
    note: str = _MODES[gateway.mode]
    if gateway.asks_back:
        where = Sentence("You pay on the page of %(gateway)s.", gateway=gateway.label)
        note = joined([Sentence(note), where]) if note else where
    return Way(
        f"{kind.value}:{gateway.name}",
        f"{_LABELS[kind]} ({gateway.label})" if named else _LABELS[kind],
        kind,
        gateway.name,
        note if gateway.asks_back else "You get the details and a reference; it counts once it has arrived.",
        by_hand=not gateway.asks_back,
    )


def _kept(method: PaymentMethod, means: list[PaymentKind], gateways: Gateways, account: Account) -> Way | None:
    kind = STORED_MEANS.get(method.kind)
    if kind is None or kind not in means or method.gateway not in gateways:
        return None
    gateway = gateways.get(method.gateway)
    if Means(kind.value) not in gateway.stores or not gateway.takes(account.currency):
        return None
    note: str = _MODES[gateway.mode]
    if method.expires_on:
        until = Sentence("Valid to %(month)s.", month=f"{method.expires_on:%m/%Y}")
        note = joined([until, Sentence(note)]) if note else until
    return Way(f"{STORED}:{method.public_id}", method.label, kind, gateway.name, note, method=method)


def _kept_methods(account: Account, now: dt.datetime) -> Sequence[PaymentMethod]:
    found = select(PaymentMethod).where(
        PaymentMethod.account_id == account.id,
        PaymentMethod.status == PaymentMethodStatus.ACTIVE,
        PaymentMethod.gateway_method_ref.is_not(None),
    )
    methods = db.session.scalars(found.order_by(PaymentMethod.is_default.desc(), PaymentMethod.id)).all()
    return [each for each in methods if each.expires_on is None or each.expires_on >= now.date()]
