"""A pack that can't be used stops the program: the file, the key, what is wrong, and the cure."""

from __future__ import annotations

import re
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from requests_app.law import packs
from requests_app.law.packs import LawPackError
from requests_app.law.words import Right
from tests.law.made_up import SAID, SINCE, TWICE, a_ground, a_law, law_data

Blocks = list[dict[str, Any]]


def broken(section: str, number: int = 1, **keys: object) -> dict[str, Any]:
    """The made-up law with these keys in one block; a key of None is left out."""
    data = law_data()
    block = data["law"] if section == "law" else data[section][number - 1]
    block.update(keys)
    for key in [key for key, value in keys.items() if value is None]:
        del block[key]
    return data


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (broken("response_days", citation=None), "response_days[1].citation: missing: write a text in quotes"),
        (
            broken("response_days", citation=" "),
            "response_days[1].citation: an empty text, or one with blanks around it",
        ),
        (
            broken("response_days", citation=" s.1"),
            "response_days[1].citation: an empty text, or one with blanks around it",
        ),
        (broken("response_days", since=None), "response_days[1].since: missing: write a date such as 2026-01-01"),
        (broken("response_days", since="2020-01-01"), "response_days[1].since: '2020-01-01' is of the wrong kind"),
        (broken("response_days", since=datetime(2020, 1, 1)), "response_days[1].since: a date with a time"),  # noqa: DTZ001
        (broken("response_days", until=date(2020, 1, 1)), "response_days[1].until: 2020-01-01 is not after since"),
        (broken("response_days", checked=None), "response_days[1].checked: missing"),
        (
            broken("response_days", value="ten"),
            "response_days[1].value: 'ten' is of the wrong kind: write a whole number",
        ),
        (broken("response_days", value=-1), "response_days[1].value: -1 is no such number"),
        (broken("response_days", value=True), "response_days[1].value: True is no such number"),
        (
            broken("response_days", sureness="sure"),
            "response_days[1].sureness: unknown word 'sure': use one of commentary",
        ),
        (broken("response_days", sureness="verifed"), "unknown word 'verifed': did you mean 'verified'?"),
        (broken("response_days", sinse=1), "response_days[1].sinse: unknown key: did you mean 'since'?"),
        (broken("response_days", zzz=1), "response_days[1].zzz: unknown key: use one of checked, citation"),
        (broken("response_days", rights=[]), "response_days[1].rights: no list of different texts"),
        (broken("response_days", rights=["delete", "delete"]), "rights: no list of different texts"),
        (broken("response_days", rights=[1]), "rights: no list of different texts"),
        (broken("response_days", rights="delete"), "rights: 'delete' is of the wrong kind: write a list such as"),
        (broken("response_days", rights=["foo"]), "response_days[1].rights: unknown right 'foo': use one of delete"),
        (broken("duties", rights=["correct"]), "duties[1].rights: unknown right 'correct': use one of delete"),
        (broken("duties", kind="anser"), "duties[1].kind: unknown word 'anser': did you mean 'answer'?"),
        (broken("duties", period="respond_days"), "unknown word 'respond_days': did you mean 'response_days'?"),
        (broken("duties", extended_period="foo"), "duties[1].extended_period: unknown word 'foo': use one of"),
        (broken("degrees", degree="high"), "degrees[1].degree: unknown word 'high': use one of by_data, none"),
        (broken("degrees", not_by_contested="no"), "not_by_contested: 'no' is of the wrong kind: write true or false"),
        (broken("rights", right="foo"), "rights[1].right: unknown right 'foo': use one of access_automated, appeal"),
        (broken("rights", name="Delete"), "rights[1].name: 'Delete' is of the wrong kind: write a table"),
        (broken("rights", name={"en": "Delete"}), "rights[1].name.es: missing"),
        (broken("rights", name={**TWICE, "de": "Wörter"}), "rights[1].name.de: unknown key"),
        (broken("law", titel=TWICE), "law.titel: unknown key: did you mean 'title'?"),
        (broken("law", applies=["*"]), "law.applies: only the pack 'house' applies to everybody"),
        (broken("law", applies=["Texas"]), "law.applies: 'Texas' is no residence: write a code such as US-CA"),
        (law_data(law=None), "law: missing: write a table such as [law]"),
        (law_data(rigths=[]), "rigths: unknown key: did you mean 'rights'?"),
        (law_data(limits={}), "limits: {} is of the wrong kind: write blocks that begin with [[limits]]"),
        (law_data(limits=[2]), "limits: no table: write blocks that begin with [[limits]]"),
        (
            law_data(exemptions=[a_ground("a", rights=["x"])]),
            "exemptions[1].rights: unknown right 'x': use one of delete",
        ),
        (
            law_data(exemptions=[a_ground("a", level="file")]),
            "exemptions[1].level: unknown word 'file': use one of case",
        ),
        (law_data(exemptions=[a_ground("a", ground="fraude")]), "exemptions[1].ground: unknown word 'fraude'"),
        (
            law_data(exemptions=[a_ground("a", conditions=["x"])]),
            "exemptions[1].conditions: unknown word 'x': use one of",
        ),
        (
            law_data(look_back=[{"months": 12, "beyond_unless": "x", "rights": "all", **SINCE}]),
            "look_back[1].beyond_unless: unknown word 'x': use one of",
        ),
    ],
)
def test_a_bad_value_is_named_with_file_key_and_cure(data: dict[str, Any], message: str) -> None:
    with pytest.raises(LawPackError, match=re.escape(message)) as raised:
        packs.read_pack(data, "packs/made_up.toml")
    assert str(raised.value).startswith("packs/made_up.toml: ")


def twice(first_until: date | None, second_since: date) -> Blocks:
    first: dict[str, Any] = {"value": 10, "rights": "all", **SINCE}
    if first_until:
        first["until"] = first_until
    return [{"value": 20, "rights": ["delete"], **SAID, "since": second_since}, first]


@pytest.mark.parametrize("order", [1, -1])
def test_a_change_of_law_is_one_added_block(order: int) -> None:
    law = a_law(response_days=twice(date(2025, 1, 1), date(2025, 1, 1))[::order])
    assert [law.figure("response_days", on, Right.DELETE).value for on in (date(2024, 12, 31), date(2025, 1, 1))] == [
        10,
        20,
    ]


@pytest.mark.parametrize("until", [None, date(2025, 1, 2)])
def test_two_values_at_a_time_are_refused(until: date | None) -> None:
    with pytest.raises(
        LawPackError,
        match=re.escape(
            "packs/made_up.toml: response_days[1].since: overlaps with response_days[2] for delete:"
            " write until = 2025-01-01 in response_days[2]"
        ),
    ):
        a_law(response_days=twice(until, date(2025, 1, 1)))


def test_a_gap_between_two_values_is_refused() -> None:
    with pytest.raises(
        LawPackError,
        match=re.escape(
            "response_days[1].since: no value for delete from 2024-06-01 to 2025-01-01:"
            " let it begin when response_days[2] ends"
        ),
    ):
        a_law(response_days=twice(date(2024, 6, 1), date(2025, 1, 1)))


@pytest.mark.parametrize(
    ("section", "block"),
    [
        ("targets", {"kind": "answer", "days": 5, "rights": ["delete"], **SINCE}),
        ("limits", {"allowed": 2, "months": 12, "rights": ["delete"], **SINCE}),
        ("look_back", {"months": 12, "rights": ["delete"], **SINCE}),
        ("conditions", {"slug": "proved", "text": TWICE, **SINCE}),
        ("exemptions", a_ground("a")),
        ("never_disclose", {"slug": "password", "text": TWICE, **SINCE}),
        ("categories", {"slug": "identifiers", "name": TWICE, **SINCE}),
        ("refusal_texts", {"part": "reasons", "rights": ["delete"], "text": TWICE, **SINCE}),
        ("provisions", {"kind": "no_new_account", "rights": ["delete"], **SINCE}),
    ],
)
def test_every_section_takes_a_value_once(section: str, block: dict[str, Any]) -> None:
    assert f"{section}[1]" in dict(a_law(**{section: [block]}).values())
    with pytest.raises(LawPackError, match=re.escape(f"{section}[2].since: overlaps with {section}[1]")):
        a_law(**{section: [block, block]})


@pytest.mark.parametrize("section", ["rights", "duties", "degrees", "evidence"])
def test_a_block_written_twice_is_refused(section: str) -> None:
    data = law_data()
    data[section].append(dict(data[section][0]))
    with pytest.raises(LawPackError, match=re.escape("overlaps with")):
        packs.read_pack(data, "packs/made_up.toml")


def test_every_right_needs_a_degree_in_all_of_its_time() -> None:
    cure = re.escape('add it to a [[degrees]] block (degree = "none" if it may not be verified)')
    for degrees in (None, law_data()["degrees"]):
        if degrees:
            degrees[0]["since"] = date(2021, 1, 1)
        with pytest.raises(LawPackError, match=rf"rights\[1\]: no degree for delete in all of its time: {cure}"):
            a_law(degrees=degrees)


def test_a_right_that_ended_needs_no_degree_afterwards() -> None:
    data = law_data()
    for section in ("rights", "degrees", "duties", "response_days"):
        data[section][0]["until"] = date(2024, 1, 1)
    packs.read_pack(data, "packs/made_up.toml")
    data["degrees"][0]["until"] = date(2023, 1, 1)
    with pytest.raises(LawPackError, match="no degree for delete"):
        packs.read_pack(data, "packs/made_up.toml")


def test_a_duty_needs_its_period_in_all_of_its_time() -> None:
    late = law_data()["response_days"]
    late[0]["since"] = date(2021, 1, 1)
    for figures in (None, late):
        with pytest.raises(
            LawPackError,
            match=re.escape(
                "duties[1].period: response_days has no value for delete from 2020-01-01 on:"
                " add a [[response_days]] block, or let the duty begin later"
            ),
        ):
            a_law(response_days=figures)


def test_a_duty_older_than_the_right_needs_its_period_for_the_right_only() -> None:
    duties = law_data()["duties"]
    duties[0]["since"] = date(2010, 1, 1)
    assert a_law(duties=duties).duties


def test_an_extension_needs_its_period() -> None:
    duties = law_data()["duties"]
    duties[0]["extended_period"] = "extended_total_days"
    with pytest.raises(LawPackError, match=re.escape("duties[1].extended_period: extended_total_days has no value")):
        a_law(duties=duties)


def test_every_degree_needs_its_evidence() -> None:
    reasonable, high = law_data()["evidence"]
    for evidence in ([reasonable], [reasonable, high | {"account": True}]):
        with pytest.raises(
            LawPackError, match="evidence: nothing says what reaches reasonably_high from 2020-01-01 on"
        ):
            a_law(evidence=evidence)


def test_a_law_that_never_verifies_needs_no_evidence() -> None:
    degrees = law_data()["degrees"]
    degrees[0]["degree"] = "none"
    assert a_law(degrees=degrees, evidence=None).evidence == ()


@pytest.mark.parametrize("text", ['[law]\nslug = "a"\nslug = "b"\n', "since = 2026-02-30\n", "\xff"])
def test_a_file_that_is_no_toml_is_named_with_the_place(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(LawPackError, match=rf"{tmp_path.name}/bad.toml: cannot be read: .* correct the file there"):
        packs.read_file(path)


def test_an_appeal_needs_a_right_to_one_that_has_a_clock() -> None:
    appeals = [{"rights": ["delete"], "text": TWICE, "refused_text": TWICE, **SINCE}]
    with pytest.raises(
        LawPackError, match=r'appeals\[1\]: no right to an appeal from 2020-01-01 on: add a .* "appeal"'
    ):
        a_law(appeals=appeals)
