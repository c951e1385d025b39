"""How a stored file is sent: whole or in pieces, to be saved, never as something that a browser runs."""

from __future__ import annotations

from flask import request, send_file
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.wrappers import Response

from services.stored_files import OpenedFile

# Even opened by its address, what is sent can load and run nothing and is of no origin.
_NOTHING_RUNS = "default-src 'none'; sandbox"


def send_stored(opened: OpenedFile, *, inline: bool = False) -> Response:
    """The file, or the piece of it that is asked for (RFC 9110, section 14). ``inline`` is for safe images alone.

    Raises RequestedRangeNotSatisfiable.
    """
    answer = send_file(
        opened.content,
        mimetype=opened.content_type,
        as_attachment=not (inline and opened.safe_image),
        download_name=opened.name,
        etag=opened.sha256,
        conditional=False,
    )
    answer.call_on_close(opened.content.close)
    answer.content_length = opened.size
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Content-Security-Policy"] = _NOTHING_RUNS
    answer.headers["Cache-Control"] = "private, no-cache"
    try:
        return answer.make_conditional(request, accept_ranges=True, complete_length=opened.size)
    except RequestedRangeNotSatisfiable:
        opened.content.close()
        raise


def size_text(size: int) -> str:
    """Bytes, as people read them."""
    amount, unit = float(size), "B"
    for larger in ("kB", "MB", "GB"):
        if amount < 1000:
            break
        amount, unit = amount / 1000, larger
    return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
