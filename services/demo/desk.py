"""The provider's own side: staff, departments, ticket types, projects, answers, promises, policies and interests."""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import update

from domain.permissions import StaffRole
from extensions import db
from models.member import Interest
from models.person import Person
from models.policy import Policy, PolicyVersion
from models.service_level import BusinessHours, SlaPolicy
from models.sign_in import PasswordReset
from models.staff import Department, StaffDepartment
from models.support_desk import Announcement, AnnouncementKind, MacroStatus
from models.ticket_type import Project, TicketField, TicketFieldKind, TicketPriority, TicketType
from services.demo.world import World, keep
from services.macros import create_macro
from services.ready_answers import create_ready_answer
from services.records import create_record
from services.staff_members import create_staff_member

STAFF: Final = (
    # the part before @foyer.example, first name, last name, role
    ("admin", "Ada", "Lind", StaffRole.ADMINISTRATOR),
    ("finance", "Felix", "Brandt", StaffRole.BILLING),
    ("sales", "Sofia", "Marin", StaffRole.SALES),
    ("agent", "Amir", "Hadžić", StaffRole.SUPPORT_AGENT),
    ("auditor", "Aoife", "Byrne", StaffRole.AUDITOR),
)
DEPARTMENTS: Final = ("Support", "Billing", "Sales", "Second level")
PROJECTS: Final = (
    ("Telephony", "Calls, numbers, trunks and phones."),
    ("Client app", "The app on computers and mobile phones."),
    ("Hosting", "Systems that we run for you."),
    ("Billing", "Invoices, payments and contracts."),
)
INTERESTS: Final = ("Product news", "Security notices", "Call centres", "Reselling", "Training", "Beta tests")
WEEK: Final = [[["08:00", "18:00"]]] * 5 + [[], []]
PROMISES: Final = {
    # minutes of business hours until the first answer, and until it is solved
    TicketPriority.URGENT: (30, 240),
    TicketPriority.HIGH: (120, 960),
    TicketPriority.NORMAL: (480, 2_880),
    TicketPriority.LOW: (960, None),
}
ANSWERS: Final = (
    (
        "We are looking into it",
        "Dear {customer},\n\nthank you for writing. A colleague looks into it and comes back to you today.\n\n{agent}",
    ),
    ("Reset of the hardware lock", "Open the license in the portal and choose *Reset MAC/IP address*."),
    ("Where invoices are", "You find every invoice under *Invoices*, as a page and as a file."),
)
TERMS: Final = (
    "These terms apply to everything ordered here. Prices are before tax. A subscription runs for its period and renews"
    " by itself until it is ended."
)
NEWSLETTER: Final = (
    "A few mails a year say what is new. Your address is used for nothing else, and each mail has a link that stops"
    " them."
)


def make_desk(world: World) -> None:
    """The people of the provider and what they work with."""
    _make_staff(world)
    _make_departments(world)
    _make_ticket_types(world)
    _make_promises(world)
    at = world.beginning
    for place, name in enumerate(INTERESTS):
        create_record(Interest, {"name": name, "position": place}, actor=world.system, now=at)
    for name, description in PROJECTS:
        values = {"name": name, "description": description}
        world.projects[name] = create_record(Project, values, actor=world.system, now=at)
    _make_answers(world)
    _make_policies(world)
    _make_announcements(world)


def _make_answers(world: World) -> None:
    """What agents have at hand: ready answers, and macros that use them."""
    agent, at = world.as_staff("agent"), world.ago(400)
    answers = {
        title: create_ready_answer({"title": title, "body": body}, actor=agent, now=at) for title, body in ANSWERS
    }
    looking, _reset, invoices = answers.values()
    to_second = {"department": world.departments["Second level"], "priority": TicketPriority.HIGH}
    for title, values in (
        ("Take it and say so", {"ready_answer": looking, "takes": True}),
        ("Say where invoices are, and solve", {"ready_answer": invoices, "takes": True, "status": MacroStatus.SOLVED}),
        ("Pass on to the second level", to_second),
    ):
        create_macro({"title": title, **values}, actor=agent, now=at)


def _make_staff(world: World) -> None:
    """Let staff be invited, the administrator by the command, and come in with the password of the demo."""
    for place, (who, first_name, last_name, role) in enumerate(STAFF):
        at = world.beginning + dt.timedelta(hours=place)
        values = {
            "person.first_name": first_name,
            "person.last_name": last_name,
            "person.email": f"{who}@foyer.example",
            "role": role,
        }
        inviter = world.as_staff("admin") if world.staff else world.system
        staff_member = create_staff_member(values, actor=inviter, now=at)
        staff_member.signature = f"{first_name} {last_name}"
        person = db.session.get_one(Person, staff_member.person_id)
        person.password_hash, person.password_changed_at = world.password_hash, at
        person.email_verified_at = person.checked_at = at
        used = update(PasswordReset).where(PasswordReset.person_id == person.id).values(used_at=at)
        db.session.execute(used.execution_options(synchronize_session=False))
        world.staff[who], world.staff_people[who] = staff_member, person
    db.session.flush()


def _make_departments(world: World) -> None:
    at = world.beginning
    for name in DEPARTMENTS:
        values = {"name": name, "email": f"{name.lower().replace(' ', '-')}@foyer.example"}
        world.departments[name] = create_record(Department, values, actor=world.as_staff("admin"), now=at)
    for who, name in (("agent", "Support"), ("agent", "Second level"), ("finance", "Billing"), ("sales", "Sales")):
        keep(StaffDepartment(staff_member_id=world.staff[who].id, department_id=world.departments[name].id))


def _make_ticket_types(world: World) -> None:
    kinds = (
        # key, name, description, priority, department, escalates, internal
        ("general", "General", "Any question.", TicketPriority.NORMAL, "Support", False, False),
        ("emergency", "Emergency", "Nobody can call any more.", TicketPriority.URGENT, "Support", False, False),
        ("escalation", "Escalation", "An open ticket needs more.", TicketPriority.HIGH, "Second level", True, False),
        ("failed-payment", "Failed payment", "A payment failed.", TicketPriority.NORMAL, "Billing", False, True),
    )
    for place, (key, name, description, priority, department, escalates, internal) in enumerate(kinds):
        values = {
            "key": key,
            "name": name,
            "description": description,
            "priority": priority,
            "department": world.departments[department],
            "escalates": escalates,
            "internal": internal,
            "position": place,
        }
        world.ticket_types[key] = create_record(TicketType, values, actor=world.as_staff("admin"), now=world.beginning)
    fields = (
        ("emergency", "license", "License", "The system that is down.", TicketFieldKind.LICENSE),
        ("emergency", "call_back", "Call back number", "Where we reach you now.", TicketFieldKind.TEXT),
        ("escalation", "ticket", "Ticket", "The number of the ticket you escalate.", TicketFieldKind.TICKET),
        ("escalation", "reason", "Reason", "What was missing so far.", TicketFieldKind.LONG_TEXT),
    )
    for place, (key, name, label, help_text, kind) in enumerate(fields):
        keep(
            TicketField(
                ticket_type_id=world.ticket_types[key].id,
                key=name,
                label=label,
                help=help_text,
                kind=kind,
                position=place,
                created_at=world.beginning,
            )
        )


def _make_promises(world: World) -> None:
    at = world.beginning
    values = {"name": "Office hours", "time_zone": "Europe/Berlin", "week": WEEK}
    hours = create_record(BusinessHours, values, actor=world.as_staff("admin"), now=at)
    for priority, (first_reply, solution) in PROMISES.items():
        policy = {
            "name": f"{priority.value.capitalize()} tickets",
            "priority": priority,
            "business_hours": hours,
            "first_reply_minutes": first_reply,
            "solution_minutes": solution,
        }
        create_record(SlaPolicy, policy, actor=world.as_staff("admin"), now=at)


def _make_policies(world: World) -> None:
    at = world.beginning
    for key, name, body in (("terms", "Terms of service", TERMS), ("newsletter", "Newsletter", NEWSLETTER)):
        # Not mandatory here: a mandatory one would stand between every visitor of the demo and the portal.
        policy = create_record(Policy, {"key": key, "name": name}, actor=world.as_staff("admin"), now=at)
        for number, moment in enumerate((at, world.ago(300)), start=1):
            keep(PolicyVersion(policy_id=policy.id, number=number, body=body, published_at=moment, created_at=moment))


def _make_announcements(world: World) -> None:
    values = {
        "kind": AnnouncementKind.SERVICE_STATUS,
        "title": "Maintenance of the hosted systems on Sunday night",
        "body": "Between 01:00 and 03:00 UTC hosted systems restart once. Calls under way are not cut.",
        "starts_at": world.ago(12),
        "ends_at": world.ago(9),
        "sent_at": world.ago(12),
        "written_by": world.staff["agent"],
    }
    create_record(Announcement, values, actor=world.as_staff("agent"), now=world.ago(12))
