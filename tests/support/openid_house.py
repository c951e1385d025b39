"""Another house to sign in by: a real OpenID Connect provider in a process of its own, and somebody who uses it."""

from __future__ import annotations

import html
import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2

STARTS_WITHIN = 30.0


@contextmanager
def running_house(log: Any = subprocess.DEVNULL) -> Iterator[str]:
    """Run oidc-provider-mock on a free port of this machine; give its issuer."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), "--host", "127.0.0.1"]
    process = subprocess.Popen(command, stdout=log, stderr=log)
    issuer = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{issuer}/.well-known/openid-configuration", process)
        yield issuer
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def provider_setting(issuer: str, **others: str) -> str:
    """The environment's OIDC_PROVIDERS for this house."""
    described = {
        "name": "acme",
        "label": "Acme ID",
        "issuer": issuer,
        "client_id": "foyer",
        "client_secret": "a secret",
    }
    return json.dumps([described | others])


def make_user(issuer: str, subject: str, **claims: str) -> None:
    """Give the house somebody."""
    httpx2.put(f"{issuer}/users/{subject}", json=claims).raise_for_status()


def address_of_departure(page: Any) -> str:
    """Where a page of ours leads the browser."""
    assert page.status_code == 200, (page.status_code, page.get_data(as_text=True)[-600:])
    found = re.fullmatch(r"0; url=(\S+)", page.headers["Refresh"])
    assert found
    assert f'href="{html.escape(found[1])}"' in page.get_data(as_text=True)
    return found[1]


def allow(departure: str, subject: str) -> str:
    """Say to the house who one is; give the path and query it leads back to."""
    answer = httpx2.post(departure, data={"sub": subject}, follow_redirects=False)
    assert answer.status_code == 302, (answer.status_code, answer.text[-600:])
    return path_of(answer.headers["Location"])


def deny(departure: str) -> str:
    """Press Cancel at the house."""
    answer = httpx2.post(departure, data={"action": "deny"}, follow_redirects=False)
    return path_of(answer.headers["Location"])


def path_of(address: str) -> str:
    """The path and query of an address."""
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"


def asked_of(address: str) -> dict[str, str]:
    """The parameters of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline:
        assert process.poll() is None, "the other house did not start"
        try:
            if httpx2.get(address).status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.05)
    raise AssertionError("the other house does not answer")
