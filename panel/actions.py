"""What can be done to a record besides editing it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from panel.pages import CheckItem
from panel.realm import BOTH

_CHANGED = "This is not possible any more: the record has changed. Nothing was done."


@dataclass(frozen=True, slots=True)
class Submit:
    """Another button of an action's form: it posts the same fields to ``path`` below the record."""

    label: str
    path: str
    realms: frozenset[str] = BOTH


@dataclass(frozen=True, eq=False)
class Action:
    """One verb of a record: who may, when it is possible, what is asked first and what is said afterwards.

    ``run(row, *, actor, now, **form values)`` gets the row locked and inside a unit of work. ``when`` is a hybrid
    property of the model (or its name): SQL in lists, Python on the locked row. ``form`` is a FlaskForm with what must
    be asked. ``confirm`` says what comes of it: text, or made from the row. ``done`` is the message afterwards: text,
    or made from what ``run`` returned; ``next_url`` makes of that the address to go on to, where it is not the record
    or its list. ``why_not`` is what is said when it is not possible: text, or made from the row. ``fill(row)`` gives
    the form the values it opens with on one record. ``also`` are further buttons of the form. Without ``menu`` it is
    not offered on a single record: it is for many rows at once, or is named by a refusal (``instead``). A
    ``sensitive`` one asks the visitor to prove who they are (the hook ``prove``) before its form is shown.
    ``checks(visit, row, now)`` is a checklist (panel.pages.CheckItem): while a line of it blocks, the button is not
    offered; ``run`` refuses by itself.
    A ``typed`` one wants the record's name to be typed. ``leads_to``: see ``lead`` below; ``many_lead_to`` is the
    address of the page, below the realm's, that many rows are taken to: their keys go with it as ``id``. ``undo`` is
    the slug of the action that takes this one back: beside the message afterwards stands a button that posts it at
    once, so it asks for nothing.
    """

    run: Callable[..., Any]
    label: str
    grant: str = ""
    when: Any = None
    confirm: str | Callable[[Any], str] = ""
    done: str | Callable[[Any], str] = "Done."
    next_url: Callable[[Any], str] | None = None
    why_not: str | Callable[[Any], str] = _CHANGED
    danger: bool = False
    sensitive: bool = False
    bulk: bool = False
    form: type[Any] | None = None
    fill: Callable[[Any], Mapping[str, Any]] | None = None
    also: tuple[Submit, ...] = ()
    menu: bool = True
    checks: Callable[..., Sequence[CheckItem]] | None = None
    typed: bool = False
    leads_to: Callable[[Any], str] | None = None
    many_lead_to: str = ""
    realms: frozenset[str] | set[str] = BOTH
    name: str = ""
    undo: str = ""

    @property
    def slug(self) -> str:
        """The last part of the action's address."""
        return self.name or str(getattr(self.run, "__name__", "")).strip("_").replace("_", "-")

    @property
    def condition(self) -> str:
        """The name of the hybrid property that says whether it is possible now; empty: always."""
        if self.when is None or isinstance(self.when, str):
            return self.when or ""
        return str(getattr(self.when, "key", None) or self.when.__name__)

    def question(self, row: Any) -> str:
        """What is said before it is done. Text made from a row is not said of many rows at once."""
        if callable(self.confirm):
            return self.confirm(row) if row is not None else ""
        return self.confirm

    def message(self, result: Any) -> str:
        return self.done(result) if callable(self.done) else self.done

    def reason(self, row: Any) -> str:
        """Why it is not possible on a row."""
        return self.why_not(row) if callable(self.why_not) else self.why_not


def lead(
    label: str,
    leads_to: Callable[[Any], str],
    *,
    name: str,
    grant: str,
    when: Any = None,
    why_not: str | Callable[[Any], str] = _CHANGED,
    realms: frozenset[str] | set[str] = BOTH,
    many_lead_to: str = "",
) -> Action:
    """A button of a record that opens a page of the house's own; nothing is asked or done before.

    ``leads_to(row)`` is the page's address below the realm's. ``name`` is the last part of the button's address.
    ``many_lead_to`` offers the same for many rows at once.
    """
    return Action(
        _nothing,
        label,
        leads_to=leads_to,
        many_lead_to=many_lead_to,
        bulk=bool(many_lead_to),
        name=name,
        grant=grant,
        when=when,
        why_not=why_not,
        realms=realms,
    )


def _nothing(row: Any, **_values: Any) -> Any:
    return row
