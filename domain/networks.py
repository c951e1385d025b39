"""Networks from which people may come in, as they type them: one address, or a network in CIDR notation."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Final

from domain.refusals import Refusal

MOST_NETWORKS: Final = 50
_LONGEST: Final = 80
_MAPPED: Final = ipaddress.IPv6Network("::ffff:0:0/96")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class NetworkNotReadable(Refusal):
    message = "Enter an IP address like 203.0.113.7, or a network like 203.0.113.0/24 or 2001:db8::/48."


def normalise_network(text: str) -> str:
    """Give the network as it is kept: without host bits, IPv4 inside of IPv6 as IPv4. Refused: NetworkNotReadable."""
    written = text.strip()
    if len(written) > _LONGEST or not written.isascii() or "%" in written:
        raise NetworkNotReadable
    address, slash, length = written.partition("/")
    if slash and not (length.isdigit() and len(length) <= 3):
        raise NetworkNotReadable  # no netmasks: 255.255.255.0 and its reverse are too easily mistaken
    try:
        network: Network = ipaddress.ip_network(f"{address}{slash}{length}", strict=False)
    except ValueError:
        raise NetworkNotReadable from None
    if isinstance(network, ipaddress.IPv6Network) and network.subnet_of(_MAPPED):
        plain = network.network_address.ipv4_mapped
        network = ipaddress.ip_network(f"{plain}/{network.prefixlen - 96}")
    return str(network)


def networks_admit(networks: Iterable[str], ip: str | None) -> bool:
    """Whether somebody at this address may come in. No network listed: from anywhere."""
    listed = list(networks)
    if not listed:
        return True
    address = _address(ip)
    return address is not None and any(address in ipaddress.ip_network(network) for network in listed)


def _address(ip: str | None) -> Address | None:
    try:
        found = ipaddress.ip_address((ip or "").partition("%")[0])
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        return found.ipv4_mapped
    return found
