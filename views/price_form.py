"""The form under a price: what was seen is what is bought, and once."""

from __future__ import annotations

import secrets
from typing import Self

from wtforms import HiddenField
from wtforms.validators import InputRequired, Regexp

from panel.form import Form


class PriceForm(Form):
    """The total that was shown, and a key that makes the same form, sent again, the same order or change."""

    total = HiddenField(validators=[Regexp(r"[0-9]{1,15}\Z")])
    key = HiddenField(validators=[InputRequired()])

    @classmethod
    def showing(cls, total: int) -> Self:
        """The form to show under a total of so many minor units, with a key of its own."""
        return cls(formdata=None, total=str(total), key=secrets.token_urlsafe(16))

    @property
    def seen_total(self) -> int:
        """The total that was shown, of a form that is valid."""
        return int(self.total.data or 0)

    @property
    def once(self) -> str:
        """The key, of a form that is valid."""
        return self.key.data or ""
