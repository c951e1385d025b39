"""What is done about an unpaid invoice, and when: tries, reminders, a final warning, suspension (SPEC D12).

Days are counted from the due day. On that day itself there is still time: a stored method pays, nobody is reminded.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from domain.refusals import Refusal

MOST_DAYS: Final = 365
_MOST_STEPS: Final = 12


class DaysNotReadable(Refusal):
    message = "Enter numbers of days, separated by commas and rising, like 1, 7, 14. Leave it empty for none."


class StepKind(StrEnum):
    """What a step does; the words of models/dunning_step.py."""

    RETRY = "retry"
    REMINDER = "reminder"
    FINAL_WARNING = "final_warning"
    SUSPENSION = "suspension"


ON_DUE_DAY: Final = "charge"
"""The name of the step that charges a stored method on the due day."""
MESSAGES: Final = frozenset({StepKind.REMINDER, StepKind.FINAL_WARNING})


@dataclass(frozen=True, slots=True)
class DunningPolicy:
    """Days after the due day. ``warning_days`` and ``suspension_days`` of 0: never.

    A day 0 among ``retry_days`` is the due day itself: a stored method pays then without being asked.
    """

    retry_days: tuple[int, ...] = (0, 1, 3, 7)
    reminder_days: tuple[int, ...] = (1, 7, 14)
    warning_days: int = 21
    suspension_days: int = 28


@dataclass(frozen=True, slots=True)
class Step:
    """One step of one invoice: its name is unique within the invoice."""

    name: str
    kind: StepKind
    on: dt.date


@dataclass(frozen=True, slots=True)
class Today:
    """What is to be done today, and what is passed over for good because something later says it better."""

    take: tuple[Step, ...] = ()
    skip: tuple[Step, ...] = ()


def parse_days(text: str, *, least: int = 1) -> tuple[int, ...]:
    """Read "1, 7, 14", none below ``least``. Refused: DaysNotReadable."""
    words = [word for word in re.split(r"[\s,]+", text) if word]
    if len(words) > _MOST_STEPS or any(not re.fullmatch(r"[0-9]{1,3}", word) for word in words):
        raise DaysNotReadable
    days = tuple(int(word) for word in words)
    if any(not least <= day <= MOST_DAYS for day in days) or list(days) != sorted(set(days)):
        raise DaysNotReadable
    return days


def schedule(due_on: dt.date, policy: DunningPolicy) -> list[Step]:
    """Every step of an invoice that stays unpaid, in order; on the same day in the order of StepKind."""
    tries = [day for day in policy.retry_days if day > 0]
    steps = [_step(StepKind.RETRY, number, day, due_on) for number, day in enumerate(tries, start=1)]
    if 0 in policy.retry_days:
        steps.append(Step(ON_DUE_DAY, StepKind.RETRY, due_on))
    steps += [_step(StepKind.REMINDER, number, day, due_on) for number, day in enumerate(policy.reminder_days, start=1)]
    if policy.warning_days:
        steps.append(_step(StepKind.FINAL_WARNING, 0, policy.warning_days, due_on))
    if policy.suspension_days:
        steps.append(_step(StepKind.SUSPENSION, 0, policy.suspension_days, due_on))
    order = list(StepKind)
    return sorted(steps, key=lambda step: (step.on, order.index(step.kind)))


def steps_today(
    due_on: dt.date, policy: DunningPolicy, *, today: dt.date, ended: Collection[str], warned_on: dt.date | None
) -> Today:
    """What is due and not ended (done or skipped). After a pause only the newest try and the newest message are taken.

    What staff put into the schedule before a step that has ended is passed over too. Nobody is suspended without having
    been warned, and not before the days between the two have passed since.
    """
    planned = [step for step in schedule(due_on, policy) if step.on <= today]
    tries = _newest([step for step in planned if step.kind is StepKind.RETRY], ended)
    messages = _newest([step for step in planned if step.kind in MESSAGES], ended)
    take = [*tries.take, *messages.take]
    suspensions = [step for step in planned if step.kind is StepKind.SUSPENSION and step.name not in ended]
    if suspensions and _may_suspend(policy, today, warned_on):
        take.append(suspensions[0])
    return Today(tuple(take), (*tries.skip, *messages.skip))


def _newest(planned: Sequence[Step], ended: Collection[str]) -> Today:
    """Of steps of one sort that are due: the last one if it has not ended, and those before it that have not."""
    open_steps = [step for step in planned if step.name not in ended]
    take = tuple(open_steps[-1:]) if planned[-1:] == open_steps[-1:] else ()
    return Today(take, tuple(step for step in open_steps if step not in take))


def why_passed_over(kind: StepKind, *, has_method: bool, under_way: bool, can_suspend: bool) -> str:
    """Why a step that is due is noted without being done; empty: it is done."""
    if kind is StepKind.RETRY and not has_method:
        return "no stored method"
    if kind is StepKind.RETRY and under_way:
        return "a payment is under way"
    return "the account is not active" if kind is StepKind.SUSPENSION and not can_suspend else ""


def may_be_let_in(still_due: Iterable[int]) -> bool:
    """Whether a suspension for debt ends: nothing is due any more on the invoices that it was for."""
    return not any(amount > 0 for amount in still_due)


def next_step(
    due_on: dt.date, policy: DunningPolicy, *, today: dt.date, ended: Collection[str], kinds: Collection[StepKind]
) -> Step | None:
    """The next one of these kinds that is still to come, for telling people."""
    coming = [step for step in schedule(due_on, policy) if step.kind in kinds and step.name not in ended]
    return next((step for step in coming if step.on > today), None)


def suspension_day(policy: DunningPolicy, *, warned_on: dt.date) -> dt.date | None:
    """The first day on which an account may be suspended that was warned on this day; None: accounts never are."""
    if not policy.suspension_days:
        return None
    return warned_on + dt.timedelta(days=max(1, policy.suspension_days - policy.warning_days))


def policy_of(values: Mapping[str, int | str]) -> DunningPolicy:
    """The policy that the settings ``dunning_…`` describe."""
    return DunningPolicy(
        parse_days(str(values["retry_days"]), least=0),
        parse_days(str(values["reminder_days"])),
        int(values["warning_days"]),
        int(values["suspension_days"]),
    )


def _may_suspend(policy: DunningPolicy, today: dt.date, warned_on: dt.date | None) -> bool:
    if not policy.warning_days:
        return True
    day = suspension_day(policy, warned_on=warned_on) if warned_on is not None else None
    return day is not None and day <= today


def _step(kind: StepKind, number: int, day: int, due_on: dt.date) -> Step:
    return Step(f"{kind.value}_{number}" if number else kind.value, kind, due_on + dt.timedelta(days=day))
