"""What programs are told when something is refused: application/problem+json (RFC 9457), with a name to switch on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from flask import Response

MEDIA_TYPE: Final = "application/problem+json"
_NAMES: Final = "urn:foyer:problem:"


def problem(
    status: int, name: str, title: str, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any
) -> Response:
    """``name`` is for programs and never changes its meaning; ``title`` and ``detail`` are for people."""
    told = {"type": problem_type(name), "title": title, "status": status, "detail": detail, **more}
    return Response(json.dumps(told, ensure_ascii=False), status, dict(headers or {}), content_type=MEDIA_TYPE)


def problem_type(name: str) -> str:
    """The URI of a problem; "about:blank" for what the HTTP status says already."""
    return _NAMES + name if name else "about:blank"


def http_problem(status: int, detail: str, *, headers: Mapping[str, str] | None = None) -> Response:
    """A problem that is no more than its HTTP status."""
    return problem(status, "", HTTPStatus(status).phrase, detail, headers=headers)
