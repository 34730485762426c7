"""Findings, page by page: fifty records from one sealed file; what stays back is marked or masked."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

import pytest
from django.conf import settings
from django.test import Client

from dsar.ledger import chains
from dsar.vault import files, keys
from dsar.vault.models import WrappedKey
from exports.admin.findings import in_text
from exports.models import Part, RunState, SourceRun
from exports.sources.values import json_value
from requests_app.facts import in_words
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.roles import Role
from requests_app.states import State
from tests.requests_app.admin.conftest import NOW, Desk

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]


def page_of(client: Client, case: Case, query: str = "") -> str:
    answer = client.get(f"/admin/requests_app/case/{case.pk}/findings/{query}")
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def records_in(page: str) -> list[int]:
    return [int(number) for number in re.findall(r'aria-label="Record (\d+)"', page)]


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("", 1, 50),
        ("&page=2", 51, 100),
        ("&page=3", 101, 120),
        ("&page=9", 101, 120),
        ("&page=x", 1, 50),
        ("&page=0", 1, 50),
        (f"&page={'9' * 5000}", 1, 50),
    ],
)
def test_a_page_holds_fifty_records(case: Case, analyst: Client, asked: str, first: int, last: int) -> None:
    page = page_of(analyst, case, f"?source=club&collection=letters{asked}")
    assert records_in(page) == list(range(first, last + 1))


def test_pages_lead_to_each_other(case: Case, analyst: Client) -> None:
    page = page_of(analyst, case, "?source=club&collection=letters&page=2")
    assert "Page 2 of 3" in page
    assert '?source=club&collection=letters&page=1" rel="prev"' in page
    assert '?source=club&collection=letters&page=3" rel="next"' in page


def test_a_page_reads_one_file_and_only_as_far_as_it_must(
    case: Case, analyst: Client, letters: Part, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[tuple[str, Counting]] = []
    open_file = files.open_file

    @contextmanager
    def counting(sealed: files.SealedFile, key: UUID, *, context: str) -> Iterator[Counting]:
        with open_file(sealed, key, context=context) as clear:
            opened.append((context, Counting(clear)))
            yield opened[-1][1]

    monkeypatch.setattr(files, "open_file", counting)
    monkeypatch.setattr("exports.findings.A_PIECE", 10)
    page_of(analyst, case, "?source=club&collection=letters&page=1")
    assert [context for context, _clear in opened] == [letters.context]
    assert opened[0][1].lines <= 60


class Counting:
    """A file in clear, its lines counted as they are read."""

    def __init__(self, clear: BinaryIO) -> None:
        self.clear = clear
        self.lines = 0

    def read(self, size: int) -> bytes:
        return self._counted(self.clear.read(size))

    def readline(self) -> bytes:
        return self._counted(self.clear.readline())

    def _counted(self, found: bytes) -> bytes:
        self.lines += found.count(b"\n")
        return found


def test_a_collection_in_several_files_is_counted_through(case: Case, analyst: Client, letters: Part) -> None:
    first = letters.pk
    letters.pk, letters.number = uuid.uuid4(), 2
    letters.save(force_insert=True)
    Part.objects.filter(pk=first).update(records=60)  # the first file ends after sixty
    assert "Page 1 of 5" in page_of(analyst, case, "?source=club&collection=letters")
    assert records_in(page_of(analyst, case, "?source=club&collection=letters&page=2"))[0] == 51


def test_an_empty_file_has_no_pages(case: Case, analyst: Client, letters: Part) -> None:
    Part.objects.filter(pk=letters.pk).update(records=0)
    assert records_in(page_of(analyst, case, "?source=club&collection=letters")) == []


def test_the_first_collection_is_shown_unasked(case: Case, analyst: Client) -> None:
    for query in ("", "?source=club&collection=nonsense", "?source=shop&collection=letters"):
        assert "Club · Members" in page_of(analyst, case, query)


def test_collections_stand_in_the_order_of_the_map_with_their_numbers(case: Case, analyst: Client) -> None:
    found = re.findall(r"<a href=\"[^\"]*collection=(\w+)\"[^>]*>[^<]+<b>(\d+)</b>", page_of(analyst, case))
    assert found == [("members", "1"), ("letters", "120"), ("stamps", "2"), ("invoices", "1")]


def test_fields_bear_the_titles_of_the_map(case: Case, analyst: Client) -> None:
    page = page_of(analyst, case)
    for shown in ("<dt>E-mail</dt>", "Ann.O'Hara@Club.example", "<dt>Opted out</dt>", "1980-02-29"):
        assert shown in page


def test_what_is_never_disclosed_is_named_and_masked(case: Case, analyst: Client) -> None:
    page = page_of(analyst, case)
    picture = page[page.index("<dt>Picture</dt>") :][:400]
    assert "held, never disclosed" in picture
    assert "withhold" not in picture
    assert "iVBO" not in page  # base64 of the picture


def test_what_is_withheld_is_marked_with_its_ground(
    desk: Desk, case: Case, letters: Part, ground: str, analyst: Client
) -> None:
    desk.move(case, "withhold", finding=f"{letters.pk}:0", field="", code=ground)
    desk.move(case, "withhold", finding=f"{letters.pk}:1", field="body", code=ground)
    page = page_of(analyst, case, "?source=club&collection=letters")
    sections = page.split('aria-label="Record ')
    assert "desk-withheld" in sections[0][-200:]  # the box of record 1 begins before its label
    assert in_words("code", ground) in sections[1]
    assert "Withhold the record" not in sections[1]
    assert f"/move/lift_withholding/?finding={letters.pk}%3A0&field=&" in sections[1]
    assert f"/move/lift_withholding/?finding={letters.pk}%3A1&field=body&" in sections[2]
    assert in_words("code", ground) not in sections[3]


def test_an_auditor_sees_findings_without_buttons(desk: Desk, case: Case) -> None:
    page = page_of(desk.client(Role.AUDITOR), case)
    assert "Ann.O'Hara@Club.example" in page
    assert "/move/" not in page


def test_once_approved_nothing_is_withheld_any_more(desk: Desk, case: Case, analyst: Client) -> None:
    desk.move(case, "approve", Role.APPROVER)
    assert "/move/" not in page_of(analyst, case)


def test_a_look_is_noted_with_part_and_place(desk: Desk, case: Case, letters: Part, analyst: Client) -> None:
    page_of(analyst, case, "?source=club&collection=letters&page=2")
    look = chains.history("access:2026-11-23").get(kind="seen.findings")
    assert look.actor == f"staff:{desk.staff[Role.ANALYST].pk}"
    assert look.facts == {"case": str(case.pk), "part": str(letters.pk), "start": 50}


def test_before_gathering_there_is_nothing_to_see(desk: Desk, analyst: Client) -> None:
    case = desk.case_in(State.REVIEWING)
    assert "Nothing was found, or nothing has been gathered in this round." in page_of(analyst, case)
    assert "findings" not in analyst.get(f"/admin/requests_app/case/{case.pk}/change/").content.decode()


def test_what_was_found_in_a_source_that_was_waived_is_not_shown(case: Case, analyst: Client) -> None:
    SourceRun.objects.update(state=RunState.WAIVED)
    assert "Nothing was found, or nothing has been gathered in this round." in page_of(analyst, case)


def test_a_plan_shows_keys_and_nothing_that_is_not_in_it(desk: Desk, analyst: Client) -> None:
    case = desk.case_in(State.DECIDING, Right.DELETE)
    page = page_of(analyst, case, "?source=club&collection=letters")
    assert "<dt>Number</dt>" in page
    assert "<dt>Text</dt>" not in page


def test_a_damaged_file_is_told(case: Case, analyst: Client, letters: Part) -> None:
    (Path(settings.DATA_DIR) / letters.path).write_bytes(b"something else")
    page = page_of(analyst, case, "?source=club&collection=letters")
    assert "is missing or damaged" in page
    assert records_in(page) == []


def test_findings_without_their_key_are_gone(case: Case, analyst: Client) -> None:
    keys.destroy(case.content_key, at=NOW)
    page = page_of(analyst, case, "?source=club&collection=letters")
    assert "were destroyed with their key" in page
    assert records_in(page) == []


@pytest.mark.parametrize("what", ["the key is unknown", "the file is another part's"])
def test_findings_that_the_vault_can_not_open_are_told_with_where_to_look(
    case: Case, analyst: Client, letters: Part, what: str
) -> None:
    if what == "the key is unknown":
        WrappedKey.objects.filter(pk=case.content_key).delete()
    else:
        other = Part.objects.get(run=letters.run, collection="stamps")
        Part.objects.filter(pk=letters.pk).update(path=other.path, size=other.size, sha256=other.sha256)
    page = page_of(analyst, case, "?source=club&collection=letters")
    assert "These findings can't be opened: the key store does not know their key" in page
    assert "manage.py vault status" in page
    assert records_in(page) == []


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        ("abc", "abc"),
        (7, "7"),
        (True, "yes"),
        (False, "no"),
        ({"$binary": "AAA=", "bytes": 2}, "binary data, 2 bytes: 00 00 (..)"),
        (json_value(b""), "binary data, 0 bytes"),
        (json_value(b"\0" * 60), f"binary data, 60 bytes: {'00 ' * 48}… ({'.' * 48})"),
        (json_value("José".encode()), "text in binary data, 5 bytes: José"),
        (json_value(b"%PDF-1.7 \0"), "PDF, 10 bytes"),
        (json_value(b"GIF88a\0"), "binary data, 7 bytes: 47 49 46 38 38 61 00 (GIF88a.)"),
        (
            json_value(b"PK\3\4\0"),
            "Office file or archive, 5 bytes: not drawn. Open it where it is kept, or withhold it",
        ),
        ([json_value(b"Ann"), 1], '["text in binary data, 3 bytes: Ann", 1]'),
        ({"$binary": "AAA=", "note": "for Ann"}, '{"$binary": "AAA=", "note": "for Ann"}'),
        ({"a": [1, "é"]}, '{"a": [1, "é"]}'),
    ],
)
def test_a_value_is_shown_as_text(value: object, text: str) -> None:
    assert in_text(value) == text
