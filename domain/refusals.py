"""The one root of every refusal: a rule said no, and says why in words that may be shown."""

from __future__ import annotations


class Refusal(Exception):
    """Derive one class per condition, named by it (``NoResetsLeft``), beside the function that raises it.

    The class's ``message`` says what happened and what to do now; give another when it holds facts of the case. It must
    be safe to show: no id of another account, no SQL, no secret.
    """

    message: str = "This is not possible right now."

    def __init__(self, message: str | None = None) -> None:
        if message is not None:
            self.message = message
        super().__init__(self.message)
