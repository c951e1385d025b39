"""Creating, editing and deleting records: validate, then save in one unit of work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode

from flask import abort
from flask_wtf import FlaskForm
from sqlalchemy.exc import DataError, IntegrityError

from panel.fields import EmptyForm
from panel.forms import FormMaker, errors_of, tell_fields
from panel.mounted import Mounted
from panel.pages import ActionPage, ChoosePage, FormPage, FormSection
from panel.realm import Visit
from panel.rows import back_url, find_row, label_of, row_url
from panel.words import gettext, inside, translated

CONFLICT = "This conflicts with another record. Nothing was saved: change what must be unique and try again."
OUT_OF_RANGE = "A value is too long or too large. Nothing was saved."
CHANGED = "Somebody changed this record meanwhile. Nothing was saved. Compare, and save again to keep what you typed."
STILL_USED = "Other records refer to this one, so it stays."


@dataclass(frozen=True, slots=True)
class Answer:
    """A page with its status, or an address to go on to with a message to show there."""

    page: FormPage | ChoosePage | ActionPage | None = None
    status: int = 200
    url: str = ""
    message: str = ""
    tone: str = "success"
    undo_url: str = ""  # what takes it back when it is posted


def create(mounted: Mounted, visit: Visit, *, posted: bool, chosen: str = "") -> Answer:
    """Show the empty form, or save what it holds. ``chosen``: the key of what is chosen first, where something is."""
    hooks, maker = mounted.hooks, mounted.forms["create"]
    session = hooks.session()
    found = maker.sources[maker.first].find(session, visit, chosen) if maker.first else None
    if maker.first and found is None:
        return _choose(mounted, visit, maker, wrong=posted or bool(chosen))
    form = maker.make(visit, session, chosen=found)
    noun = mounted.resource.noun_label()
    title, url = gettext("Add %(noun)s", noun=inside(noun)), f"{mounted.url(visit)}new"
    if found is not None:
        title, url = f"{title}: {found.label}", f"{url}?{urlencode({maker.first: found.key})}"
    show = partial(_form_page, mounted, visit, form, title, url, None)
    if not posted:
        return Answer(show())
    try:
        with hooks.unit_of_work():
            values = maker.read(form, visit, session)
            if values is None:
                return Answer(show(errors_of(form)), 422)
            if mounted.realm.scoped and issubclass(mounted.model, hooks.owned):
                values[hooks.owner_column] = visit.owner_id
            save = mounted.resource.saves.get("create") or partial(_create_any, mounted)
            row = save(values, actor=visit.actor, now=hooks.now())
            label = label_of(mounted, row)
    except (IntegrityError, DataError, hooks.refusals) as refused:
        return _refused(form, show, refused)
    return Answer(
        url=back_url(mounted, visit, row),
        message=gettext("%(noun)s %(name)s added.", noun=translated(noun), name=label),
    )


def edit(mounted: Mounted, visit: Visit, key: str, *, posted: bool) -> Answer:
    """Show the record's form, or save what differs; 409 when another saved it meanwhile."""
    hooks, maker = mounted.hooks, mounted.forms["edit"]
    session = hooks.session()
    row = find_row(mounted, visit, session, key)
    if row is None:
        abort(404)
    noun, label = mounted.resource.noun_label(), label_of(mounted, row)
    url = f"{row_url(mounted, visit, row)}/edit"
    form = maker.make(visit, session, row)
    title = gettext("Edit %(noun)s %(name)s", noun=inside(noun), name=label)
    show = partial(_form_page, mounted, visit, form, title, url, back_url(mounted, visit, row))
    if not posted:
        return Answer(show())
    try:
        with hooks.unit_of_work():
            row = find_row(mounted, visit, session, key, lock=True)
            if row is None:
                abort(404)
            values = maker.read(form, visit, session, row)
            if values is None:
                return Answer(show(errors_of(form)), 422)
            if maker.is_stale(form, row):
                return Answer(show([("", _who_changed(mounted, visit, row))]), 409)
            changes = maker.changes(values, row)
            if changes:
                save = mounted.resource.saves.get("edit") or hooks.edit
                save(row, changes, actor=visit.actor, now=hooks.now())
            label = label_of(mounted, row)
    except (IntegrityError, DataError, hooks.refusals) as refused:
        return _refused(form, show, refused)
    return Answer(
        url=back_url(mounted, visit, row),
        message=gettext("%(noun)s %(name)s saved.", noun=translated(noun), name=label),
    )


def delete(mounted: Mounted, visit: Visit, key: str, *, posted: bool) -> Answer:
    """Ask, then delete."""
    hooks = mounted.hooks
    session = hooks.session()
    row = find_row(mounted, visit, session, key)
    if row is None:
        abort(404)
    noun, label, form = mounted.resource.noun_label(), label_of(mounted, row), EmptyForm()
    url = row_url(mounted, visit, row)

    def show(errors: tuple[tuple[str, str], ...] = ()) -> ActionPage:
        return ActionPage(
            title=gettext("Delete %(noun)s %(name)s", noun=inside(noun), name=label),
            label="Delete",
            confirm=gettext(
                "%(noun)s %(name)s will be deleted. This cannot be taken back.", noun=translated(noun), name=label
            ),
            danger=True,
            objects=[(label, url)],
            form=form,
            url=f"{url}/delete",
            cancel_url=back_url(mounted, visit, row),
            errors=errors,
        )

    if not posted:
        return Answer(show())
    if not form.validate():
        return Answer(show((("", "This page was open too long. Try again."),)), 422)
    try:
        with hooks.unit_of_work():
            held = find_row(mounted, visit, session, key, lock=True)
            if held is None:
                abort(404)
            remove = mounted.resource.saves.get("delete") or hooks.delete
            remove(held, actor=visit.actor, now=hooks.now())
    except IntegrityError:
        return Answer(show((("", STILL_USED),)), 409)
    except hooks.refusals as refused:
        return Answer(show((("", refusal_text(refused)),)), 409)
    return Answer(
        url=back_url(mounted, visit, None),
        message=gettext("%(noun)s %(name)s deleted.", noun=translated(noun), name=label),
    )


def refusal_text(refused: Exception) -> str:
    """What a refusal says; its message is safe to show."""
    return translated(getattr(refused, "message", "") or str(refused))


def _create_any(mounted: Mounted, values: dict[str, Any], *, actor: Any, now: Any) -> Any:
    return mounted.hooks.create(mounted.model, values, actor=actor, now=now)


def _refused(form: FlaskForm, show: Callable[..., FormPage], refused: Exception) -> Answer:
    """The form again, with what was typed. A refusal that names fields (``fields``) is said at them."""
    errors = getattr(refused, "fields", {})
    if errors and tell_fields(form, errors):
        return Answer(show(errors_of(form)), 422)
    message, status = _explain(refused)
    return Answer(show([("", message)]), status)


def _choose(mounted: Mounted, visit: Visit, maker: FormMaker, *, wrong: bool) -> Answer:
    """Ask what is chosen first, on a page of its own."""
    noun, label = mounted.resource.noun_label(), mounted.resource.label_of(maker.first)
    page = ChoosePage(
        title=gettext("Add %(noun)s", noun=inside(noun)),
        name=maker.first,
        label=label,
        choices=maker.sources[maker.first].all_choices(mounted.hooks.session(), visit),
        url=f"{mounted.url(visit)}new",
        cancel_url=back_url(mounted, visit, None),
        error=gettext("Choose the %(label)s.", label=inside(label)) if wrong else "",
    )
    return Answer(page, 422 if wrong else 200)


def _explain(refused: Exception) -> tuple[str, int]:
    if isinstance(refused, IntegrityError):
        return CONFLICT, 409
    if isinstance(refused, DataError):
        return OUT_OF_RANGE, 422
    return refusal_text(refused), 409


def _who_changed(mounted: Mounted, visit: Visit, row: Any) -> str:
    entries = mounted.hooks.timeline(visit, row)
    if not entries:
        return CHANGED
    last = entries[0]
    fields = ", ".join(field for field, _, _ in last.changes)
    who = gettext(
        "Last change: %(who)s, %(moment)s.", who=last.who, moment=f"{last.at} ({fields})" if fields else last.at
    )
    return f"{translated(CHANGED)} {who}"


def _form_page(
    mounted: Mounted,
    visit: Visit,
    form: FlaskForm,
    title: str,
    url: str,
    cancel_url: str | None,
    errors: list[tuple[str, str]] | None = None,
) -> FormPage:
    return FormPage(
        title=title,
        form=form,
        url=url,
        cancel_url=cancel_url or back_url(mounted, visit, None),
        submit_label="Save",
        errors=errors or (),
        help=mounted.resource.description,
        sections=_sections(mounted, form),
    )


def _sections(mounted: Mounted, form: FlaskForm) -> list[FormSection]:
    """The form's visible fields as the resource groups them; those that it does not name come first."""
    declared = mounted.resource.sections
    if not declared:
        return []
    shown = {field.short_name: field for field in form if getattr(field.widget, "input_type", "") != "hidden"}
    named = {name for section in declared for name in section.names}
    first = FormSection("", [field for name, field in shown.items() if name not in named])
    others = [
        FormSection(section.title, [shown[name] for name in section.names if name in shown], section.help)
        for section in declared
    ]
    return [section for section in (first, *others) if section.fields]
