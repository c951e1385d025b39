"""What is Authorize.net's alone: pages that cannot be closed, settlement once a day, one currency, and its signature."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import hmac
import json
import time

import pytest

from gateways.authorize_net import API, LISTED_AFTER, SANDBOX, AuthorizeNet
from gateways.port import ChargeState, EventKind, EventRefused, Mode
from gateways.simulator.authorize_net import SIGNATURE_KEY, SimulatedAuthorizeNet
from tests.support.till import authorize_net_till

NOW = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def till(tmp_path_factory):
    with authorize_net_till(tmp_path_factory.mktemp("till")) as opened:
        yield opened


@pytest.fixture
def unsettled(till):
    till.provider.settles_at_once = False
    yield
    till.provider.settles_at_once = True


def event(name="net.authorize.payment.authcapture.created", when="2027-01-01T00:00:00.1234567Z", **told):
    payload = {"responseCode": 1, "authAmount": 139.9, "invoiceNumber": "k", "id": "60000000001", **told}
    return json.dumps({"notificationId": "n-1", "eventType": name, "eventDate": when, "payload": payload})


def read(body, *, key=SIGNATURE_KEY, headers=None, now=NOW):
    signed = SimulatedAuthorizeNet.signature(body) if headers is None else headers
    return AuthorizeNet("l", "t", key).read_event(signed, body.encode(), now=now)


@pytest.mark.parametrize(
    ("api", "mode", "origin"),
    [
        (API, Mode.LIVE, "https://accept.authorize.net"),
        (SANDBOX, Mode.TEST, "https://test.authorize.net"),
        ("http://127.0.0.1:1/api", Mode.SIMULATED, "http://127.0.0.1:1"),
    ],
)
def test_mode_and_pages_follow_from_the_address(api, mode, origin):
    gateway = AuthorizeNet("l", "t", "s", api=api)
    assert (gateway.mode, gateway.page_origins()) == (mode, {origin})


def test_an_account_has_one_currency():
    gateway = AuthorizeNet("l", "t", "s", currency="CAD")
    assert (gateway.takes("CAD"), gateway.takes("USD")) == (True, False)


def test_a_page_that_was_given_up_may_be_paid_until_it_closes(till):
    request, before = till.request(), till.provider.taken()
    started = till.gateway.charge(request)
    assert till.gateway.cancel_charge(request, handle=started.handle).state is ChargeState.WAITING
    till.act(started.continue_at, started.continue_fields, "visa")
    assert till.gateway.cancel_charge(request, handle=started.handle).state is ChargeState.SUCCEEDED
    assert till.provider.taken() - before == 12_345


def test_a_refused_try_on_the_page_ends_nothing(till):
    request = till.request()
    started = till.gateway.charge(request)
    till.act(started.continue_at, started.continue_fields, "declined")
    assert till.gateway.find_charge(request, handle=started.handle).state is ChargeState.WAITING


def test_a_charge_that_is_not_listed_yet_is_not_called_never_made(till):
    fresh = till.stored(asked_at=dt.datetime.now(dt.UTC))
    assert till.gateway.find_charge(fresh).state is ChargeState.UNKNOWN
    older = dataclasses.replace(fresh, asked_at=dt.datetime.now(dt.UTC) - LISTED_AFTER)
    assert till.gateway.find_charge(older).state is ChargeState.NOT_FOUND


@pytest.mark.usefixtures("unsettled")
def test_before_settlement_the_whole_of_a_charge_is_voided(till):
    charge, before = till.gateway.charge(till.stored()), till.provider.taken()
    request = till.refund_request(charge.gateway_ref, 12_345)
    assert till.gateway.refund(request).state is ChargeState.SUCCEEDED
    assert before - till.provider.taken() == 12_345
    assert till.gateway.find_refund(request.key, charge_ref=charge.gateway_ref).state is ChargeState.SUCCEEDED


@pytest.mark.usefixtures("unsettled")
def test_before_settlement_no_part_of_a_charge_is_given_back(till):
    charge, before = till.gateway.charge(till.stored()), till.provider.taken()
    refused = till.gateway.refund(till.refund_request(charge.gateway_ref, 5_000))
    assert (refused.state, "tomorrow" in refused.message) == (ChargeState.DECLINED, True)
    assert till.provider.taken() == before


@pytest.mark.usefixtures("unsettled")
def test_what_is_not_settled_yet_is_found_too(till):
    request = till.stored()
    till.simulator.command("authorize_net", "answer_lost")
    till.gateway.charge(request)
    assert till.gateway.find_charge(request).state is ChargeState.SUCCEEDED


def test_a_customer_that_is_there_already_is_used(till):
    first, second = (till.gateway.store_method(till.store_request()) for _time in range(2))
    assert first.handle.split("/")[0] == second.handle.split("/")[0]


def test_only_a_card_that_was_added_since_is_the_one_that_was_stored(till):
    till.stored()
    request = till.store_request()
    started = till.gateway.store_method(request)
    assert till.gateway.finish_storing(request, started.handle).state is ChargeState.WAITING
    customer, newest, _opened = started.handle.split("/")
    old = f"{customer}/{newest}/{int(time.time()) - 3_600}"
    assert till.gateway.finish_storing(request, old).state is ChargeState.DECLINED


def test_a_kept_card_has_its_last_day(till):
    request = till.store_request()
    started = till.gateway.store_method(request)
    till.act(started.continue_at, started.continue_fields, "visa")
    kept = till.gateway.finish_storing(request, started.handle).method
    assert (kept.label, kept.expires_on) == ("Visa ending in 4242", dt.date(time.gmtime().tm_year + 3, 12, 31))


# Events


@pytest.mark.parametrize("raw", [SIGNATURE_KEY.encode(), bytes.fromhex(SIGNATURE_KEY)])
def test_the_signature_is_over_the_body_with_the_key_as_text_or_as_bytes(raw):
    """Written out by hand here, so that simulator and adapter cannot agree on a mistake."""
    body = event()
    signature = hmac.new(raw, body.encode(), hashlib.sha512).hexdigest().upper()
    notice = read(body, headers={"x-anet-signature": f"sha512={signature}"})
    assert (notice.kind, notice.key, notice.amount, notice.currency) == (EventKind.CHARGE_SUCCEEDED, "k", 13_990, "USD")


def test_without_a_signature_key_no_event_is_believed():
    body = event()
    with pytest.raises(EventRefused):
        read(body, key="", headers=SimulatedAuthorizeNet.signature(body, ""))


@pytest.mark.parametrize("when", ["2026-12-20T00:00:00Z", "2027-01-01T00:10:00Z", "yesterday", ""])
def test_an_event_of_another_time_is_refused(when):
    with pytest.raises(EventRefused):
        read(event(when=when))


@pytest.mark.parametrize("body", ["", "null", "[]", "{}", '{"notificationId": 1}', event(authAmount=1.234)])
def test_what_is_signed_right_and_says_nothing_is_refused(body):
    with pytest.raises(EventRefused):
        read(body)


@pytest.mark.parametrize(
    ("name", "told", "kind"),
    [
        ("net.authorize.payment.authcapture.created", {"responseCode": 4}, EventKind.OTHER),
        ("net.authorize.payment.authcapture.created", {"responseCode": 2}, EventKind.OTHER),
        ("net.authorize.payment.fraud.approved", {}, EventKind.CHARGE_SUCCEEDED),
        ("net.authorize.payment.fraud.declined", {"responseCode": 2}, EventKind.CHARGE_DECLINED),
        ("net.authorize.payment.void.created", {}, EventKind.OTHER),
        ("net.authorize.customer.created", {}, EventKind.OTHER),
    ],
)
def test_what_events_mean(name, told, kind):
    assert read(event(name, **told)).kind is kind
