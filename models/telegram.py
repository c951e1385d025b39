"""Telegram: who fetches what was sent to the bot, which updates were taken, and what a chat is in the middle of."""

from __future__ import annotations

import datetime as dt
import enum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from extensions import Base
from models.base import BigKey, Json, Keyed, MayBeOwned, Stamped, UtcDateTime, choice_column, same_account
from models.file import File
from models.person import Person
from models.ticket_type import TicketType


class TelegramPoller(Keyed, Base):
    """Which runner fetches the updates of a bot just now. Telegram answers one at a time and refuses the other."""

    __tablename__ = "telegram_poller"

    bot: Mapped[str] = mapped_column(String(20), unique=True)
    held_by: Mapped[str | None] = mapped_column(String(64))
    held_until: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (CheckConstraint("(held_by IS NULL) = (held_until IS NULL)", name="holder_has_time"),)


class TelegramUpdate(Keyed, Base):
    """An update that was taken: the row is written with what became of it, so that it happens once.

    The numbers are those of one bot, and grow while it is used; after a week of silence they may begin anywhere.
    """

    __tablename__ = "telegram_update"

    bot: Mapped[str] = mapped_column(String(20))
    update_id: Mapped[int] = mapped_column(BigInteger)
    taken_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("bot", "update_id"), Index("ix_telegram_update_taken_at", "taken_at"))


class DialogueStep(enum.StrEnum):
    """What the bot waits for."""

    ACCOUNT = "account"
    TYPE = "type"
    QUESTION = "question"
    TEXT = "text"
    FILES = "files"


class TelegramDialogue(MayBeOwned, Keyed, Stamped, Base):
    """What a person is writing in their chat: a new ticket, or with ``discussion_id`` an answer. One at a time.

    ``answers`` holds what was typed to the questions of the type, by their keys; those that were skipped are empty.
    ``offered`` are the keys of what could last be chosen by number.
    """

    __tablename__ = "telegram_dialogue"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), unique=True)
    step: Mapped[DialogueStep] = choice_column(DialogueStep)
    offered: Mapped[list[str]] = mapped_column(Json, default=list)
    ticket_type_id: Mapped[int | None] = mapped_column(ForeignKey("ticket_type.id"), index=True)
    answers: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    discussion_id: Mapped[int | None] = mapped_column(BigKey)
    text: Mapped[str | None] = mapped_column(String(255))
    last_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)

    person: Mapped[Person] = relationship(lazy="raise")
    ticket_type: Mapped[TicketType | None] = relationship(lazy="raise")

    __table_args__ = (
        same_account("telegram_dialogue", "discussion_id", "discussion"),
        CheckConstraint("discussion_id IS NULL OR account_id IS NOT NULL", name="discussion_has_account"),
        CheckConstraint("step = 'account' OR account_id IS NOT NULL", name="account_chosen_first"),
        Index("ix_telegram_dialogue_account_id", "account_id"),
        Index("ix_telegram_dialogue_discussion_id", "discussion_id"),
        Index("ix_telegram_dialogue_last_at", "last_at"),
    )


class TelegramFile(Keyed, Base):
    """A file that was sent into a dialogue and waits for its end."""

    __tablename__ = "telegram_file"

    dialogue_id: Mapped[int] = mapped_column(ForeignKey("telegram_dialogue.id", ondelete="CASCADE"), index=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("file.id"), unique=True)

    dialogue: Mapped[TelegramDialogue] = relationship(lazy="raise")
    file: Mapped[File] = relationship(lazy="raise")
