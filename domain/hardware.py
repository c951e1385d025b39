"""What a license is locked to: a MAC address and the last valid IP address, each written in one way."""

from __future__ import annotations

import ipaddress
import re
from typing import Final

from domain.refusals import Refusal

_MAC_FORMS: Final = (
    re.compile(r"[0-9A-F]{12}"),
    re.compile(r"[0-9A-F]{2}(:[0-9A-F]{2}){5}"),
    re.compile(r"[0-9A-F]{2}(-[0-9A-F]{2}){5}"),
    re.compile(r"[0-9A-F]{4}(\.[0-9A-F]{4}){2}"),
)
_GROUP_BIT: Final = 0x01


class MacNotReadable(Refusal):
    message = "Enter a MAC address like 00:1A:2B:3C:4D:5E."


class MacNotOfDevice(Refusal):
    message = "This MAC address belongs to no single device. Enter the one of the network card."


class IpNotReadable(Refusal):
    message = "Enter an IP address like 203.0.113.7 or 2001:db8::7."


def normalise_mac(text: str) -> str:
    """Read the usual ways to write a MAC address and give 00:1A:2B:3C:4D:5E."""
    written = text.strip().upper()
    if not written.isascii() or not any(form.fullmatch(written) for form in _MAC_FORMS):
        raise MacNotReadable
    digits = re.sub(r"[^0-9A-F]", "", written)
    if int(digits, 16) == 0 or int(digits[:2], 16) & _GROUP_BIT:
        raise MacNotOfDevice
    return ":".join(digits[place : place + 2] for place in range(0, 12, 2))


def normalise_ip(text: str) -> str:
    """Read an IP address and give its shortest form; IPv4 inside IPv6 becomes plain IPv4."""
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        raise IpNotReadable from None
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            raise IpNotReadable
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
    return str(address)
