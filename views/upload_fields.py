"""The field for files that go with a message."""

from __future__ import annotations

from typing import Any

from wtforms import MultipleFileField

from domain.sentences import Sentence
from services.attachments import LARGEST_FILE, MOST_FILES, MOST_TOGETHER, Upload

_MB = 1024 * 1024


class UploadsField(MultipleFileField):
    """Any number of files; its data are Uploads. A browser that sends none sends one without a name.

    The limits stand at the field, so that static/js/files.js can say early what the server will refuse.
    """

    takes_files = True  # the template says what is wrong with each file

    def __init__(self, label: str = "Files", **options: Any) -> None:
        super().__init__(
            label,
            description=Sentence(
                "At most %(count)s, each up to %(largest)s MB and %(together)s MB together. No programs.",
                count=MOST_FILES,
                largest=LARGEST_FILE // _MB,
                together=MOST_TOGETHER // _MB,
            ),
            render_kw={
                "data-files": True,
                "data-most-files": MOST_FILES,
                "data-largest-file": LARGEST_FILE,
                "data-most-together": MOST_TOGETHER,
            },
            **options,
        )

    def process_formdata(self, valuelist: list[Any]) -> None:
        sent = [each for each in valuelist if getattr(each, "filename", "")]
        self.data = [Upload(each.filename, each.stream) for each in sent]
