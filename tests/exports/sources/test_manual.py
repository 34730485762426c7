"""The map of a source in which a person looks, and the connector that reads what was brought."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import BinaryIO

import pytest

from exports.sources.connector import Action, Correction, DeletionPlan, Mode, PlannedCollection, open_source
from exports.sources.datamap import FILE_KEY, DataMapError, FileFormat, Files, read_data_map
from exports.sources.errors import OnlyByHandError
from exports.sources.manual import ManualConnector, NotAnsweredError, Sheet, file_of
from requests_app.law.words import Right
from tests.exports.tasks import HEADER, MAP

ASKED = {"email": ["ann@example.com"], "account_number": ["A-1"]}
LETTERS = f"""\
{HEADER}ann@example.com,2026-01-01,One,x
ANN@example.com,2026-02-01,"Two
lines",
ann@example.com,2026-03-01,Three,
"""


class Brought:
    """What an owner brought: texts by collection."""

    def __init__(self, is_done: bool = False, **texts: str | list[str]) -> None:
        self.is_done = is_done
        self._texts = texts

    def sheets(self, collection: str) -> list[Sheet]:
        """The texts of a collection, as CSV."""
        texts = self._texts.get(collection, [])
        several = [texts] if isinstance(texts, str) else texts
        written = Files("", FileFormat.CSV, "utf-8-sig", ",")
        return [Sheet(written, partial(self._opened, text), number) for number, text in enumerate(several, 1)]

    @contextmanager
    def _opened(self, text: str) -> Iterator[BinaryIO]:
        yield io.BytesIO(text.encode())


def connector(answer: Brought | None) -> ManualConnector:
    return ManualConnector(read_data_map(MAP), answer)


def test_the_map_names_the_owner_and_rows_are_known_by_their_lines() -> None:
    data_map = read_data_map(MAP)
    assert data_map.owner is not None
    assert (data_map.owner.email, data_map.owner.days, data_map.owner.language) == ("archive@partner.example", 10, "en")
    assert not data_map.owner.is_insider
    assert data_map.collection("letters").key == FILE_KEY
    assert data_map.probe_fields() == ()
    assert read_data_map(data_map.canonical_text) == data_map


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("owner: {", "owned: {", "knows no key 'owned'"),
        (", days: 10", "", "lacks 'days'"),
        ("days: 10", "days: 400", "are at most 60"),
        ("days: 10", "days: 0", "a whole number from 1 to"),
        ("email: archive@partner.example", "email: Ann <a@b.example>", "is one address such as"),
        ("email: archive@partner.example", "email: nobody", "is one address such as"),
        ("is: outsider", "is: stranger", "'is' of 'owner' of the map can't be 'stranger'"),
        ("days: 10}", "days: 10, language: fr}", "can't be 'fr'"),
        ("connector: manual", "connector: files", "the map knows no key 'owner'"),
        ("reached: [{by: account_number}]", "reached: [{from: letters, columns: {a: b}}]", "and no 'from'"),
        (
            "{column: email, title: E-mail address, category: identifiers}",
            "{column: email, title: E, category: identifiers, match: {kind: email, compare: email}, reliable: true}",
            "a person answers no probe",
        ),
        (
            "    on_delete: delete\n    received_at",
            "    key: [email]\n    on_delete: delete\n    received_at",
            "no key 'key'",
        ),
    ],
)
def test_a_fault_is_named_with_its_cure(old: str, new: str, sentence: str) -> None:
    assert old in MAP
    with pytest.raises(DataMapError) as caught:
        read_data_map(MAP.replace(old, new))
    assert any(sentence in fault for fault in caught.value.faults), caught.value.faults


def test_what_was_brought_is_read_like_any_other_source() -> None:
    source = connector(Brought(letters=LETTERS))
    assert source.presence("letters", ASKED).held == {"email": 3, "written_on": 3, "text": 3, "passport": 1}
    assert source.presence("notes", ASKED).rows == 0, "nothing was brought for it"
    assert source.subjects(ASKED) == 1
    pages = list(source.pages("letters", ASKED, size=2))
    assert [page.keys for page in pages] == [[("letters", 2), ("letters", 3)], [("letters", 5)]]
    (behind,) = source.pages("letters", ASKED, after=("letters", 3))
    assert behind.records[0]["text"] == "Three"
    (plan,) = source.pages("letters", ASKED, mode=Mode.PLAN)
    assert plan.records[0] == {"$file": "letters", "$line": 2}


def test_rows_of_several_files_come_one_file_after_the_other_and_go_on_behind_any_of_them() -> None:
    one, other = f"{HEADER}ann@example.com,2026-01-01,One,\n", f"{HEADER}ann@example.com,2026-01-01,Eleventh,\n"
    source = connector(Brought(letters=[one, LETTERS, *[one] * 8, other]))
    (page,) = source.pages("letters", ASKED)
    assert page.keys[:5] == [
        ("letters", 2),
        ("letters 2", 2),
        ("letters 2", 3),
        ("letters 2", 5),
        ("letters 3", 2),
    ]
    assert (len(page.keys), page.records[-1]["text"]) == (13, "Eleventh")
    for place, key in enumerate(page.keys):
        behind = [known for found in source.pages("letters", ASKED, after=key) for known in found.keys]
        assert behind == page.keys[place + 1 :]
    assert [file_of(key) for key in (page.keys[0], page.keys[1], page.keys[-1])] == [1, 2, 11]


def test_a_row_of_somebody_else_is_never_the_person_s() -> None:
    source = connector(Brought(letters=LETTERS.replace("ANN@example.com", "eve@example.com")))
    assert source.presence("letters", ASKED).rows == 2


def test_nothing_is_read_before_the_owner_has_answered() -> None:
    source = open_source(read_data_map(MAP), read_url="")
    source.check()
    with pytest.raises(NotAnsweredError):
        source.presence("letters", ASKED)
    assert source.presence("letters", {"device_id": ["d"]}).rows == 0, "nothing leads there: nobody has to look"


def test_a_change_is_made_once_the_owner_says_so() -> None:
    spared = frozenset({("letters", 3)})
    plan = DeletionPlan(ASKED, (PlannedCollection("letters", Action.DELETE, 3, "d", spared),))
    begun: list[str] = []
    with pytest.raises(OnlyByHandError, match="take the rows of the person out of letters"):
        connector(Brought(letters=LETTERS)).delete(plan, repeated=True, before_commit=lambda: begun.append("begun"))
    assert begun == ["begun"]
    done = connector(Brought(is_done=True)).delete(plan)
    assert (done.found_done, done.collections[0].spared) == (True, 1)
    with pytest.raises(OnlyByHandError):
        connector(None).correct([Correction("letters", [(("letters", 2), "One")], "text", "Won")], ASKED)
    connector(Brought(is_done=True)).correct([Correction("letters", [(("letters", 2), "One")], "text", "Won")], ASKED)


def test_what_is_only_kept_asks_nobody() -> None:
    plan = DeletionPlan(ASKED, (PlannedCollection("letters", Action.KEEP, 3, "d"),))
    assert not connector(None).delete(plan).found_done


def test_an_opt_out_is_asked_of_the_owner_where_the_map_says_how() -> None:
    flagged = MAP.replace(
        "    received_at: written_on\n",
        "    received_at: written_on\n    suppress: {opt_out_sale_share: {text: none}}\n",
    )
    data_map = read_data_map(flagged)
    with pytest.raises(OnlyByHandError, match="set the columns of letters"):
        ManualConnector(data_map, None).suppress(Right.OPT_OUT_SALE_SHARE, ASKED)
    answered = ManualConnector(data_map, Brought(is_done=True))
    assert answered.suppress(Right.OPT_OUT_SALE_SHARE, ASKED) == {"letters": 0}
    assert ManualConnector(data_map, None).suppress(Right.LIMIT_SENSITIVE, ASKED) == {}
    nobody = {"account_number": ["A-1"]}
    assert ManualConnector(data_map, None).suppress(Right.OPT_OUT_SALE_SHARE, nobody) == {}, "nothing leads there"
