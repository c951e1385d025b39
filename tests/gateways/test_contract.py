"""The contract of every gateway, against a simulator that speaks its wire format. No test knows which gateway it is."""

from __future__ import annotations

import contextlib
import datetime as dt

import pytest

from gateways.port import ChargeState, EventKind, EventRefused, Health, MethodRefs
from tests.support.till import TILLS


@pytest.fixture(scope="module", params=TILLS)
def till(request, tmp_path_factory):
    with TILLS[request.param](tmp_path_factory.mktemp("till")) as opened:
        yield opened


@pytest.fixture
def gateway(till):
    return till.gateway


def moment() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def told(till, kind, *, key=None):
    """The events of a kind (about a key), read by the gateway."""
    read = [till.gateway.read_event(headers, body, now=moment()) for headers, body in till.events()]
    return [notice for notice in read if notice.kind is kind and (key is None or notice.key == key)]


# A charge on the provider's page


def test_a_payer_is_led_away_pays_and_comes_back(till, gateway):
    request = till.request()
    started = gateway.charge(request)
    assert started.state is ChargeState.WAITING
    assert started.continue_at.startswith(tuple(gateway.page_origins()))
    back = till.act(started.continue_at, started.continue_fields, "visa")
    assert back.startswith(request.return_url)
    ended = gateway.finish_charge(request, started.handle)
    assert (ended.state, ended.amount, ended.currency) == (ChargeState.SUCCEEDED, 12_345, till.currency)
    assert ended.gateway_ref
    assert (ended.fee > 0) is till.tells_fees
    assert ended.fee < 1_000


def test_until_the_payer_acts_the_charge_waits(till, gateway):
    request = till.request()
    started = gateway.charge(request)
    assert gateway.finish_charge(request, started.handle).state is ChargeState.WAITING
    assert gateway.find_charge(request, handle=started.handle).state is ChargeState.WAITING


def test_the_same_key_leads_to_the_same_page_and_takes_once(till, gateway):
    request, before = till.request(), till.provider.taken()
    first, second = gateway.charge(request), gateway.charge(request)
    for started in (first, second):
        with contextlib.suppress(AssertionError):
            till.act(started.continue_at, started.continue_fields, "visa")
        assert gateway.finish_charge(request, started.handle).state is ChargeState.SUCCEEDED
    assert till.provider.taken() - before == 12_345


def test_a_page_that_was_used_takes_nothing_more(till, gateway):
    request = till.request()
    started = gateway.charge(request)
    till.act(started.continue_at, started.continue_fields, "visa")
    gateway.finish_charge(request, started.handle)
    before = till.provider.taken()
    with pytest.raises(AssertionError):
        till.act(started.continue_at, started.continue_fields, "visa")
    assert till.provider.taken() == before


def test_finishing_twice_takes_once(till, gateway):
    request, before = till.request(), till.provider.taken()
    started = gateway.charge(request)
    till.act(started.continue_at, started.continue_fields, "visa")
    ended = [gateway.finish_charge(request, started.handle) for _time in range(2)]
    assert {(each.state, each.gateway_ref) for each in ended} == {(ChargeState.SUCCEEDED, ended[0].gateway_ref)}
    assert till.provider.taken() - before == 12_345


def test_a_card_that_is_declined_can_be_replaced_on_the_page(till, gateway):
    request = till.request()
    started = gateway.charge(request)
    assert "declined" in till.act(started.continue_at, started.continue_fields, "declined")
    assert gateway.finish_charge(request, started.handle).state is ChargeState.WAITING
    till.act(started.continue_at, started.continue_fields, "mastercard")
    assert gateway.finish_charge(request, started.handle).state is ChargeState.SUCCEEDED


def test_a_charge_that_is_given_up_can_no_longer_be_paid(till, gateway):
    request = till.request()
    started = gateway.charge(request)
    before = till.provider.taken()
    given_up = gateway.cancel_charge(request, handle=started.handle)
    if given_up.state is ChargeState.WAITING:  # its page cannot be closed: it may be paid until it closes by itself
        assert given_up.message
        given_up = gateway.cancel_charge(request, handle=till.outlast(started.handle))
    assert given_up.state is ChargeState.DECLINED
    with contextlib.suppress(AssertionError):  # some close the page, others only take nothing any more
        till.act(started.continue_at, started.continue_fields, "visa")
    assert till.provider.taken() == before


def test_a_payer_who_is_faster_than_giving_up_has_paid(till, gateway):
    request = till.request()
    started = gateway.charge(request)
    till.act(started.continue_at, started.continue_fields, "visa")
    gateway.finish_charge(request, started.handle)
    assert gateway.cancel_charge(request, handle=started.handle).state is ChargeState.SUCCEEDED


def test_a_charge_whose_answer_was_lost_is_found_by_its_key_alone(till, gateway):
    request = till.request()
    till.simulator.command(gateway.name, "answer_lost")
    assert gateway.charge(request).state is ChargeState.UNKNOWN
    found = gateway.find_charge(request)
    if found.state is not ChargeState.NOT_FOUND:  # it was never shown to its payer, and nothing can pay it any more
        assert (found.state, bool(found.handle)) == (ChargeState.WAITING, True)


def test_giving_up_a_charge_that_never_arrived_leaves_none(till, gateway):
    assert gateway.cancel_charge(till.request()).state is ChargeState.DECLINED


# A charge of a stored method


def test_a_stored_method_is_charged_without_its_payer(till, gateway):
    result = gateway.charge(till.stored())
    assert (result.state, result.amount, result.currency) == (ChargeState.SUCCEEDED, 12_345, till.currency)


def test_the_same_key_charges_a_stored_method_once(till, gateway):
    request, before = till.stored(), till.provider.taken()
    results = [gateway.charge(request) for _time in range(3)]
    assert len({result.gateway_ref for result in results}) == 1
    assert till.provider.taken() - before == 12_345


def test_a_stored_method_that_is_declined_takes_nothing_and_says_why(till, gateway):
    request, before = till.stored("later"), till.provider.taken()
    result = gateway.charge(request)
    assert result.state is ChargeState.DECLINED
    assert result.code
    assert "declined" in result.message
    assert till.provider.taken() == before
    assert gateway.find_charge(request).state in (ChargeState.DECLINED, ChargeState.NOT_FOUND)


@pytest.mark.parametrize("fault", ["answer_lost", "slow", "nonsense"])
def test_a_lost_answer_is_unknown_and_found_out_by_its_key(till, gateway, fault):
    request, before = till.stored(), till.provider.taken()
    till.simulator.command(gateway.name, fault)
    assert gateway.charge(request).state is ChargeState.UNKNOWN
    found = gateway.find_charge(request)
    assert (found.state, found.amount) == (ChargeState.SUCCEEDED, 12_345)
    assert till.provider.taken() - before == 12_345


def test_a_call_that_never_arrived_is_not_found(till, gateway):
    request = till.stored()
    till.simulator.command(gateway.name, "refused")
    assert gateway.charge(request).state is ChargeState.UNKNOWN
    assert gateway.find_charge(request).state is ChargeState.NOT_FOUND


def test_another_amount_than_asked_is_told_as_it_was_taken(till, gateway):
    request = till.stored()
    till.simulator.command(gateway.name, "wrong_amount")
    assert gateway.charge(request).amount == 12_344


def test_a_currency_that_the_gateway_does_not_take_is_declined(till, gateway):
    assert not gateway.takes("XAU")
    assert gateway.charge(till.request(currency="XAU")).state is ChargeState.DECLINED


@pytest.mark.parametrize(("currency", "amount"), [("JPY", 1_250), ("USD", 1), ("EUR", 9_999_999)])
def test_minor_units_of_every_size_arrive_as_asked(till, gateway, currency, amount):
    currency = currency if gateway.takes(currency) else till.currency
    result = gateway.charge(till.stored(currency=currency, amount=amount))
    assert (result.state, result.amount, result.currency) == (ChargeState.SUCCEEDED, amount, currency)


def test_where_nobody_listens_everything_is_unknown(till):
    request = till.request()
    assert till.nobody.charge(request).state is ChargeState.UNKNOWN
    assert till.nobody.find_charge(request).state is ChargeState.UNKNOWN
    assert till.nobody.cancel_charge(request).state is ChargeState.UNKNOWN
    assert till.nobody.refund(till.refund_request("x")).state is ChargeState.UNKNOWN
    assert till.nobody.find_refund("x", charge_ref="x").state is ChargeState.UNKNOWN
    assert till.nobody.store_method(till.store_request()).state is ChargeState.UNKNOWN
    assert till.nobody.remove_method(MethodRefs("x", "y")) is False


def test_who_may_not_ask_is_told_nothing_of_the_money(till, gateway):
    """Credentials that were changed at the provider must not make a payment look as if it had failed."""
    request = till.request()
    started, charge = gateway.charge(request), gateway.charge(till.stored())
    assert till.stranger.charge(till.request()).state is ChargeState.DECLINED
    assert till.stranger.find_charge(request, handle=started.handle).state is ChargeState.UNKNOWN
    assert till.stranger.finish_charge(request, started.handle).state is ChargeState.UNKNOWN
    assert till.stranger.find_refund("x", charge_ref=charge.gateway_ref).state is ChargeState.UNKNOWN
    stored = till.store_request()
    assert till.stranger.finish_storing(stored, gateway.store_method(stored).handle).state is ChargeState.UNKNOWN


# Refunds


def test_a_part_of_a_charge_is_given_back_once_per_key(till, gateway):
    charge = gateway.charge(till.stored())
    request, before = till.refund_request(charge.gateway_ref), till.provider.taken()
    results = [gateway.refund(request) for _time in range(2)]
    assert [result.state for result in results] == [ChargeState.SUCCEEDED] * 2
    assert till.provider.taken() - before == -5_000
    assert gateway.find_refund(request.key, charge_ref=charge.gateway_ref).gateway_ref == results[0].gateway_ref


def test_more_than_was_taken_is_not_given_back(till, gateway):
    charge = gateway.charge(till.stored())
    assert gateway.refund(till.refund_request(charge.gateway_ref, 12_346)).state is ChargeState.DECLINED


def test_a_refund_whose_answer_was_lost_is_found(till, gateway):
    charge = gateway.charge(till.stored())
    request = till.refund_request(charge.gateway_ref)
    till.simulator.command(gateway.name, "answer_lost")
    assert gateway.refund(request).state is ChargeState.UNKNOWN
    assert gateway.find_refund(request.key, charge_ref=charge.gateway_ref).state is ChargeState.SUCCEEDED


def test_a_refund_that_never_arrived_is_not_found(till, gateway):
    charge = gateway.charge(till.stored())
    assert gateway.find_refund("REF-nobody", charge_ref=charge.gateway_ref).state is ChargeState.NOT_FOUND


# Stored methods


def test_what_is_kept_of_a_method_is_what_people_know_it_by(till, gateway):
    request = till.store_request()
    started = gateway.store_method(request)
    assert gateway.finish_storing(request, started.handle).state is ChargeState.WAITING
    till.act(started.continue_at, started.continue_fields, "visa")
    stored = gateway.finish_storing(request, started.handle)
    assert stored.state is ChargeState.SUCCEEDED
    assert stored.method.label
    assert stored.method.refs.method_ref
    assert stored.method.last_four in (None, "4242")


def test_a_method_that_was_removed_is_charged_no_more(till, gateway):
    request = till.stored()
    assert gateway.remove_method(request.method) is True
    assert gateway.remove_method(request.method) is True
    assert gateway.charge(request).state is ChargeState.DECLINED
    assert [notice.refs for notice in told(till, EventKind.METHOD_REMOVED)][-1] == request.method


# Events


def test_a_charge_is_told_with_our_key_and_what_was_taken(till, gateway):
    request = till.stored()
    result = gateway.charge(request)
    (notice,) = told(till, EventKind.CHARGE_SUCCEEDED, key=request.key)
    assert (notice.gateway_ref, notice.amount, notice.currency) == (result.gateway_ref, 12_345, till.currency)
    assert notice.event_id


def test_a_payment_on_the_page_is_told_under_the_same_reference(till, gateway):
    request = till.request()
    started = gateway.charge(request)
    till.act(started.continue_at, started.continue_fields, "visa")
    ended = gateway.finish_charge(request, started.handle)
    notices = told(till, EventKind.CHARGE_SUCCEEDED, key=request.key)
    assert {notice.gateway_ref for notice in notices} == {ended.gateway_ref}


def test_a_refusal_is_told_with_our_key(till, gateway):
    request = till.stored("later")
    gateway.charge(request)
    assert bool(told(till, EventKind.CHARGE_DECLINED, key=request.key)) is till.tells_refusals
    assert not told(till, EventKind.CHARGE_SUCCEEDED, key=request.key)


def test_a_refund_is_told_with_our_key(till, gateway):
    charge = gateway.charge(till.stored())
    request = till.refund_request(charge.gateway_ref)
    result = gateway.refund(request)
    (notice,) = told(till, EventKind.REFUND_SUCCEEDED, key=request.key)
    assert (notice.gateway_ref, notice.amount) == (result.gateway_ref, 5_000)


def newest(till):
    till.gateway.charge(till.stored())
    return till.events()[-1]


@pytest.mark.parametrize("forge", ["no signature", "changed byte", "empty signature", "nonsense"])
def test_a_forged_event_is_refused(till, gateway, forge):
    headers, body = newest(till)
    if forge == "changed byte":
        body = body.replace(b"12345", b"12346") if b"12345" in body else body[:-2] + b" }"
    else:
        headers = {} if forge == "no signature" else dict.fromkeys(headers, "" if forge == "empty signature" else "=,=")
    with pytest.raises(EventRefused):
        gateway.read_event(headers, body, now=moment())


def test_an_event_signed_with_another_secret_is_refused(till):
    headers, body = newest(till)
    with pytest.raises(EventRefused):
        till.other.read_event(headers, body, now=moment())


def test_an_event_that_is_played_again_much_later_is_refused(till, gateway):
    headers, body = newest(till)
    with pytest.raises(EventRefused):
        gateway.read_event(headers, body, now=moment() + till.events_last + dt.timedelta(minutes=1))


def test_reading_an_event_asks_nobody(till, monkeypatch):
    headers, body = newest(till)
    monkeypatch.setattr("socket.socket.connect", lambda *_args: pytest.fail("somebody was asked"))
    assert till.gateway.read_event(headers, body, now=moment()).event_id


# Whether it can be worked with


def test_a_check_moves_nothing_and_tells_who_answers_and_knows_our_keys(till, gateway):
    before = till.provider.taken()
    assert gateway.check() is Health.WORKS
    assert till.stranger.check() is Health.REFUSES_KEYS
    assert till.nobody.check() is Health.DOES_NOT_ANSWER
    assert gateway.check() is Health.WORKS
    assert till.provider.taken() == before
