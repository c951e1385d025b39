"""A device that activates a Foyer license, and checks its answers without a connection. See docs/activation.md.

    python activation_client.py keys       https://portal.example.com
    python activation_client.py activate   https://portal.example.com "7KQ4 0ZXV 93BT M5HE" --mac 00:1A:2B:3C:4D:5E
    python activation_client.py show       --mac 00:1A:2B:3C:4D:5E
    python activation_client.py check      https://portal.example.com "7KQ4 0ZXV 93BT M5HE" --mac 00:1A:2B:3C:4D:5E
    python activation_client.py deactivate https://portal.example.com "7KQ4 0ZXV 93BT M5HE" --mac 00:1A:2B:3C:4D:5E

It needs Python 3.11 and the package cryptography. It keeps in a folder (--keep, by default the current one):
keys.json, the public keys, which a product should bring along instead of fetching them; answer.json, the last answer.
"""

from __future__ import annotations

import argparse
import base64
import datetime as dt
import json
import secrets
import sys
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ENTITLEMENTS, DEACTIVATION = "foyer-entitlements+jws", "foyer-deactivation+jws"


class NotTrusted(Exception):
    """An answer that must not be believed."""


class Refused(Exception):
    """The server said no. ``name`` says why, for programs: "hardware-lock", "license-expired", …"""

    def __init__(self, problem: dict[str, Any]) -> None:
        self.name = str(problem["type"]).rpartition(":")[2]
        super().__init__(f"{self.name}: {problem['detail']}")


def fetch_keys(server: str) -> dict[str, str]:
    """The public keys by their id. Over HTTPS only: who can forge these can forge everything."""
    with urlopen(f"{server}/api/v1/device/keys", timeout=20) as answer:
        return {key["kid"]: key["x"] for key in json.load(answer)["keys"]}


def ask(server: str, act: str, code: str, mac: str) -> tuple[dict[str, str], str]:
    """Send one question; give the signed answer and the nonce it has to repeat."""
    nonce = secrets.token_urlsafe(24)
    body = json.dumps({"code": code, "mac_address": mac, "nonce": nonce}).encode()
    headers = {"Content-Type": "application/json"}
    try:
        with urlopen(Request(f"{server}/api/v1/device/{act}", body, headers), timeout=20) as answer:
            return json.load(answer), nonce
    except HTTPError as error:
        raise Refused(json.load(error)) from None


def verify(
    answer: dict[str, str], keys: dict[str, str], *, kind: str, nonce: str, mac: str, at: dt.datetime
) -> dict[str, Any]:
    """Check an answer against the public keys and give what it tells; needs no connection. Raises NotTrusted."""
    header = json.loads(unpack(answer["protected"]))
    if header["alg"] != "EdDSA" or header["typ"] != kind:
        raise NotTrusted("this is another kind of answer")
    if header["kid"] not in keys:
        raise NotTrusted("it is signed with a key that is not known here: fetch the keys again")
    key = Ed25519PublicKey.from_public_bytes(unpack(keys[header["kid"]]))
    try:
        key.verify(unpack(answer["signature"]), f"{answer['protected']}.{answer['payload']}".encode())
    except InvalidSignature:
        raise NotTrusted("the signature is wrong") from None
    told: dict[str, Any] = json.loads(unpack(answer["payload"]))  # only now: before, anybody may have written it
    if told["nonce"] != nonce:
        raise NotTrusted("it answers another question")
    if told["device"]["mac_address"] != mac.upper().replace("-", ":"):
        raise NotTrusted("it is for another device")
    if kind == ENTITLEMENTS and at >= dt.datetime.fromisoformat(told["valid_until"]):
        raise NotTrusted("it is too old: ask again")
    return told


def unpack(text: str) -> bytes:
    """Read base64url without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="A device with a Foyer license.")
    parser.add_argument("act", choices=("keys", "activate", "check", "deactivate", "show"))
    parser.add_argument("server", nargs="?", default="")
    parser.add_argument("code", nargs="?", default="")
    parser.add_argument("--mac", default="")
    parser.add_argument("--keep", type=Path, default=Path())
    given = parser.parse_args(arguments)
    try:
        print(json.dumps(carry_out(given), indent=2))
    except (NotTrusted, Refused) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def carry_out(given: argparse.Namespace) -> object:
    keys_file, answer_file = given.keep / "keys.json", given.keep / "answer.json"
    if given.act == "keys":
        keys = fetch_keys(given.server)
        keys_file.write_text(json.dumps(keys))
        return keys
    keys = json.loads(keys_file.read_text())
    kind = DEACTIVATION if given.act == "deactivate" else ENTITLEMENTS
    if given.act == "show":
        kept = json.loads(answer_file.read_text())
        answer, nonce = kept["answer"], kept["nonce"]
    else:
        answer, nonce = ask(given.server, given.act, given.code, given.mac)
    told = verify(answer, keys, kind=kind, nonce=nonce, mac=given.mac, at=dt.datetime.now(dt.UTC))
    if given.act == "deactivate":
        answer_file.unlink(missing_ok=True)
    else:
        answer_file.write_text(json.dumps({"answer": answer, "nonce": nonce}))
    return told


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
