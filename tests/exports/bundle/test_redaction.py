"""Never-disclose fields, withheld ones and what no map describes can't leave the house; what is held is described."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from dsar.demo import shop
from exports.bundle.redaction import MARK, Span, black_out, described, redact, released_columns, text_of
from exports.sources.datamap import Collection, NeverDisclose, read_data_map
from exports.sources.values import Json, json_value
from requests_app.law.packs import all_packs

ON = date(2026, 11, 23)
RECORD = {
    "account_no": "LO-1",
    "name": "Ann",
    "password_hash": "pbkdf2$x",
    "driver_licence_no": "D1",
    "phone": None,
    "secret_note": "not in the map",
}


@pytest.fixture(scope="module")
def customers() -> Collection:
    """The accounts of the example company's shop."""
    return read_data_map((Path(shop.__file__).parent / "maps" / "shop.yaml").read_text()).collection("customers")


def test_never_disclose_fields_and_unknown_ones_are_taken_out(customers: Collection) -> None:
    released = frozenset(released_columns(customers))
    assert redact(RECORD, released) == {"account_no": "LO-1", "name": "Ann", "phone": None}


def test_columns_stay_in_the_order_of_the_map(customers: Collection) -> None:
    assert released_columns(customers) == tuple(
        field.column for field in customers.fields if field.never_disclose is None
    )


def test_redacting_leaves_the_record_alone_and_may_be_repeated(customers: Collection) -> None:
    before, released = dict(RECORD), frozenset(released_columns(customers))
    once = redact(RECORD, released)
    assert redact(once, released) is once
    assert before == RECORD


def test_every_never_disclose_field_of_the_example_company_is_taken_out() -> None:
    datamap = read_data_map((Path(shop.__file__).parent / "maps" / "shop.yaml").read_text())
    forbidden = {field.column for _, field, _ in datamap.never_disclosed_fields()}
    for collection in datamap.collections:
        whole = dict.fromkeys(collection.columns, "x")
        assert not forbidden & redact(whole, frozenset(released_columns(collection))).keys()


def test_what_is_held_is_described_in_the_words_of_the_law() -> None:
    kinds = [NeverDisclose.FINANCIAL_ACCOUNT_NUMBER, NeverDisclose.ACCOUNT_PASSWORD, NeverDisclose.ACCOUNT_PASSWORD]
    found = described(kinds, packs=(all_packs()["ccpa"],), on=ON, language="en")
    assert list(found) == ["account_password", "financial_account_number"]
    assert all("the law forbids us to disclose" in text for text in found.values())
    assert described(kinds, packs=(all_packs()["ccpa"],), on=ON, language="es") != found


def test_the_first_law_that_has_words_gives_them() -> None:
    house, ccpa = all_packs()["house"], all_packs()["ccpa"]
    first, other = (described(["account_password"], packs=p, on=ON, language="en") for p in ((house,), (ccpa,)))
    assert first != other
    assert described(["account_password"], packs=(house, ccpa), on=ON, language="en") == first
    assert described(["account_password"], packs=(ccpa, house), on=ON, language="en") == other


def test_a_kind_that_no_law_of_the_case_names_is_described_all_the_same() -> None:
    assert described(["unique_biometric_data"], packs=(), on=ON, language="en") == {
        "unique_biometric_data": "We hold data of this kind about you and do not disclose it: unique biometric data."
    }


def test_nothing_held_is_nothing_described() -> None:
    assert described([], packs=(), on=ON, language="en") == {}


# ---- passages


@pytest.mark.parametrize(
    ("value", "spans", "left"),
    [
        ("Call Ann at noon", [(5, 8)], f"Call {MARK} at noon"),
        ("Call Ann at noon", [(0, 4), (12, 16)], f"{MARK} Ann at {MARK}"),
        ("Call Ann at noon", [(5, 8), (5, 11), (7, 9)], f"Call {MARK} noon"),
        ("Call Ann", [(5, 6), (6, 8)], f"Call {MARK}"),
        ("\U0001f600 Ann é", [(2, 5)], f"\U0001f600 {MARK} é"),
        ("Ann", [(0, 3)], MARK),
        ("Ann", [(0, 99)], MARK),
        ("Ann", [], "Ann"),
        (["To", {"name": "Ann", "age": 7}, "x"], [(3, 6)], ["To", {"name": MARK, "age": 7}, "x"]),
        (["Ann", "Bo"], [(1, 5)], [f"A{MARK}", f"{MARK}o"]),
        (["Ann", {"$binary": "QW5u", "bytes": 3}, "Bo"], [(4, 6)], ["Ann", {"$binary": "QW5u", "bytes": 3}, MARK]),
        ({"$binary": "", "note": "Ann"}, [(1, 4)], {"$binary": "", "note": MARK}),
        (4711, [(0, 4)], MARK),
        (-4711, [(1, 5)], f"-{MARK}"),
        (4711, [(4, 9)], 4711),
        (True, [(0, 4)], True),
        (None, [(0, 4)], None),
    ],
)  # fmt: skip
def test_passages_are_blacked_out_where_they_stand(value: Json, spans: list[Span], left: Json) -> None:
    assert black_out(value, spans) == left


def test_the_mark_is_of_one_length_whatever_it_hides() -> None:
    assert {len(black_out("x" * size, [(0, size)])) for size in (1, 5, 100)} == {len(MARK)}  # type: ignore[arg-type]


def test_the_text_of_a_field_is_all_that_is_written_in_it() -> None:
    assert text_of(
        ["To", {"name": "Ann", "age": 7, "is": True, "of": ["Bo", json_value(b"A"), json_value(b"\0")]}]
    ) == ("To\nAnn\nBo\nname\nage\nis\nof\n\n\n7\n\n\nA")
    assert [text_of(value) for value in ("Ann", 7, None, True, json_value(b"A"), json_value(b"\0"))] == [
        "Ann",
        "7",
        "",
        "",
        "A",
        "",
    ]
    assert text_of({"$binary": "QQ==", "note": "Ann"}) == "QQ==\nAnn\n$binary\nnote", "a JSON of the source's own"


@pytest.mark.parametrize(
    ("value", "hidden", "left"),
    [
        ({"to 123-45-6789": "x", "n": 1}, ["123-45-6789"], {f"to {MARK}": "x", "n": 1}),
        ([{"a": {"Ann": [7, {"Bo": "Ann"}]}}], ["Bo"], [{"a": {"Ann": [7, {MARK: "Ann"}]}}]),
        ({"Ann": 1, "Bo": 2, MARK: 3}, ["Ann", "Bo"], {f"{MARK} (2)": 1, f"{MARK} (3)": 2, MARK: 3}),
        ({"Ann": {"$binary": "QQ==", "bytes": 1}}, ["Ann"], {MARK: {"$binary": "QQ==", "bytes": 1}}),
    ],
)
def test_names_of_objects_are_blacked_out_and_no_value_is_lost(value: Json, hidden: list[str], left: Json) -> None:
    text = text_of(value)
    spans = [(text.rindex(word), text.rindex(word) + len(word)) for word in hidden]
    assert black_out(value, spans) == left


def test_what_was_counted_before_names_belonged_to_the_text_stays_where_it_is() -> None:
    value: Json = {"first": "Ann", "second": {"third": "Bo"}}
    assert text_of(value).startswith("Ann\nBo\n")
    assert black_out(value, [(4, 6)]) == {"first": "Ann", "second": {"third": MARK}}


@pytest.mark.parametrize(
    ("value", "hidden", "left"),
    [
        ({"n": 4711, "card": [{"no": 815}, 5]}, ["815"], {"n": 4711, "card": [{"no": MARK}, 5]}),
        ({"Ann": 12, "Bo": [12, "12"]}, ["Ann", "12"], {MARK: 12, "Bo": [MARK, "12"]}),
        ([json_value(b"Ann"), json_value(b"\0"), 7, True], ["Ann"], [MARK, json_value(b"\0"), 7, True]),
        (json_value("Así: Ann".encode()), ["Ann"], f"Así: {MARK}"),
        (json_value("Así: Ann".encode("latin-1")), ["Ann"], f"Así: {MARK}"),
    ],
)  # fmt: skip
def test_numbers_and_bytes_of_which_something_is_blacked_out_are_texts(
    value: Json, hidden: list[str], left: Json
) -> None:
    text = text_of(value)
    spans = [(text.rindex(word), text.rindex(word) + len(word)) for word in hidden]
    assert black_out(value, spans) == left


def test_numbers_come_behind_all_that_belonged_to_the_text_before_them() -> None:
    value: Json = {"first": 4711, "second": {"third": "Bo"}}
    assert text_of(value).startswith("Bo\nfirst\nsecond\nthird\n")
    assert black_out(value, [(0, 2)]) == {"first": 4711, "second": {"third": MARK}}


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("Grüße \U0001f600\n\tAnn".encode(), "Grüße \U0001f600\n\tAnn"),
        ("Tarjeta de José: 4111".encode("latin-1"), "Tarjeta de José: 4111"),
        (b"", ""),
        (b"A\0B", ""),
        (b"\x89PNG\r\n\x1a\n", ""),
        (bytes(range(160, 200)), ""),
        ("Привет".encode("cp1251"), ""),
    ],
)
def test_bytes_are_a_text_if_they_read_as_one(content: bytes, text: str) -> None:
    assert text_of(json_value(content)) == text


@pytest.mark.parametrize(
    "value",
    [
        {"$binary": "4111 1111 1111 1111", "bytes": 12},
        {"$binary": "QQ==", "bytes": 4111111111111111},
        {"$binary": 4111111111111111, "bytes": 1},
        {"$binary": "QQ==", "bytes": True},
    ],
)
def test_what_only_looks_like_bytes_is_a_json_of_the_source_s_own(value: Json) -> None:
    assert "$binary\nbytes" in text_of(value)
