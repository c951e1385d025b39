"""Who may import whom: every contract holds, and each was seen to break on purpose."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.architecture.checkers import PROGRAM

ROOT = Path(__file__).resolve().parent.parent.parent
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]

# contract, the module that breaks it, the import that does
BREACHES = [
    ("layers", "models", "import services.unit_of_work"),
    ("layers", "domain", "from models import base"),
    ("layers", "services", "import views"),
    ("layers", "gateways", "import services"),
    ("layers", "gateways", "import integrations"),
    ("domain-is-pure", "domain", "import sqlalchemy"),
    ("domain-is-pure", "domain", "from extensions import db"),
    ("no-web-below-views", "services", "from flask import request"),
    ("no-web-below-views", "models", "import flask_login"),
    ("gateways-never-see-models", "gateways", "import models.base"),
    ("gateways-never-see-models", "integrations", "from extensions import db"),
    ("panel-knows-none-of-our-rooms", "panel", "from extensions import db"),
    ("panel-knows-none-of-our-rooms", "panel", "import models.base"),
    ("panel-is-for-views", "services", "import panel.pages"),
    ("views-never-reach-outside", "views", "import integrations"),
    ("settings-are-handed-in", "services", "from config import Settings"),
    ("brokers-stay-in-jobs", "services", "import dramatiq"),
    ("brokers-stay-in-jobs", "views", "import redis"),
    ("nobody-imports-app", "commands", "from app import create_app"),
]


def lint_imports(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the linter on the packages that stand in this folder."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache", *options]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture
def copy_of_the_rooms(tmp_path: Path) -> Path:
    for place in (*PROGRAM, "pyproject.toml"):
        source = ROOT / place
        if source.is_dir():
            shutil.copytree(source, tmp_path / place, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tmp_path / place)
    return tmp_path


def test_every_contract_holds() -> None:
    result = lint_imports(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(("contract", "room", "line"), BREACHES)
def test_a_contract_breaks_on_an_import_it_forbids(
    copy_of_the_rooms: Path, contract: str, room: str, line: str
) -> None:
    (copy_of_the_rooms / room / "planted.py").write_text(f'"""A breach."""\n\n{line}\n')
    result = lint_imports(copy_of_the_rooms, "--contract", contract)
    assert result.returncode == 1, result.stdout + result.stderr
    assert f"{room}.planted" in result.stdout


def test_each_contract_has_a_breach_of_its_own() -> None:
    assert {contract["id"] for contract in CONTRACTS} == {contract for contract, _room, _line in BREACHES}
