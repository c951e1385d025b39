"""What people send to a bot, read from Telegram's JSON into plain data. All of it is written by strangers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

LONGEST_NAME: Final = 120
_LARGEST: Final = 2**52  # the Bot API's own word for its numbers
_PRIVATE: Final = "private"
_GONE: Final = frozenset({"kicked", "left"})


@dataclass(frozen=True, slots=True)
class SentFile:
    """A photo or document. ``size`` in bytes as Telegram says it, 0 where it does not; ``name`` is anything."""

    file_id: str
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Update:
    """One thing that happened in a chat.

    ``private`` is a chat of one person with the bot. ``text`` is what was written, also below a photo. ``replied_to``
    is the number of the message that was answered, ``replied_text`` what stood there if it was one of the bot's own.
    ``unreadable`` says that something came that is neither text nor a file that is taken (a voice message, a place).
    ``blocked`` that the person has no more use for the bot.
    """

    update_id: int
    chat_id: int = 0
    private: bool = False
    from_bot: bool = False
    name: str = ""
    text: str = ""
    files: Sequence[SentFile] = ()
    replied_to: int | None = None
    replied_text: str = ""
    unreadable: bool = False
    blocked: bool = False


def read_update(said: Any) -> Update | None:
    """Read one update; None without a number, for it could not be told apart from others.

    What is not understood is an update all the same (without a chat), so that it is counted as taken.
    """
    update_id = _number(_of(said, "update_id"))
    if update_id is None:
        return None
    member = _of(said, "my_chat_member")
    if member is not None:
        return _membership(update_id, member)
    message = _of(said, "message")
    chat, sender = _of(message, "chat"), _of(message, "from")
    chat_id = _number(_of(chat, "id"))
    if chat_id is None:
        return Update(update_id)
    replied = _of(message, "reply_to_message")
    from_bot = _of(_of(replied, "from"), "is_bot") is True
    text = _text(_of(message, "text")) or _text(_of(message, "caption"))
    files = _files(message)
    return Update(
        update_id,
        chat_id,
        private=_of(chat, "type") == _PRIVATE,
        from_bot=_of(sender, "is_bot") is True,
        name=_name(sender),
        text=text,
        files=files,
        replied_to=_number(_of(replied, "message_id")),
        replied_text=_text(_of(replied, "text")) if from_bot else "",
        unreadable=not text and not files,
    )


def _membership(update_id: int, member: Any) -> Update:
    chat = _of(member, "chat")
    chat_id = _number(_of(chat, "id"))
    gone = _of(_of(member, "new_chat_member"), "status") in _GONE
    private = _of(chat, "type") == _PRIVATE
    if chat_id is None or not gone or not private:
        return Update(update_id)
    return Update(update_id, chat_id, private=True, blocked=True)


def _files(message: Any) -> tuple[SentFile, ...]:
    """The document, or the largest size of the photo. An animation is also sent as a document, and is one."""
    document = _of(message, "document")
    if document is not None:
        return _file(document, _text(_of(document, "file_name")) or "file")
    photo = _of(message, "photo")
    sizes = [each for each in photo if _number(_of(each, "width")) is not None] if isinstance(photo, list) else []
    if not sizes:
        return ()
    return _file(max(sizes, key=lambda each: _number(_of(each, "width")) or 0), "photo.jpg")


def _file(said: Any, name: str) -> tuple[SentFile, ...]:
    file_id = _text(_of(said, "file_id"))
    return (SentFile(file_id, name, _number(_of(said, "file_size")) or 0),) if file_id else ()


def _name(sender: Any) -> str:
    """How the chat is told apart from others: the user name, else the names."""
    username = _text(_of(sender, "username"))
    named = f"@{username}" if username else f"{_text(_of(sender, 'first_name'))} {_text(_of(sender, 'last_name'))}"
    return " ".join(named.split())[:LONGEST_NAME]


def _of(said: Any, name: str) -> Any:
    return said.get(name) if isinstance(said, Mapping) else None


def _text(value: Any) -> str:
    """Text that a database can keep: no NUL, no half of a pair."""
    if not isinstance(value, str):
        return ""
    return value.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LARGEST else None
