"""Bank transfer and cheque: the payer is told how, and staff record what arrives. Nobody can be asked back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

from gateways.port import (
    ChargeRequest,
    ChargeResult,
    ChargeState,
    EventRefused,
    GatewayNotice,
    Health,
    Means,
    MethodRefs,
    Mode,
    RefundRequest,
    RefundResult,
    StoreRequest,
    StoreResult,
)

Details = tuple[tuple[str, str], ...]
"""What the payer needs to know, as label and value, in the order to show them."""


class ByHand:
    """Money that arrives on its own. ``details`` tells those of the house now; without any it takes no currency."""

    stores: frozenset[Means] = frozenset()
    asks_back = False
    mode = Mode.LIVE

    def __init__(self, means: Means, label: str, details: Callable[[], Details]) -> None:
        self.name = means.value
        self.means = self.pages = frozenset({means})
        self.label = label
        self._details = details

    def takes(self, currency: str) -> bool:
        """Any currency, once it is said where the money goes."""
        return bool(self._details())

    def check(self) -> Health:
        return Health.WORKS  # there is nobody to ask

    def charge(self, request: ChargeRequest) -> ChargeResult:
        """Tell how to pay. Nothing is taken, and nothing is known of it until staff record it."""
        told = (*self._details(), ("Reference", request.reference))
        return ChargeResult(ChargeState.WAITING, instructions=told)

    def finish_charge(self, request: ChargeRequest, handle: str) -> ChargeResult:
        return ChargeResult(ChargeState.WAITING)

    def find_charge(self, request: ChargeRequest, *, handle: str | None = None) -> ChargeResult:
        return ChargeResult(ChargeState.UNKNOWN)

    def cancel_charge(self, request: ChargeRequest, *, handle: str | None = None) -> ChargeResult:
        return ChargeResult(ChargeState.DECLINED, code="cancelled", message="It was given up.")

    def refund(self, request: RefundRequest) -> RefundResult:
        return RefundResult(ChargeState.DECLINED, code="by_hand", message="Send the money by hand.")

    def find_refund(self, key: str, *, charge_ref: str) -> RefundResult:
        return RefundResult(ChargeState.UNKNOWN)

    def store_method(self, request: StoreRequest) -> StoreResult:
        return StoreResult(ChargeState.DECLINED, message="This way to pay cannot be stored.")

    def finish_storing(self, request: StoreRequest, handle: str) -> StoreResult:
        return StoreResult(ChargeState.DECLINED, message="This way to pay cannot be stored.")

    def remove_method(self, refs: MethodRefs) -> bool:
        return True

    def read_event(self, headers: Mapping[str, str], body: bytes, *, now: dt.datetime) -> GatewayNotice:
        raise EventRefused("nobody sends events of money that comes by hand")

    def page_origins(self) -> frozenset[str]:
        return frozenset()
