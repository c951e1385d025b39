"""What people and devices type: attempts, MAC and IP addresses, license codes."""

from __future__ import annotations

import datetime as dt
import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.attempts import SIGN_IN_LIMIT, TooManyAttempts, check_attempts, wait_in_words, wait_until_next
from domain.codes import ALPHABET, CODE_BITS, make_code, possible_codes
from domain.hardware import IpNotReadable, MacNotOfDevice, MacNotReadable, normalise_ip, normalise_mac

NOW = dt.datetime(2026, 5, 15, 9, 30, tzinfo=dt.UTC)
seconds_ago = st.lists(st.integers(-100, 1000), max_size=30)


def ago(*seconds: int) -> list[dt.datetime]:
    return [NOW - dt.timedelta(seconds=each) for each in seconds]


def test_nine_attempts_leave_one_more() -> None:
    assert wait_until_next(ago(*range(9)), now=NOW) == dt.timedelta(0)


def test_after_ten_attempts_one_waits_until_the_first_of_them_is_five_minutes_old() -> None:
    attempts = ago(48, *range(9))
    assert wait_until_next(attempts, now=NOW) == dt.timedelta(minutes=4, seconds=12)
    with pytest.raises(TooManyAttempts, match=r"Wait 4 minutes 12 seconds, then try again\.") as refused:
        check_attempts(attempts, now=NOW)
    assert refused.value.wait == dt.timedelta(seconds=252)


def test_older_attempts_count_no_more() -> None:
    assert wait_until_next(ago(300, *range(9)), now=NOW) == dt.timedelta(0)
    assert wait_until_next(ago(299, *range(9)), now=NOW) == dt.timedelta(seconds=1)
    check_attempts(ago(*range(300, 400)), now=NOW)


@given(seconds_ago)
def test_after_the_wait_one_attempt_is_free_and_not_before(seconds: list[int]) -> None:
    attempts = ago(*seconds)
    wait = wait_until_next(attempts, now=NOW)
    assert dt.timedelta(0) <= wait <= SIGN_IN_LIMIT.window
    past = [at for at in attempts if at <= NOW]
    wait = wait_until_next(past, now=NOW)
    assert wait_until_next(past, now=NOW + wait) == dt.timedelta(0)
    if wait:
        assert wait_until_next(past, now=NOW + wait - dt.timedelta(seconds=1)) == dt.timedelta(seconds=1)


@pytest.mark.parametrize(
    ("wait", "words"),
    [
        (0.2, "1 second"),
        (1, "1 second"),
        (59.5, "1 minute"),
        (61, "1 minute 1 second"),
        (300, "5 minutes"),
        (0, "1 second"),
    ],
)
def test_a_wait_is_said_in_whole_seconds_rounded_up(wait: float, words: str) -> None:
    assert wait_in_words(dt.timedelta(seconds=wait)) == words


@pytest.mark.parametrize(
    "text", ["00:1a:2b:3c:4d:5e", "00-1A-2B-3C-4D-5E", "001a.2b3c.4d5e", "001A2B3C4D5E", " 00:1A:2B:3C:4D:5E\n"]
)
def test_a_mac_address_is_written_in_one_way(text: str) -> None:
    assert normalise_mac(text) == "00:1A:2B:3C:4D:5E"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "00:1a:2b:3c:4d",
        "00:1a:2b:3c:4d:5g",
        "0:1a:2b:3c:4d:5e",
        "00:1a-2b:3c:4d:5e",
        "٠٠1A2B3C4D5E",
        "001A2B3C4D5E\0",
    ],
)
def test_what_is_no_mac_address_is_refused(text: str) -> None:
    with pytest.raises(MacNotReadable, match="00:1A:2B:3C:4D:5E"):
        normalise_mac(text)


@pytest.mark.parametrize("text", ["00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:fb"])
def test_a_mac_address_of_no_single_device_is_refused(text: str) -> None:
    with pytest.raises(MacNotOfDevice):
        normalise_mac(text)


@given(st.binary(min_size=6, max_size=6).filter(lambda six: any(six) and not six[0] & 1), st.sampled_from(":-"))
def test_a_written_mac_address_stays_as_it_is(six: bytes, separator: str) -> None:
    written = normalise_mac(six.hex(separator))
    assert normalise_mac(written) == written
    assert bytes.fromhex(written.replace(":", "")) == six


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (" 203.0.113.7 ", "203.0.113.7"),
        ("2001:DB8:0:0:0:0:0:7", "2001:db8::7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
    ],
)
def test_an_ip_address_is_written_in_one_way(text: str, address: str) -> None:
    assert normalise_ip(text) == address


@pytest.mark.parametrize(
    "text", ["", "203.0.113", "203.0.113.256", "01.2.3.4", "fe80::1%eth0", "10.0.0.0/8", "::1\0", "x"]
)
def test_what_is_no_ip_address_is_refused(text: str) -> None:
    with pytest.raises(IpNotReadable, match=r"203\.0\.113\.7"):
        normalise_ip(text)


@given(st.ip_addresses())
def test_a_written_ip_address_stays_as_it_is(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    written = normalise_ip(str(address))
    assert normalise_ip(written) == written


@given(st.integers(0, 2**CODE_BITS - 1))
def test_a_code_is_read_however_it_is_typed(bits: int) -> None:
    code = make_code(bits)
    assert len(code) == 19
    assert set(code) <= set(ALPHABET + "-")
    bare = code.replace("-", "")
    typed_as = [
        code,
        code.lower(),
        bare,
        f"  {code} ",
        code.replace("-", " "),
        code.replace("-", "–"),
        bare.replace("0", "O").replace("1", "l"),
        code.replace("0", "o").replace("1", "I"),
        code.replace("A", "А").replace("B", "В"),  # Cyrillic
    ]
    for typed in typed_as:
        assert code in possible_codes(typed), typed


@given(st.sets(st.integers(0, 2**CODE_BITS - 1), max_size=20))
def test_different_bits_make_different_codes(drawn: set[int]) -> None:
    assert len({make_code(bits) for bits in drawn}) == len(drawn)


@pytest.mark.parametrize("bits", [-1, 1 << CODE_BITS])
def test_a_code_is_made_of_eighty_bits(bits: int) -> None:
    with pytest.raises(ValueError, match="80"):
        make_code(bits)


def test_a_code_of_an_older_system_is_found_as_it_came() -> None:
    assert possible_codes("Oil-0001-b")[0] == "Oil-0001-b"
    assert "OIL-0001-B" in possible_codes("oil-0001-b")


@pytest.mark.parametrize("text", ["", "   ", "\0", "a\0b"])
def test_nothing_readable_is_no_code(text: str) -> None:
    assert possible_codes(text) == ()


@given(st.text(max_size=60))
def test_any_text_gives_few_guesses_and_none_of_them_empty(text: str) -> None:
    guesses = possible_codes(text)
    assert len(guesses) <= 5
    assert all(guesses)
