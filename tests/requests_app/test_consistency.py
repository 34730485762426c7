"""What must hold in the whole of the case layer: nothing unused or forgotten, nothing personal where it may not be."""

from __future__ import annotations

import ast
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import models

from dsar.jobs.models import Job
from dsar.ledger.models import Event
from requests_app import models as case_models
from requests_app.events import EventKind
from requests_app.law.words import Right
from requests_app.models import Organisation
from requests_app.moves import MOVES
from requests_app.services import closing, identity, intake
from requests_app.services.letters import CLOSING_BY_RIGHT, Letter
from requests_app.states import STATE_MOVES, State
from tests.requests_app.company import Company
from tests.requests_app.factories import (
    APPROVER,
    AT,
    a_submission,
    case_in,
    confirm,
    move,
    offer,
    prove,
    run_jobs,
    the_case,
)

pytestmark = pytest.mark.slow

ROOT = Path(settings.BASE_DIR)
SERVICES = ROOT / "requests_app" / "services"


def modules(*folders: str) -> Iterator[tuple[Path, ast.Module]]:
    """The modules of these folders, parsed."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path, ast.parse(path.read_text(encoding="utf-8"))


def names_in(tree: ast.AST) -> set[str]:
    """Every name and attribute that a piece of code uses."""
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return names | {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def functions_that_perform_moves() -> Iterator[tuple[str, ast.FunctionDef]]:
    """The services that registered themselves for a move."""
    for _path, tree in modules("requests_app/services", "exports"):
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                for decorator in node.decorator_list:
                    if isinstance(decorator, ast.Call) and getattr(decorator.func, "id", "") == "performs":
                        (slug,) = decorator.args
                        yield ast.literal_eval(slug), node


def test_every_move_has_one_service_and_every_service_takes_what_the_move_asks_for() -> None:
    found = dict(functions_that_perform_moves())
    assert set(found) == set(MOVES)
    for slug, node in found.items():
        keywords = [argument.arg for argument in node.args.kwonlyargs]
        keys = ["keys"] if MOVES[slug].keys else []
        assert keywords == ["actor", "at", *(wanted.name for wanted in MOVES[slug].inputs), *keys], slug


def test_every_service_that_moves_writes_an_event() -> None:
    for slug, node in functions_that_perform_moves():
        assert {"record", "change_state", "_accept", "open_again"} & names_in(node), slug


def test_every_state_move_is_made_with_an_event_of_its_name() -> None:
    """``change_state(case, EventKind.X, case.x, …)``: and nothing else calls a transition of a case."""
    made = set()
    for path, tree in modules("requests_app", "exports"):
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "change_state":
                kind = node.args[1]
                assert isinstance(kind, ast.Attribute), path
                transition = kind.attr.lower()
                assert transition in names_in(node.args[2]), path
                made.add(transition)
    assert made == set(STATE_MOVES)


def test_every_kind_of_event_has_a_label_and_is_used() -> None:
    used: set[str] = set()
    for path, tree in modules("requests_app", "exports"):
        if path.name != "events.py":
            used |= {
                node.attr
                for node in ast.walk(tree)
                if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "EventKind"
            }
    assert used - {"values"} == set(EventKind.names)
    assert all(str(kind.label) for kind in EventKind)


def test_every_letter_has_a_template_in_every_language_and_every_template_a_letter() -> None:
    folder = ROOT / "templates" / "letters"
    kept = {path.name for path in folder.glob("*.txt")} - {f"base.{language}.txt" for language in intake.LANGUAGES}
    assert kept == {f"{letter}.{language}.txt" for letter in Letter for language in intake.LANGUAGES}


def test_every_letter_is_sent_by_somebody() -> None:
    sent: set[str] = set()
    for path, tree in modules("requests_app/services"):
        uses = {
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
            and (getattr(node.value, "id", "") == "Letter" or getattr(node.value, "attr", "") == "Letter")
        }
        sent |= uses if path.name != "letters.py" else set()
    by_right = {letter.name for letter in CLOSING_BY_RIGHT.values()}
    assert sent | by_right == set(Letter.__members__)


def test_no_service_asks_the_clock() -> None:
    for path in SERVICES.glob("*.py"):
        asks = {
            ast.unparse(node.func)
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Call)
        }
        assert not asks & {"timezone.now", "datetime.now", "date.today", "datetime.today"}, path


def test_every_sealed_column_is_read_and_written_through_its_text() -> None:
    """A column that holds sealed bytes has its text beside it; a column of clear text about a person has none."""
    for name in case_models.__all__:
        model = getattr(case_models, name)
        if isinstance(model, type) and issubclass(model, models.Model):
            columns = {field.name for field in model._meta.fields if isinstance(field, models.BinaryField)}
            for column in columns:
                assert column.endswith("_sealed"), (name, column)
                assert hasattr(model, column.removesuffix("_sealed")), (name, column)


# ---- nothing personal in ledger, jobs or logs

TYPED = {
    "name": "Zebulon Quartz",
    "email": "zebulon.quartz@example.com",
    "account_number": "A-77-4711",
    "details": "My aunt Wilhelmina knows.",
    "correct_value": "Zebby",
    "phone": "415 555 0177",
    "birth_date": "1971-07-17",
    "postal_code": "94777",
    "reason": "Because Wilhelmina said so.",
    "question": "Is your aunt Wilhelmina a customer?",
}
HOLDS = {name: TYPED[name] for name in ("email", "account_number", "phone", "birth_date", "postal_code")}
FORM = {name: TYPED[name] for name in ("name", "email", "account_number", "details", "correct_value")}


def walk_everywhere(company: Company) -> None:
    """Everything that can happen to the requests of one person, with all that was typed on the way."""
    company.people.append(HOLDS)
    submission = a_submission(*intake.rights_offered(Organisation(), "US-CA", AT.date()), **FORM)
    confirm(submission)
    offer(submission, declared_name=TYPED["name"], phone="415 555 0100")
    points = {kind: HOLDS[kind] for kind in identity.questions(submission)}
    offer(submission, declared_name=TYPED["name"], **points)
    specific, categories = (the_case(submission, right) for right in (Right.KNOW_SPECIFIC, Right.KNOW_CATEGORIES))
    move(specific, "ask_clarification", question=TYPED["question"])
    move(specific, "clarified", reason=TYPED["reason"])
    move(specific, "extend", reason=TYPED["reason"])
    for case in (specific, categories):
        move(case, "start_gathering")
    run_jobs()
    for case in (specific, categories):
        move(case, "approve", by=APPROVER)
    run_jobs()
    correction = the_case(submission, Right.CORRECT)
    move(correction, "refuse", code="ca_140_not_consumer", reason=TYPED["reason"])
    closing.withdraw(the_case(submission, Right.DELETE).pk, at=AT)
    again = a_submission(**FORM)
    confirm(again)
    company.is_down = True
    identity.offer_proof(again, points={"phone": HOLDS["phone"]}, declared_name=TYPED["name"], at=AT)
    run_jobs(may_fail=True)


@pytest.mark.django_db(databases=["default", "keys"])
def test_nothing_that_was_typed_is_in_the_ledger_in_a_job_or_in_a_log(
    house: Company, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        walk_everywhere(house)
    ledger = "\n".join(Event.objects.values_list("text", flat=True))
    jobs = json.dumps([[job.kind, job.arguments, job.key, job.error] for job in Job.objects.all()])
    assert "SourceDown" in caplog.text
    fragments = {*TYPED.values(), *TYPED["name"].split(), "zebulon", "Wilhelmina", "4711", "5550177", "Zebby"}
    for place, text in {"ledger": ledger, "jobs": jobs, "log": caplog.text}.items():
        readable = without_random_digits(text.lower())
        assert [fragment for fragment in fragments if fragment.lower() in readable] == [], place


def without_random_digits(text: str) -> str:
    """The text without ids, digests and fractions of a second, in which any few digits may stand by chance."""
    return re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{24,}|\.[0-9]{6}", "", text)


@pytest.mark.django_db(databases=["default", "keys"])
def test_no_row_shows_anything_personal_when_it_is_printed(house: Company) -> None:
    walk_everywhere(house)
    for name in case_models.__all__:
        model = getattr(case_models, name)
        if isinstance(model, type) and issubclass(model, models.Model):
            shown = without_random_digits(" ".join(f"{row} {row!r}" for row in model.objects.all()))
            assert [value for value in TYPED.values() if value in shown] == [], name


@pytest.mark.django_db(databases=["default", "keys"])
def test_in_the_clear_the_database_holds_nothing_that_was_typed(house: Company) -> None:
    """But for the names of staff there is no column of clear text about a person."""
    walk_everywhere(house)
    for name in case_models.__all__:
        model = getattr(case_models, name)
        if isinstance(model, type) and issubclass(model, models.Model):
            rows = without_random_digits(json.dumps(list(model.objects.values()), default=repr))
            assert [value for value in TYPED.values() if json.dumps(value).strip('"') in rows] == [], name


@pytest.mark.django_db(databases=["default", "keys"])
def test_events_are_written_by_slugs_that_name_nobody(house: Company) -> None:
    case_in(State.CLOSED)
    prove(a_submission(Right.DELETE))
    assert {event.actor.partition(":")[0] for event in Event.objects.all()} == {"person", "system", "staff"}
