"""Who acts, and what a refusal says."""

from __future__ import annotations

import dataclasses

import pytest

from domain.actor import Actor, Source, system_actor
from domain.refusals import Refusal


class NoResetsLeft(Refusal):
    message = "No resets are left. Ask for more."


def test_an_actor_has_a_name() -> None:
    with pytest.raises(ValueError, match="name"):
        Actor("", Source.PORTAL)


def test_an_actor_comes_in_by_a_known_door() -> None:
    assert Actor("Ann", "portal").source is Source.PORTAL  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="window"):
        Actor("Ann", "window")  # type: ignore[arg-type]


def test_an_actor_cannot_become_another() -> None:
    actor = system_actor("renewals")
    assert (actor.name, actor.source, actor.person_id) == ("renewals", Source.SYSTEM, None)
    with pytest.raises(dataclasses.FrozenInstanceError):
        actor.name = "somebody else"  # type: ignore[misc]


def test_a_refusal_shows_the_words_of_its_class() -> None:
    assert NoResetsLeft().message == str(NoResetsLeft()) == "No resets are left. Ask for more."


def test_a_refusal_shows_the_facts_of_the_case_where_it_is_given_them() -> None:
    refusal = NoResetsLeft("No resets are left until 1 May.")
    assert refusal.message == str(refusal) == "No resets are left until 1 May."
    assert NoResetsLeft.message == "No resets are left. Ask for more."
