"""A simulated payment provider behind one of our gateways, as the tests of gateways drive it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

from gateways.authorize_net import AuthorizeNet
from gateways.paypal import PayPal
from gateways.port import ChargeRequest, Gateway, Means, Payer, RefundRequest, StoreRequest
from gateways.simulator import authorize_net, paypal
from gateways.simulator.authorize_net import SimulatedAuthorizeNet
from gateways.simulator.paypal import SimulatedPayPal
from gateways.simulator.paypal_signing import WEBHOOK_ID
from gateways.simulator.server import Simulator
from gateways.simulator.stripe import SECRET_KEY, WEBHOOK_SECRET, SimulatedStripe
from gateways.stripe import Stripe

NOWHERE = "http://127.0.0.1:9"


@dataclasses.dataclass
class Till:
    """One gateway and what stands behind it."""

    gateway: Gateway
    simulator: Simulator
    provider: Any
    other: Gateway  # the same with another secret of its events
    stranger: Gateway  # the same with credentials that do not hold
    nobody: Gateway  # the same where nobody listens
    events_last: dt.timedelta  # after this an event is no news
    settings: dict[str, str]  # with these another process has the same gateway
    tells_fees: bool = True
    tells_refusals: bool = True
    means: Means = Means.CARD
    stored_means: Means = Means.CARD
    currency: str = "EUR"

    def request(self, *, amount: int = 12_345, currency: str = "", **values: Any) -> ChargeRequest:
        asked = ChargeRequest(
            key=f"pay-{uuid.uuid4().hex[:16]}",
            amount=amount,
            currency=currency or self.currency,
            means=self.stored_means if "method" in values else self.means,
            payer=Payer("10001", "Acme", "owner@acme.example", "DE"),
            reference="PAY-2026-0001",
            description="Invoice INV-2026-0001",
            return_url="http://localhost/return",
            cancel_url="http://localhost/cancel",
        )
        return dataclasses.replace(asked, **values)

    def stored(self, choice: str = "visa", **values: Any) -> ChargeRequest:
        """A charge of a method that was just stored."""
        asked = self.store_request()
        started = self.gateway.store_method(asked)
        self.act(started.continue_at, started.continue_fields, choice)
        stored = self.gateway.finish_storing(asked, started.handle or "")
        assert stored.method is not None, stored
        return self.request(method=stored.method.refs, **values)

    def store_request(self) -> StoreRequest:
        payer = Payer("10001", "Acme", "owner@acme.example", "DE")
        key = uuid.uuid4().hex[:16]
        return StoreRequest(key, self.stored_means, payer, "http://localhost/return", "http://localhost/cancel")

    def act(self, address: str | None, fields: Mapping[str, str], choice: str) -> str:
        """What a payer does on the provider's page; give the address they are led to, or the page's text."""
        data = {"cancel": "1"} if choice == "cancel" else {"card": choice, "pay": "1"}
        with httpx2.Client(follow_redirects=False) as client:
            page = client.post(address or "", data=dict(fields)) if fields else client.get(address or "")
            assert page.status_code == 200, page.text
            answer = client.post(address or "", data={**fields, **data})
        return answer.headers.get("location", answer.text)

    def outlast(self, handle: str) -> str:
        """The handle of a page that was opened long ago, once that page is closed."""
        if self.gateway.name != "authorize_net":
            return handle
        with self.simulator.ledger.transaction():
            for page in self.simulator.ledger.all_of("authorize_net", "page"):
                self.simulator.ledger.save(page | {"opened": 0})
        return "page-0"

    def refund_request(self, charge_ref: str, amount: int = 5_000, **values: Any) -> RefundRequest:
        asked = RefundRequest(
            f"ref-{uuid.uuid4().hex[:16]}", charge_ref, amount, self.currency, "REF-2026-0001", "Paid twice"
        )
        return dataclasses.replace(asked, **values)

    def events(self) -> list[tuple[Mapping[str, str], bytes]]:
        """Everything the provider told so far: headers and body."""
        return [
            (self.provider.sign(body), body.encode()) for body in self.simulator.ledger.all_events(self.gateway.name)
        ]


@contextmanager
def _simulated(provider: type, folder: Path, tell: str) -> Iterator[Simulator]:
    simulator = Simulator(folder / "ledger.sqlite3", (provider,), tell=tell)
    simulator.slow_seconds = 1.5
    simulator.start()
    try:
        yield simulator
    finally:
        simulator.stop()


@contextmanager
def stripe_till(folder: Path, *, tell: str = "") -> Iterator[Till]:
    """Stripe before its simulator."""
    with _simulated(SimulatedStripe, folder, tell) as simulator:
        address = f"{simulator.url}/stripe"

        def gateway(api: str = address, key: str = SECRET_KEY, secret: str = WEBHOOK_SECRET) -> Stripe:
            return Stripe(key, secret, api=api, pages=address, answer_seconds=1.0)

        yield Till(
            gateway(),
            simulator,
            simulator.providers["stripe"],
            gateway(secret="whsec_other"),
            gateway(key="sk_test_of_somebody"),
            gateway(api=NOWHERE),
            events_last=dt.timedelta(minutes=5),
            settings={
                "STRIPE_SECRET_KEY": SECRET_KEY,
                "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
                "STRIPE_URL": address,
            },
        )


@contextmanager
def paypal_till(folder: Path, *, tell: str = "") -> Iterator[Till]:
    """PayPal before its simulator: orders on its page, agreements without it."""
    with _simulated(SimulatedPayPal, folder, tell) as simulator:
        address, provider = f"{simulator.url}/paypal", simulator.providers["paypal"]
        certificates = folder / "paypal.pem"
        certificates.write_bytes(provider.certificates)

        def gateway(api: str = address, secret: str = paypal.CLIENT_SECRET, webhook_id: str = WEBHOOK_ID) -> PayPal:
            return PayPal(
                paypal.CLIENT_ID,
                secret,
                webhook_id=webhook_id,
                certificates=provider.certificates,
                api=api,
                answer_seconds=1.0,
            )

        yield Till(
            gateway(),
            simulator,
            provider,
            gateway(webhook_id="5GP028458E2496506"),
            gateway(secret="of somebody"),
            gateway(api=NOWHERE),
            events_last=dt.timedelta(days=4),
            settings={
                "PAYPAL_CLIENT_ID": paypal.CLIENT_ID,
                "PAYPAL_CLIENT_SECRET": paypal.CLIENT_SECRET,
                "PAYPAL_WEBHOOK_ID": WEBHOOK_ID,
                "PAYPAL_CERTIFICATES": str(certificates),
                "PAYPAL_URL": address,
            },
            means=Means.PAYPAL,
            stored_means=Means.PAYPAL_AGREEMENT,
        )


@contextmanager
def authorize_net_till(folder: Path, *, tell: str = "") -> Iterator[Till]:
    """Authorize.net before its simulator, whose charges are settled at once."""
    with _simulated(SimulatedAuthorizeNet, folder, tell) as simulator:
        pages = f"{simulator.url}/authorize_net"
        address = f"{pages}/xml/v1/request.api"

        def gateway(
            api: str = address, key: str = authorize_net.TRANSACTION_KEY, secret: str = authorize_net.SIGNATURE_KEY
        ) -> AuthorizeNet:
            return AuthorizeNet(authorize_net.LOGIN_ID, key, secret, api=api, pages=pages, answer_seconds=1.0)

        yield Till(
            gateway(),
            simulator,
            simulator.providers["authorize_net"],
            gateway(secret="A1" * 64),
            gateway(key="of somebody"),
            gateway(api=NOWHERE),
            events_last=dt.timedelta(days=4),
            settings={
                "AUTHORIZE_NET_LOGIN_ID": authorize_net.LOGIN_ID,
                "AUTHORIZE_NET_TRANSACTION_KEY": authorize_net.TRANSACTION_KEY,
                "AUTHORIZE_NET_SIGNATURE_KEY": authorize_net.SIGNATURE_KEY,
                "AUTHORIZE_NET_URL": address,
            },
            tells_fees=False,
            tells_refusals=False,
            currency=authorize_net.CURRENCY,
        )


TILLS = {"stripe": stripe_till, "paypal": paypal_till, "authorize_net": authorize_net_till}
