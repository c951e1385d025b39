"""What devices are told: one way to write it, how long it may be believed, keys and nonces."""

from __future__ import annotations

import base64
import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.entitlements import (
    NonceNotReadable,
    believed_until,
    canonical_bytes,
    check_nonce,
    end_of_day,
    is_over,
    key_bytes,
    key_id,
    key_text,
    moment,
)

NOW = dt.datetime(2026, 5, 15, 9, 30, tzinfo=dt.UTC)
PLAIN = st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"]))
TOLD = st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), PLAIN | st.lists(PLAIN))


@given(TOLD)
def test_what_is_written_reads_back_the_same(told):
    assert json.loads(canonical_bytes(told)) == told


@given(TOLD, st.randoms())
def test_the_order_of_the_keys_does_not_matter(told, random):
    shuffled = list(told.items())
    random.shuffle(shuffled)
    assert canonical_bytes(dict(shuffled)) == canonical_bytes(told)


def test_the_bytes_are_those_of_the_manual():
    told = {"b": [1, {"z": None, "a": True}], "a": "Größe\n"}
    assert canonical_bytes(told) == '{"a":"Größe\\n","b":[1,{"a":true,"z":null}]}'.encode()


@pytest.mark.parametrize("value", [1.5, dt.date(2026, 1, 1), {1}, b"x"])
def test_what_can_be_written_in_two_ways_is_not_written(value):
    with pytest.raises(TypeError):
        canonical_bytes({"a": [value]})


@given(st.integers(1, 90), st.none() | st.dates(dt.date(2026, 1, 1), dt.date(2027, 12, 31)))
def test_an_answer_is_never_believed_longer_than_its_days_or_past_the_last_day(days, last_day):
    until = believed_until(NOW, days=days, last_day=last_day, zone="America/New_York")
    assert NOW <= until <= NOW + dt.timedelta(days=days)
    if last_day is not None:
        assert until <= max(NOW, end_of_day(last_day, "America/New_York"))


@pytest.mark.parametrize(
    ("zone", "over"),
    [
        ("UTC", "2026-05-16T00:00:00Z"),
        ("America/New_York", "2026-05-16T04:00:00Z"),
        ("Asia/Tokyo", "2026-05-15T15:00:00Z"),
    ],
)
def test_the_last_day_ends_where_the_account_is(zone, over):
    last_day = dt.date(2026, 5, 15)
    end = end_of_day(last_day, zone)
    assert moment(end) == over
    assert not is_over(last_day, zone=zone, now=end - dt.timedelta(seconds=1))
    assert is_over(last_day, zone=zone, now=end)


def test_what_has_no_last_day_is_never_over():
    assert not is_over(None, zone="UTC", now=NOW)


@given(st.binary(min_size=32, max_size=32))
def test_a_key_is_read_in_every_spelling_of_base_64(key):
    usual, safe = base64.b64encode(key).decode(), base64.urlsafe_b64encode(key).decode()
    for written in (usual, usual.rstrip("="), safe, safe.rstrip("="), f" {safe}\n", key_text(key)):
        assert key_bytes(written) == key


@pytest.mark.parametrize("text", ["", "short", "ä" * 43, "A" * 42, "A" * 44, "A" * 20 + "!" + "A" * 22])
def test_what_is_no_key_is_refused(text):
    with pytest.raises(ValueError, match="32 bytes"):
        key_bytes(text)


def test_the_id_of_a_key_is_that_of_the_standard():
    """The example of RFC 8037, appendix A.3."""
    assert key_id(key_bytes("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")) == (
        "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    )


@given(st.from_regex(r"[A-Za-z0-9_-]{16,64}", fullmatch=True))
def test_a_nonce_of_the_right_length_is_taken(nonce):
    assert check_nonce(nonce) == nonce


@pytest.mark.parametrize("nonce", ["", "a" * 15, "a" * 65, "a" * 15 + " ", "a" * 16 + "\n", "ä" * 16])
def test_any_other_nonce_is_refused(nonce):
    with pytest.raises(NonceNotReadable):
        check_nonce(nonce)
