"""Keeps tests off the network: nothing but this machine can be reached."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

import pytest


class NetworkNotAllowed(RuntimeError):
    """A test tried to reach another machine. Give the code a stand-in instead."""


def is_this_machine(host: str | bytes | None) -> bool:
    """Say whether the host is a loopback address or a name for one."""
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(str(name).split("%")[0]).is_loopback
    except ValueError:
        return False


def stay_on_this_machine(patch: pytest.MonkeyPatch) -> None:
    """Refuse connections to, and look-ups of, every other machine."""

    def guarded(method: str) -> None:
        original = getattr(socket.socket, method)

        def connect(self: socket.socket, address: Any) -> Any:
            if self.family in (socket.AF_INET, socket.AF_INET6) and not is_this_machine(address[0]):
                raise NetworkNotAllowed(f"a test tried to connect to {address[0]}")
            return original(self, address)

        patch.setattr(socket.socket, method, connect)

    guarded("connect")
    guarded("connect_ex")
    original_look_up = socket.getaddrinfo

    def look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        try:
            is_address = bool(name) and bool(ipaddress.ip_address(str(name).split("%")[0]))
        except ValueError:
            is_address = False
        if not is_address and not is_this_machine(host):
            raise NetworkNotAllowed(f"a test tried to look up {name}")
        return original_look_up(host, *args, **kwargs)

    patch.setattr(socket, "getaddrinfo", look_up)
