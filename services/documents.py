"""The PDF of an issued document: set once, stored, and the same bytes for ever (SPEC D17)."""

from __future__ import annotations

import atexit
import datetime as dt
import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from domain.invoices import InvoiceStatus
from domain.refusals import Refusal
from extensions import db
from integrations.mail import Attachment
from integrations.pdf import NotTypeset, Typesetter
from models.credit_note import CreditNote
from models.document_file import DocumentFile, DocumentKind
from models.file import File
from models.invoice import Invoice
from models.payment import Payment
from services.locks import lock_accounts
from services.papers import credit_note_paper, invoice_paper, receipt_paper
from services.stored_files import stored_files
from services.unit_of_work import unit_of_work

TEMPLATE: Final = "paper.typ"
CONTENT_TYPE: Final = "application/pdf"
_FOLDER: Final = "documents"
typesetter: Final = Typesetter()
"""One for the process; its child does the work."""
atexit.register(typesetter.close)

Document = Invoice | CreditNote | Payment


class NotIssued(Refusal):
    message = "There is no document of this yet: it is a draft, or its money has not arrived."


class DocumentNotMade(Refusal):
    message = "The document could not be made just now. Try again in a minute; support is told if it fails again."


@dataclass(frozen=True, slots=True)
class NewDocument:
    """What is to be kept of an account, under its kind and key."""

    account_id: int
    kind: DocumentKind
    key: str
    content: bytes
    name: str
    content_type: str = CONTENT_TYPE
    folder: str = _FOLDER

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A file with the name it is saved under."""

    name: str
    content: bytes
    sha256: str


def document_named(kind: DocumentKind, number: str) -> Document | None:
    """The row that a document is of, as far as the session may see it."""
    model: Any = _MODELS[kind]
    found: Document | None = db.session.scalar(select(model).where(model.number == number))
    return found


def document_of(document: Document, *, now: dt.datetime) -> StoredDocument:
    """The stored PDF; the first who asks has it set, and of two one stores it. Refused: NotIssued, DocumentNotMade."""
    kind, number, account_id = _kind_of(document), document.number, document.account_id
    if not is_issued(document):
        raise NotIssued
    found = _stored(account_id, kind, number)
    if found is not None:
        return found
    paper = _PAPERS[kind](document)
    content = typeset(paper)
    with unit_of_work():
        lock_accounts([account_id])
        found = _stored(account_id, kind, number)
        if found is None:
            new = NewDocument(account_id, kind, number, content, name=f"{number}.pdf")
            store_document(new, now=now)
            found = StoredDocument(new.name, content, new.sha256)
        return found


def attachment_of(account_id: int, kind: DocumentKind, number: str, *, now: dt.datetime) -> Attachment:
    """The PDF of a document as it goes with a mail to members of its account. Refused: NotIssued, DocumentNotMade."""
    document = document_named(kind, number)
    if document is None or document.account_id != account_id:
        raise NotIssued
    stored = document_of(document, now=now)
    return Attachment(stored.name, stored.content, CONTENT_TYPE)


def is_issued(document: Document) -> bool:
    """Whether there is something to print."""
    if isinstance(document, Invoice):
        return document.status is not InvoiceStatus.DRAFT
    return not isinstance(document, Payment) or document.settled_at is not None


def _stored(account_id: int, kind: DocumentKind, number: str) -> StoredDocument | None:
    found = db.session.execute(
        select(File.key, File.name, File.sha256)
        .join(DocumentFile, DocumentFile.file_id == File.id)
        .where(DocumentFile.account_id == account_id, DocumentFile.kind == kind, DocumentFile.document_key == number)
    ).one_or_none()
    if found is None:
        return None
    with stored_files.store.open(found.key) as content:
        return StoredDocument(found.name, content.read(), found.sha256)


def store_document(new: NewDocument, *, now: dt.datetime) -> DocumentFile:
    """Keep a content for ever under a random name. Call it in a unit of work, with the account locked."""
    ending = new.name.rpartition(".")[2]
    key = f"{new.folder}/{now:%Y%m}/{secrets.token_hex(16)}.{ending}"
    stored_files.store.put(key, new.content)
    file = File(
        account_id=new.account_id,
        key=key,
        name=new.name,
        size=len(new.content),
        content_type=new.content_type,
        sha256=new.sha256,
        created_at=now,
    )
    db.session.add(file)
    db.session.flush()
    row = DocumentFile(account_id=new.account_id, kind=new.kind, document_key=new.key, file_id=file.id, created_at=now)
    db.session.add(row)
    db.session.flush()
    return row


def typeset(paper: Mapping[str, Any]) -> bytes:
    """Set a paper now, without keeping it. Refused: DocumentNotMade."""
    try:
        return typesetter.typeset(TEMPLATE, paper)
    except NotTypeset as error:
        raise DocumentNotMade from error


def _kind_of(document: Document) -> DocumentKind:
    return next(kind for kind, model in _MODELS.items() if isinstance(document, model))


_MODELS: Final[Mapping[DocumentKind, type[Any]]] = {
    DocumentKind.INVOICE: Invoice,
    DocumentKind.CREDIT_NOTE: CreditNote,
    DocumentKind.RECEIPT: Payment,
}
_PAPERS: Final[Mapping[DocumentKind, Callable[[Any], dict[str, Any]]]] = {
    DocumentKind.INVOICE: invoice_paper,
    DocumentKind.CREDIT_NOTE: credit_note_paper,
    DocumentKind.RECEIPT: receipt_paper,
}
