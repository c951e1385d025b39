"""Headers every answer carries: what a browser may load, and what it must not do with our pages."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response, request

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",  # data: for the small pictures inside Bootstrap's style sheet
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}


def policy_text(policy: Mapping[str, str]) -> str:
    """The policy as a header's value."""
    return "; ".join(f"{what} {where}" for what, where in policy.items())


HEADERS = {
    "Content-Security-Policy": policy_text(POLICY),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

ONE_YEAR = 365 * 24 * 3600


def set_security_headers(response: Response) -> Response:
    """Add the headers an answer does not set itself. Pages are not stored, so Back after sign-out shows nothing."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", f"max-age={ONE_YEAR}; includeSubDomains")
    response.headers.setdefault("Cache-Control", "no-store")
    return response
