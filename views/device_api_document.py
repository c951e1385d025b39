"""The OpenAPI 3.1 document of the license activation API, made from the messages and problems themselves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from views.device_api import BASE, INVALID, KINDS, TOO_MANY, Kind
from views.device_messages import (
    Deactivation,
    DeviceRequest,
    Entitlements,
    KeySet,
    Problem,
    ProtectedHeader,
    SignedAnswer,
)
from views.problems import MEDIA_TYPE, problem_type

VERSION: Final = "1.0.0"
_PLACE: Final = "#/components/schemas/{model}"
_TOLD: Final[tuple[type[BaseModel], ...]] = (
    DeviceRequest,
    SignedAnswer,
    ProtectedHeader,
    Entitlements,
    Deactivation,
    KeySet,
    Problem,
)
_ABOUT: Final = """Devices activate a license code, check it and give it back. Answers are signed with Ed25519: a device
checks and keeps them without a connection until `valid_until`. docs/activation.md explains it, with an example."""


def openapi_document(base_url: str) -> dict[str, Any]:
    """The document, with this installation as its server."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Foyer license activation", "version": VERSION, "description": _ABOUT},
        "servers": [{"url": base_url}],
        "paths": {
            f"{BASE}/activate": {"post": _act("activate", "Activate a license on a device", Entitlements)},
            f"{BASE}/check": {"post": _act("check", "Check a license that is active on a device", Entitlements)},
            f"{BASE}/deactivate": {"post": _act("deactivate", "Give an activation back", Deactivation)},
            f"{BASE}/keys": {"get": _read("keys", "The public keys", _content(KeySet))},
            f"{BASE}/openapi.json": {
                "get": _read("openapi", "This document", {"application/json": {"schema": {"type": "object"}}})
            },
        },
        "components": {"schemas": _schemas()},
        "security": [],
    }


def _act(name: str, summary: str, told: type[BaseModel]) -> dict[str, Any]:
    signed = {
        "allOf": [{"$ref": _PLACE.format(model=SignedAnswer.__name__)}],
        "properties": {
            "payload": {
                "contentEncoding": "base64url",
                "contentMediaType": "application/json",
                "contentSchema": {"$ref": _PLACE.format(model=told.__name__)},
            }
        },
    }
    return {
        "operationId": name,
        "summary": summary,
        "requestBody": {"required": True, "content": _content(DeviceRequest)},
        "responses": {
            "200": {"description": "The signed answer.", "content": {"application/json": {"schema": signed}}},
            **_problems((INVALID, *KINDS.values())),
            "default": _problem_answer("Any other refusal of HTTP: 413, 415, 500, 503."),
        },
    }


def _problems(kinds: Iterable[Kind]) -> dict[str, Any]:
    """The answers by status, each with the problems it may hold."""
    by_status: dict[int, list[Kind]] = {}
    for kind in kinds:
        by_status.setdefault(kind.status, []).append(kind)
    answers = {}
    for status, some in sorted(by_status.items()):
        told = "; ".join(f"`{problem_type(kind.name)}`: {kind.title}" for kind in some)
        answers[str(status)] = _problem_answer(told)
        if TOO_MANY in some:
            wait = {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}}
            answers[str(status)]["headers"] = {"Retry-After": wait}
    return answers


def _problem_answer(description: str) -> dict[str, Any]:
    return {
        "description": description,
        "content": {MEDIA_TYPE: {"schema": {"$ref": _PLACE.format(model=Problem.__name__)}}},
    }


def _read(name: str, summary: str, content: dict[str, Any]) -> dict[str, Any]:
    return {
        "operationId": name,
        "summary": summary,
        "responses": {"200": {"description": f"{summary}.", "content": content}},
    }


def _content(model: type[BaseModel]) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _PLACE.format(model=model.__name__)}}}


def _schemas() -> dict[str, Any]:
    _refs, made = models_json_schema([(model, "validation") for model in _TOLD], ref_template=_PLACE)
    schemas: dict[str, Any] = made["$defs"]
    return schemas
