"""What one simulated provider is to the simulator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from werkzeug import Request, Response


class Provider(Protocol):
    """Answers in one provider's wire format out of the ledger."""

    @property
    def name(self) -> str:
        """The gateway's name, also the first part of its addresses here."""
        ...

    def answer(self, request: Request, path: str) -> Response:
        """Answer a request; ``path`` is the address below the provider's own."""
        ...

    def moves_money(self, request: Request, path: str) -> bool:
        """Whether faults that are commanded for charges, refunds and the like hit this request."""
        ...

    def sign(self, body: str, *, forged: bool = False) -> Mapping[str, str]:
        """The headers that prove an event; forged: made with another secret."""
        ...
