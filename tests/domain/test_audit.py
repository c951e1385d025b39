"""The audit's vocabulary, its one way to write an event down, its secrets and its chain."""

from __future__ import annotations

import datetime as dt
import json
import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.audit import SENTENCES, AuditEvent, UnknownAuditEvent, known_event, saved_event, sentence_of
from domain.audit_chain import (
    CHAIN_START,
    HIDDEN,
    canonical_json,
    chain_hash,
    changed_fields,
    first_broken_link,
    is_secret_field,
    redact,
)
from domain.invoices import InvoiceStatus

texts = st.text(max_size=12)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
events = st.dictionaries(texts, values, max_size=5)


def chained(told: list[dict[str, Any]]) -> list[tuple[dict[str, Any], str]]:
    links, previous = [], CHAIN_START
    for event in told:
        previous = chain_hash(previous, event)
        links.append((event, previous))
    return links


def test_every_event_is_a_noun_and_a_verb_with_a_sentence() -> None:
    for event, sentence in SENTENCES.items():
        assert re.fullmatch(r"[a-z_]+\.[a-z_]+", event), event
        assert sentence[0].isupper(), event
        assert not sentence.endswith("."), event


def test_an_event_has_words_for_the_timeline() -> None:
    assert sentence_of("license.hardware_lock_reset") == "Reset the MAC and IP address"
    assert sentence_of(AuditEvent.LIST_EXPORTED) == "Downloaded a list"


def test_an_undeclared_event_is_an_error() -> None:
    with pytest.raises(UnknownAuditEvent, match=r"license\.stolen"):
        known_event("license.stolen")


def test_a_plain_save_has_an_event_of_its_noun() -> None:
    assert saved_event("license", "edited") == "license.edited"
    assert sentence_of(saved_event("tax_rule", "created")) == "Created the tax rule"


def test_a_save_of_an_unknown_kind_is_an_error() -> None:
    with pytest.raises(UnknownAuditEvent, match="overwritten"):
        saved_event("license", "overwritten")
    with pytest.raises(UnknownAuditEvent, match="unicorn"):
        saved_event("unicorn", "edited")


def test_canonical_json_has_one_way_to_write_a_thing() -> None:
    noon = dt.datetime(2026, 5, 15, 12, tzinfo=dt.timezone(dt.timedelta(hours=2)))
    written = canonical_json({"b": [1, None, True], "a": noon, "ä": dt.date(2026, 1, 2), "c": InvoiceStatus.PAID})
    assert written == '{"a":"2026-05-15T10:00:00.000000+00:00","b":[1,null,true],"c":"paid","ä":"2026-01-02"}'
    assert canonical_json(Decimal("1.50")) == '"1.50"'


@pytest.mark.parametrize("value", [1.5, {1, 2}, b"x", object()])
def test_what_could_be_written_in_two_ways_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        canonical_json({"value": value})


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        canonical_json(dt.datetime(2026, 5, 15))  # noqa: DTZ001


@given(events)
def test_canonical_json_does_not_depend_on_the_order_of_the_fields(event: dict[str, Any]) -> None:
    turned = dict(reversed(event.items()))
    assert canonical_json(turned) == canonical_json(event)
    assert json.loads(canonical_json(event)) == event


def test_the_hash_of_a_known_event_stays_what_it_is() -> None:
    event = {"event": "license.edited", "after": {"reference": "Büro"}}
    # Computed with sha256sum: 64 zeros, a line end, and the JSON.
    assert chain_hash(CHAIN_START, event) == "0bf83e27eb0e5804a300b68ff605f2939cfb975b2fee3b27b496d33b36f4877e"


@given(st.lists(events, max_size=6))
def test_an_untouched_chain_holds(told: list[dict[str, Any]]) -> None:
    assert first_broken_link(chained(told)) is None


@given(st.lists(events, min_size=1, max_size=6), st.data())
def test_a_changed_event_breaks_the_chain_where_it_stands(told: list[dict[str, Any]], data: st.DataObject) -> None:
    links = chained(told)
    place = data.draw(st.integers(0, len(links) - 1))
    event, stored = links[place]
    links[place] = ({**event, "added later": True}, stored)
    assert first_broken_link(links) == place


@given(st.lists(events, min_size=2, max_size=6), st.data())
def test_a_removed_event_breaks_the_chain(told: list[dict[str, Any]], data: st.DataObject) -> None:
    links = chained(told)
    place = data.draw(st.integers(0, len(links) - 2))
    del links[place]
    assert first_broken_link(links) == place


@pytest.mark.parametrize("previous", ["", "0" * 63, "G" * 64, "0" * 64 + "\n"])
def test_a_chain_continues_from_a_hash_only(previous: str) -> None:
    with pytest.raises(ValueError, match="hex"):
        chain_hash(previous, {})


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "password_hash",
        "totp_secret",
        "secretSealed",
        "recovery_codes",
        "token_hash",
        "api-key",
        "card_number",
    ],
)
def test_a_secret_is_known_by_its_name(name: str) -> None:
    assert is_secret_field(name)


@pytest.mark.parametrize("name", ["code", "number", "reference", "client_id", "key", "pinned_on", "resets_left"])
def test_what_people_read_is_no_secret(name: str) -> None:
    assert not is_secret_field(name)


def test_secrets_are_hidden_also_inside() -> None:
    kept = redact({"name": "x", "password": "hunter2", "old": {"token": "t", "n": 1}, "all": [{"pin": 4711}]})
    assert kept == {"name": "x", "password": HIDDEN, "old": {"token": HIDDEN, "n": 1}, "all": [{"pin": HIDDEN}]}


def test_whether_a_secret_is_set_stays_visible() -> None:
    assert redact({"totp_secret": None, "password": "", "must_change_password": True}) == {
        "totp_secret": None,
        "password": "",
        "must_change_password": True,
    }


def test_only_what_differs_is_kept() -> None:
    before = {"reference": "A", "kind": "full", "password_hash": "one"}
    after = {"reference": "B", "kind": "full", "password_hash": "two", "note": "new"}
    assert changed_fields(before, after) == (
        {"reference": "A", "password_hash": HIDDEN, "note": None},
        {"reference": "B", "password_hash": HIDDEN, "note": "new"},
    )
