"""Blacking words out: wherever a field of a record has them, in every file of the bundle, on a ground, and back."""

from __future__ import annotations

import html
import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from dsar.demo.people import Chosen
from exports.bundle.contents import VERIFIER
from exports.bundle.redaction import MARK
from exports.fulfil import withholding
from exports.fulfil.account import account_of
from exports.models import Bundle, Part, Withholding
from requests_app.events import EventKind
from requests_app.guards import MoveShut
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.move import InputRefused
from tests.exports.csv_text import records_of
from tests.exports.house import APPROVER, House, facts_of, files_of, fresh, json_lines, parts_of, rows

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

GROUND = "ca_145k_rights_of_others"
OTHER = "Robin Vale"
TEXT = f"Ask {OTHER} (\U0001f600 é): {OTHER.upper()} has it, says\n{OTHER.replace(' ', '  ')}."


@pytest.fixture
def case(house: House) -> Case:
    """A case in whose last message to support another person is named, three times."""
    (first,) = house.sql("shop", MESSAGES, Chosen.EVERYWHERE)[:1]
    house.sql("shop", "UPDATE ticket_messages SET body = ? WHERE id = ?", TEXT, first[0])
    return house.deciding(Right.KNOW_SPECIFIC)


MESSAGES = """
    SELECT m.id FROM ticket_messages m JOIN support_tickets t ON t.id = m.ticket_id
    JOIN customers c ON c.id = t.customer_id WHERE c.account_no = ? ORDER BY m.written_at DESC, m.id
"""


@pytest.fixture
def part(case: Case) -> Part:
    """The person's messages with support."""
    return parts_of(case, "shop", "ticket_messages")[0]


@pytest.fixture
def finding(case: Case, part: Part) -> str:
    """The message with the other person's name."""
    bodies = [row["body"] for row in rows(case, "shop", "ticket_messages")]
    return f"{part.pk}:{bodies.index(TEXT)}"


def black_out(house: House, case: Case, finding: str, words: str = OTHER, **changes: str) -> None:
    house.move(case, "black_out", **{"finding": finding, "field": "body", "words": words, "code": GROUND, **changes})


def test_words_are_blacked_out_wherever_the_field_has_them_and_kept_nowhere(
    house: House, case: Case, finding: str
) -> None:
    black_out(house, case, finding, "robin vale")
    found = Withholding.objects.order_by("start").values_list("start", "end", "code", "citation", "withheld_by")
    assert [TEXT[start:end] for start, end, *_ in found] == [OTHER, OTHER.upper(), OTHER.replace(" ", "  ")]
    assert {tuple(rest) for _start, _end, *rest in found} == {(GROUND, "Civ. Code 1798.145(k)", "staff:1")}
    (facts,) = facts_of(case, EventKind.BLACK_OUT)
    assert (facts["passages"], facts["field"], facts["code"]) == (3, "body", GROUND)
    assert "robin" not in str(facts).lower()


def test_no_file_of_the_bundle_holds_the_words_and_the_manifest_says_so(
    house: House, case: Case, finding: str, tmp_path: Path
) -> None:
    black_out(house, case, finding)
    house.approve(case)
    files = files_of(case)
    for content in files.values():
        assert "ROBIN" not in content.decode(errors="replace").upper()
    wanted = TEXT[: TEXT.index(OTHER)] + MARK + f" (\U0001f600 é): {MARK} has it, says\n{MARK}."
    assert wanted in [row["body"] for row in json_lines(files["data/shop/ticket_messages.jsonl"])]
    assert wanted in [row["body"] for row in records_of(files["data/shop/ticket_messages.csv"])]
    manifest = json.loads(files["manifest.json"])
    jsonschema.validate(manifest, json.loads(files["schemas/manifest.schema.json"]))
    assert manifest["withheld"] == [
        {
            "source": "shop",
            "collection": "ticket_messages",
            "code": GROUND,
            "citation": "Civ. Code 1798.145(k)",
            "records": 0,
            "fields": 0,
            "passages": 3,
        }
    ]
    (of_table,) = (entry for entry in manifest["files"] if entry["path"] == "data/shop/ticket_messages.jsonl")
    described = json.loads(files[of_table["schema"]])
    assert "body" in described["required"], "the field is there, only some of its words are not"
    assert html.escape(f"3 passages are blacked out ({MARK}).") in files["index.html"].decode()
    assert MARK in files["README.txt"].decode()
    assert Bundle.objects.get(case=case).withheld == 3
    assert any("rights of other" in text.lower() or "other" in text.lower() for text in account_of(case, "en"))
    verified(files, tmp_path)


def verified(files: dict[str, bytes], folder: Path) -> None:
    for name, content in files.items():
        (folder / "bundle" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "bundle" / name).write_bytes(content)
    checked = subprocess.run([sys.executable, VERIFIER, folder / "bundle"], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, ""), checked.stdout


def test_a_passage_is_lifted_by_where_it_begins(house: House, case: Case, finding: str) -> None:
    black_out(house, case, finding)
    first = TEXT.index(OTHER)
    with pytest.raises(InputRefused):
        house.move(case, "lift_withholding", finding=finding, field="body")
    for start, fault in (("x", "start"), (str(first + 1), "finding")):
        with pytest.raises(InputRefused) as refused:
            house.move(case, "lift_withholding", finding=finding, field="body", start=start)
        assert set(refused.value.errors) == {fault}
    house.move(case, "lift_withholding", finding=finding, field="body", start=str(first))
    assert first not in Withholding.objects.values_list("start", flat=True)
    assert facts_of(case, EventKind.LIFT_WITHHOLDING)[0]["start"] == first
    black_out(house, case, finding)  # and back again: only what is not blacked out yet
    assert Withholding.objects.count() == 3


def test_what_does_not_fit_is_refused_by_name(house: House, case: Case, part: Part, finding: str) -> None:
    for changes, fault in (
        ({"words": "Nobody of that name"}, "words"),
        ({"words": " "}, "words"),
        ({"words": ".*"}, "words"),
        ({"field": ""}, "field"),
        ({"field": "no_such_field"}, "field"),
        ({"field": "written_at"}, "words"),
        ({"finding": "x:0"}, "finding"),
        ({"code": "no_such_ground"}, "code"),
        ({"code": "ca_7021_not_verified"}, "code"),
        ({"code": "ca_7024c_not_searchable"}, "explanation"),
    ):
        with pytest.raises(InputRefused) as refused:
            black_out(house, case, **{"finding": finding, **changes})
        assert set(refused.value.errors) == {fault}, changes
    (house.data / part.path).write_bytes(b"something else")
    with pytest.raises(InputRefused, match="missing, damaged or destroyed"):
        black_out(house, case, finding)
    assert not Withholding.objects.exists()


def test_words_that_stand_in_very_many_places_are_refused(
    house: House, case: Case, finding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(withholding, "MOST_PLACES", 2)
    with pytest.raises(InputRefused, match="more than 2 places"):
        black_out(house, case, finding)
    assert not Withholding.objects.exists()


def test_what_is_withheld_or_blacked_out_is_not_blacked_out_again(house: House, case: Case, finding: str) -> None:
    black_out(house, case, finding)
    with pytest.raises(InputRefused, match="blacked out already"):
        black_out(house, case, finding)
    house.move(case, "withhold", finding=finding, field="body", code=GROUND)
    with pytest.raises(InputRefused, match="This field is withheld already"):
        black_out(house, case, finding)


def test_who_blacked_out_can_not_approve(house: House, case: Case, finding: str) -> None:
    black_out(house, case, finding, code=GROUND)
    house.move(case, "lift_withholding", finding=finding, field="body", start=str(TEXT.index(OTHER)))
    version = fresh(case).version
    with pytest.raises(MoveShut, match="Four eyes"):
        house.move(case, "approve")
    assert fresh(case).version == version
    house.move(case, "approve", APPROVER)


def test_words_are_blacked_out_of_what_is_handed_over_alone(house: House) -> None:
    case = house.deciding(Right.DELETE)
    part = parts_of(case, "shop", "reviews")[0]
    with pytest.raises(MoveShut, match="does not exist for such a request"):
        black_out(house, case, f"{part.pk}:0")
