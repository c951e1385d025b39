"""What is PayPal's alone: its modes and currencies, keys that it forgets, and certificates that are never fetched."""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import json
import zlib

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from gateways.paypal import API, KEYS_KEPT, SANDBOX, PayPal
from gateways.port import ChargeState, EventKind, EventRefused, Mode
from gateways.simulator.paypal_signing import WEBHOOK_ID
from tests.support.till import paypal_till

NOW = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def till(tmp_path_factory):
    with paypal_till(tmp_path_factory.mktemp("till")) as opened:
        yield opened


def account(till, **values):
    given = {"webhook_id": WEBHOOK_ID, "certificates": till.provider.certificates, **values}
    return PayPal("id", "secret", **given)


def event(name="PAYMENT.CAPTURE.COMPLETED", **told):
    resource = {
        "id": "2GG279541U471931P",
        "custom_id": "k",
        "amount": {"currency_code": "EUR", "value": "1.00"},
        **told,
    }
    made = {"id": "WH-1", "event_type": name, "create_time": "2027-01-01T00:00:00Z", "resource": resource}
    return json.dumps(made)


def read(till, body, *, at=NOW, now=NOW, **values):
    headers = till.provider.signature(body, at)
    return account(till, **values).read_event(headers, body.encode(), now=now)


@pytest.mark.parametrize(
    ("api", "mode", "origin"),
    [
        (API, Mode.LIVE, "https://www.paypal.com"),
        (SANDBOX, Mode.TEST, "https://www.sandbox.paypal.com"),
        ("http://127.0.0.1:1/paypal", Mode.SIMULATED, "http://127.0.0.1:1"),
    ],
)
def test_mode_and_pages_follow_from_the_address(till, api, mode, origin):
    gateway = account(till, api=api)
    assert (gateway.mode, gateway.page_origins()) == (mode, {origin})


@pytest.mark.parametrize("currency", ["HUF", "TWD", "KWD", "XAU", "eur", ""])
def test_currencies_that_paypal_does_not_take_or_counts_otherwise_are_not_taken(till, currency):
    assert not account(till).takes(currency)


def test_a_key_that_paypal_has_forgotten_is_found_in_the_list_of_transactions(till):
    request = till.stored()
    till.gateway.charge(request)
    long_ago = dt.datetime.now(dt.UTC) - KEYS_KEPT - dt.timedelta(minutes=1)
    with till.simulator.ledger.transaction():
        capture = till.simulator.ledger.all_of("paypal", "capture")[0]
        till.simulator.ledger.save(capture | {"create_time": long_ago.isoformat()})
    found = till.gateway.find_charge(dataclasses.replace(request, asked_at=long_ago))
    assert (found.state, found.amount, found.gateway_ref) == (ChargeState.SUCCEEDED, 12_345, capture["id"])
    assert found.fee > 0


def test_a_forgotten_key_that_took_nothing_makes_no_new_order(till):
    long_ago = dt.datetime.now(dt.UTC) - KEYS_KEPT - dt.timedelta(minutes=1)
    orders = len(till.simulator.ledger.all_of("paypal", "order"))
    assert till.gateway.find_charge(till.request(asked_at=long_ago)).state is ChargeState.NOT_FOUND
    assert len(till.simulator.ledger.all_of("paypal", "order")) == orders


def test_a_wallet_that_is_declined_when_the_order_is_captured_leads_back_to_the_page(till):
    request = till.request()
    started = till.gateway.charge(request)
    till.act(started.continue_at, {}, "visa")
    till.simulator.command("paypal", "decline")
    ended = till.gateway.finish_charge(request, started.handle)
    assert (ended.state, ended.continue_at) == (ChargeState.WAITING, started.continue_at)
    till.act(ended.continue_at, {}, "mastercard")
    assert till.gateway.finish_charge(request, started.handle).state is ChargeState.SUCCEEDED


def test_an_order_that_is_gone_was_never_paid(till):
    assert till.gateway.finish_charge(till.request(), "5O190127TN364715T").state is ChargeState.DECLINED


def test_an_order_that_was_approved_and_not_captured_has_taken_nothing(till):
    request, before = till.request(), till.provider.taken()
    started = till.gateway.charge(request)
    till.act(started.continue_at, {}, "visa")
    assert till.provider.taken() == before
    assert till.gateway.find_charge(request, handle=started.handle).state is ChargeState.WAITING


def test_a_capture_whose_answer_was_lost_is_found_by_its_order(till):
    request, before = till.request(), till.provider.taken()
    started = till.gateway.charge(request)
    till.act(started.continue_at, {}, "visa")
    till.simulator.command("paypal", "answer_lost")
    assert till.gateway.finish_charge(request, started.handle).state is ChargeState.UNKNOWN
    assert till.gateway.find_charge(request, handle=started.handle).state is ChargeState.SUCCEEDED
    assert till.provider.taken() - before == 12_345


def test_a_token_that_is_withdrawn_is_asked_for_anew(till):
    till.gateway._token, till.gateway._token_ends = "withdrawn", float("inf")
    assert till.gateway.charge(till.request()).state is ChargeState.WAITING


# Events


def test_the_signature_covers_id_time_webhook_and_checksum(till):
    """Written out by hand here, so that simulator and adapter cannot agree on a mistake."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    body = event().encode()
    said = b"t-1|2027-01-01T00:00:00Z|" + WEBHOOK_ID.encode() + b"|" + str(zlib.crc32(body)).encode()
    headers = {
        "PAYPAL-TRANSMISSION-ID": "t-1",
        "PAYPAL-TRANSMISSION-TIME": "2027-01-01T00:00:00Z",
        "PAYPAL-TRANSMISSION-SIG": base64.b64encode(key.sign(said, padding.PKCS1v15(), hashes.SHA256())).decode(),
    }
    with pytest.raises(EventRefused):
        account(till).read_event(headers, body, now=NOW)
    certificate = self_signed(key)
    read = account(till, certificates=till.provider.certificates + certificate).read_event(headers, body, now=NOW)
    assert (read.kind, read.key, read.amount, read.currency) == (EventKind.CHARGE_SUCCEEDED, "k", 100, "EUR")


def self_signed(key) -> bytes:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    name = x509.Name([])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = (
        made.serial_number(1).not_valid_before(NOW - dt.timedelta(days=9)).not_valid_after(NOW + dt.timedelta(days=9))
    )
    return made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


@pytest.mark.parametrize("webhook_id", ["", "5GP028458E2496506"])
def test_without_our_webhook_no_event_is_believed(till, webhook_id):
    with pytest.raises(EventRefused):
        read(till, event(), webhook_id=webhook_id)


def test_a_certificate_that_has_ended_proves_nothing(till):
    later = NOW + dt.timedelta(days=36_500)
    with pytest.raises(EventRefused):
        read(till, event(), at=later, now=later)


@pytest.mark.parametrize("minutes", [-6 * 24 * 60, 6])
def test_an_event_that_is_too_old_or_from_the_future_is_refused(till, minutes):
    with pytest.raises(EventRefused):
        read(till, event(), at=NOW + dt.timedelta(minutes=minutes))


@pytest.mark.parametrize("body", ["", "null", "[]", "{}", '{"id": 1}', event(amount={"currency_code": "EUR"})])
def test_what_is_signed_right_and_says_nothing_is_refused(till, body):
    with pytest.raises(EventRefused):
        read(till, body)


@pytest.mark.parametrize("name", ["CHECKOUT.ORDER.APPROVED", "PAYMENT.CAPTURE.PENDING", "CUSTOMER.DISPUTE.CREATED"])
def test_events_that_move_no_money_change_nothing(till, name):
    assert read(till, event(name)).kind is EventKind.OTHER


def test_a_capture_that_was_denied_later_is_a_refusal(till):
    notice = read(till, event("PAYMENT.CAPTURE.DENIED", status="DECLINED"))
    assert (notice.kind, notice.key) == (EventKind.CHARGE_DECLINED, "k")
