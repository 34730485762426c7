"""What we hold for other companies: nobody looks there, and the person is sent to whose data it is."""

from __future__ import annotations

import json

import pytest
from django.template.loader import render_to_string

from exports.admin import panels
from exports.fulfil.account import account_of
from exports.models import DataSource
from exports.reports import case_report
from requests_app.events import EventKind
from requests_app.law.words import Right
from requests_app.move import InputRefused
from requests_app.moves import MOVES
from requests_app.services.letters import Letter
from requests_app.states import Outcome
from tests.exports.house import ANALYST, NOW, House, facts_of, files_of, fresh, run_of

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

CONTACT = "{en: Write to privacy@birch.example., es: Escriba a privacy@birch.example.}"
REDIRECT = MOVES["redirect"]


def held_for(slug: str, role: str) -> None:
    """The map of a source says that we are somebody's processor."""
    source = DataSource.objects.get(slug=slug)
    DataSource.set_up(
        source.map_version.text.replace("role: controller", f"role: {role}"),
        read_url_variable=source.read_url_variable,
        write_url_variable=source.write_url_variable,
        position=source.position,
        at=NOW,
    )


@pytest.fixture(autouse=True)
def web_log_is_theirs(house: House) -> None:
    held_for("web_log", f"{{processor_for: Birch Bank, contact: {CONTACT}}}")


@pytest.mark.parametrize("right", [Right.KNOW_CATEGORIES, Right.DELETE])
def test_the_answer_sends_the_person_to_whose_data_it_is(house: House, right: Right) -> None:
    case = house.closed(right)
    assert account_of(case, "en")[-1] == (
        "We also hold personal data on behalf of Birch Bank, which decides about it. We have not looked there whether"
        " it is about you: send your request to Birch Bank. Write to privacy@birch.example."
        " (CCPA, Civ. Code 1798.105(c)(3), 1798.130(a)(3)(A))"
    )
    assert "Escriba a privacy@birch.example." in account_of(case, "es")[-1]
    (letter,) = case.submission.messages.filter(letter__in=(Letter.CATEGORIES, Letter.DELETED))
    assert "send your request to Birch Bank" in " ".join(letter.text.split())


def test_nobody_looks_there_and_the_desk_says_why(house: House) -> None:
    case = house.deciding(Right.KNOW_CATEGORIES)
    run = run_of(case, "web_log")
    assert (run.counts, run.held, run.records) == ({}, {}, 0)
    assert run_of(case, "shop").counts
    panel = panels.sources(case, ANALYST)
    assert panel is not None
    shown = render_to_string(panel.template, {"panel": panel.context})
    assert "Held for Birch Bank, and not searched: the answer sends the person there." in shown
    assert shown.count("Held for") == 1


def test_the_history_does_not_say_that_it_was_searched(house: House) -> None:
    case = house.deciding(Right.KNOW_SPECIFIC)
    assert [facts["source"] for facts in facts_of(case, EventKind.SOURCE_DONE)] == ["shop"]
    assert facts_of(case, EventKind.SOURCE_PASSED_OVER) == [{"source": "web_log", "because": "held_for_others"}]
    report = " ".join(case_report.report_html(fresh(case)).split())
    assert "Source not searched" in report
    assert "held for others" in report


def test_the_file_says_it_too_and_fits_its_schema(house: House) -> None:
    files = files_of(house.closed(Right.KNOW_SPECIFIC))
    told = json.loads(files["disclosure.json"])
    assert [(each["controller"], each["contact"]) for each in told["held_for_others"]] == [
        ("Birch Bank", "Write to privacy@birch.example.")
    ]
    assert "What we hold for others" in files["index.html"].decode()
    states = {entry["source"]: entry["state"] for entry in json.loads(files["manifest.json"])["sources"]}
    assert states == {"shop": "searched", "web_log": "held_for_others"}
    assert told["access"] == []  # the GDPR is no law of this case


def test_a_controller_of_several_sources_is_named_once_with_its_contact(house: House) -> None:
    held_for("shop", "{processor_for: Birch Bank}")
    case = house.file(Right.KNOW_CATEGORIES).cases.get()
    (offered,) = REDIRECT.inputs[0].choices(case)  # type: ignore[misc]
    assert offered == ("Birch Bank", "Birch Bank, Write to privacy@birch.example.")


# ---- sent on whole


@pytest.mark.parametrize(
    ("typed", "to", "contact"),
    [
        ({"controller": "Birch Bank"}, "Birch Bank", "Write to privacy@birch.example."),
        ({"controller": "Birch Bank", "contact": "1 Bank Way"}, "Birch Bank", "1 Bank Way"),
        ({"to": "Ash Ltd", "contact": "ash@ash.example"}, "Ash Ltd", "ash@ash.example"),
        ({"to": "Birch Bank"}, "Birch Bank", "Write to privacy@birch.example."),
    ],
)
def test_a_request_is_sent_on_to_a_company_that_the_maps_name_or_to_another(
    house: House, typed: dict[str, str], to: str, contact: str
) -> None:
    case = house.reviewing(Right.KNOW_CATEGORIES)
    house.move(case, "redirect", **typed)
    assert fresh(case).outcome == Outcome.REDIRECTED
    letter = case.submission.messages.get(letter=Letter.REDIRECTED)
    assert f"{to}\n{contact}" in letter.text
    assert case.exemption_claims.get().reason == f"{to}\n{contact}"


@pytest.mark.parametrize(
    ("typed", "faults"),
    [
        ({}, {"to", "contact"}),
        ({"to": "Ash Ltd"}, {"contact"}),
        ({"controller": "Birch Bank", "to": "Ash Ltd"}, {"contact"}),  # not the contact of another company
        ({"controller": "Ash Ltd", "to": "Ash Ltd", "contact": "x"}, {"controller"}),
    ],
)
def test_nobody_is_sent_anywhere_without_name_and_contact(
    house: House, typed: dict[str, str], faults: set[str]
) -> None:
    case = house.reviewing(Right.KNOW_CATEGORIES)
    with pytest.raises(InputRefused) as refused:
        house.move(case, "redirect", **typed)
    assert set(refused.value.errors) == faults


def test_without_a_company_in_the_maps_none_is_offered(house: House) -> None:
    DataSource.objects.filter(slug="web_log").update(active=False)
    case = house.file(Right.KNOW_CATEGORIES).cases.get()
    assert [wanted.name for wanted in REDIRECT.asked_of(case)] == ["to", "contact"]
