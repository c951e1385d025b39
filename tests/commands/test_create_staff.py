"""flask create-staff."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from commands.create_staff import command
from domain.permissions import StaffRole
from extensions import db
from models import NotificationDelivery, Person, StaffMember
from tests.support.door import post_form, sign_in_as

CHOSEN = "seven green bicycles"


def test_a_staff_person_is_made_with_the_role(app: Flask, session: Session) -> None:
    result = app.test_cli_runner().invoke(command, ["nina.berg@foyer.example", "support_agent"])
    assert result.exit_code == 0, result.output
    found = select(StaffMember.role, Person.first_name).join(Person, Person.id == StaffMember.person_id)
    assert db.session.execute(found).one() == (StaffRole.SUPPORT_AGENT, "Nina Berg")


def test_the_invitation_stands_in_the_outbox_and_is_printed(app: Flask, session: Session) -> None:
    result = app.test_cli_runner().invoke(command, ["nina@foyer.example", "Auditor", "--first-name", "Nina"])
    mail = db.session.scalars(select(NotificationDelivery)).one()
    assert mail.address == "nina@foyer.example"
    assert mail.text in result.output
    assert mail.subject in result.output


def test_the_printed_link_lets_the_person_choose_a_password_and_come_in(
    app: Flask, session: Session, client: Any
) -> None:
    output = app.test_cli_runner().invoke(command, ["nina@foyer.example", "administrator"]).output
    link = re.search(r"http://localhost(/reset-password/\S+)", output)
    assert link is not None
    answer = post_form(client, link[1], new_password=CHOSEN, repeated=CHOSEN)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    assert sign_in_as(client, "nina@foyer.example", CHOSEN).status_code == 303
    assert client.get("/staff/").status_code == 200


def test_an_address_that_is_taken_is_refused_in_words_and_nothing_is_made(app: Flask, session: Session) -> None:
    app.test_cli_runner().invoke(command, ["nina@foyer.example", "billing"])
    result = app.test_cli_runner().invoke(command, ["nina@foyer.example", "sales"])
    assert result.exit_code == 1
    assert "cannot be used here" in result.output
    assert db.session.scalar(select(func.count()).select_from(StaffMember)) == 1


def test_an_unknown_role_is_refused_and_the_known_ones_are_named(app: Flask, session: Session) -> None:
    result = app.test_cli_runner().invoke(command, ["nina@foyer.example", "king"])
    assert result.exit_code == 2
    assert "administrator" in result.output
    assert db.session.scalar(select(func.count()).select_from(Person)) == 0
