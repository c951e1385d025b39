"""The form that all forms derive from: its labels, helps, choices and mistakes are said in the reader's language."""

from __future__ import annotations

from copy import copy
from typing import Any

from flask_babel import get_translations
from flask_wtf import FlaskForm
from wtforms import Field, SelectField
from wtforms.fields.choices import SelectChoice

from panel.words import translated


class Form(FlaskForm):
    """What the class writes down is text and is translated; what a function or a view puts in later is data."""

    class Meta(FlaskForm.Meta):
        def bind_field(self, form: Any, unbound_field: Any, options: dict[str, Any]) -> Any:
            field = super().bind_field(form, unbound_field, options)
            _translate(field)
            return field

        def get_translations(self, form: Any) -> Any:
            """WTForms' own messages stand in our catalogs too: it does not speak all of our languages."""
            return get_translations()


def _translate(field: Field) -> None:
    field.label.text = translated(field.label.text)
    field.description = translated(field.description)
    field.validators = [_in_words(validator) for validator in field.validators]
    if isinstance(field, SelectField) and field._choices_callable is None and isinstance(field.choices, list):
        field.choices = [_choice(each) for each in field.choices]


def _in_words(validator: Any) -> Any:
    """The validator, complaining in the reader's language. It may be shared by forms, so it is a copy."""
    message = getattr(validator, "message", None)
    if not message:
        return validator
    said = copy(validator)
    said.message = translated(message) if isinstance(message, str) else str(message)
    return said


def _choice(choice: Any) -> Any:
    if isinstance(choice, SelectChoice) and choice.label:
        return SelectChoice(choice.value, translated(choice.label), choice.render_kw, choice.optgroup)
    if isinstance(choice, tuple):
        return SelectChoice(choice[0], translated(choice[1]))
    return choice
