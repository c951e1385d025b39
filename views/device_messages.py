"""What devices send and are answered, described once: it reads requests and makes the OpenAPI document."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from models.license import LicenseStatus
from models.license_kind import LicenseDuration, LicenseKind
from models.product import ProductKind

Moment = Annotated[dt.datetime, Field(description="In UTC, whole seconds: 2026-05-15T09:30:00Z")]
MacAddress = Annotated[str, Field(examples=["00:1A:2B:3C:4D:5E"])]
Nonce = Annotated[str, Field(pattern="^[A-Za-z0-9_-]{16,64}$", description="New and random for each request.")]


class DeviceRequest(BaseModel):
    """What a device asks. Fields that are not described here are ignored."""

    model_config = ConfigDict(strict=True)

    code: str = Field(
        min_length=1,
        max_length=100,
        description="The license code as it was typed: small letters, spaces and look-alike letters do not matter.",
        examples=["7KQ4-0ZXV-93BT-M5HE"],
    )
    mac_address: str = Field(
        min_length=1,
        max_length=40,
        description="Of the network card that the license is locked to.",
        examples=["00:1A:2B:3C:4D:5E"],
    )
    ip: str | None = Field(
        None, max_length=45, description="The device's own address. Left out: where the request comes from."
    )
    hostname: str | None = Field(None, max_length=120, description="What the device is called, for the license's page.")
    nonce: Nonce


class Described(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SignedAnswer(Described):
    """A flattened JWS (RFC 7515, section 7.2.2), signed with Ed25519 (RFC 8037).

    What is signed are the ASCII bytes of `protected`, a full stop, and `payload`, exactly as they stand here.
    """

    protected: str = Field(description="ProtectedHeader as JSON in base64url without padding.")
    payload: str = Field(description="Entitlements or Deactivation as JSON in base64url without padding.")
    signature: str = Field(description="64 bytes in base64url without padding.")


class ProtectedHeader(Described):
    alg: Literal["EdDSA"]
    kid: str = Field(description="Which of the published keys signed: the RFC 7638 thumbprint.")
    typ: Literal["foyer-entitlements+jws", "foyer-deactivation+jws"]


class DeviceAnswered(Described):
    activation: str = Field(description="Names this activation.")
    mac_address: MacAddress
    ip: str
    activated_at: Moment


class PackageHeld(Described):
    code: str
    name: str


class LicenseHeld(Described):
    code: str
    type: LicenseKind
    status: LicenseStatus
    duration: LicenseDuration
    expires_on: dt.date | None = Field(description="The last day it works, in the account's time zone.")
    package: PackageHeld
    app_name: str | None = Field(description="The name of the app under the customer's brand.")
    licensee: str | None
    activation_limit: int = Field(ge=1, description="How many devices may be active.")


class ItemHeld(Described):
    product: str = Field(description="The product's code.")
    name: str
    kind: ProductKind
    quantity: int = Field(ge=1)


class EditionSetUp(Described):
    edition: str = Field(description="The edition's code.")
    name: str
    seats: int = Field(ge=1, description="How many of it the app wizard set up.")


class Told(Described):
    format: Literal[1] = Field(description="Goes up when a field changes its meaning or goes.")
    issuer: str = Field(description="The address of the installation.")
    nonce: Nonce
    issued_at: Moment
    device: DeviceAnswered


class Entitlements(Told):
    """What `payload` of an activation or a check holds."""

    valid_until: Moment
    license: LicenseHeld
    items: list[ItemHeld]
    editions: list[EditionSetUp]


class LicenseNamed(Described):
    code: str


class Deactivation(Told):
    """What `payload` of a deactivation holds: a receipt, which entitles to nothing."""

    license: LicenseNamed
    deactivated_at: Moment


class PublicKey(Described):
    """A public key as a JWK (RFC 8037)."""

    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    alg: Literal["EdDSA"]
    use: Literal["sig"]
    kid: str
    x: str = Field(description="32 bytes in base64url without padding.")


class KeySet(Described):
    keys: list[PublicKey] = Field(min_length=1, description="The first one signs; the others are old ones or the next.")


class FieldProblem(Described):
    field: str
    detail: str


class Problem(BaseModel):
    """Why something was refused (RFC 9457). Switch on `type`; the texts are for people and may change."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] | None = Field(None, description="What cannot be read of a request.")
