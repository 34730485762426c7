"""When the same alleged inaccuracy may be denied again without another look (11 CCR 7023(g)): a table."""

from __future__ import annotations

from datetime import date

import pytest

from requests_app.law.packs import law_pack
from requests_app.law.repeats import Claim, Denied, repeats
from requests_app.law.words import Ground

CCPA, GDPR = law_pack("ccpa"), law_pack("gdpr")
PHONE = Claim("shop.customers.phone", "+1 530 555 0123")


def denied(on: str, *, claim: Claim = PHONE, ground: Ground | None = Ground.ACCURATE) -> Denied:
    return Denied(f"case of {on}", claim, date.fromisoformat(on), ground)


@pytest.mark.parametrize(
    ("denied_on", "received_on", "may_be_denied", "because"),
    [
        ("2026-01-15", "2026-01-15", True, "on the very day of the denial"),
        ("2026-01-15", "2026-07-14", True, "the last day of the six months"),
        ("2026-01-15", "2026-07-15", False, "six months later to the day: over"),
        ("2026-01-15", "2026-01-14", False, "received before it was denied: it repeats nothing"),
        ("2026-05-31", "2026-11-30", True, "no 31 November: six months before 30 November is 30 May"),
        ("2026-05-31", "2026-12-01", False, "six months before 1 December is 1 June"),
        ("2025-08-31", "2026-02-28", True, "February is short"),
        ("2025-08-31", "2026-03-01", False, "six months before 1 March is 1 September"),
        ("2022-11-01", "2022-12-31", False, "received before the right to correct began on 1 January 2023"),
        ("2022-12-20", "2023-01-02", True, "the day of receipt picks the rule"),
    ],
)
def test_the_months_run_back_from_the_day_of_receipt(
    denied_on: str, received_on: str, *, may_be_denied: bool, because: str
) -> None:
    found = repeats([CCPA], [PHONE], date.fromisoformat(received_on), [denied(denied_on)])
    assert bool(found) is may_be_denied, because


@pytest.mark.parametrize(
    ("earlier", "may_be_denied", "because"),
    [
        ([denied("2026-06-01")], True, "denied as accurate"),
        ([denied("2026-06-01", ground=Ground.NOT_VERIFIED)], False, "nobody looked at the matter"),
        ([denied("2026-06-01", ground=Ground.FRAUD)], False, "that request was fraudulent; this one is another"),
        ([denied("2026-06-01", ground=Ground.DENIED_BEFORE)], False, "a denial as repeated lengthens nothing"),
        (
            [denied("2026-01-15"), denied("2026-06-01", ground=Ground.DENIED_BEFORE)],
            False,
            "the months run from the denial on the merits",
        ),
        ([denied("2026-06-01", claim=Claim(PHONE.field, "+1 530 555 0199"))], False, "another value is claimed"),
        ([denied("2026-06-01", claim=Claim("shop.customers.name", PHONE.value))], False, "another field"),
        ([denied("2026-06-01", claim=Claim(PHONE.field, " +1  530 555 0123 "))], True, "spacing is no other claim"),
        ([denied("2026-06-01", claim=Claim("", PHONE.value))], False, "told in words alone, it may be of anything"),
        ([], False, "never denied"),
    ],
)
def test_only_the_same_claim_denied_on_its_merits_counts(
    earlier: list[Denied], *, may_be_denied: bool, because: str
) -> None:
    assert bool(repeats([CCPA], [PHONE], date(2026, 7, 20), earlier)) is may_be_denied, because


def test_the_latest_denial_is_shown_with_the_last_day_on_which_it_counts_and_how_sure_that_is() -> None:
    (found,) = repeats([CCPA], [PHONE], date(2026, 7, 20), [denied("2026-06-01"), denied("2026-02-01")])
    assert (found.denied.key, found.until) == ("case of 2026-06-01", date(2026, 11, 30))
    assert (found.figure.citation, found.figure.sureness.value) == ("11 CCR 7023(g)", "from_memory")


def test_a_request_that_also_asks_for_something_new_is_no_repetition() -> None:
    new = Claim("shop.customers.name", "Sam")
    assert repeats([CCPA], [PHONE, new], date(2026, 7, 20), [denied("2026-06-01")]) == ()


def test_two_things_told_in_words_alone_are_never_the_same() -> None:
    told = Claim("", "43")
    assert repeats([CCPA], [told], date(2026, 7, 20), [denied("2026-06-01", claim=told)]) == ()


def test_a_law_without_such_a_ground_gives_none() -> None:
    assert repeats([GDPR], [PHONE], date(2026, 7, 20), [denied("2026-06-01")]) == ()
