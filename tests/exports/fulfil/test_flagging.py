"""Passages of free text that are never disclosed: found by a job, decided by people, in no file of the bundle."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import jsonschema
import pytest
from django.utils import timezone

from dsar.demo.people import Chosen
from dsar.jobs.models import Job
from exports import findings
from exports.bundle import detector
from exports.bundle.redaction import MARK, text_of
from exports.fulfil import flagging
from exports.models import Decision, Flag, Part, Screening, ScreeningState, Withholding
from exports.sources.values import Json, json_value
from requests_app.events import EventKind
from requests_app.guards import MoveShut
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.move import InputRefused
from requests_app.services import identity
from tests.exports.csv_text import records_of
from tests.exports.fulfil.test_blacking_out import MESSAGES, verified
from tests.exports.house import APPROVER, House, facts_of, files_of, fresh, json_lines, parts_of, run_of

pytestmark = pytest.mark.django_db(databases="__all__")

CARD, SSN, NUMBER = "4111 1111 1111 1111", "536-90-4399", "4000 0000 0000 0002"
TEXT = f"Sure: {CARD}, and my social is {SSN}. The tent no. is {NUMBER} \U0001f600."
CARDS = "financial_account_number"


@pytest.fixture
def case(house: House) -> Case:
    """A case in whose last message to support somebody wrote what nobody should."""
    write(house, TEXT)
    return house.deciding(Right.KNOW_SPECIFIC)


def write(house: House, text: str, place: int = 0) -> None:
    """One of the newest messages of the person says this."""
    message = house.sql("shop", MESSAGES, Chosen.EVERYWHERE)[place][0]
    house.sql("shop", "UPDATE ticket_messages SET body = ? WHERE id = ?", text, message)


def flags_of(case: Case) -> list[Flag]:
    return list(Flag.objects.filter(part__run__case=case, part__run__round=fresh(case).gathering_round))


def found_in(text: str, flags: list[Flag]) -> list[tuple[str, str, str]]:
    return [(text[flag.start : flag.end], flag.kind, flag.why) for flag in flags]


def test_a_card_number_in_a_ticket_is_found_decided_and_in_no_file(house: House, case: Case, tmp_path: Path) -> None:
    card, ssn, number = flags = flags_of(case)
    assert found_in(TEXT, flags) == [
        (CARD, CARDS, "check_digit"),
        (SSN, "social_security_number", "pattern"),
        (NUMBER, CARDS, "check_digit"),
    ]
    assert facts_of(case, EventKind.PASSAGES_FLAGGED) == [
        {"source": "shop", "counts": {CARDS: 2, "social_security_number": 1}}
    ]
    with pytest.raises(MoveShut, match=r"3 passages look like .* \(11 CCR 7024\(d\)\)"):
        house.move(case, "approve", APPROVER)
    house.move(case, "decide_passages", passages=str(number.pk), choice="not_one")
    house.move(case, "decide_passages", passages=f"shop:{CARDS}", choice="black_out")
    with pytest.raises(MoveShut, match="1 passage looks like"):
        house.move(case, "approve", APPROVER)
    house.move(case, "decide_passages", passages=str(ssn.pk), choice="black_out")
    decided = facts_of(case, EventKind.DECIDE_PASSAGES)
    assert [(facts["choice"], facts["passages"]) for facts in decided] == [
        ("not_one", 1),
        ("black_out", 1),
        ("black_out", 1),
    ]
    assert decided[1]["citation"] == "11 CCR 7024(d)"
    assert "4111" not in json.dumps(decided)
    house.approve(case)
    files = files_of(case)
    for content in files.values():
        text = content.decode(errors="replace")
        assert CARD not in text
        assert CARD.replace(" ", "") not in text
        assert SSN not in text
    wanted = TEXT.replace(CARD, MARK).replace(SSN, MARK)
    assert wanted in [row["body"] for row in json_lines(files["data/shop/ticket_messages.jsonl"])]
    assert wanted in [row["body"] for row in records_of(files["data/shop/ticket_messages.csv"])]
    manifest = json.loads(files["manifest.json"])
    (entry,) = manifest["withheld"]
    assert (entry["code"], entry["citation"]) == ("ca_7024d_never_disclose", "11 CCR 7024(d)")
    assert (entry["records"], entry["fields"], entry["passages"]) == (0, 0, 2)
    kinds = {entry["kind"]: entry["description"] for entry in manifest["never_disclosed"]}
    assert kinds["social_security_number"].startswith("We hold a Social Security number of yours.")
    verified(files, tmp_path)
    assert card.part_id == number.part_id


def test_what_was_decided_can_be_decided_the_other_way_and_lifting_opens_it_again(house: House, case: Case) -> None:
    card, *others = flags_of(case)
    for flag in others:
        house.move(case, "decide_passages", passages=str(flag.pk), choice="not_one")
    house.move(case, "decide_passages", passages=str(card.pk), choice="black_out")
    row = Withholding.objects.get()
    assert (row.start, row.end, row.kind, row.withheld_by) == (card.start, card.end, CARDS, "staff:1")
    house.move(case, "decide_passages", passages=str(card.pk), choice="not_one")
    assert not Withholding.objects.exists()
    assert flagging.shut_because(fresh(case)) == ""
    house.move(case, "decide_passages", passages=str(card.pk), choice="black_out")
    place = {"finding": f"{card.part_id}:{card.number}", "field": "body", "start": str(card.start)}
    house.move(case, "lift_withholding", **place)
    assert flags_of(case)[0].decision == Decision.OPEN
    assert "1 passage looks like" in flagging.shut_because(fresh(case))
    # What was blacked out by hand from the same place on is made as long as what was found there.
    words = {"finding": f"{card.part_id}:{card.number}", "field": "body", "words": CARD[:9]}
    house.move(case, "black_out", code="ca_145k_rights_of_others", **words)
    house.move(case, "decide_passages", passages=str(card.pk), choice="black_out")
    assert Withholding.objects.get().end == card.end


def test_what_is_withheld_whole_leaves_nothing_to_decide(house: House, case: Case) -> None:
    flag = flags_of(case)[0]
    for field in ("body", ""):
        place = {"finding": f"{flag.part_id}:{flag.number}", "field": field}
        house.move(case, "withhold", code="ca_145k_rights_of_others", **place)
        assert flagging.shut_because(fresh(case)) == ""
        house.move(case, "lift_withholding", **place)
        assert "3 passages look like" in flagging.shut_because(fresh(case))


def test_only_what_is_to_be_decided_in_this_case_is(house: House, case: Case) -> None:
    flag = flags_of(case)[0]
    house.move(case, "gather_again")
    house.work()
    assert len(flags_of(case)) == 3, "each round is looked through"
    for passages in (str(flag.pk), "0", "x", f"web_log:{CARDS}", "shop:nonsense", ":", "9" * 30):
        with pytest.raises(InputRefused) as refused:
            house.move(case, "decide_passages", passages=passages, choice="black_out")
        assert set(refused.value.errors) == {"passages"}
    with pytest.raises(InputRefused) as refused:
        house.move(case, "decide_passages", passages=f"shop:{CARDS}", choice="")
    assert set(refused.value.errors) == {"choice"}


def test_portability_looks_through_what_it_hands_over_alone(house: House) -> None:
    write(house, TEXT)
    house.sql("shop", "UPDATE ticket_messages SET author = ?", CARD)  # not provided by the person
    case = house.deciding(Right.PORTABILITY)
    assert {flag.field for flag in flags_of(case)} == {"body"}


def test_the_look_goes_on_where_it_stopped_and_finds_nothing_twice(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in range(4):
        write(house, f"{place}: {TEXT}", place)
    monkeypatch.setattr("exports.findings.A_PIECE", 1)
    seen: list[str] = []

    def dying(text: str) -> list[detector.Passage]:
        if CARD in text:
            seen.append(text)
            if len(seen) == 2:
                raise OSError("the machine stops")
        return detector_passages(text)

    detector_passages = detector.passages
    monkeypatch.setattr(flagging.detector, "passages", dying)
    case = house.reviewing(Right.KNOW_SPECIFIC)
    house.move(case, "start_gathering")
    house.work()
    assert len(flags_of(case)) == 3, "of the first message; the second killed the worker"
    assert "are being looked through" not in flagging.shut_because(fresh(case))
    house.later()
    assert len(flags_of(case)) == 12
    assert len(seen) == 5, "each message once, and the second twice"
    screening = Screening.objects.get(run=run_of(case, "shop"))
    assert (screening.state, screening.records) == (ScreeningState.DONE, run_of(case, "shop").records)


def test_very_many_passages_are_decided_in_turns(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in range(4):
        write(house, f"{place}: {TEXT}", place)
    monkeypatch.setattr("exports.findings.A_PIECE", 1)
    monkeypatch.setattr(flagging, "MOST_OPEN", 5)
    case = house.deciding(Right.KNOW_SPECIFIC)
    for _turn in range(2):
        assert Screening.objects.get(run=run_of(case, "shop")).state == ScreeningState.FULL
        for kind in (CARDS, "social_security_number"):
            house.move(case, "decide_passages", passages=f"shop:{kind}", choice="black_out")
        assert "are being looked through" in flagging.shut_because(fresh(case))
        house.work()
    assert Screening.objects.get(run=run_of(case, "shop")).state == ScreeningState.DONE
    assert Withholding.objects.count() == 12
    assert flagging.shut_because(fresh(case)) == ""


def test_a_look_that_stopped_goes_on_where_the_passages_are_withheld_whole(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in range(4):
        write(house, f"{place}: {TEXT}", place)
    monkeypatch.setattr("exports.findings.A_PIECE", 1)
    monkeypatch.setattr(flagging, "MOST_OPEN", 5)
    case = house.deciding(Right.KNOW_SPECIFIC)
    assert Screening.objects.get(run=run_of(case, "shop")).state == ScreeningState.FULL
    rule = {"rule": "shop.ticket_messages", "field": "body"}
    house.move(case, "withhold_by_rule", code="ca_145k_rights_of_others", **rule)
    house.later()
    assert Screening.objects.get(run=run_of(case, "shop")).state == ScreeningState.DONE
    assert flagging.shut_because(fresh(case)) == ""


def test_a_file_that_can_not_be_opened_shuts_the_approval(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(flagging, "begin", lambda source_run: None)
        case = house.deciding(Right.KNOW_SPECIFIC)
    (house.data / parts_of(case, "shop", "customers")[0].path).write_bytes(b"something else")
    flagging.begin(run_of(case, "shop"))
    house.work()
    assert Screening.objects.get(run=run_of(case, "shop")).state == ScreeningState.FAILED
    with pytest.raises(MoveShut, match="could not be looked through"):
        house.move(case, "approve", APPROVER)


def test_what_nobody_has_begun_with_is_begun_by_the_clock(house: House, case: Case) -> None:
    Screening.objects.all().delete()
    Flag.objects.all().delete()
    Job.objects.filter(kind="flag_passages").delete()
    assert "are being looked through" in flagging.shut_because(fresh(case))
    house.later()
    assert len(flags_of(case)) == 3


def test_where_only_counts_or_keys_are_gathered_nothing_is_looked_through(house: House) -> None:
    write(house, TEXT)
    for right in (Right.KNOW_CATEGORIES, Right.DELETE):
        case = house.deciding(right)
        assert not Screening.objects.filter(run__case=case).exists()
        assert flagging.shut_because(fresh(case)) == ""


def test_under_a_law_that_names_no_such_ground_the_house_s_own_is_told(house: House) -> None:
    write(house, TEXT)
    submission = house.file(Right.KNOW_SPECIFIC, residence="DE")
    identity.note_mailbox(submission, at=timezone.now())
    house.work()
    case = submission.cases.get()
    house.move(case, "start_gathering")
    house.work()
    house.move(case, "decide_passages", passages=f"shop:{CARDS}", choice="black_out")
    house.move(case, "decide_passages", passages="shop:social_security_number", choice="black_out")
    assert set(Withholding.objects.values_list("code", flat=True)) == {"house_never_disclose"}
    house.approve(case)
    files = files_of(case)
    assert CARD not in files["data/shop/ticket_messages.jsonl"].decode()
    assert "we do not disclose this data" in files["index.html"].decode()


def test_names_of_objects_in_a_json_are_looked_through_like_its_texts() -> None:
    wishes: Json = {"SSN 123-45-6789": True, "size": "L"}
    (flag,) = flagged([wishes])
    assert text_of(wishes)[flag.start : flag.end] == "123-45-6789"


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (4111111111111111, ["4111111111111111"]),
        (-4111111111111111, ["4111111111111111"]),
        (4111111111111112, []),
        (json_value(Decimal("4111111111111111.00")), ["4111111111111111"]),
        (json_value(4111111111111111.0), ["4111111111111111"]),
        ([7, {"pay": {"card": 4111111111111111, "of": True}}], ["4111111111111111"]),
        ({"years": [4111, 1111, 1111, 1111]}, []),
        (json_value(CARD.encode()), [CARD]),
        (json_value(b"\0" + CARD.encode()), []),
        (json_value(datetime(4111, 11, 11, 11, 11, 11, 111111, tzinfo=UTC)), []),
        (411111111111, []),
        (True, []),
        (None, []),
    ],
)
def test_numbers_and_texts_in_bytes_are_looked_through(value: Json, found: list[str]) -> None:
    assert [text_of(value)[flag.start : flag.end] for flag in flagged([value])] == found


def test_numbers_too_short_to_be_any_are_not_even_written_down() -> None:
    def never(_text: str) -> list[detector.Passage]:
        raise AssertionError

    beside = "4111111111111111"  # so that the column is looked at text by text
    assert [flag.number for flag in flagged([beside, 999999999999, -999999999999, True, None])] == [0]
    assert flagged([999999999999, -999999999999, True, None, "2026-11-23T18:00:00.123456+00:00"], detect=never) == []


def test_a_column_in_which_nothing_may_be_is_not_looked_at_text_by_text() -> None:
    def never(_text: str) -> list[detector.Passage]:
        raise AssertionError

    assert flagged(["/tents/12345678", "Mozilla/5.0 (X11)", "12345678", "87654321"] * 100, detect=never) == []
    assert [flag.number for flag in flagged([*["/tents/1"] * 500, CARD, "/tents/2"])] == [500]


def flagged(values: list[Json], detect: Callable[[str], list[detector.Passage]] = detector.passages) -> list[Flag]:
    """What is found in a column of these values."""
    piece = findings.Piece(0, b"", [{"value": value} for value in values])
    return list(flagging._flags(Part(), piece, "value", detect))


def test_a_card_number_in_a_number_column_or_in_bytes_is_found_and_in_no_file(house: House, tmp_path: Path) -> None:
    write(house, json.dumps({"card": 4000000000000002, "n": 1}), place=1)
    house.sql("shop", "UPDATE ticket_messages SET body = ? WHERE id = ?", CARD.encode(), _newest(house))
    house.sql("shop", f"UPDATE orders SET total_cents = 4111111111111111 WHERE id = ({LAST_ORDER})", Chosen.EVERYWHERE)
    case = house.deciding(Right.KNOW_SPECIFIC)
    flags = flags_of(case)
    assert {(flag.part.collection, flag.field) for flag in flags} == {
        ("orders", "total_cents"),
        ("ticket_messages", "body"),
    }
    assert len(flags) == 3
    house.move(case, "decide_passages", passages=f"shop:{CARDS}", choice="black_out")
    house.approve(case)
    files = files_of(case)
    for content in files.values():
        assert b"4111111111111111" not in content
        assert b"4000000000000002" not in content
        assert CARD.encode() not in content
        assert base64.b64encode(CARD.encode()) not in content
    orders = json_lines(files["data/shop/orders.jsonl"])
    assert [row["total_cents"] for row in orders if isinstance(row["total_cents"], str)] == [MARK]
    assert MARK in [row["total_cents"] for row in records_of(files["data/shop/orders.csv"])]
    messages = [row["body"] for row in json_lines(files["data/shop/ticket_messages.jsonl"])]
    assert MARK in messages
    for name in ("orders", "ticket_messages"):
        described = json.loads(files[f"schemas/data/shop/{name}.schema.json"])
        for row in json_lines(files[f"data/shop/{name}.jsonl"]):
            jsonschema.validate(row, described)
    verified(files, tmp_path)


LAST_ORDER = """
    SELECT o.id FROM orders o JOIN customers c ON c.id = o.customer_id WHERE c.account_no = ?
    ORDER BY o.placed_at DESC, o.id LIMIT 1
"""


def _newest(house: House) -> object:
    return house.sql("shop", MESSAGES, Chosen.EVERYWHERE)[0][0]
