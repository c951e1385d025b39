"""flask permissions: the page says what the tables and the mounted records say."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from commands import permissions
from commands.permissions import command, permission_page
from domain.permissions import MEMBER_GRANTS, STAFF_GRANTS, P


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the command writes in a test."""
    file = tmp_path / "permissions.md"
    monkeypatch.setattr(permissions, "FILE", file)
    return file


def rows_of(text: str, permission: P) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(f"| `{permission.value}` |")]


def test_the_page_in_the_repository_is_up_to_date(app: Flask) -> None:
    result = app.test_cli_runner().invoke(command, ["--check"])
    assert result.exit_code == 0, result.output


def test_the_check_fails_on_another_page_and_writes_nothing(app: Flask, page: Path) -> None:
    page.write_text("Everybody may do everything.\n", encoding="utf-8")
    result = app.test_cli_runner().invoke(command, ["--check"])
    assert result.exit_code == 1
    assert "flask --app app permissions" in result.output
    assert page.read_text(encoding="utf-8") == "Everybody may do everything.\n"


def test_the_check_fails_when_there_is_no_page(app: Flask, page: Path) -> None:
    assert app.test_cli_runner().invoke(command, ["--check"]).exit_code == 1
    assert not page.exists()


def test_what_was_written_passes_the_check(app: Flask, page: Path) -> None:
    assert app.test_cli_runner().invoke(command).exit_code == 0
    assert app.test_cli_runner().invoke(command, ["--check"]).exit_code == 0


def test_each_role_is_marked_where_it_grants_and_nowhere_else(app: Flask) -> None:
    with app.app_context():
        text = permission_page(app)
    for permission in P:
        of_staff = rows_of(text, permission)[-1]
        assert of_staff.count("✓") == sum(permission in granted for granted in STAFF_GRANTS.values()), permission
        if not permission.staff_only:
            of_members = rows_of(text, permission)[0]
            assert of_members.count("✓") == sum(permission in granted for granted in MEMBER_GRANTS.values()), permission


def test_actions_stand_with_the_permission_they_need(app: Flask) -> None:
    with app.app_context():
        text = permission_page(app)
    assert "| Licenses (`licenses`) | Reset MAC/IP address (`reset-mac-ip`) | `licenses:reset` |" in text
    assert "| Invoices (`invoices`) | list, open, download | `invoices:read` |" in text
