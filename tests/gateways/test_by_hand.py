"""Bank transfer and cheque keep the contract as far as it concerns them: they tell how to pay, and move nothing."""

from __future__ import annotations

import datetime as dt

import pytest

from gateways.by_hand import ByHand
from gateways.port import (
    ChargeRequest,
    ChargeState,
    EventRefused,
    Means,
    MethodRefs,
    Payer,
    RefundRequest,
    StoreRequest,
)

DETAILS = (("Payee", "Provider Ltd"), ("IBAN or account", "DE89370400440532013000"))
PAYER = Payer("10001", "Acme")


@pytest.fixture(params=[Means.BANK_TRANSFER, Means.CHEQUE])
def gateway(request):
    return ByHand(request.param, "By hand", lambda: DETAILS)


def asked(gateway) -> ChargeRequest:
    (means,) = gateway.means
    return ChargeRequest("pay-1", 12_345, "EUR", means, PAYER, "10001 INV-1", "Invoice INV-1")


def test_the_payer_is_told_how_to_pay_and_with_which_reference(gateway):
    told = gateway.charge(asked(gateway))
    assert told.state is ChargeState.WAITING
    assert told.instructions == (*DETAILS, ("Reference", "10001 INV-1"))
    assert told.continue_at is None


def test_nothing_is_ever_taken_nor_known_until_staff_record_it(gateway):
    request = asked(gateway)
    assert gateway.finish_charge(request, "x").state is ChargeState.WAITING
    assert gateway.find_charge(request).state is ChargeState.UNKNOWN
    assert gateway.cancel_charge(request).state is ChargeState.DECLINED
    assert gateway.asks_back is False


def test_money_is_sent_back_by_hand_too(gateway):
    refused = gateway.refund(RefundRequest("ref-1", "x", 100, "EUR", "REF-1"))
    assert (refused.state, refused.message) == (ChargeState.DECLINED, "Send the money by hand.")
    assert gateway.find_refund("ref-1", charge_ref="x").state is ChargeState.UNKNOWN


def test_nothing_can_be_stored(gateway):
    request = StoreRequest("1", Means.CARD, PAYER, "http://localhost/", "http://localhost/")
    assert gateway.stores == frozenset()
    assert gateway.store_method(request).state is ChargeState.DECLINED
    assert gateway.finish_storing(request, "x").state is ChargeState.DECLINED
    assert gateway.remove_method(MethodRefs("x", "y")) is True


def test_nobody_can_send_an_event_of_it(gateway):
    with pytest.raises(EventRefused):
        gateway.read_event({}, b"{}", now=dt.datetime.now(dt.UTC))


@pytest.mark.parametrize("currency", ["EUR", "USD", "JPY"])
def test_any_currency_is_taken_once_it_is_said_where_the_money_goes(gateway, currency):
    assert gateway.takes(currency)
    assert not ByHand(Means.CHEQUE, "Cheque", tuple).takes(currency)
