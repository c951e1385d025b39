"""What is Stripe's alone: its modes, and the secrets without which nothing is proved."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from gateways.port import EventKind, EventRefused, Mode
from gateways.simulator.stripe import SimulatedStripe
from gateways.stripe import API, Stripe

SECRET = "whsec_ours"


def event(name, told, **more):
    return json.dumps({"id": "evt_1", "type": name, "created": 1_790_000_000, "data": {"object": told}, **more})


def read(body, *, secret=SECRET, signed_with=SECRET, at=1_790_000_000):
    headers = SimulatedStripe.signature(body, at, signed_with)
    moment = dt.datetime.fromtimestamp(1_790_000_000, dt.UTC)
    return Stripe("sk_test_x", secret).read_event(headers, body.encode(), now=moment)


@pytest.mark.parametrize(
    ("key", "api", "mode"),
    [
        ("sk_live_x", API, Mode.LIVE),
        ("rk_live_x", API, Mode.LIVE),
        ("sk_test_x", API, Mode.TEST),
        ("sk_live_x", "http://127.0.0.1:1", Mode.SIMULATED),
    ],
)
def test_the_mode_follows_from_key_and_address(key, api, mode):
    assert Stripe(key, SECRET, api=api).mode is mode


@pytest.mark.parametrize("secret", ["", " "])
def test_without_a_secret_no_event_is_believed(secret):
    body = event("payment_intent.succeeded", {})
    with pytest.raises(EventRefused):
        read(body, secret=secret, signed_with=secret)


@pytest.mark.parametrize("body", ["", "null", "[]", "{}", '{"id": 1}', "\xff"])
def test_what_is_signed_right_and_says_nothing_is_refused(body):
    with pytest.raises(EventRefused):
        read(body)


def test_events_that_concern_no_money_of_ours_change_nothing():
    assert read(event("customer.created", {"id": "cus_1"})).kind is EventKind.OTHER
    unpaid = {"id": "cs_1", "mode": "payment", "payment_status": "unpaid", "metadata": {}}
    assert read(event("checkout.session.completed", unpaid)).kind is EventKind.OTHER


def test_a_refusal_on_stripes_own_page_ends_nothing():
    """The payer may try another card there."""
    told = {"id": "pi_1", "metadata": {"foyer_key": "k", "flow": "hosted"}, "amount": 1, "currency": "eur"}
    assert read(event("payment_intent.payment_failed", told)).kind is EventKind.OTHER


def test_a_page_that_expired_frees_the_invoice():
    told = {
        "id": "cs_1",
        "mode": "payment",
        "payment_status": "unpaid",
        "client_reference_id": "k",
        "payment_intent": None,
        "amount_total": 100,
        "currency": "eur",
    }
    notice = read(event("checkout.session.expired", told))
    assert (notice.kind, notice.key, notice.code) == (EventKind.CHARGE_DECLINED, "k", "expired")


@pytest.mark.parametrize("currency", ["KWD", "ISK", "UGX", "XAU", "eur", ""])
def test_currencies_that_stripe_counts_otherwise_are_not_taken(currency):
    assert not Stripe("sk_test_x", SECRET).takes(currency)
