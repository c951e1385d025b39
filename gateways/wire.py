"""Asking a provider over HTTP: JSON comes back, or it is not known what became of the question."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx2

CONNECT_SECONDS: Final = 5
ANSWER_SECONDS: Final = 20
"""Together below the limit after which the house counts an answer as lost (services/paying/charging.py)."""
_TOO_MANY_REQUESTS: Final = 429


class NoAnswer(Exception):
    """No answer, or none that can be read. What was asked may have happened or not."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider answered: the status, and the JSON object."""

    status: int
    body: Mapping[str, Any]

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300


class Wire:
    """The way to one provider's addresses. Nothing is asked twice by itself: a repeated call is ours to decide on."""

    def __init__(self, base: str, *, answer_seconds: float = ANSWER_SECONDS) -> None:
        self._base = base.rstrip("/")
        self._timeout = httpx2.Timeout(answer_seconds, connect=min(CONNECT_SECONDS, answer_seconds))

    def ask(
        self,
        method: str,
        path: str,
        *,
        told: Any = None,
        form: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
    ) -> Answer:
        """Ask, with ``told`` as JSON or with a form. Raises NoAnswer."""
        try:
            with httpx2.Client(timeout=self._timeout) as client:
                answer = client.request(
                    method, f"{self._base}{path}", json=told, data=form, params=query, headers=headers, auth=auth
                )
                return Answer(answer.status_code, _read(answer))
        except httpx2.HTTPError as error:
            raise NoAnswer(type(error).__name__) from error


def _read(answer: httpx2.Response) -> Mapping[str, Any]:
    if answer.status_code >= 500 or answer.status_code == _TOO_MANY_REQUESTS:
        raise NoAnswer(f"status {answer.status_code}")
    if not answer.content:
        return {}
    try:
        body = json.loads(answer.content.decode("utf-8-sig"))  # Authorize.net begins with a byte order mark
    except ValueError as error:
        raise NoAnswer("no JSON") from error
    if not isinstance(body, dict):
        raise NoAnswer("no JSON object")
    return body
