"""Which disputed values can be deleted in place of their correction, as far as maps and schemas tell."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from exports.fulfil.corrections.instead import check_can_be_empty
from exports.fulfil.corrections.places import Place
from exports.fulfil.corrections.standing import Standing
from exports.models import SourceRun
from exports.sources.datamap import read_data_map
from requests_app.move import InputRefused
from tests.exports.sources.small_company import MAP

BY_NUMBER = "      - {by: member_no, column: id}\n"
JOINED = "reached: [{from: members, columns: {member_id: id}}]"


def standing(column: str, text: str, never_empty: list[str]) -> Standing:
    """A value of the small company's members, found by the map of that text."""
    data_map = read_data_map(text)
    source_run = SimpleNamespace(
        never_empty={"members": never_empty},
        source=SimpleNamespace(title="Club"),
        map_version=SimpleNamespace(as_map=lambda: data_map),
    )
    return Standing(
        number=1,
        place=Place("club", "members", column),
        source_run=cast("SourceRun", source_run),
        collection=data_map.collection("members"),
        value="x",
        keys=((1,),),
        is_meant=True,
        is_right=False,
    )


@pytest.mark.parametrize(
    ("column", "text", "never_empty", "sentence"),
    [
        ("phone", MAP, [], ""),
        ("email", MAP, [], ""),  # the number leads there, too
        ("email", MAP.replace(BY_NUMBER, ""), [], "nobody would find them once it is empty"),
        ("email", MAP.replace(BY_NUMBER, BY_NUMBER.replace("}", ", shared: true}")), [], "nobody would find them"),
        ("phone", MAP.replace(JOINED, JOINED.replace("member_id: id", "body: phone"), 1), [], "nobody would find them"),
        ("phone", MAP, ["phone"], "Club always wants something in the field Phone"),
        ("phone", MAP, ["name"], ""),
    ],
)
def test_what_leads_to_records_and_what_always_wants_a_value_stays(
    column: str, text: str, never_empty: list[str], sentence: str
) -> None:
    one = standing(column, text, never_empty)
    if not sentence:
        check_can_be_empty([one])
        return
    with pytest.raises(InputRefused) as refused:
        check_can_be_empty([one])
    assert sentence in refused.value.errors["found"]
