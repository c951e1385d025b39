"""Pages whose form leads to a gateway: the content policy lets it go there and nowhere else."""

from __future__ import annotations

from flask import Response, current_app, make_response

from services.paying.offers import page_origins
from views.security_headers import POLICY, policy_text


def leading_away(page: str, status: int = 200) -> Response:
    """The page as an answer, with the origins of the gateways' pages beside our own as targets of forms."""
    answer = make_response(page, status)
    origins = page_origins(current_app.extensions["gateways"])
    policy = {**POLICY, "form-action": " ".join([POLICY["form-action"], *origins])}
    answer.headers["Content-Security-Policy"] = policy_text(policy)
    return answer
