"""Kept until a day: afterwards it is a task of the desk, which a person settles; nothing deletes by what was noted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.utils import timezone

from exports.admin.attention import _troubles
from exports.fulfil import keeping, schedules
from exports.fulfil.keeping import KeepingRefused, Longer
from exports.fulfil.schedules import Proposal
from exports.models import DataSource, KeptKeys, KeptSettled, KeptUntil, RetentionSchedule
from exports.reports.case_report import report_html
from exports.source_changes import install, own_record_proposal
from exports.sources.sql import SqlConnector
from requests_app.events import EventKind
from requests_app.guards import MoveShut
from requests_app.law.words import Right
from requests_app.models import Case, Routine
from requests_app.roles import SYSTEM, Actor, Role
from requests_app.services import holds, standing
from requests_app.services.history import local_day
from requests_app.services.holds import Asked
from requests_app.states import State
from tests.exports import tasks
from tests.exports.fulfil.test_acts_by_owners import entered
from tests.exports.fulfil.test_gathering import load_anew
from tests.exports.house import ANALYST, APPROVER, NOW, House, facts_of, fresh, person, run_of

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

CUSTOMER = 7
THIRD = Actor("staff:3", frozenset({Role.APPROVER}))  # took no part, and opens cases again
A_YEAR = timedelta(days=366)
LAST_DAY = date(2027, 11, 23)
PROOF = "Deleted by the team of the shop on 24 November, ticket 4711."
HERS = "SELECT id FROM reviews WHERE customer_id = 7 ORDER BY id"


def kept_by_schedule() -> RetentionSchedule:
    """Reviews are kept for a year."""
    proposal = Proposal("shop.reviews", {"ccpa": "ca_105d8_legal_obligation"}, years=1)
    schedule = schedules.propose(proposal, by=ANALYST, at=timezone.now())
    schedules.accept(schedule.pk, by=APPROVER, at=timezone.now())
    rule = standing.propose(Routine.KEEP_BY_SCHEDULE, [Right.DELETE], by=ANALYST, at=timezone.now())
    standing.activate(rule.pk, by=APPROVER, at=timezone.now())
    return schedule


@pytest.fixture
def case(house: House) -> Case:
    """A deletion that kept reviews for a year, and orders for seven."""
    kept_by_schedule()
    return house.closed(Right.DELETE)


@pytest.fixture
def over(house: House, case: Case) -> KeptUntil:
    """The note of the reviews, on the day after their last."""
    house.later(A_YEAR + timedelta(days=1))
    return note_of(case)


def note_of(case: Case, collection: str = "reviews") -> KeptUntil:
    return KeptUntil.objects.get(act__case=case, collection=collection, settled="")


def due(case: Case) -> list[str]:
    return [kept.collection for kept in keeping.over(local_day(timezone.now())).filter(act__case=case)]


def reviews(house: House) -> list[tuple[object, ...]]:
    return house.sql("shop", HERS)


def gathered_anew(house: House, case: Case) -> None:
    house.move(case, "ask_reopening", reason="The time to keep is over.")
    house.move(case, "reopen", THIRD)
    house.move(case, "start_gathering")
    house.work()


def known_again(house: House) -> None:
    """The account bears the person's address again, so that a gathering finds what hangs on it."""
    house.sql("shop", "UPDATE customers SET email = ? WHERE id = 7", person().email)


def codes(case: Case) -> list[str]:
    return [trouble.code for trouble in _troubles(fresh(case))]


def gone(case: Case, kept: KeptUntil, proof: str = PROOF, by: Actor = ANALYST) -> KeptUntil:
    return keeping.note_gone(case.pk, str(kept.pk), proof, by=by, at=timezone.now())


def longer(case: Case, kept: KeptUntil, **changes: str) -> KeptUntil:
    asked = {"code": "ca_145a_legal_claims", "until": "2031-01-31", "reason": "A dispute.", **changes}
    return keeping.keep_longer(case.pk, str(kept.pk), Longer(**asked), by=ANALYST, at=timezone.now())


# ---- what is noted


def test_its_last_day_its_ground_and_its_number_are_noted_with_the_act(house: House, case: Case) -> None:
    kept = {one.collection: (one.rows, one.until) for one in KeptUntil.objects.filter(act__case=case)}
    assert kept["reviews"] == (3, LAST_DAY)
    assert kept["orders"] == (run_of(case, "shop").counts["orders"], date(2033, 11, 23))
    assert note_of(case).ground == "ca_105d8_legal_obligation"
    assert "addresses" not in kept, "what went is not kept"


def test_its_keys_lie_sealed_beside_it_a_thousand_a_row_at_most(house: House) -> None:
    kept_by_schedule()
    columns = ", ".join(
        "?" if row[1] == "id" else str(row[1]) for row in house.sql("shop", "PRAGMA table_info(reviews)")
    )
    first = house.sql("shop", "SELECT max(id) FROM reviews")[0][0]
    more = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1100)"
    insert = columns.replace("?", "? + n.i")
    house.sql(
        "shop", f"INSERT INTO reviews {more} SELECT {insert} FROM n, reviews WHERE id = ?", first, reviews(house)[0][0]
    )
    case = house.closed(Right.DELETE)
    kept = note_of(case)
    assert (kept.rows, keeping.pages_of_keys(kept)) == (1103, 2)
    found = [key["id"] for page in (1, 2) for key in keeping.keys_of(kept, page)]
    assert len(keeping.keys_of(kept, 1)) == KeptKeys.MOST_KEYS
    assert sorted(found) == [row[0] for row in reviews(house)]
    assert keeping.keys_of(kept, 3) == []
    sealed = bytes(KeptKeys.objects.filter(collection="reviews", number=2).get().keys_sealed or b"")
    assert str(found[-1]).encode() not in sealed


def test_rows_that_a_person_found_are_noted_without_keys_for_they_are_lines(house: House) -> None:
    keeps = "    on_delete: {keep: {ground: ca_105d8_legal_obligation, years: 2}}\n"
    tasks.set_up(tasks.MAP.replace("    on_delete: delete\n    received_at", f"{keeps}    received_at"))
    case = house.reviewing(Right.DELETE)
    house.move(case, "start_gathering")
    house.work()
    owner = entered(house)
    owner.sends(f"{tasks.HEADER}{person().email},2026-01-01,Hello,x\n{person().email},2026-01-02,Again,x\n")
    owner.answers("done")
    house.work()
    house.approve(case)
    kept = note_of(case, "letters")
    assert (kept.rows, kept.act.source.slug, kept.until) == (2, "archive", date(2028, 11, 23))
    assert keeping.pages_of_keys(kept) == 0


def test_of_our_own_record_which_is_kept_for_at_least_so_long_nothing_is_ever_noted(house: House) -> None:
    install(own_record_proposal(), at=NOW)
    house.closed(Right.KNOW_CATEGORIES)
    case = house.closed(Right.DELETE)
    assert run_of(case, "privacy_requests").records
    assert not KeptUntil.objects.filter(act__source__slug="privacy_requests").exists()


# ---- it comes back


def test_before_its_day_nobody_is_told_and_from_the_next_day_on_the_desk_sees_it(house: House, case: Case) -> None:
    house.later(A_YEAR - timedelta(days=1))
    assert local_day(timezone.now()) == LAST_DAY
    assert (due(case), codes(case)) == ([], [])
    house.later(timedelta(days=1))
    assert (due(case), codes(case)) == (["reviews"], ["keeping_over"])


def test_nothing_is_deleted_by_a_key_that_is_somebody_elses_by_now(house: House, case: Case, over: KeptUntil) -> None:
    house.sql("shop", "UPDATE reviews SET customer_id = 8 WHERE customer_id = 7")
    before = house.sql("shop", "SELECT * FROM reviews ORDER BY id")
    gathered_anew(house, case)
    house.approve(case)
    assert fresh(case).state == State.CLOSED
    assert house.sql("shop", "SELECT * FROM reviews ORDER BY id") == before
    assert due(case) == ["reviews"], "only a person says what became of them"


def test_what_nothing_leads_to_any_more_stays_a_task_when_the_case_was_opened_again(
    house: House, case: Case, over: KeptUntil
) -> None:
    gathered_anew(house, case)
    assert "reviews" not in run_of(case, "shop").counts or run_of(case, "shop").counts["reviews"] == 0
    house.approve(case)
    assert (due(case), len(reviews(house))) == (["reviews"], 3)


# ---- a later round of the same case


def test_a_later_round_deletes_by_the_map_and_takes_the_task_with_it(house: House, case: Case, over: KeptUntil) -> None:
    schedules.end(RetentionSchedule.objects.get().pk, by=APPROVER, at=timezone.now())
    known_again(house)
    gathered_anew(house, case)
    house.approve(case)
    assert (fresh(case).state, reviews(house), due(case)) == (State.CLOSED, [], [])
    over.refresh_from_db()
    assert (over.settled, over.settled_by) == (KeptSettled.TAKEN_UP, SYSTEM.slug)
    assert not KeptKeys.objects.filter(act=over.act, collection="reviews").exists()


def test_a_map_that_keeps_longer_by_now_is_followed_and_said_on_the_task(
    house: House, case: Case, over: KeptUntil
) -> None:
    _keep_reviews_for_ten_years()
    assert keeping.longer_by_map(over) == date(2036, 11, 23)
    known_again(house)
    gathered_anew(house, case)
    house.approve(case)
    assert (fresh(case).state, len(reviews(house)), due(case)) == (State.CLOSED, 3, [])
    assert note_of(case).until == date(2036, 11, 23), "ten years from the first act on, not from the later one"


def test_what_a_person_keeps_longer_is_not_taken_up_by_a_round_that_keeps_it_shorter(
    house: House, case: Case, over: KeptUntil
) -> None:
    new = longer(case, over, until="2090-01-01")
    _keep_reviews_for_ten_years()
    known_again(house)
    gathered_anew(house, case)
    house.approve(case)
    of_case = KeptUntil.objects.open().filter(act__case=case, collection="reviews")
    assert sorted(of_case.values_list("until", flat=True)) == [date(2036, 11, 23), date(2090, 1, 1)]
    new.refresh_from_db()
    assert not new.settled


def test_where_the_map_names_other_keys_by_now_a_later_round_takes_nothing_up_and_the_keys_keep_their_names(
    house: House, case: Case, over: KeptUntil
) -> None:
    text = DataSource.objects.get(slug="shop").map_version.text
    piece = text[(at := text.index("- name: reviews")) : at + 160]
    assert "key: [id]" in piece
    house.sql("shop", "UPDATE reviews SET product_id = id")
    load_anew("shop", piece, piece.replace("key: [id]", "key: [product_id]"))
    schedules.end(RetentionSchedule.objects.get().pk, by=APPROVER, at=timezone.now())
    known_again(house)
    keys = [{"id": row[0]} for row in reviews(house)]
    gathered_anew(house, case)
    house.approve(case)
    assert (fresh(case).state, reviews(house), due(case)) == (State.CLOSED, [], ["reviews"])
    assert keeping.keys_of(note_of(case), 1) == keys


def test_a_later_round_after_which_the_second_look_finds_rows_takes_nothing_up(
    house: House, case: Case, over: KeptUntil, monkeypatch: pytest.MonkeyPatch
) -> None:
    schedules.end(RetentionSchedule.objects.get().pk, by=APPROVER, at=timezone.now())
    known_again(house)
    house.sql("shop", "CREATE TABLE put_by AS SELECT * FROM reviews WHERE customer_id = 7")
    delete: Callable[..., object] = SqlConnector.delete

    def and_back(connector: SqlConnector, *arguments: object, **more: object) -> object:
        done = delete(connector, *arguments, **more)
        if connector.datamap.source == "shop":
            known_again(house)
            house.sql("shop", "INSERT INTO reviews SELECT * FROM put_by")
        return done

    gathered_anew(house, case)
    with monkeypatch.context() as patch:
        patch.setattr(SqlConnector, "delete", and_back)
        house.approve(case)
    assert fresh(case).state == State.DECIDING
    assert due(case) == ["reviews"]


# ---- a person settles it


def test_who_saw_to_it_notes_it_with_a_proof_that_is_sealed_and_in_no_event(
    house: House, case: Case, over: KeptUntil
) -> None:
    gone(case, over)
    over.refresh_from_db()
    assert (over.settled, over.settled_by, over.note) == (KeptSettled.GONE, ANALYST.slug, PROOF)
    assert PROOF.encode() not in bytes(over.note_sealed or b"")
    (told,) = facts_of(case, EventKind.KEPT_GONE)
    assert told == {
        "source": "shop",
        "collection": "reviews",
        "records": 3,
        "code": "ca_105d8_legal_obligation",
        "until": LAST_DAY.isoformat(),
        "listed": True,
    }
    assert (due(case), codes(case)) == ([], [])
    assert not KeptKeys.objects.filter(act=over.act, collection="reviews").exists()
    assert KeptKeys.objects.filter(act=over.act, collection="orders").exists()
    report = report_html(fresh(case))
    assert "Kept until a day: gone by now, as somebody noted" in report
    assert "Kept until a day in" in report
    assert "4711" not in report


def test_kept_longer_it_comes_back_after_the_new_day_with_its_keys(house: House, case: Case, over: KeptUntil) -> None:
    new = longer(case, over)
    over.refresh_from_db()
    assert (over.settled, over.note) == (KeptSettled.LONGER, "A dispute.")
    assert (new.rows, new.until, new.ground) == (3, date(2031, 1, 31), "ca_145a_legal_claims")
    (told,) = facts_of(case, EventKind.KEPT_LONGER)
    assert (told["code"], told["until"], told["records"]) == ("ca_145a_legal_claims", "2031-01-31", 3)
    assert due(case) == []
    assert len(keeping.keys_of(new, 1)) == 3
    house.shift(timedelta(days=365 * 4))
    assert due(case) == ["reviews"]
    assert "kept longer" in report_html(fresh(case))


def test_without_a_proof_that_can_be_read_nothing_is_gone(case: Case, over: KeptUntil) -> None:
    for proof in ("", "  \n", "x" * 4001, "a\x00b"):
        with pytest.raises(KeepingRefused, match=r"Say who deleted|plain text"):
            gone(case, over, proof)
    assert due(case) == ["reviews"]


def test_kept_longer_is_only_what_has_a_ground_a_day_and_a_reason(case: Case, over: KeptUntil) -> None:
    for name, value, said in (
        ("code", "", "ground"),
        ("code", "gdpr_no_such_thing", "ground"),
        ("until", "", "new last day"),
        ("until", "soon", "new last day"),
        ("until", "2027-11-25", "after today"),
        ("until", "9999-12-31", "after today"),
        ("reason", " ", "Say why"),
    ):
        with pytest.raises(KeepingRefused, match=said):
            longer(case, over, **{name: value})
    assert due(case) == ["reviews"]
    assert facts_of(case, EventKind.KEPT_LONGER) == []


def test_nobody_settles_it_twice_or_before_its_day_or_without_the_role_or_in_another_case(
    house: House, case: Case, over: KeptUntil
) -> None:
    with pytest.raises(KeepingRefused, match="may be kept until 2033"):
        gone(case, note_of(case, "orders"))
    with pytest.raises(KeepingRefused, match="privacy team"):
        gone(case, over, by=Actor("staff:9", frozenset({Role.AUDITOR})))
    other = house.reviewing(Right.KNOW_CATEGORIES)
    with pytest.raises(KeepingRefused, match="no such rows"):
        gone(other, over)
    with pytest.raises(KeepingRefused, match="no such rows"):
        keeping.note_gone(case.pk, "²", PROOF, by=ANALYST, at=timezone.now())
    gone(case, over)
    with pytest.raises(KeepingRefused, match="settled already"):
        gone(case, over)


def test_while_a_hold_keeps_it_nobody_says_that_it_is_gone(house: House, case: Case, over: KeptUntil) -> None:
    asked = Asked(kind="legal", matter="Docket 33-1", person=frozenset(), source="shop")
    holds.place(house.organisation, asked, by=ANALYST, at=timezone.now())
    with pytest.raises(KeepingRefused, match="A hold keeps data of this person"):
        gone(case, over)
    assert longer(case, over).until == date(2031, 1, 31)


def _keep_reviews_for_ten_years() -> None:
    text = DataSource.objects.get(slug="shop").map_version.text
    at = text.index("- name: reviews")
    piece = text[at : text.index("on_delete: delete", at) + len("on_delete: delete")]
    ten = "on_delete: {keep: {ground: ca_105d8_legal_obligation, years: 10}}"
    load_anew("shop", piece, piece.replace("on_delete: delete", ten))


# ---- what is to be kept only since it was gathered

REVIEWS = """    retention: {en: While the account exists, es: Mientras exista la cuenta}
    reached: [{from: customers, columns: {customer_id: id}}]
    received_at: written_at
    on_delete: """


def kept_by_map() -> None:
    """A map is put in force that keeps the reviews."""
    load_anew("shop", f"{REVIEWS}delete", f"{REVIEWS}{{keep: {{ground: ca_105d8_legal_obligation, years: 7}}}}")


@pytest.mark.parametrize("keep", [kept_by_map, kept_by_schedule])
def test_what_is_to_be_kept_since_it_was_gathered_shuts_the_approval(house: House, keep: Callable[[], object]) -> None:
    before = reviews(house)
    case = house.deciding(Right.DELETE)
    keep()
    with pytest.raises(MoveShut, match=r"has come to keep something .* Gather again"):
        house.move(case, "approve", APPROVER)
    house.move(case, "gather_again")
    house.work()
    house.approve(case)
    assert fresh(case).state == State.CLOSED
    assert reviews(house) == before


@pytest.mark.parametrize("keep", [kept_by_map, kept_by_schedule])
def test_what_is_to_be_kept_since_the_approval_hands_the_case_back(house: House, keep: Callable[[], object]) -> None:
    before = reviews(house)
    case = house.deciding(Right.DELETE)
    house.move(case, "approve", APPROVER)
    keep()
    house.work()
    assert fresh(case).state == State.DECIDING
    assert facts_of(case, EventKind.HAND_BACK)[0]["because"] == "kept_since_gathering"
    assert reviews(house) == before


def test_another_change_of_a_map_stops_no_deletion_that_was_planned(house: House) -> None:
    case = house.deciding(Right.DELETE)
    load_anew("shop", "{column: stars, title: {en: Stars,", "{column: stars, title: {en: Points,")
    house.approve(case)
    assert fresh(case).state == State.CLOSED
    assert not reviews(house)


def test_what_a_map_keeps_by_now_and_nothing_was_found_of_stops_no_deletion(house: House) -> None:
    house.sql("shop", "DELETE FROM reviews WHERE customer_id = 7")
    case = house.deciding(Right.DELETE)
    kept_by_map()
    house.approve(case)
    assert fresh(case).state == State.CLOSED
