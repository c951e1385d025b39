"""A rate is kept in parts per million and read and typed as a percentage."""

from __future__ import annotations

import pytest
from flask import Flask
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms.widgets import TextInput

from panel.fields import NOT_A_RATE, RateField
from panel.kinds import percent


class RateForm(FlaskForm):
    class Meta:
        csrf = False

    rate = RateField("Rate", widget=TextInput())


def typed(text: str) -> RateForm:
    app = Flask(__name__)
    app.secret_key = "only for this test"
    with app.test_request_context(method="POST"):
        form = RateForm(MultiDict({"rate": text}))
        form.validate()
        return form


@pytest.mark.parametrize(("millionths", "shown"), [(0, "0"), (190_000, "19"), (77_000, "7.7"), (1, "0.0001")])
def test_a_rate_is_shown_without_zeros_at_the_end(millionths: int, shown: str) -> None:
    assert percent(millionths) == shown


@pytest.mark.parametrize(("text", "millionths"), [("19", 190_000), ("7.7", 77_000), ("0", 0), ("100", 1_000_000)])
def test_a_typed_percentage_becomes_parts_per_million(text: str, millionths: int) -> None:
    assert typed(text).rate.data == millionths


@pytest.mark.parametrize("text", ["-1", "100.1", "0.00001", "NaN", "Infinity"])
def test_a_percentage_that_is_none_is_refused_and_kept_as_typed(text: str) -> None:
    form = typed(text)
    assert NOT_A_RATE in form.rate.errors
    assert form.rate._value() == text
