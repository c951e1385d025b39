"""E-mail addresses and time zones as people type them."""

from __future__ import annotations

import pytest

from domain.contact import EmailNotReadable, TimeZoneUnknown, check_time_zone, normalise_email


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Ada@Example.COM ", "ada@example.com"),
        ("o'brien+tag@sub.example.co.uk", "o'brien+tag@sub.example.co.uk"),
        ("jörg@münchen.example", "jörg@münchen.example"),
    ],
)
def test_an_address_is_kept_in_one_spelling(typed: str, kept: str) -> None:
    assert normalise_email(typed) == kept


@pytest.mark.parametrize(
    "typed",
    ["", "ada", "ada@", "@example.com", "ada@example", "a b@example.com", "ada@example..com", "ada@ex,ample.com",
     "ada@example.com\nbcc: x@y.zz", "ada@example.com\0", f"{'a' * 250}@b.cc", "ada@one@two.com", "ada@example.com."],
)  # fmt: skip
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(EmailNotReadable):
        normalise_email(typed)


def test_only_time_zones_that_exist_are_taken() -> None:
    assert check_time_zone("Europe/Sarajevo") == "Europe/Sarajevo"
    with pytest.raises(TimeZoneUnknown):
        check_time_zone("../../etc/passwd")
