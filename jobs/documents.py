"""Makes the PDFs of issued documents, so that nobody waits for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jobs.registry import JobContext, handler
from models.document_file import DocumentKind
from services.document_jobs import JOB
from services.documents import document_named, document_of


@handler(JOB)
def make_document(job: JobContext) -> Mapping[str, Any]:
    """Make it once; done again it finds what is stored."""
    document = document_named(DocumentKind(job.payload["kind"]), str(job.payload["number"]))
    if document is None:
        return {"made": False}
    return {"made": True, "sha256": document_of(document, now=job.now).sha256}
