"""The example client of the manual, as its own program against the running one, and then without any connection."""

from __future__ import annotations

import datetime as dt
import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from domain.entitlements import canonical_bytes
from extensions import db
from models import LicenseActivation, LicenseStatus
from tests.factories.catalogue import ProductFactory
from tests.factories.services import LicenseFactory, LicenseItemFactory
from tests.support.devices import MAC, OTHER_MAC
from tests.support.serving import served
from views.device_api import INVALID, KINDS
from views.device_messages import DeviceRequest, Entitlements

CLIENT = Path(__file__).resolve().parent.parent.parent / "docs" / "examples" / "activation_client.py"
CODE = "7KQ4-0ZXV-93BT-M5HE"
TYPED = "7kq4 ozxv 93bt m5he"


class DeviceProgram:
    """The client in a folder of its own; ``said`` is what it printed last."""

    def __init__(self, folder: Path, mac: str = MAC) -> None:
        folder.mkdir()
        self.folder, self.mac, self.said = folder, mac, ""

    def run(self, *arguments: str) -> bool:
        command = [sys.executable, str(CLIENT), *arguments, "--mac", self.mac, "--keep", str(self.folder)]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=120, check=False)
        self.said = done.stdout or done.stderr
        return done.returncode == 0


@pytest.fixture
def license(app, session):
    made = LicenseFactory(code=CODE, status=LicenseStatus.NOT_ACTIVATED, mac_address=None, expires_on=None)
    LicenseItemFactory(license=made, product=ProductFactory(code="seat"), quantity=25)
    session.commit()
    return made


def example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("activation_client", CLIENT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_device_activates_and_works_on_without_a_connection(app, license, tmp_path):
    device, another = DeviceProgram(tmp_path / "one"), DeviceProgram(tmp_path / "two", OTHER_MAC)
    with served(app) as address:
        for each in (device, another):
            assert each.run("keys", address), each.said
        assert device.run("activate", address, TYPED), device.said
        assert not another.run("activate", address, CODE)
        assert another.said.startswith("hardware-lock: This license is locked to another device.")
        assert device.run("check", address, CODE), device.said
    assert not device.run("check", address, CODE)  # nobody answers there any more
    assert device.run("show"), device.said
    told = json.loads(device.said)
    assert (told["license"]["code"], told["items"][0]["quantity"]) == (CODE, 25)
    (another.folder / "answer.json").write_bytes((device.folder / "answer.json").read_bytes())
    assert not another.run("show")
    assert "another device" in another.said


def test_a_device_that_gave_its_activation_back_knows_it(app, license, tmp_path):
    device = DeviceProgram(tmp_path / "one")
    with served(app) as address:
        assert device.run("keys", address)
        assert device.run("activate", address, CODE)
        assert device.run("deactivate", address, CODE), device.said
        assert not device.run("check", address, CODE)
    assert device.said.startswith("not-activated:")
    assert not (device.folder / "answer.json").exists()
    db.session.expire_all()
    assert db.session.query(LicenseActivation).one().deactivated_at is not None


def test_the_client_believes_nothing_that_was_changed_replayed_or_is_old(app, license):
    client, now = example(), dt.datetime.now(dt.UTC)
    with served(app) as address:
        keys = client.fetch_keys(address)
        answer, nonce = client.ask(address, "activate", CODE, MAC)
        receipt, receipt_nonce = client.ask(address, "deactivate", CODE, MAC)

    def verify(answer=answer, keys=keys, kind=client.ENTITLEMENTS, nonce=nonce, mac=MAC, at=now):
        return client.verify(answer, keys, kind=kind, nonce=nonce, mac=mac, at=at)

    assert verify()["license"]["code"] == CODE
    payload = answer["payload"]
    broken = [
        {"answer": answer | {"payload": payload[:-1] + ("A" if payload[-1] != "A" else "B")}},
        {"answer": answer | {"protected": receipt["protected"]}},
        {"answer": receipt, "nonce": receipt_nonce},
        {"keys": {}},
        {"keys": dict.fromkeys(keys, "A" * 43)},
        {"nonce": "n" * 24},
        {"mac": OTHER_MAC},
        {"at": now + dt.timedelta(days=8)},
    ]
    for changed in broken:
        with pytest.raises(client.NotTrusted):
            verify(**changed)


def blocks_of_the_manual() -> list[str]:
    manual = CLIENT.parent.parent / "activation.md"
    return [block.partition("```")[0] for block in manual.read_text(encoding="utf-8").split("```json\n")[1:]]


def test_the_examples_of_the_manual_are_right():
    asked, answer, payload, keys = (json.loads(block) for block in blocks_of_the_manual())
    client = example()
    told = client.verify(
        answer,
        {key["kid"]: key["x"] for key in keys["keys"]},
        kind=client.ENTITLEMENTS,
        nonce=asked["nonce"],
        mac=asked["mac_address"],
        at=dt.datetime(2026, 5, 20, tzinfo=dt.UTC),
    )
    assert told == payload
    assert blocks_of_the_manual()[2].strip().encode() == canonical_bytes(told) == client.unpack(answer["payload"])
    Entitlements.model_validate(told)
    DeviceRequest.model_validate(asked)


def test_the_manual_names_every_problem():
    manual = (CLIENT.parent.parent / "activation.md").read_text(encoding="utf-8")
    assert [kind.name for kind in (INVALID, *KINDS.values()) if f"`{kind.name}`" not in manual] == []
