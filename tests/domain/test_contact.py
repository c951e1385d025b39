"""E-mail addresses and time zones as people type them."""

from __future__ import annotations

import pytest

from domain.contact import EmailNotReadable, TimeZoneUnknown, canonical_email, check_time_zone, normalise_email


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Ada@Example.COM ", "ada@example.com"),
        ("o'brien+tag@sub.example.co.uk", "o'brien+tag@sub.example.co.uk"),
        ("joerg@münchen.example", "joerg@xn--mnchen-3ya.example"),
        ("joerg@XN--Mnchen-3ya.example", "joerg@xn--mnchen-3ya.example"),
        ("ｍｉａ＠ａｃｍｅ．example", "mia@acme.example"),
        ("mia@例え.example", "mia@xn--r8jz45g.example"),
        (
            "mia@xn--80ak6aa92e.example",
            "mia@xn--80ak6aa92e.example",
        ),  # all Cyrillic, looks like "apple": shown as it is
        ("mia@аррӏе.example", "mia@xn--80ak6aa92e.example"),
        ("mia@acme.example\r\n", "mia@acme.example"),
    ],
)
def test_an_address_is_kept_in_one_spelling(typed: str, kept: str) -> None:
    assert normalise_email(typed) == kept


@pytest.mark.parametrize(
    "typed",
    ["", "ada", "ada@", "@example.com", "ada@example", "a b@example.com", "ada@example..com", "ada@ex,ample.com",
     "ada@example.com\nbcc: x@y.zz", "ada@example.com\0", f"{'a' * 250}@b.cc", "ada@one@two.com", "ada@example.com.",
     "ada@example.com\r\nBcc: x@y.zz", "ada@example.com, x@y.zz", "ada@example.com;x@y.zz", "ada@example.com x@y.zz",
     "Ada <ada@example.com>", '"a da"@example.com', ".ada@example.com", "ada.@example.com", "a..da@example.com",
     "ada@-example.com", "ada@127.0.0.1", "ada@[127.0.0.1]", "ada@xn--.com", "ada@xn--abc.com", "ada@xn--99999999.com",
     f"{'a' * 65}@example.com", f"ada@{'b' * 64}.com", "a" * 5000 + "@example.com", "jörg@example.com",
     "аda@example.com", "ada@exаmple.com", "ada@straße.example", "ada@exa\u200dmple.com", "ada@example.com\u202e",
     "ada\u200b@example.com", "\ud800@example.com", "ada@\ud800.com"],
)  # fmt: skip
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(EmailNotReadable):
        normalise_email(typed)


def test_only_time_zones_that_exist_are_taken() -> None:
    assert check_time_zone("Europe/Sarajevo") == "Europe/Sarajevo"
    with pytest.raises(TimeZoneUnknown):
        check_time_zone("../../etc/passwd")


def test_several_addresses_are_told_from_a_mistake() -> None:
    with pytest.raises(EmailNotReadable, match="one e-mail address only"):
        normalise_email("ada@example.com, bob@example.com")


def test_letters_that_look_alike_are_named_as_the_reason() -> None:
    with pytest.raises(EmailNotReadable, match="look alike"):
        normalise_email("ada@ex\u0430mple.com")
    with pytest.raises(EmailNotReadable, match="plain letters"):
        normalise_email("\u0430da@example.com")


def test_looking_up_what_nobody_can_have_finds_the_empty_name() -> None:
    assert canonical_email(" Ada@Example.com") == "ada@example.com"
    assert canonical_email("not an address") == ""
