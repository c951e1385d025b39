"""A Telegram on this machine, for the demo and for tests: the Bot API over HTTP, people's chats, faults on command.

The people are whoever calls `write`, `press_start` and `block`. With a folder everything is kept there, so that
numbers go on after a restart as Telegram's do.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import socket
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from werkzeug import Request, Response
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

SLOW_SECONDS: Final = 1.0
FAULTS: Final = (
    "too_many",  # the next message is refused with 429, to be sent again after RETRY_AFTER seconds
    "blocked",  # the next message is refused with 403
    "moved",  # the chat of the next message has become another one
    "broken",  # the next call is answered with 500
    "nonsense",  # the next call is answered with a page of HTML
    "answer_lost",  # the next call is carried out, and its answer never arrives
    "slow",  # the next call is carried out, and answered after SLOW_SECONDS
    "twice",  # the next fetch gives each update twice, and again with the one after it
    "no_file",  # the next file is not given
)
RETRY_AFTER: Final = 7
MOVED_BY: Final = 1_000_000
_OF_MESSAGES: Final = ("too_many", "blocked", "moved")
_OF_CALLS: Final = ("broken", "nonsense", "answer_lost", "slow")
_KEPT_AT_MOST: Final = 200
_FIRST_MESSAGE: Final = 100


@dataclass(frozen=True, slots=True)
class ShownMessage:
    """A message of a chat, as the person's telephone shows it. ``file`` is the name of what came with it."""

    number: int
    from_bot: bool
    text: str
    at: float
    file: str = ""


@dataclass
class _State:
    """What is kept: ``updates`` are those that nobody asked past yet."""

    next_update: int
    next_message: int = _FIRST_MESSAGE
    updates: list[dict[str, Any]] = field(default_factory=list)
    chats: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    blocked: list[str] = field(default_factory=list)


class _Broken(Exception):
    """The connection was cut on purpose."""


class _QuietHandler(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        """Say nothing: addresses hold the token."""

    def run_wsgi(self) -> None:
        with contextlib.suppress(_Broken):
            super().run_wsgi()


class TelegramStandIn:
    """Listens on loopback for one bot. ``asked`` are the calls it got, without the token."""

    def __init__(self, token: str, folder: Path | None = None, *, port: int = 0) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.slow_seconds = SLOW_SECONDS
        self._token = token
        self._folder = folder
        self._changed = threading.Condition()
        self._faults: dict[str, int] = {}
        self._again: list[dict[str, Any]] = []
        self._files: dict[str, bytes] = {}
        self._state = self._load()
        self._stopping = False
        self._server: BaseWSGIServer = make_server(
            "127.0.0.1", port, self._application, threaded=True, request_handler=_QuietHandler
        )
        self.port: int = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, name="telegram-stand-in", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    def command(self, fault: str, times: int = 1) -> None:
        """Let the next ``times`` calls go wrong. Raises ValueError for an unknown fault."""
        if fault not in FAULTS:
            raise ValueError(f"no fault {fault!r}")
        with self._changed:
            self._faults[fault] = self._faults.get(fault, 0) + times

    # What people do.

    def write(
        self,
        chat_id: int,
        text: str = "",
        *,
        name: str = "Mia",
        file: tuple[str, bytes] | None = None,
        photo: bytes | None = None,
        reply_to: int | None = None,
        chat_type: str = "private",
        **others: Any,
    ) -> int:
        """Write to the bot, with a file or a photo if need be; gives the number of the message."""
        with self._changed:
            state = self._state
            number, state.next_message = state.next_message, state.next_message + 1
            message: dict[str, Any] = {
                "message_id": number,
                "from": {"id": chat_id, "is_bot": False, "first_name": name},
                "chat": {"id": chat_id, "type": chat_type, "first_name": name},
                "date": int(time.time()),
                **others,
            }
            if text:
                message["caption" if file or photo else "text"] = text
            if file is not None:
                message["document"] = {"file_name": file[0], **self._keep(file[1])}
            if photo is not None:
                small = {"width": 90, "height": 90, "file_id": "thumbnail", "file_unique_id": "t", "file_size": 9}
                message["photo"] = [small, {"width": 800, "height": 600, **self._keep(photo)}]
            answered = self._message(chat_id, reply_to)
            if answered is not None:
                by_bot = {"id": 1, "is_bot": answered["from_bot"], "first_name": "Bot"}
                message["reply_to_message"] = {"message_id": reply_to, "from": by_bot, "text": answered["text"]}
            shown = file[0] if file else ("photo.jpg" if photo else "")
            state.names[str(chat_id)] = name
            state.blocked = [each for each in state.blocked if each != str(chat_id)]
            self._show(chat_id, {"number": number, "from_bot": False, "text": text, "file": shown})
            self._tell({"message": message})
            return number

    def press_start(self, chat_id: int, code: str, *, name: str = "Mia") -> int:
        """Follow a link t.me/<bot>?start=<code> and press the button."""
        return self.write(chat_id, f"/start {code}", name=name)

    def block(self, chat_id: int) -> None:
        """Block the bot, as a person does in the menu of the chat."""
        with self._changed:
            self._state.blocked.append(str(chat_id))
            chat = {"id": chat_id, "type": "private"}
            self._tell({"my_chat_member": {"chat": chat, "new_chat_member": {"status": "kicked"}}})

    def tell(self, update: Mapping[str, Any]) -> None:
        """Put any update into the queue, however strange."""
        with self._changed:
            self._tell(update)

    def messages(self, chat_id: int) -> Sequence[ShownMessage]:
        """What stands in a chat, the oldest first."""
        with self._changed:
            return [ShownMessage(**each) for each in self._state.chats.get(str(chat_id), [])]

    def texts(self, chat_id: int) -> list[str]:
        """What the bot wrote in a chat, the oldest first."""
        return [each.text for each in self.messages(chat_id) if each.from_bot]

    def chats(self) -> list[int]:
        """The chats there are."""
        with self._changed:
            return sorted(int(chat) for chat in self._state.chats)

    @property
    def waiting(self) -> int:
        """How many updates nobody asked past yet."""
        with self._changed:
            return len(self._state.updates)

    # What the bot asks.

    def _application(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        return self._answer(request)(environ, start_response)

    def _answer(self, request: Request) -> Response:
        of_files, of_calls = f"/file/bot{self._token}/", f"/bot{self._token}/"
        if request.path.startswith(of_files):
            return self._give(request.path.removeprefix(of_files))
        if not request.path.startswith(of_calls):
            return _refuse(401, "Unauthorized")
        method, form = request.path.removeprefix(of_calls), request.get_json(silent=True) or {}
        self.asked.append((method, form))
        fault = self._fault(*_OF_CALLS)
        if fault == "broken":
            return _refuse(500, "Internal Server Error")
        if fault == "nonsense":
            return Response("<html><body>Bad gateway</body></html>", 502, mimetype="text/html")
        answer = self._call(method, form)
        if fault == "slow":
            time.sleep(self.slow_seconds)
        if fault == "answer_lost":
            _cut(request)
        return answer

    def _call(self, method: str, form: Mapping[str, Any]) -> Response:
        if method == "sendMessage":
            return self._take_message(form)
        if method == "getUpdates":
            return self._give_updates(form)
        if method == "getFile":
            known = form.get("file_id") in self._files and not self._fault("no_file")
            file = {"file_id": form.get("file_id"), "file_path": f"documents/{form.get('file_id')}"}
            return _accept(file) if known else _refuse(400, "Bad Request: file is too big")
        return _refuse(404, "Not Found")

    def _take_message(self, form: Mapping[str, Any]) -> Response:
        chat_id, fault = int(form["chat_id"]), self._fault(*_OF_MESSAGES)
        if fault == "too_many":
            words = f"Too Many Requests: retry after {RETRY_AFTER}"
            return _refuse(429, words, parameters={"retry_after": RETRY_AFTER})
        if fault == "moved":
            moved = {"migrate_to_chat_id": chat_id + MOVED_BY}
            return _refuse(400, "Bad Request: group chat was upgraded to a supergroup chat", parameters=moved)
        with self._changed:
            if fault == "blocked" or str(chat_id) in self._state.blocked:
                return _refuse(403, "Forbidden: bot was blocked by the user")
            number = self._state.next_message
            self._state.next_message += 1
            self._show(chat_id, {"number": number, "from_bot": True, "text": form["text"], "file": ""})
            self._save()
        return _accept({"message_id": number, "chat": {"id": chat_id, "type": "private"}, "text": form["text"]})

    def _give_updates(self, form: Mapping[str, Any]) -> Response:
        offset, until = form.get("offset"), time.monotonic() + float(form.get("timeout") or 0)
        with self._changed:
            if isinstance(offset, int):
                self._state.updates = [each for each in self._state.updates if each["update_id"] >= offset]
                self._save()
            while not self._state.updates and not self._again and not self._stopping:
                left = until - time.monotonic()
                if left <= 0:
                    break
                self._changed.wait(left)
            again, self._again = self._again, []
            found = [*again, *self._state.updates[: int(form.get("limit") or 100)]]
        if found and self._fault("twice"):
            with self._changed:
                self._again = list(found)
            found = [*found, *found]
        return _accept(found)

    def _give(self, path: str) -> Response:
        content = self._files.get(path.removeprefix("documents/"))
        if content is None or self._fault("no_file"):
            return Response("Not Found", 404)
        return Response(content, mimetype="application/octet-stream")

    def _keep(self, content: bytes) -> dict[str, Any]:
        file_id = secrets.token_urlsafe(12)
        self._files[file_id] = content
        return {"file_id": file_id, "file_unique_id": file_id, "file_size": len(content)}

    def _tell(self, update: Mapping[str, Any]) -> None:
        number, self._state.next_update = self._state.next_update, self._state.next_update + 1
        self._state.updates.append({"update_id": number, **update})
        self._save()
        self._changed.notify_all()

    def _show(self, chat_id: int, message: dict[str, Any]) -> None:
        chat = self._state.chats.setdefault(str(chat_id), [])
        chat.append({**message, "at": time.time()})
        del chat[:-_KEPT_AT_MOST]

    def _message(self, chat_id: int, number: int | None) -> dict[str, Any] | None:
        chat = self._state.chats.get(str(chat_id), [])
        return next((each for each in chat if each["number"] == number), None)

    def _fault(self, *names: str) -> str:
        """The first of these that was commanded, used up by being asked for."""
        with self._changed:
            for name in names:
                if self._faults.get(name, 0) > 0:
                    self._faults[name] -= 1
                    return name
        return ""

    def _load(self) -> _State:
        if self._folder is not None:
            with contextlib.suppress(OSError, ValueError, TypeError):
                return _State(**json.loads((self._folder / "state.json").read_text(encoding="utf-8")))
        return _State(next_update=int(time.time()))  # above what an earlier one gave out

    def _save(self) -> None:
        if self._folder is None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        half = self._folder / ".state.json"
        half.write_text(json.dumps(self._state.__dict__), encoding="utf-8")
        half.replace(self._folder / "state.json")


def _accept(result: Any) -> Response:
    return Response(json.dumps({"ok": True, "result": result}), mimetype="application/json")


def _refuse(code: int, words: str, **others: Any) -> Response:
    said = {"ok": False, "error_code": code, "description": words, **others}
    return Response(json.dumps(said), code, mimetype="application/json")


def _cut(request: Request) -> None:
    connection: socket.socket = request.environ["werkzeug.socket"]
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    raise _Broken
