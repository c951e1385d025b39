"""Tries at the door are counted, and too many of them have to wait."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import func, select

from domain.attempts import TooManyAttempts
from models import SignInAttempt, SignInDoor
from services.attempts import count_attempt, forget_old_attempts, hash_of_name, place_of, take_back
from services.unit_of_work import unit_of_work
from tests.support.together import all_at_once

SECOND = dt.timedelta(seconds=1)


def try_password(name="mia@acme.example", *, ip="192.0.2.10", now, door=SignInDoor.PASSWORD):
    with unit_of_work():
        return count_attempt(name, ip=ip, door=door, now=now)


def number_of_attempts(session):
    return session.scalar(select(func.count(SignInAttempt.id)))


def test_ten_tries_are_counted_and_the_eleventh_says_how_long_to_wait(session, now):
    for number in range(10):
        try_password(now=now + number * SECOND)
    with pytest.raises(TooManyAttempts) as refused:
        try_password(now=now + 60 * SECOND)
    assert refused.value.message == "Too many attempts. Wait 4 minutes, then try again."


def test_a_name_is_counted_from_whichever_address(session, now):
    for number in range(10):
        try_password(ip=f"192.0.2.{number}", now=now)
    with pytest.raises(TooManyAttempts):
        try_password(ip="192.0.2.200", now=now)


def test_an_address_is_counted_for_whichever_name(session, now):
    for number in range(10):
        try_password(f"person{number}@acme.example", now=now)
    with pytest.raises(TooManyAttempts):
        try_password("another@acme.example", now=now)
    assert try_password("another@acme.example", ip="192.0.2.99", now=now)


def test_the_ways_to_write_a_name_are_one_name(session, now):
    for number in range(10):
        try_password(ip=f"192.0.2.{number}", now=now)
    with pytest.raises(TooManyAttempts):
        try_password("  MIA@Acme.example ", ip="192.0.2.200", now=now)


def test_an_ipv6_network_is_one_address(session, now):
    for number in range(10):
        try_password(f"person{number}@acme.example", ip=f"2001:db8:1:1::{number:x}", now=now)
    with pytest.raises(TooManyAttempts):
        try_password("another@acme.example", ip="2001:db8:1:1:ffff::1", now=now)
    assert try_password("another@acme.example", ip="2001:db8:1:2::1", now=now)


def test_all_doors_share_one_count_but_the_sending_of_links(session, now):
    for door in (SignInDoor.PASSWORD, SignInDoor.CODE) * 5:
        try_password(door=door, now=now)
    with pytest.raises(TooManyAttempts):
        try_password(door=SignInDoor.API, now=now)
    assert try_password(door=SignInDoor.RESET_REQUEST, now=now)


def test_a_refused_try_is_not_counted_so_that_the_wait_ends_when_it_said(session, now):
    for _try in range(10):
        try_password(now=now)
    with pytest.raises(TooManyAttempts):
        try_password(now=now + 299 * SECOND)
    assert number_of_attempts(session) == 10
    assert try_password(now=now + 300 * SECOND)


def test_the_right_try_is_taken_back_and_the_wrong_ones_before_it_stay(session, now):
    for _try in range(9):
        try_password(now=now)
    for _visit in range(3):
        attempt = try_password(now=now)
        with unit_of_work():
            take_back(attempt)
    assert try_password(now=now)
    with pytest.raises(TooManyAttempts):
        try_password(now=now)


def test_of_many_tries_at_once_exactly_ten_pass(session, now):
    outcomes = all_at_once(lambda _number: try_password(now=now), times=16)
    refused = [outcome for outcome in outcomes if isinstance(outcome, TooManyAttempts)]
    passed = [outcome for outcome in outcomes if isinstance(outcome, int)]
    assert (len(passed), len(refused)) == (10, 6)
    assert number_of_attempts(session) == 10


def test_tries_at_once_for_names_and_addresses_crosswise_do_not_block_each_other(session, now):
    outcomes = all_at_once(
        lambda number: try_password(f"person{number % 2}@acme.example", ip=f"192.0.2.{number // 2 % 2}", now=now),
        times=8,
    )
    assert all(isinstance(outcome, int) for outcome in outcomes)


def test_the_name_itself_is_not_kept(session, now):
    try_password("my secret password typed into the wrong field", now=now)
    attempt = session.scalars(select(SignInAttempt)).one()
    assert attempt.name_hash == hash_of_name("my secret password typed into the wrong field")
    assert "secret" not in str(vars(attempt))


@pytest.mark.parametrize("name", ["", "\0", "x" * 10_000, "\ud800", "🙂"])
def test_any_name_can_be_counted(session, now, name):
    assert try_password(name, now=now)


@pytest.mark.parametrize(
    ("ip", "place"),
    [
        ("192.0.2.10", "192.0.2.10"),
        ("::ffff:192.0.2.10", "192.0.2.10"),
        ("2001:db8::1", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("not an address", None),
        ("", None),
        (None, None),
    ],
)
def test_an_address_is_counted_by_its_place(ip, place):
    assert place_of(ip) == place


def test_old_attempts_are_forgotten(session, now):
    try_password(now=now - dt.timedelta(days=31))
    try_password(now=now)
    with unit_of_work():
        assert forget_old_attempts(now=now) == 1
    assert number_of_attempts(session) == 1
