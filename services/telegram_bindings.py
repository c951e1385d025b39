"""A person's Telegram chat: connected by a one-time code that the portal shows and the chat sends (SPEC A14).

One chat a person, and one person a chat. The code is kept as a hash; wrong ones are counted by chat
(services/attempts.py).
"""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select, update

from domain.actor import Actor, Source, system_actor
from domain.refusals import Refusal
from domain.sentences import Sentence
from extensions import cipher, db
from integrations.mail import Outcome
from models.base import PUBLIC_ID_ALPHABET
from models.identity import TelegramBinding
from models.notification import NotificationChannel
from models.person import Person
from services.audit import record_event
from services.locks import locked, rows_changed
from services.notifications import tell
from services.outgoing import Outgoing
from services.people import refuse_while_logged_in_as
from services.records import flush_or_refuse
from services.sign_in import lock_welcome_person
from services.step_up import require_recent_proof
from services.telegram_removals import disconnect_chat

CODE_LIVES: Final = dt.timedelta(minutes=10)
CODE_LENGTH: Final = 12
LONGEST_NAME: Final = 120
_GROUP: Final = 4
_OF_TELEGRAM: Final = system_actor("telegram")


class ChatConnected(Refusal):
    message = "A chat is connected already. Disconnect it first to connect another one."


class NoChatConnected(Refusal):
    message = "There is no chat to disconnect. Reload the page to see how it stands."


class ChatCodeNotRight(Refusal):
    """Also said of a code that was used, is too old, or whose owner may not come in any more."""

    message = "This code is not right, or it does not work any more. Let the portal show you a new one, and send that."


@dataclass(frozen=True, slots=True)
class ConnectedChat:
    """The chat of a person, as their settings show it: ``name`` is what Telegram calls the other side."""

    name: str
    since: dt.datetime


def connected_chat(person: Person) -> ConnectedChat | None:
    """The chat that is connected, if one is."""
    row = _binding(person.id)
    return None if row is None or row.bound_at is None else ConnectedChat(row.chat_name or "", row.bound_at)


def blocked_at(person: Person) -> dt.datetime | None:
    """When Telegram said that the person had blocked the bot, unless a chat was connected since."""
    row = _binding(person.id)
    return None if row is None else row.blocked_at


def person_of_chat(chat_id: int) -> Person | None:
    """Whose chat it is."""
    bound = select(Person).join(TelegramBinding, TelegramBinding.person_id == Person.id)
    return db.session.scalar(bound.where(TelegramBinding.chat_id == chat_id))


def begin_binding(person: Person, *, actor: Actor, now: dt.datetime) -> str:
    """Make a code that connects the chat it is sent from, as people read it; the one before works no more.

    Refused: ChatConnected, NotWhileLoggedInAs; ProofNeeded.
    """
    require_recent_proof(actor, now=now)
    refuse_while_logged_in_as(actor)
    locked(person)
    row = _binding(person.id)
    if row is None:
        row = TelegramBinding(person_id=person.id, created_at=now)
        db.session.add(row)
    if row.chat_id is not None:
        raise ChatConnected
    code = "".join(secrets.choice(PUBLIC_ID_ALPHABET) for _ in range(CODE_LENGTH))
    row.code_hash, row.code_expires_at = cipher.digest(_hashed(code)), now + CODE_LIVES
    db.session.flush()
    return "-".join(code[at : at + _GROUP] for at in range(0, CODE_LENGTH, _GROUP))


def bind_chat(chat_id: int, name: str, typed: str, *, now: dt.datetime) -> Person:
    """Connect the chat to whom the code was shown, who is told by mail. The try was counted before.

    The chat itself must be nobody's: the caller asked. Refused: ChatCodeNotRight, ChatConnected.
    """
    found = select(TelegramBinding).where(TelegramBinding.code_hash.in_(cipher.digests(_hashed(_plain(typed)))))
    row = db.session.scalar(found)
    person = lock_welcome_person(row.person_id) if row is not None else None
    if row is None or person is None:
        raise ChatCodeNotRight
    locked(row)  # of two who send it at once the second finds it used
    if row.chat_id is not None or row.code_expires_at is None or row.code_expires_at <= now:
        raise ChatCodeNotRight
    row.chat_id, row.chat_name, row.bound_at = chat_id, _shown(name), now
    row.code_hash = row.code_expires_at = row.blocked_at = None
    flush_or_refuse({"telegram_binding.chat_id": ChatConnected})
    _note_bound(person, row, now)
    return person


def unbind_chat(person: Person, *, actor: Actor, now: dt.datetime) -> Person:
    """Disconnect the chat of a person, who is told by mail. Refused: NoChatConnected, NotWhileLoggedInAs."""
    refuse_while_logged_in_as(actor)
    locked(person)
    if not disconnect_chat(person, actor=actor, now=now):
        raise NoChatConnected
    tell(person, "telegram_disconnected", now=now, why=Sentence("It was disconnected as you asked."))
    return person


def end_blocked_chat(chat_id: int, *, now: dt.datetime) -> bool:
    """End the binding of a chat in which the bot was blocked: its person is told, and their settings say so."""
    person = person_of_chat(chat_id)
    if person is None:
        return False
    locked(person)
    if not disconnect_chat(person, actor=_OF_TELEGRAM, now=now):
        return False
    db.session.add(TelegramBinding(person_id=person.id, blocked_at=now, created_at=now))
    db.session.flush()
    tell(person, "telegram_disconnected", now=now, why=Sentence("Telegram says that our bot is blocked there."))
    return True


def learn_of_chat(outgoing: Outgoing, outcome: Outcome, *, now: dt.datetime) -> None:
    """Hear what Telegram said of a chat while something was sent there: it is gone, or goes by another number."""
    if outgoing.channel is not NotificationChannel.TELEGRAM:
        return
    if outcome.moved_to:
        rows_changed(
            update(TelegramBinding)
            .where(TelegramBinding.chat_id == int(outgoing.address))
            .values(chat_id=int(outcome.moved_to))
        )
    if outcome.gone:
        end_blocked_chat(int(outcome.moved_to or outgoing.address), now=now)


def chat_actor(
    person: Person, *, member_id: int | None = None, account_id: int | None = None, staff_member_id: int | None = None
) -> Actor:
    """The person as the actor of what they do in their chat, in this seat."""
    return Actor(
        str(person),
        Source.TELEGRAM,
        person_id=person.id,
        member_id=member_id,
        account_id=account_id,
        staff_member_id=staff_member_id,
    )


def _note_bound(person: Person, row: TelegramBinding, now: dt.datetime) -> None:
    """Who acts is known only by the code."""
    record_event("person.telegram_bound", person, actor=chat_actor(person), now=now)
    tell(person, "telegram_connected", now=now, chat=row.chat_name or Sentence("without a name"))


def _binding(person_id: int) -> TelegramBinding | None:
    mine = select(TelegramBinding).where(TelegramBinding.person_id == person_id)
    return db.session.scalar(mine.execution_options(populate_existing=True))


def _shown(name: str) -> str | None:
    """The name of the chat without what could be read as an address: it stands in our mail, and is anybody's words."""
    kept = "".join(letter for letter in name if letter.isalnum() or letter in " @_'-")
    return " ".join(kept.split())[:LONGEST_NAME] or None


def _plain(typed: str) -> str:
    """A code however it was typed: with dashes and blanks, in capitals."""
    return "".join(letter for letter in typed[:40] if letter.isalnum()).lower()


def _hashed(code: str) -> str:
    return f"telegram code|{code}"
