"""Asking for the PDF of a document that was just issued: a job makes it soon after the commit."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from models.document_file import DocumentKind
from services.jobs import enqueue

JOB: Final = "make_document"


@dataclass(frozen=True, slots=True)
class DocumentName:
    """What a document is found by within its account, whether its PDF is made already or not."""

    kind: DocumentKind
    number: str


def ask_for_document(kind: DocumentKind, number: str, *, now: dt.datetime) -> None:
    """Let it be made, so that nobody waits for it. Asked twice it is made once."""
    enqueue(JOB, {"kind": kind.value, "number": number}, now=now, unique_key=f"{JOB}:{kind.value}:{number}")
