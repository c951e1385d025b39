"""What a payment gateway is to the house: plain data in, plain data out, and no exception for what the world does.

A gateway never sees a row of ours. Every call that moves money carries a ``key`` of ours, of at most twenty letters,
digits and hyphens (Authorize.net keeps no more): the same key asked again moves the money once, and ``find_charge`` and
``find_refund`` tell what became of a key whose answer was lost.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from domain.sentences import Sentence


class Means(StrEnum):
    """What a payer pays with; the words of the payment's method (models/payment.py)."""

    CARD = "card"
    PAYPAL = "paypal"
    PAYPAL_AGREEMENT = "paypal_agreement"
    BANK_TRANSFER = "bank_transfer"
    CHEQUE = "cheque"


class Mode(StrEnum):
    """Whether money is real. Shown on every page of payment."""

    LIVE = "live"
    TEST = "test"
    SIMULATED = "simulated"


class ChargeState(StrEnum):
    """How a charge stands. Unknown: no answer, or one that cannot be read; it may have happened or not."""

    SUCCEEDED = "succeeded"
    WAITING = "waiting"  # the payer has to act: ``continue_at`` says where, or ``instructions`` how
    DECLINED = "declined"
    UNKNOWN = "unknown"
    NOT_FOUND = "not_found"  # only from a look-up: this key never reached the gateway


class EventKind(StrEnum):
    """What an event tells. Everything else that a gateway tells is OTHER and changes nothing."""

    CHARGE_SUCCEEDED = "charge_succeeded"
    CHARGE_DECLINED = "charge_declined"
    REFUND_SUCCEEDED = "refund_succeeded"
    REFUND_FAILED = "refund_failed"
    METHOD_REMOVED = "method_removed"  # an agreement was cancelled, a card taken off the profile
    METHOD_UPDATED = "method_updated"  # the card was renewed by its bank
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Payer:
    """Who pays, as much as a gateway is told. ``reference`` is the client ID of the account."""

    reference: str
    name: str
    email: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class MethodRefs:
    """A stored method at the gateway: profile or customer, and the method within it."""

    customer_ref: str
    method_ref: str


@dataclass(frozen=True, slots=True)
class ChargeRequest:
    """Take ``amount`` minor units of ``currency``. With ``method`` the payer need not act; without, they are led away.

    ``reference`` is the number of our payment, shown to the payer. ``return_url`` and ``cancel_url`` are ours.
    ``asked_at`` is when it was first asked for: some gateways remember a key only so long.
    """

    key: str
    amount: int
    currency: str
    means: Means
    payer: Payer
    reference: str
    description: str
    return_url: str = ""
    cancel_url: str = ""
    method: MethodRefs | None = None
    asked_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class ChargeResult:
    """How the charge stands. ``amount`` and ``currency`` are what the gateway says it took, if it took something.

    ``continue_at`` is the address to lead the payer to; with ``continue_fields`` it wants a POST of these. ``code`` is
    the gateway's own, ``message`` is plain English for the payer and safe to show. ``handle`` finds the charge again
    where a key alone does not (a checkout session, an order): it is kept with the payment and handed back.
    """

    state: ChargeState
    gateway_ref: str | None = None
    handle: str | None = None
    amount: int | None = None
    currency: str | None = None
    fee: int = 0
    code: str | None = None
    message: str | None = None
    continue_at: str | None = None
    continue_fields: Mapping[str, str] = field(default_factory=dict)
    instructions: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """Give back ``amount`` of the charge ``gateway_ref``."""

    key: str
    gateway_ref: str
    amount: int
    currency: str
    reference: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RefundResult:
    """How the refund stands: SUCCEEDED, WAITING (accepted, the gateway tells later), DECLINED, UNKNOWN, NOT_FOUND."""

    state: ChargeState
    gateway_ref: str | None = None
    code: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class StoreRequest:
    """Keep a method of the payer at the gateway. The payer types it there, never here."""

    key: str
    means: Means
    payer: Payer
    return_url: str
    cancel_url: str
    customer_ref: str | None = None


@dataclass(frozen=True, slots=True)
class StoredMethod:
    """What we may keep of a method: its refs, and what people recognise it by. ``expires_on`` is its last day."""

    refs: MethodRefs
    label: str
    brand: str | None = None
    last_four: str | None = None
    expires_on: dt.date | None = None


def card_label(brand: str, last_four: str) -> Sentence:
    """What people recognise a card by; it is kept in the language of its account."""
    return Sentence("%(brand)s ending in %(last_four)s", brand=brand, last_four=last_four)


@dataclass(frozen=True, slots=True)
class StoreResult:
    """WAITING with ``continue_at`` and ``handle``, then SUCCEEDED with ``method``; or DECLINED, UNKNOWN, NOT_FOUND."""

    state: ChargeState
    handle: str | None = None
    method: StoredMethod | None = None
    code: str | None = None
    message: str | None = None
    continue_at: str | None = None
    continue_fields: Mapping[str, str] = field(default_factory=dict)


class Health(StrEnum):
    """What came of asking a gateway whether it can be worked with."""

    WORKS = "works"
    REFUSES_KEYS = "refuses_keys"  # it answers, and does not know the keys of the settings
    DOES_NOT_ANSWER = "does_not_answer"


@dataclass(frozen=True, slots=True)
class GatewayNotice:
    """One event that a gateway sent and that is proved to come from it.

    ``key`` is ours, where the event carries it; ``gateway_ref`` the gateway's name for the charge or refund, ``handle``
    that of the session or order, ``refs`` those of a stored method.
    """

    event_id: str
    kind: EventKind
    name: str  # the gateway's own word for the kind of event
    occurred_at: dt.datetime | None
    key: str | None = None
    gateway_ref: str | None = None
    handle: str | None = None
    amount: int | None = None
    currency: str | None = None
    fee: int = 0
    code: str | None = None
    message: str | None = None
    refs: MethodRefs | None = None
    method: StoredMethod | None = None


class EventRefused(Exception):
    """The event is not proved to come from the gateway, is too old, or cannot be read. Nothing was asked or changed."""

    def __init__(self, reason: str) -> None:
        self.reason = reason  # for our log; the sender is told nothing of it
        super().__init__(reason)


class Gateway(Protocol):
    """One payment gateway, set up. Methods may take seconds: never call one with a transaction open.

    They do not raise for what happens outside: a lost answer is UNKNOWN, a refusal is DECLINED with its reason.
    """

    @property
    def name(self) -> str:
        """In addresses and rows: ``stripe``, ``paypal``, ``authorize_net``, ``bank_transfer``, ``cheque``."""
        ...

    @property
    def label(self) -> str:
        """What people call it."""
        ...

    @property
    def mode(self) -> Mode: ...

    @property
    def means(self) -> frozenset[Means]:
        """What can be paid with through it."""
        ...

    @property
    def pages(self) -> frozenset[Means]:
        """Which of these a payer can use without a stored method: on its page, or by hand."""
        ...

    @property
    def stores(self) -> frozenset[Means]:
        """Which of these it can keep, to be charged again without the payer."""
        ...

    @property
    def asks_back(self) -> bool:
        """Whether it can be asked what became of a key. A bank transfer or cheque cannot: staff record it."""
        ...

    def takes(self, currency: str) -> bool:
        """Whether it takes money in this currency."""
        ...

    def check(self) -> Health:
        """Ask for something that moves no money and changes nothing, to see whether it answers and takes our keys."""
        ...

    def charge(self, request: ChargeRequest) -> ChargeResult: ...

    def finish_charge(self, request: ChargeRequest, handle: str) -> ChargeResult:
        """The payer came back: take what they approved, where the gateway wants to be told so, or see how it stands."""
        ...

    def find_charge(self, request: ChargeRequest, *, handle: str | None = None) -> ChargeResult:
        """What became of a charge; moves no money. NOT_FOUND only when it is sure that nothing was taken, nor will be.

        The request is said again as it was: some gateways find a charge by its key alone, others only so.
        """
        ...

    def cancel_charge(self, request: ChargeRequest, *, handle: str | None = None) -> ChargeResult:
        """Give up on a charge that waits for its payer, so that it can no longer be paid.

        DECLINED (code ``cancelled``) when it is given up, SUCCEEDED when the payer was faster, UNKNOWN without answer;
        WAITING where the page cannot be closed: it closes by itself, and until then it may be paid.
        """
        ...

    def refund(self, request: RefundRequest) -> RefundResult: ...

    def find_refund(self, key: str, *, charge_ref: str) -> RefundResult: ...

    def store_method(self, request: StoreRequest) -> StoreResult: ...

    def finish_storing(self, request: StoreRequest, handle: str) -> StoreResult:
        """The payer came back from typing a method: fetch what may be kept of it."""
        ...

    def remove_method(self, refs: MethodRefs) -> bool:
        """Let the gateway forget a method; True when it has none such any more, False without a clear answer."""
        ...

    def read_event(self, headers: Mapping[str, str], body: bytes, *, now: dt.datetime) -> GatewayNotice:
        """Prove that an event comes from the gateway, and read it. No outside call is made.

        ``headers`` are looked up without case. Refused: EventRefused.
        """
        ...

    def page_origins(self) -> frozenset[str]:
        """The origins (``https://host``) that a form of ours may lead to, for the content policy."""
        ...
