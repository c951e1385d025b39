"""PDFs by typst, set in a child process: the typesetter keeps memory, so the child is renewed now and then."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Final

TEMPLATES: Final = Path(__file__).resolve().parent.parent / "templates" / "documents"
RENEWED_AFTER: Final = 100
ANSWER_SECONDS: Final = 120
_LENGTH: Final = struct.Struct(">cI")
_DONE, _FAILED = b"+", b"-"


class NotTypeset(Exception):
    """The document could not be set; says what the typesetter said."""


class Typesetter:
    """Sets documents one after the other. Threads may share it."""

    def __init__(self, *, renewed_after: int = RENEWED_AFTER) -> None:
        self._renewed_after = renewed_after
        self._child: subprocess.Popen[bytes] | None = None
        self._set = 0
        self._lock = threading.Lock()

    def typeset(self, template: str, data: Mapping[str, Any]) -> bytes:
        """The PDF of a template (its name in templates/documents) with this data. Raises NotTypeset."""
        asked = json.dumps({"template": template, "data": json.dumps(data, ensure_ascii=False)}).encode()
        with self._lock:
            child = self._ready()
            watch = threading.Timer(ANSWER_SECONDS, child.kill)
            watch.daemon = True
            watch.start()
            try:
                _send(_of(child.stdin), _DONE, asked)
                answer = _receive(_of(child.stdout))
            except OSError as error:
                answer = None
                raise NotTypeset("the typesetter ended unexpectedly") from error
            finally:
                watch.cancel()
            if answer is None:
                self._end()
                raise NotTypeset("the typesetter ended unexpectedly")
            self._set += 1
            if self._set >= self._renewed_after:
                self._end()
        mark, content = answer
        if mark == _FAILED:
            raise NotTypeset(content.decode())
        return content

    def close(self) -> None:
        """End the child. The next document starts another one."""
        with self._lock:
            self._end()

    def _ready(self) -> subprocess.Popen[bytes]:
        if self._child is None or self._child.poll() is not None:
            self._end()
            self._child = subprocess.Popen(
                [sys.executable, "-m", "integrations.pdf"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                cwd=TEMPLATES.parent.parent,
            )
        return self._child

    def _end(self) -> None:
        child, self._child, self._set = self._child, None, 0
        if child is not None:
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    pipe.close()
            child.kill()
            child.wait()


def set_here(template: str, data: str) -> bytes:
    """Set a document in this very process; ``data`` is JSON. Raises typst.TypstError."""
    import typst  # the parent never loads it

    return bytes(typst.compile(str(TEMPLATES / template), sys_inputs={"data": data}))


def _serve() -> None:
    """The child: set what is asked for until nobody asks any more."""
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    while (asked := _receive(source)) is not None:
        try:
            wanted = json.loads(asked[1])
            content, mark = set_here(wanted["template"], wanted["data"]), _DONE
        except Exception as error:  # noqa: BLE001  the parent is told, and decides
            content, mark = str(error).encode()[:10_000], _FAILED
        _send(sink, mark, content)


def _send(sink: IO[bytes], mark: bytes, content: bytes) -> None:
    sink.write(_LENGTH.pack(mark, len(content)) + content)
    sink.flush()


def _receive(source: IO[bytes]) -> tuple[bytes, bytes] | None:
    head = source.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    mark, length = _LENGTH.unpack(head)
    content = source.read(length)
    return (mark, content) if len(content) == length else None


def _of(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise RuntimeError("the child has its pipes")
    return pipe


if __name__ == "__main__":
    _serve()
