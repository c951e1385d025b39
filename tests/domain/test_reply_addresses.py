"""The address an answer goes to: nobody can make one up, and mail systems may fold its case."""

from __future__ import annotations

import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.reply_addresses import LONGEST_LOCAL_PART, looks_like_reply_address, reply_address, signed_token

KEY = "a secret key of this installation, 32 characters"
DOMAIN = "mail.provider.example"
TOKENS = st.text(alphabet=string.ascii_lowercase + string.digits, min_size=1, max_size=31)


def read(address: str, *, key: str = KEY, domain: str = DOMAIN) -> str | None:
    return signed_token(address, secret_key=key, domain=domain)


@given(TOKENS)
def test_what_was_signed_is_read_again(token: str) -> None:
    assert read(reply_address(token, secret_key=KEY, domain=DOMAIN)) == token


@given(TOKENS)
def test_the_case_that_a_mail_system_folds_does_not_matter(token: str) -> None:
    address = reply_address(token, secret_key=KEY, domain=DOMAIN)
    assert read(address.upper()) == token
    assert read(f" <{address.title()}> ") == token


@given(TOKENS)
def test_the_local_part_is_no_longer_than_a_mail_server_takes(token: str) -> None:
    local = reply_address(token, secret_key=KEY, domain=DOMAIN).split("@")[0]
    assert len(local) <= LONGEST_LOCAL_PART
    assert local == local.lower()


@given(TOKENS, st.data())
def test_an_address_with_another_character_anywhere_is_refused(token: str, data: st.DataObject) -> None:
    address = reply_address(token, secret_key=KEY, domain=DOMAIN)
    place = data.draw(st.integers(0, len(address) - 1))
    letter = data.draw(st.sampled_from(string.ascii_lowercase + string.digits + "+.@-_ é\0"))
    assume(letter != address[place])
    assert read(address[:place] + letter + address[place + 1 :]) is None


@given(TOKENS, TOKENS)
def test_the_signature_of_one_discussion_opens_no_other(token: str, other: str) -> None:
    assume(token != other)
    signature = reply_address(token, secret_key=KEY, domain=DOMAIN).split("@")[0].split(".")[1]
    assert read(f"reply+{other}.{signature}@{DOMAIN}") is None


@given(TOKENS)
def test_another_key_or_another_domain_is_refused(token: str) -> None:
    address = reply_address(token, secret_key=KEY, domain=DOMAIN)
    assert read(address, key=f"{KEY}!") is None
    assert read(address, domain="other.example") is None


@given(st.text())
def test_any_text_is_read_without_an_error(text: str) -> None:
    assert read(text) is None
    assert read(f"reply+{text}@{DOMAIN}") is None


@pytest.mark.parametrize("token", ["", "Capital", "a" * 32, "a.b", "a b", "é"])
def test_only_tokens_that_survive_a_mail_system_are_signed(token: str) -> None:
    with pytest.raises(ValueError, match="small letters"):
        reply_address(token, secret_key=KEY, domain=DOMAIN)


def test_a_wrong_signature_is_told_apart_from_no_signature() -> None:
    assert looks_like_reply_address(f"Reply+abc.wrong@{DOMAIN}")
    assert not looks_like_reply_address(f"support@{DOMAIN}")
