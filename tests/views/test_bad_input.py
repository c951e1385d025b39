"""What makes no sense is answered with plain words: never an error of ours, never a changed row.

Generated over every list, record and form of both realms. Errors reach the test, so a 500 shows as what it was. Every field
of every form comes up in each run; of the values that make no sense it gets some, in turn (`tests/support/sweeps.py`).
"""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from wtforms import HiddenField, MultipleFileField

from panel import PORTAL, DateRange, MoneyRange
from tests.support.matrix import cases, in_turn, key_of, keys_of_row, name_of, sides_seen, target_of
from tests.support.matrix_sides import OWN
from tests.support.matrix_snapshot import AUDIT, take_snapshot
from tests.support.matrix_world import ADMINISTRATOR, OWNER
from tests.support.matrix_writing import body_of
from tests.support.pages import filled, form_of, said_by
from tests.support.sweeps import size, some

pytestmark = pytest.mark.slow  # a sweep over every record

every_record = pytest.mark.parametrize(("realm", "resource"), cases(), ids=name_of)

SCRIPT = "<script>alert(1)</script>"
LONG = "x" * 10_000
NUL = "\0"  # what PostgreSQL refuses and nothing else does: every place gets it in each run
NONSENSE = (
    "", " ", "\0", "a\0b", "\ufffd", "no-such-thing", "2026-13-45", "0000-00-00", "9999-12-31", "0001-01-01", "2026-02-30",
    "-1", "1e999", "NaN", "Infinity", "9" * 40, "-" + "9" * 40, "0.0000000001", "1,2,3", "٣", "½", "😀", "مرحبا بالعالم",
    "\u202eevil", "%", "_", "\\", "'", '"', "; DROP TABLE account", "{{ 7 * 7 }}", SCRIPT, "..", "/", LONG,
)  # fmt: skip
NO_KEYS = (
    "-1", "0", "1", "9" * 40, "null", "None", "%00", "a%00b", "%ff%fe", "%F0%9F%98%80", "..%2f..%2fetc", "%3Cscript%3E", "'",
    "a" * 2_000, "\u0645", "new%20", "2026-01-01", "1.0", "%25", "_",
)  # fmt: skip
CURSORS = ("garbage", "last", "eyJhIjoxfQ.abc.def", "W251bGwsMSwwXQ.x", "\0", "😀", LONG, "-1", "0")
PLAIN_ANSWERS = {303, 409, 422}


def insider(world, realm):
    return world.visitors[OWNER if realm == PORTAL else ADMINISTRATOR]


def filter_names(realm, resource):
    names = []
    for declared in resource.filters:
        if realm in declared.realms:
            ranged = isinstance(declared, DateRange | MoneyRange)
            names += [f"{declared.address}.{end}" for end in ("from", "to")] if ranged else [declared.address]
    return names


@every_record
def test_a_list_takes_any_nonsense_in_its_address(world, realm, resource):
    visitor, url = insider(world, realm), f"{world.base(realm)}/{resource.slug}"
    before = take_snapshot(world, AUDIT)
    # All read the address by the same code, so records try their shares in turn.
    shares = {
        "/count": {NUL, *in_turn((realm, resource), NONSENSE, size(2, 12))},
        "/": {SCRIPT, NUL, *in_turn((realm, resource), NONSENSE, size(3, 12))},
        "/export.csv": in_turn((realm, resource), NONSENSE, size(6, 18)),
        "/export.xlsx": in_turn((realm, resource), NONSENSE, size(12, 35)),
    }
    for path, values in shares.items():
        for value in values:
            filters = [(name, value) for name in filter_names(realm, resource)]
            answer = visitor.get(f"{url}{path}?{urlencode([*filters, ('q', value), ('sort', value)])}")
            assert answer.status_code == 200, (path, value[:50])
            if path == "/":
                assert SCRIPT not in answer.get_data(as_text=True)
            answer.close()
    assert before.changed_to(take_snapshot(world, AUDIT)) == []


@every_record
def test_a_list_says_which_filter_it_could_not_read(world, realm, resource):
    names = filter_names(realm, resource)
    said = {
        **{f"{f.address}.from": "Enter a date like" for f in resource.filters if isinstance(f, DateRange)},
        **{f"{f.address}.to": "Enter an amount like" for f in resource.filters if isinstance(f, MoneyRange)},
    }
    for name, words in said.items():
        if name in names:
            page = insider(world, realm).get(f"{world.base(realm)}/{resource.slug}/?{name}=nonsense")
            assert words in page.get_data(as_text=True), name


def rows_of(page):
    return page.get_data(as_text=True).partition("<tbody")[2].partition("</tbody>")[0]


@every_record
def test_a_list_begins_anew_for_a_cursor_that_is_broken_forged_or_of_another_list(world, realm, resource):
    visitor, url = insider(world, realm), f"{world.base(realm)}/{resource.slug}/"
    names = ("after", "before", "page")
    for name, cursor in in_turn(
        (realm, resource), [(name, cursor) for cursor in CURSORS for name in names], size(4, 9)
    ):
        answer = visitor.get(f"{url}?{urlencode({name: cursor})}")
        assert answer.status_code == 200, (name, cursor[:50])
    assert rows_of(visitor.get(f"{url}?after=garbage&page=-1")) == rows_of(visitor.get(url)) != ""


@every_record
def test_parameters_that_come_twice_or_are_unknown_do_no_harm(world, realm, resource):
    visitor, url = insider(world, realm), f"{world.base(realm)}/{resource.slug}/"
    pairs = [(name, value) for name in filter_names(realm, resource) for value in ("yes", "no", "paid", "2026-01-01")]
    pairs += [
        ("q", "one"),
        ("q", "two"),
        ("sort", "a"),
        ("sort", "-b"),
        ("after", "x"),
        ("after", "y"),
        ("what", "ever"),
    ]
    assert visitor.get(f"{url}?{urlencode(pairs)}").status_code == 200
    assert visitor.get(f"{url}?%00=%00&%ff=%ff&&==&=x").status_code == 200
    assert visitor.get(f"{url}?" + "a=b&" * 3_000).status_code == 200


@every_record
def test_an_address_that_is_no_record_is_not_found(world, realm, resource):
    visitor, url = insider(world, realm), f"{world.base(realm)}/{resource.slug}"
    actions = [action.slug for action in resource.actions if realm in action.realms]
    before = take_snapshot(world)
    parts = ("/edit", "/delete", *(f"/{action}" for action in actions))
    for key in in_turn((realm, resource), NO_KEYS, size(1, 5)):
        assert visitor.get(f"{url}/{key}").status_code == 404, key
    # One place reads keys for all of them: each part is tried with some keys, and all keys are tried somewhere.
    tries = [(key, part) for part in parts for key in NO_KEYS]
    for key, part in in_turn((realm, resource), tries, size(7, 19)):
        assert visitor.get(f"{url}/{key}{part}").status_code == 404, (key, part)
        assert visitor.post(f"{url}/{key}{part}").status_code == 404, (key, part)
    assert before.changed_to(take_snapshot(world)) == []


@every_record
def test_lookups_take_any_nonsense(world, realm, resource):
    visitor, url = insider(world, realm), f"{world.base(realm)}/{resource.slug}/lookup"
    for declared in resource.filters:
        if declared.kind == "lookup" and realm in declared.realms:
            for value in (NUL, *in_turn((realm, resource), NONSENSE, size(1, 9))):
                answer = visitor.get(f"{url}/{declared.address}?{urlencode({'q': value})}")
                assert (answer.status_code, answer.mimetype) == (200, "application/json"), value[:50]
    assert visitor.get(f"{url}/%00").status_code == 404


@every_record
def test_bulk_actions_refuse_ids_that_are_none(world, realm, resource):
    visitor, url = insider(world, realm), f"{world.base(realm)}/{resource.slug}/bulk"
    before = take_snapshot(world)
    for action in resource.actions:
        if not action.bulk or realm not in action.realms:
            continue
        for ids in (["\0"], [LONG], ["-1"], ["😀"], ["9" * 40], [""], [str(number) for number in range(500)]):
            assert visitor.post(f"{url}/{action.slug}", {"id": ids}).status_code == 404, ids[0][:50]
        many = [str(number) for number in range(501)]
        assert visitor.post(f"{url}/{action.slug}", {"id": many}).status_code == 400
        assert visitor.post(f"{url}/{action.slug}").status_code == 303
    assert before.changed_to(take_snapshot(world)) == []


# Forms


def forms_in(realm, resource):
    granted = {verb: resource.grant(verb, realm) for verb in ("create", "edit")}
    return [verb for verb, grant in granted.items() if grant and (realm != PORTAL or not grant.startswith("staff:"))]


every_form = pytest.mark.parametrize(
    ("realm", "resource", "verb"),
    [(realm, resource, verb) for realm, resource in cases() for verb in forms_in(realm, resource)],
    ids=name_of,
)


def open_form(world, realm, resource, verb):
    """The address of the form, the form, and honest values for it."""
    visitor, url = insider(world, realm), f"{world.base(realm)}/{resource.slug}"
    if verb == "edit":
        row = world.fresh(sides_seen(realm, resource)[0], resource.model)
        url = f"{url}/{row[resource.key]}/edit"
    else:
        url = f"{url}/new"
        if first := resource.first.get("create"):  # what is chosen on a page of its own
            url += f"?{first}={keys_of_row(world.row(OWN, target_of(resource, first)))[0]}"
    form = form_of(visitor.get(url))
    return url, form, filled(form, visitor)


def unreadable(control):
    """What no field of this kind can mean."""
    if control.lookup_url or control.type == "select":
        return ("no-such-choice", "\0", LONG, "😀")
    if control.type == "number":
        return ("x", "1e5", "9" * 40, "1.5", "\0", LONG, "½")
    if control.type in ("date", "datetime-local"):
        return ("tomorrow", "2026-13-45", "\0", LONG, "20260131x")
    if control.inputmode == "decimal":
        return ("ten", "1,2,3", "9" * 40, "\0", LONG, "1.23456", "NaN")
    if control.type in ("text", "textarea"):
        return ("a\0b", *(["y" * (control.max_length + 1)] if control.max_length else []))
    return ()


def halves(values):
    """Those with a NUL, and the others."""
    return [value for value in values if NUL in value], [value for value in values if NUL not in value]


@every_form
def test_a_field_that_cannot_be_read_is_refused_kept_and_explained(world, realm, resource, verb):
    visitor = insider(world, realm)
    url, form, values = open_form(world, realm, resource, verb)
    tried, before = 0, take_snapshot(world)
    first = cases().index((realm, resource))
    for turn, control in enumerate(form.controls.values(), first):
        nuls, others = halves(unreadable(control))
        for value in (*nuls, *some(others, 1, turn=turn)):
            answer = visitor.post(url, {**values, control.name: value})
            where = (control.name, control.type, value[:50])
            assert answer.status_code == 422, where
            assert said_by(answer), where
            page = form_of(answer)
            shown = page.controls
            assert shown[control.name].invalid, where
            if "\0" not in value and control.type != "select":
                assert shown[control.name].value == value, where
            others = [name for name in values if name not in (control.name, "csrf_token") and name in shown]
            assert {name: page.values.get(name) for name in others} == {name: values[name] for name in others}
            tried += 1
    assert tried
    assert before.changed_to(take_snapshot(world)) == []


@every_form
def test_an_empty_form_says_what_is_missing_and_changes_nothing(world, realm, resource, verb):
    url, form, values = open_form(world, realm, resource, verb)
    first = resource.first.get(verb, "")
    needed = [control.name for control in form.controls.values() if control.required]
    if not needed:
        pytest.skip("nothing has to be filled in")
    before = take_snapshot(world)
    chosen = {first: values[first]} if first else {}  # without it the page before comes again
    answer = insider(world, realm).post(url, {**dict.fromkeys(form.controls, ""), **chosen})
    assert answer.status_code == 422
    assert {name for name, control in form_of(answer).controls.items() if control.invalid} >= set(needed)
    assert len(said_by(answer)) >= len(needed)
    assert before.changed_to(take_snapshot(world)) == []


@every_form
def test_any_text_is_either_kept_as_it_is_or_refused_in_words(world, realm, resource, verb):
    visitor = insider(world, realm)
    words = ("😀 مرحبا \u202eevil", SCRIPT, "'; DROP TABLE account; --", "=1+1", "{{ 7 * 7 }}", LONG)
    for value in some(words, 2, turn=cases().index((realm, resource))):
        url, form, values = open_form(world, realm, resource, verb)
        typed = {
            name: value
            for name, control in form.controls.items()
            if control.type in ("text", "textarea") and not control.lookup_url and name not in ("country", "currency")
        }
        answer = visitor.post(url, {**values, **typed})
        assert answer.status_code in PLAIN_ANSWERS, value[:50]
        page = answer
        if answer.status_code == 303:
            page = visitor.get(answer.location)
            assert page.status_code == 200
        else:
            assert said_by(answer)
        assert SCRIPT not in page.get_data(as_text=True)


def answers_by_field(world, action):
    """What each field says to nothing (where it insists on something), to NUL and to very much.

    A hidden one holds what the page had seen: other contents mean that the record has changed since.
    """
    with world.app.test_request_context():
        # What is no file is not read from a field for files: tests/views/test_ticket_files.py sends it real ones.
        fields = [
            field
            for field in action.form()
            if field.short_name in body_of(action) and not isinstance(field, MultipleFileField)
        ]
    for field in fields:
        yield field.short_name, "\0", 422
        too_long = LONG + "x" * max(0, (field.flags.maxlength or 0) + 1 - len(LONG))
        yield field.short_name, too_long, 409 if isinstance(field, HiddenField) else 422
        if field.flags.required:
            yield field.short_name, "", 422


@every_record
def test_what_an_action_asks_is_read_with_the_same_care(world, realm, resource):
    visitor = insider(world, realm)
    for action in resource.actions:
        if realm not in action.realms or action.form is None:
            continue
        row = world.fresh(sides_seen(realm, resource)[0], resource.model)
        url = f"{world.base(realm)}/{resource.slug}/{row[resource.key]}/{action.slug}"
        if visitor.get(url).status_code == 409:
            continue  # not possible on a row like this one: test_actions.py makes one on which it is
        before = take_snapshot(world)
        for name, value, status in answers_by_field(world, action):
            answer = visitor.post(url, {**body_of(action), name: value})
            assert answer.status_code == status, (action.slug, name, value[:50])
            assert said_by(answer)
        assert before.changed_to(take_snapshot(world)) == []


# Requests that are no forms


def test_bodies_that_are_no_form_change_nothing(world):
    visitor = world.visitors[OWNER]
    license = key_of(world, next(r for _realm, r in cases() if r.slug == "licenses"), "OWNMARK")
    url = f"{world.base(PORTAL)}/licenses/{license}/edit"
    token = {"X-CSRFToken": visitor.token}
    before = take_snapshot(world)
    for kind, body in (
        *(("application/json", body) for body in (b'{"reference": "x"}', b"[1, 2]", b'{"reference": {}}', b"5", b"{")),
        ("application/x-www-form-urlencoded", b"\xff\xfe=\x00&reference=%ff%00&version=%zz"),
        ("multipart/form-data; boundary=x", b"--x\r\nbroken"),
        ("multipart/form-data", b"no boundary"),
        ("text/plain", b"hello"),
    ):
        answer = visitor.client.post(url, data=body, content_type=kind, headers=token)
        assert answer.status_code in {303, 400, 409, 415, 422}, (kind, body)
    assert before.changed_to(take_snapshot(world)) == []


@pytest.mark.parametrize(
    "address",
    ["/%00", "/staff/%00/", "/portal/%00/", "/portal/%ff/licenses/", f"/{LONG}", "/portal//", "/staff/licenses/a/b/c"],
)
def test_addresses_that_are_none_are_not_found(world, address):
    for name in (OWNER, ADMINISTRATOR):
        assert world.visitors[name].get(address).status_code in {404, 308}
