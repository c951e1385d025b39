"""The OpenAPI document of the activation API: valid, complete, and what the API really answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from domain.refusals import Refusal
from models import LicenseStatus
from services import activations
from tests.factories.services import LicenseFactory
from tests.support.devices import MAC, new_nonce, told
from views.device_api import BASE, INVALID, KINDS
from views.device_api_document import openapi_document
from views.device_messages import DeviceRequest

CODE = "7KQ4-0ZXV-93BT-M5HE"
METHODS = {"get", "post"}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return openapi_document("https://portal.example.com")


def everything_in(part: Any) -> Iterator[dict[str, Any]]:
    """Each object of the document, at any depth."""
    if isinstance(part, dict):
        yield part
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from everything_in(inner)


def operations(document) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def test_the_document_is_served(client):
    answer = client.get(f"{BASE}/openapi.json")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert answer.json == openapi_document("http://localhost")


def test_it_is_valid_openapi(document):
    validator = pytest.importorskip("openapi_spec_validator", reason="install requirements-dev.txt")
    validator.validate(document, cls=validator.OpenAPIV31SpecValidator)
    with pytest.raises(validator.validation.exceptions.OpenAPIValidationError):
        validator.validate({**document, "paths": {"no-slash": {"post": {}}}}, cls=validator.OpenAPIV31SpecValidator)


def test_every_address_of_the_api_is_described_and_no_other(app, document):
    served = {
        (rule.rule, method.lower())
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(BASE)
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert {(path, method) for path, method, _operation in operations(document)} == served
    assert {method for _path, method in served} == METHODS


def test_its_shape_is_that_of_openapi(document):
    assert document["openapi"].startswith("3.1.")
    assert {"title", "version"} <= set(document["info"])
    names = [operation["operationId"] for _path, _method, operation in operations(document)]
    assert len(set(names)) == len(names)
    for path, method, operation in operations(document):
        assert ("requestBody" in operation) == (method == "post"), path
        for status, answer in operation["responses"].items():
            assert status == "default" or 200 <= int(status) <= 599
            assert answer["description"]
            assert all("schema" in body for body in answer["content"].values())


def test_every_reference_leads_somewhere(document):
    references = [part["$ref"] for part in everything_in(document) if "$ref" in part]
    assert references
    schemas = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert [each for each in references if each not in schemas] == []


def test_every_field_of_a_message_says_what_it_is(document):
    assert set(document["components"]["schemas"]["DeviceRequest"]["properties"]) == set(DeviceRequest.model_fields)
    assert document["components"]["schemas"]["DeviceRequest"]["required"] == ["code", "mac_address", "nonce"]


def test_every_problem_is_named_where_it_can_be_met(document):
    for kind in (INVALID, *KINDS.values()):
        for act in ("activate", "check", "deactivate"):
            answers = document["paths"][f"{BASE}/{act}"]["post"]["responses"]
            assert f"urn:foyer:problem:{kind.name}`" in answers[str(kind.status)]["description"]


def test_every_refusal_of_a_device_has_a_name():
    refusals = {
        each
        for each in vars(activations).values()
        if isinstance(each, type) and issubclass(each, Refusal) and each.__module__ == activations.__name__
    }
    assert refusals <= set(KINDS)
    assert len({kind.name for kind in KINDS.values()}) == len(KINDS)


def test_real_answers_fit_their_schemas(client, session, document):
    jsonschema = pytest.importorskip("jsonschema", reason="install requirements-dev.txt")
    LicenseFactory(code=CODE, status=LicenseStatus.NOT_ACTIVATED, mac_address=None)

    def fits(value: Any, name: str) -> None:
        schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker()).validate(value)

    keys = client.get(f"{BASE}/keys").json
    fits(keys, "KeySet")
    for act, name in (("activate", "Entitlements"), ("check", "Entitlements"), ("deactivate", "Deactivation")):
        sent = {"code": CODE, "mac_address": MAC, "nonce": new_nonce()}
        fits(sent, "DeviceRequest")
        answer = client.post(f"{BASE}/{act}", json=sent)
        fits(answer.json, "SignedAnswer")
        fits(told(answer.json, keys["keys"]), name)
    fits(client.post(f"{BASE}/check", json=sent).json, "Problem")
    with pytest.raises(jsonschema.ValidationError):
        fits({"keys": []}, "KeySet")
