"""Telegram's Bot API: messages to chats, what people sent to the bot, and the files in it.

The token stands in every address, and so it never reaches a log or an error: libraries may not tell of addresses, and
of what goes wrong on the way only the kind is named.
"""

from __future__ import annotations

import datetime as dt
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeGuard
from urllib.parse import quote

import httpx2

from integrations.mail import Answer, Outcome
from integrations.telegram_updates import Update, read_update

TIMEOUT: Final = httpx2.Timeout(15.0, connect=5.0)
LONGEST_TEXT: Final = 4096
LARGEST_FILE: Final = 20 * 1024 * 1024
"""What the Bot API lets bots download."""
MOST_UPDATES: Final = 100
ALLOWED_UPDATES: Final = ("message", "my_chat_member")
LONGEST_PAUSE: Final = dt.timedelta(hours=24)
_LARGEST_ANSWER: Final = 8 * 1024 * 1024
_LONGEST_WORDS: Final = 300
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_BLOCKED: Final = 403
_TOO_MANY: Final = 429

# At INFO they tell of each request with its address.
for _library in ("httpx2", "httpcore2"):
    logging.getLogger(_library).setLevel(logging.WARNING)


class TelegramNotReachable(Exception):
    """Nothing came of a call: the network, or Telegram. The message never holds the token."""

    def __init__(self, words: str, *, pause: dt.timedelta | None = None) -> None:
        self.pause = pause
        super().__init__(words)


class TelegramFileNotFetched(Exception):
    """Telegram does not give the file: it is gone, or too large for bots."""


@dataclass(frozen=True, slots=True)
class Bot:
    """Who speaks. ``username`` is its name in links; ``url`` is Telegram's, or one's own Bot API server's."""

    token: str = field(repr=False)
    username: str
    url: str = "https://api.telegram.org"

    @property
    def key(self) -> str:
        """The bot's own number, which is no secret: updates are numbered by bot."""
        return self.token.partition(":")[0][:20]


class ChatGateway(Protocol):
    """Whatever talks with chats. ``send`` never raises for what the other side or the network does."""

    def send(self, chat_id: int, text: str) -> Outcome: ...

    def updates(self, *, offset: int | None, wait: int) -> Sequence[Update]:
        """What was sent to the bot, the oldest first, from this number on; waits so many seconds for something.

        What lies before ``offset`` is forgotten by the other side. Raises TelegramNotReachable.
        """
        ...

    def fetch(self, file_id: str) -> bytes:
        """The content of a file. Raises TelegramNotReachable, TelegramFileNotFetched."""
        ...


class Telegram:
    """Speaks the Bot API. A message whose answer was lost may have gone out: Telegram knows no key for repeats."""

    def __init__(self, bot: Bot, transport: httpx2.BaseTransport | None = None) -> None:
        self._bot = bot
        self._transport = transport

    def send(self, chat_id: int, text: str) -> Outcome:
        """Send a plain text; a chat that moved gets it where it is now."""
        outcome = self._send(chat_id, text)
        if outcome.moved_to:
            moved = self._send(int(outcome.moved_to), text)
            return Outcome(moved.answer, moved.words, moved.remote_id, moved.pause, moved.gone, outcome.moved_to)
        return outcome

    def updates(self, *, offset: int | None, wait: int) -> Sequence[Update]:
        asked: dict[str, Any] = {"timeout": wait, "limit": MOST_UPDATES, "allowed_updates": list(ALLOWED_UPDATES)}
        if offset is not None:
            asked["offset"] = offset
        said = self._ask("getUpdates", asked, patience=wait)
        if not isinstance(said, list):
            raise TelegramNotReachable("its answer cannot be read")
        found = (read_update(each) for each in said)
        return sorted((update for update in found if update is not None), key=lambda update: update.update_id)

    def fetch(self, file_id: str) -> bytes:
        said = self._ask("getFile", {"file_id": file_id})
        path = said.get("file_path") if isinstance(said, Mapping) else None
        if not isinstance(path, str) or not _is_plain(path):
            raise TelegramFileNotFetched("it named no path that can be used")
        address = f"{self._bot.url.rstrip('/')}/file/bot{self._bot.token}/{quote(path)}"
        content = bytearray()
        try:
            with self._client() as client, client.stream("GET", address) as answer:
                if answer.status_code != httpx2.codes.OK:
                    raise TelegramFileNotFetched(str(answer.status_code))
                for piece in answer.iter_bytes():
                    content += piece
                    if len(content) > LARGEST_FILE:
                        raise TelegramFileNotFetched("it is larger than bots may fetch")
        except httpx2.HTTPError as error:
            raise TelegramNotReachable(type(error).__name__) from None
        return bytes(content)

    def _send(self, chat_id: int, text: str) -> Outcome:
        form = {"chat_id": chat_id, "text": text[:LONGEST_TEXT], "link_preview_options": {"is_disabled": True}}
        try:
            answer = self._post("sendMessage", form)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError) as error:
            return Outcome(Answer.LATER, type(error).__name__)
        except httpx2.HTTPError as error:
            return Outcome(Answer.UNKNOWN, type(error).__name__)
        said = _read(answer)
        if said.get("ok") is True:
            result = said.get("result")
            number = result.get("message_id") if isinstance(result, Mapping) else None
            return Outcome(Answer.TAKEN, f"message {number}", remote_id=str(number) if _is_number(number) else "")
        return self._refusal(answer.status_code, said)

    def _refusal(self, status: int, said: Mapping[str, Any]) -> Outcome:
        code, words = _code(status, said), self._words(status, said)
        parameters = said.get("parameters")
        moved = parameters.get("migrate_to_chat_id") if isinstance(parameters, Mapping) else None
        if _is_number(moved):
            return Outcome(Answer.LATER, words, moved_to=str(moved))
        if code == _BLOCKED:  # blocked by the user, or the user is gone
            return Outcome(Answer.NEVER, words, gone=True)
        if code == httpx2.codes.BAD_REQUEST:  # this chat or this text; our own token is refused with 401 or 404
            return Outcome(Answer.NEVER, words)
        return Outcome(Answer.LATER, words, pause=_pause(said) if code == _TOO_MANY else None)

    def _ask(self, method: str, form: Mapping[str, Any], *, patience: int = 0) -> Any:
        try:
            answer = self._post(method, form, patience=patience)
        except httpx2.HTTPError as error:
            raise TelegramNotReachable(type(error).__name__) from None
        said = _read(answer)
        if said.get("ok") is True:
            return said.get("result")
        words = self._words(answer.status_code, said)
        if method == "getFile" and _code(answer.status_code, said) == httpx2.codes.BAD_REQUEST:
            raise TelegramFileNotFetched(words)
        raise TelegramNotReachable(words, pause=_pause(said))

    def _post(self, method: str, form: Mapping[str, Any], *, patience: int = 0) -> httpx2.Response:
        address = f"{self._bot.url.rstrip('/')}/bot{self._bot.token}/{method}"
        timeout = httpx2.Timeout(15.0 + patience, connect=5.0)
        with self._client() as client, client.stream("POST", address, json=form, timeout=timeout) as answer:
            content = bytearray()
            for piece in answer.iter_bytes():
                content += piece
                if len(content) > _LARGEST_ANSWER:
                    raise httpx2.RemoteProtocolError("the answer has no end")
            return httpx2.Response(answer.status_code, content=bytes(content))

    def _client(self) -> httpx2.Client:
        return httpx2.Client(timeout=TIMEOUT, transport=self._transport)

    def _words(self, status: int, said: Mapping[str, Any]) -> str:
        """What Telegram said, for staff: the code and the sentence of an error."""
        text = f"{_code(status, said)} {said.get('description') or ''}"
        return " ".join(_CONTROL.sub(" ", text).replace(self._bot.token, "…").split())[:_LONGEST_WORDS]


def _read(answer: httpx2.Response) -> Mapping[str, Any]:
    try:
        said = answer.json()
    except (ValueError, RecursionError):
        said = None
    return said if isinstance(said, dict) else {}


def _code(status: int, said: Mapping[str, Any]) -> int:
    code = said.get("error_code")
    return code if _is_number(code) else status


def _pause(said: Mapping[str, Any]) -> dt.timedelta | None:
    parameters = said.get("parameters")
    seconds = parameters.get("retry_after") if isinstance(parameters, Mapping) else None
    if not _is_number(seconds) or seconds <= 0:
        return None
    return min(dt.timedelta(seconds=min(seconds, 10**6)), LONGEST_PAUSE)


def _is_number(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_plain(path: str) -> bool:
    """Whether it stays below the files of the bot."""
    return bool(path) and not path.startswith("/") and not {"..", ".", ""} & set(path.split("/"))
