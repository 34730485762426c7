from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from types import MappingProxyType

import pytest

from dsar.ledger.canonical import LedgerError, canonical_text, digest, moment, plain


def test_the_text_is_the_one_of_rfc_8785() -> None:
    """Sorted by UTF-16 code units (so U+1F600 stands before U+FB33), no spaces, only the escapes that must be."""
    content = plain({"\ufb33": 1, "\U0001f600": [None, True], "é": '€\n"\\/\u001f', "b": {}, "a": []}, "facts")
    assert isinstance(content, dict)
    assert canonical_text(content) == '{"a":[],"b":{},"é":"€\\n\\"\\\\/\\u001f","\U0001f600":[null,true],"\ufb33":1}'


def test_the_digest_is_sha_256_of_utf_8() -> None:
    assert digest("é") == "4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c"


def test_a_moment_is_written_in_utc_with_microseconds() -> None:
    assert moment(datetime(2026, 11, 23, 1, 30, tzinfo=timezone(timedelta(hours=-8)))) == "2026-11-23T09:30:00.000000Z"
    assert moment(datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)) == "2026-01-02T03:04:05.000006Z"


def test_a_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(LedgerError, match="time zone"):
        moment(datetime(2026, 11, 23))  # noqa: DTZ001


def test_facts_are_copied_to_plain_lists_and_dicts() -> None:
    assert plain({"a": (1, MappingProxyType({"b": None}))}, "facts") == {"a": [1, {"b": None}]}


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ({"share": 0.5}, "facts.share is of type float"),
        ({"on": date(2026, 1, 1)}, "facts.on is of type date"),
        ({"raw": [1, b"x"]}, r"facts.raw\[1\] is of type bytes"),
        ({"some": {1, 2}}, "facts.some is of type set"),
        ({"deep": {1: "x"}}, "facts.deep has a key that is no text"),
        ({"\ud800": 1}, "facts has a key that is no text"),
        ({"big": 2**53}, "facts.big is a number beyond"),
        ({"small": -(2**53)}, "facts.small is a number beyond"),
        ({"half": "\ud800"}, "facts.half is text with a lone surrogate"),
    ],
)
def test_what_two_readers_could_read_differently_is_refused_by_its_place(value: object, complaint: str) -> None:
    with pytest.raises(LedgerError, match=complaint):
        plain(value, "facts")


def test_a_refusal_does_not_tell_the_value() -> None:
    with pytest.raises(LedgerError) as refused:
        plain({"note": [1.25, "secret"]}, "facts")
    assert "1.25" not in str(refused.value)


def test_the_largest_numbers_pass() -> None:
    assert plain([2**53 - 1, -(2**53 - 1)], "facts") == [2**53 - 1, -(2**53 - 1)]
