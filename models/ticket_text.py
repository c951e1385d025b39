"""What tickets are found by: their words, in an index for full-text search on each database.

The words are split and folded by domain/search_words.py and kept by services/ticket_texts.py. PostgreSQL holds them as
a ``tsvector`` with a GIN index; SQLite as text, which triggers keep in a table of FTS5 (models/triggers.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    BindParameter,
    Boolean,
    ColumnElement,
    Index,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    bindparam,
    cast,
    text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from domain.search_words import Wanted
from extensions import Base
from models.base import AccountOwned, BigKey, Keyed, same_account
from models.discussion import Message
from models.ticket import Ticket


class Words(TypeDecorator[Sequence[str]]):
    """Words of letters and digits, each once, sorted."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(TSVECTOR() if dialect.name == "postgresql" else Text())

    def bind_expression(self, bindvalue: BindParameter[Sequence[str]]) -> ColumnElement[Sequence[str]]:
        return cast(bindvalue, self)

    def process_bind_param(self, value: Sequence[str] | None, dialect: Dialect) -> str | None:
        return None if value is None else " ".join(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Sequence[str] | None:
        return None if value is None else sorted(word.strip("'") for word in value.split())


class _Query(TypeDecorator[Wanted]):
    """A wanted word, as the full-text index of the database is asked for it: a word holds no sign of its language."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Wanted | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        quoted, more = (f"'{value.word}'", ":*") if dialect.name == "postgresql" else (f'"{value.word}"', "*")
        return quoted + more if value.begins else quoted


class _HoldsWord(FunctionElement[bool]):
    """Whether a row of texts holds a word: asked of the full-text index."""

    name = "holds_word"
    type = Boolean()
    inherit_cache = True


@compiles(_HoldsWord, "postgresql")
def _ask_tsvector(element: _HoldsWord, compiler: SQLCompiler, **options: Any) -> str:
    _key, words, wanted = (compiler.process(each, **options) for each in element.clauses)
    return f"{words} @@ CAST({wanted} AS tsquery)"


@compiles(_HoldsWord, "sqlite")
def _ask_fts5(element: _HoldsWord, compiler: SQLCompiler, **options: Any) -> str:
    key, _words, wanted = (compiler.process(each, **options) for each in element.clauses)
    return f"{key} IN (SELECT rowid FROM ticket_text_fts({wanted}))"


class TicketText(AccountOwned, Keyed, Base):
    """What the page of a ticket shows, as words: a row for each message, and one for its own number and subject.

    Messages of tickets that were merged into it are among them. ``internal`` rows are words of notes among staff.
    """

    __tablename__ = "ticket_text"

    ticket_id: Mapped[int] = mapped_column(BigKey)
    message_id: Mapped[int | None] = mapped_column(BigKey)
    internal: Mapped[bool] = mapped_column(default=False)
    words: Mapped[Sequence[str]] = mapped_column(Words)

    ticket: Mapped[Ticket] = relationship(lazy="raise", primaryjoin="foreign(TicketText.ticket_id) == Ticket.id")
    message: Mapped[Message | None] = relationship(
        lazy="raise", primaryjoin="foreign(TicketText.message_id) == Message.id"
    )

    __table_args__ = (
        same_account("ticket_text", "ticket_id", "ticket", ondelete="CASCADE"),
        same_account("ticket_text", "message_id", "message", ondelete="CASCADE"),
        UniqueConstraint("ticket_id", "message_id"),
        Index(
            "uq_ticket_text_own",
            "ticket_id",
            unique=True,
            sqlite_where=text("message_id IS NULL"),
            postgresql_where=text("message_id IS NULL"),
        ),
        Index("ix_ticket_text_message_id", "message_id"),
        Index("ix_ticket_text_account_id", "account_id"),
        Index("ix_ticket_text_words", "words", postgresql_using="gin").ddl_if(dialect="postgresql"),
    )

    @classmethod
    def holds(cls, wanted: Wanted) -> ColumnElement[bool]:
        """Whether the row holds the word, asked of the full-text index."""
        return _HoldsWord(cls.id, cls.words, bindparam(None, wanted, type_=_Query(), unique=True))
