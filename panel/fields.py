"""The form fields of each kind of value, and of references."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any

from flask_babel import lazy_gettext
from flask_babel.speaklater import LazyString
from sqlalchemy import BigInteger, SmallInteger
from sqlalchemy.sql.schema import ScalarElementColumnDefault
from sqlalchemy.types import TypeEngine
from wtforms import (
    BooleanField,
    DateField,
    DateTimeLocalField,
    DecimalField,
    Field,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional, StopValidation
from wtforms.widgets import CheckboxInput, ListWidget, TextInput

from panel.form import Form
from panel.kinds import Choice, Kind, Listed, Money, percent
from panel.lookups import Chosen, Source
from panel.paths import Path
from panel.realm import current_visit
from panel.words import choice_words, gettext, in_a_sentence, inside

NOT_A_CHOICE = "Not a valid choice. Choose one of the list."
NOT_TEXT = "This holds a character that is no text."
NOT_A_RATE = "Enter a percentage from 0 to 100 with at most four digits behind the point."
TOO_LONG = "Enter at most %(max)d characters."
LONGEST_LIST = 2_000
MILLION = 1_000_000

Strings = list[str]


class EmptyForm(Form):
    """Nothing to fill in: only the token that proves the page was ours."""


class TypedNameField(StringField):
    """The name of the record, typed to show that it is really meant."""

    def __init__(self, *args: Any, wanted: str, **kwargs: Any) -> None:
        needed = InputRequired("Type the name to confirm.")
        super().__init__(*args, validators=[needed], render_kw={"spellcheck": "false"}, **kwargs)
        self.wanted = wanted

    def pre_validate(self, form: Any) -> None:
        if self.data and " ".join(self.data.split()) != " ".join(self.wanted.split()):
            raise ValidationError("This is not the name. Type it exactly as it stands above.")


class AmountField(StringField):
    """An amount as people type it. It becomes minor units when the currency is known (panel/forms.py)."""

    minor: int | None = None


class WordsField(TextAreaField):
    """A list of words, separated by commas."""

    def process_formdata(self, valuelist: Strings) -> None:
        if valuelist:
            self.data = [word for word in (part.strip() for part in valuelist[0].split(",")) if word]

    def _value(self) -> str:
        return ", ".join(str(word) for word in self.data or ())


class TicksField(SelectMultipleField):
    """Boxes to tick, any number of them. ``notes`` are lines shown below a choice: value -> text."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def __init__(self, *args: Any, notes: Mapping[str, str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.notes: Mapping[str, str] = notes or {}


class ListedField(SelectField):
    """One of a list that the house hands in. Its words are those of the visitor's language (panel/forms.py)."""

    def __init__(self, *args: Any, list_name: str, **kwargs: Any) -> None:
        super().__init__(*args, coerce=_choice_text, invalid_choice_message=NOT_A_CHOICE, **kwargs)
        self.list_name = list_name
        self.choices: list[SelectChoice] = []

    def offer(self, known: Mapping[str, str]) -> None:
        """Take these, and what the record holds already: lists change, and old values stay valid."""
        held = str(self.object_data or "")
        also = {held: held} if held and held not in known else {}
        self.choices = [SelectChoice("", ""), *(SelectChoice(code, label) for code, label in {**also, **known}.items())]


class _Example:
    """Says by example what to type, where WTForms says that it was wrong."""

    example = ""

    def process_formdata(self, valuelist: Strings) -> None:
        try:
            super().process_formdata(valuelist)  # type: ignore[misc]
        except ValueError as refused:
            raise ValueError(self.example) from refused


class WholeNumberField(_Example, IntegerField):
    example = "Enter a whole number like 3."


class DayField(_Example, DateField):
    example = "Enter a date like 2026-01-31."


class MomentField(_Example, DateTimeLocalField):
    example = "Enter a date and time like 2026-01-31 14:30."


class RateField(DecimalField):
    """A percentage, kept as parts per million."""

    def process_data(self, value: Any) -> None:
        self.data = value

    def process_formdata(self, valuelist: Strings) -> None:
        super().process_formdata(valuelist)
        if self.data is None:
            return
        millionths = Decimal(self.data).scaleb(4) if Decimal(self.data).is_finite() else None
        if millionths is None or not 0 <= millionths <= MILLION or millionths != int(millionths):
            self.data = None
            raise ValueError(NOT_A_RATE)
        self.data = int(millionths)

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else percent(self.data)


class LookupField(Field):
    """A reference, typed as key or label and looked up within the visitor's scope.

    It is a plain text input; a script offers suggestions from ``lookup_url`` and shows ``lookup_text`` for the key.
    ``chosen`` is the record found.
    """

    widget = TextInput()

    def __init__(self, *args: Any, source: Source, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.source = source
        self.chosen: Chosen | None = None
        self.typed = ""
        self.lookup_url = ""

    @property
    def lookup_text(self) -> str:
        return self.chosen.label if self.chosen else ""

    def _value(self) -> str:
        return self.typed

    def process_data(self, value: Any) -> None:
        self.chosen = value
        self.typed = value.key if value else ""
        self.data = self.typed

    def process_formdata(self, valuelist: Strings) -> None:
        self.typed = valuelist[0].strip() if valuelist else ""
        self.data, self.chosen = self.typed, None

    def pre_validate(self, form: Any) -> None:
        if not self.typed:
            return
        visit = current_visit()
        if visit is not None:
            self.chosen = self.source.find(self.source.owner.hooks.session(), visit, self.typed)
        if self.chosen is None:
            raise ValidationError(NOT_A_CHOICE)


def no_nul(form: Any, field: Any) -> None:
    """Databases and people have no use for the character NUL."""
    if isinstance(field.data, str) and "\0" in field.data:
        raise ValidationError(NOT_TEXT)


def blank_to_none(value: Any) -> Any:
    return value or None


def largest(column_type: TypeEngine[Any]) -> int:
    """The largest whole number a column takes."""
    bits = 63 if isinstance(column_type, BigInteger) else 15 if isinstance(column_type, SmallInteger) else 31
    return (1 << bits) - 1


def field_for(path: Path, label: str, help_text: str, *, insists: bool | None = None) -> Field:
    """The form field of a column; TypeError when its kind has none. It asks for what the column needs, unless told."""
    column = path.column
    if column is None:
        raise TypeError(f"{path.name!r} is computed and cannot be typed")
    has_default = column.default is not None or column.server_default is not None
    needed = insists if insists is not None else not (column.nullable or has_default)
    chooses = isinstance(path.kind, Choice | Listed)
    validators: list[Any] = [needed_field(label, choose=chooses) if needed else Optional(), _readable]
    made = _FIELDS.get(path.kind.name)
    if made is None:
        raise TypeError(f"there is no form field for {path.name!r}, of kind {path.kind.name}")
    given = {
        "label": label,
        "description": help_text,
        "validators": validators,
        "render_kw": dict(column.info.get("input", {})),
    }
    if isinstance(column.default, ScalarElementColumnDefault):
        given["default"] = column.default.arg
    return made(column.type, bool(column.nullable), path.kind, given)


def needed_field(label: str, *, choose: bool) -> InputRequired:
    """The validator of a field that must be filled. It names the field, in the language of whoever left it empty."""
    named = LazyString(inside, label)
    if choose:
        return InputRequired(lazy_gettext("Choose the %(label)s.", label=named))
    return InputRequired(lazy_gettext("Enter the %(label)s.", label=named))


def the(label: str) -> str:
    """A label inside an English sentence: "Due on" -> "the due on", "VAT ID" -> "the VAT ID"."""
    return f"the {in_a_sentence(label)}"


def _readable(form: Any, field: Any) -> None:
    """What could not be read needs no second complaint."""
    if field.process_errors:
        raise StopValidation


def _text(column_type: TypeEngine[Any], nullable: bool, kind: Kind, given: dict[str, Any]) -> Field:
    given["validators"] += [no_nul, *_length(column_type)]
    given["filters"] = [_strip, *([blank_to_none] if nullable else [])]
    return StringField(**given)


def _long_text(column_type: TypeEngine[Any], nullable: bool, kind: Kind, given: dict[str, Any]) -> Field:
    given["validators"] += [no_nul, *_length(column_type)]
    given["filters"] = [blank_to_none] if nullable else []
    return TextAreaField(**given)


def _number(column_type: TypeEngine[Any], nullable: bool, kind: Kind, given: dict[str, Any]) -> Field:
    most = largest(column_type)
    given["validators"].append(NumberRange(-most, most, "Enter a number from %(min)s to %(max)s."))
    return WholeNumberField(**given)


def _rate(column_type: TypeEngine[Any], nullable: bool, kind: Kind, given: dict[str, Any]) -> Field:
    given["render_kw"].setdefault("inputmode", "decimal")
    given["description"] = given["description"] or "In percent, like 19 or 7.7."
    return RateField(widget=TextInput(), **given)


def _money(column_type: TypeEngine[Any], nullable: bool, kind: Kind, given: dict[str, Any]) -> Field:
    given["render_kw"].setdefault("inputmode", "decimal")
    given["filters"] = [_strip, blank_to_none]
    given.pop("default", None)
    return AmountField(widget=TextInput(), **given)


def _day(column_type: TypeEngine[Any], nullable: bool, kind: Kind, given: dict[str, Any]) -> Field:
    return DayField(**given)


def _moment(column_type: TypeEngine[Any], nullable: bool, kind: Kind, given: dict[str, Any]) -> Field:
    return MomentField(format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"], **given)


def _choice(column_type: TypeEngine[Any], nullable: bool, kind: Kind, given: dict[str, Any]) -> Field:
    given["choices"] = partial(_choices, kind)
    if given.get("default") is not None:
        given["default"] = str(getattr(given["default"], "value", given["default"]))
    return SelectField(coerce=_choice_text, invalid_choice_message=NOT_A_CHOICE, **given)


def _choices(kind: Kind) -> list[SelectChoice]:
    """What may be chosen, in the reader's language; first nothing."""
    context, values = (kind.context, kind.values) if isinstance(kind, Choice) else ("", ())
    choices = [SelectChoice(str(getattr(value, "value", value)), choice_words(context, value)) for value in values]
    return [SelectChoice("", ""), *choices]


def _listed(column_type: TypeEngine[Any], nullable: bool, kind: Kind, given: dict[str, Any]) -> Field:
    given["filters"] = [blank_to_none] if nullable else []
    return ListedField(list_name=kind.list_name if isinstance(kind, Listed) else "", **given)


def _boolean(column_type: TypeEngine[Any], nullable: bool, kind: Kind, given: dict[str, Any]) -> Field:
    given["validators"] = []
    return BooleanField(**given)


def _words(column_type: TypeEngine[Any], nullable: bool, kind: Kind, given: dict[str, Any]) -> Field:
    given["validators"] += [_no_nul_in_words]
    given["description"] = given["description"] or "Separate with commas."
    return WordsField(**given)


def _no_nul_in_words(form: Any, field: Any) -> None:
    text = ",".join(field.data or ())
    if "\0" in text or len(text) > LONGEST_LIST:
        raise ValidationError(NOT_TEXT if "\0" in text else gettext(TOO_LONG, max=LONGEST_LIST))


def _choice_text(value: Any) -> str:
    return str(getattr(value, "value", value) or "")


def _strip(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def _length(column_type: TypeEngine[Any]) -> list[Length]:
    longest = getattr(column_type, "length", None)
    return [Length(max=longest, message=TOO_LONG)] if longest else []


_FIELDS: dict[str, Callable[[TypeEngine[Any], bool, Kind, dict[str, Any]], Field]] = {
    "text": _text,
    "longtext": _long_text,
    "number": _number,
    "money": _money,
    "rate": _rate,
    "date": _day,
    "moment": _moment,
    "choice": _choice,
    "listed": _listed,
    "boolean": _boolean,
    "json": _words,
}


def is_money(kind: Kind) -> bool:
    return isinstance(kind, Money)


def local_minute(value: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    """A moment as the field for it holds it: local, to the minute."""
    return value.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0)
