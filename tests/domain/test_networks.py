"""Networks as people type them, and who is inside of them."""

from __future__ import annotations

import pytest

from domain.networks import NetworkNotReadable, networks_admit, normalise_network


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" 203.0.113.7 ", "203.0.113.7/32"),
        ("203.0.113.77/24", "203.0.113.0/24"),
        ("2001:DB8:0:0::1", "2001:db8::1/128"),
        ("2001:db8::/48", "2001:db8::/48"),
        ("::ffff:203.0.113.7", "203.0.113.7/32"),
        ("::ffff:203.0.113.0/120", "203.0.113.0/24"),
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("::/0", "::/0"),
    ],
)
def test_a_network_is_kept_in_one_spelling(typed: str, kept: str) -> None:
    assert normalise_network(typed) == kept


@pytest.mark.parametrize(
    "typed",
    ["", "office", "203.0.113", "203.0.113.256", "203.0.113.7/33", "203.0.113.0/255.255.255.0", "203.0.113.7/", "/24",
     "203.0.113.7 203.0.113.8", "203.0.113.7,203.0.113.8", "203.0.113.7-9", "fe80::1%eth0", "2001:db8::/129", "1.2.3.04",
     "203.0.113.7/-1", "203.0.113.7/٣", "https://example.com", "203.0.113.7\0", "1" * 500],
)  # fmt: skip
def test_what_is_no_network_is_refused(typed: str) -> None:
    with pytest.raises(NetworkNotReadable):
        normalise_network(typed)


@pytest.mark.parametrize(
    ("networks", "ip", "admitted"),
    [
        ([], "203.0.113.7", True),
        ([], None, True),
        (["203.0.113.0/24"], "203.0.113.7", True),
        (["203.0.113.0/24"], "203.0.114.7", False),
        (["203.0.113.0/24"], "::ffff:203.0.113.7", True),
        (["203.0.113.0/24", "2001:db8::/48"], "2001:db8::9", True),
        (["::/0"], "203.0.113.7", False),
        (["203.0.113.0/24"], None, False),
        (["203.0.113.0/24"], "nonsense", False),
        (["fe80::/10"], "fe80::1%eth0", True),
    ],
)
def test_who_is_inside_may_come_in(networks: list[str], ip: str | None, admitted: bool) -> None:
    assert networks_admit(networks, ip) is admitted
