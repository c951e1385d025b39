"""The keys that the simulated PayPal signs its events with: its own, and those of a forger."""

from __future__ import annotations

import base64
import datetime as dt
import uuid
import zlib
from collections.abc import Mapping
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from gateways.simulator.ledger import Ledger

WEBHOOK_ID: Final = "8PT597110X687430LKGECATA"
_KEYS: Final = "paypal-signing-keys"


class Signer:
    """Signs deliveries. The keys are made once and live in the ledger, so that a restart signs with the same."""

    def __init__(self, ledger: Ledger, provider: str) -> None:
        with ledger.transaction():
            keys = ledger.find(_KEYS)
            if keys is None:
                keys = {"id": _KEYS, "own": _new_key(), "forged": _new_key()}
                keys["certificate"] = _certificate(keys["own"])
                ledger.add(provider, "keys", keys)
        self.certificates: bytes = keys["certificate"].encode()
        self._keys = {False: _loaded(keys["own"]), True: _loaded(keys["forged"])}

    def headers(
        self,
        body: str,
        moment: dt.datetime,
        *,
        certificate_url: str,
        webhook_id: str = WEBHOOK_ID,
        forged: bool = False,
    ) -> Mapping[str, str]:
        """The headers that PayPal signs a delivery with."""
        which, when = str(uuid.uuid4()), moment.isoformat(timespec="seconds").replace("+00:00", "Z")
        said = f"{which}|{when}|{webhook_id}|{zlib.crc32(body.encode())}".encode()
        signature = self._keys[forged].sign(said, padding.PKCS1v15(), hashes.SHA256())
        return {
            "Paypal-Transmission-Id": which,
            "Paypal-Transmission-Time": when,
            "Paypal-Transmission-Sig": base64.b64encode(signature).decode(),
            "Paypal-Cert-Url": certificate_url,
            "Paypal-Auth-Algo": "SHA256withRSA",
        }


def _new_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(*pem).decode()


def _loaded(pem: str) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("the simulator signs with RSA")
    return key


def _certificate(pem: str) -> str:
    key, now = _loaded(pem), dt.datetime.now(dt.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "messageverificationcerts.simulated")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()
