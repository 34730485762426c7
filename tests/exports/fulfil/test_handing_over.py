"""Handing over: sealed, under the binding limit, to the person alone, as long as the content lives."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone
from pytest_django import Settings

from dsar.jobs import pausing, running
from dsar.jobs.models import Job
from dsar.jobs.models import State as JobState
from dsar.vault.errors import FileDamaged
from exports.bundle import contents
from exports.fulfil import hand_over
from exports.fulfil.hand_over import NotHandedOver
from exports.models import Bundle, Download
from requests_app.events import EventKind
from requests_app.law.words import Right
from requests_app.models import Submission
from requests_app.roles import PERSON
from requests_app.services import closing
from requests_app.states import State
from tests.exports.house import ANALYST, APPROVER, House, facts_of, files_of, fresh, parts_of, person

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]


def test_the_bundle_lies_sealed_and_its_event_names_its_manifest(house: House) -> None:
    case = house.closed(Right.KNOW_SPECIFIC)
    bundle = Bundle.objects.get(case=case)
    sealed = (house.data / bundle.path).read_bytes()
    assert b"PK\x03\x04" not in sealed
    assert str(person().email).encode() not in sealed
    assert facts_of(case, EventKind.BUNDLE_MADE) == [
        {
            "bundle": str(bundle.pk),
            "manifest_sha256": bundle.manifest_sha256,
            "records": bundle.records,
            "withheld": 0,
        }
    ]
    assert (case.state, case.outcome) == (State.CLOSED, "fulfilled")


def test_a_bundle_that_is_being_written_stops_when_work_is_paused_and_is_written_anew(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "BETWEEN_LOOKS", 0)
    case = house.deciding(Right.KNOW_SPECIFIC)
    before = sorted(house.data.rglob("*"))
    house.move(case, "approve", APPROVER)
    with monkeypatch.context() as somebody:
        lines = contents.Table.json_lines

        def pauses(table: contents.Table) -> Iterator[bytes]:
            pausing.pause(by="staff:1", at=timezone.now())
            return lines(table)

        somebody.setattr(contents.Table, "json_lines", pauses)
        house.work()
    job = Job.objects.get(kind="carry_out")
    assert (job.state, job.attempts, job.error) == (JobState.WAITING, 0, "")
    assert fresh(case).state == State.CARRYING_OUT
    assert not Bundle.objects.exists()
    assert [path for path in house.data.rglob("*") if path.is_file() and path not in before] == []
    pausing.resume()
    house.work()
    assert fresh(case).state == State.CLOSED
    assert len(facts_of(case, EventKind.BUNDLE_MADE)) == 1
    assert "manifest.json" in files_of(case)


def test_each_hand_over_is_noted_before_the_first_byte(house: House) -> None:
    case = house.closed(Right.KNOW_SPECIFIC)
    bundle = Bundle.objects.get(case=case)
    hand_over.start_download(bundle, at=timezone.now())
    assert Download.objects.filter(bundle=bundle).count() == 1
    assert facts_of(case, EventKind.DOWNLOADED) == [{"bundle": str(bundle.pk)}]


def test_the_size_that_is_told_is_the_size_that_comes(house: House) -> None:
    bundle = Bundle.objects.get(case=house.closed(Right.KNOW_SPECIFIC))
    assert sum(map(len, hand_over.start_download(bundle, at=timezone.now()))) == bundle.clear_size


@pytest.mark.parametrize("harm", ["cut", "changed", "gone"])
def test_a_damaged_file_releases_nothing_and_counts_as_no_hand_over(house: House, harm: str) -> None:
    bundle = Bundle.objects.get(case=house.closed(Right.KNOW_SPECIFIC))
    path = house.data / bundle.path
    content = path.read_bytes()
    if harm == "gone":
        path.unlink()
    else:
        path.write_bytes(content[:-1] if harm == "cut" else content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(FileDamaged):
        hand_over.start_download(bundle, at=timezone.now())
    assert not Download.objects.exists()


def test_a_damaged_file_is_told_to_the_desk_once_until_somebody_gets_it(house: House) -> None:
    case = house.closed(Right.KNOW_SPECIFIC)
    bundle = Bundle.objects.get(case=case)
    path = house.data / bundle.path
    path.rename(path.with_suffix(".lost"))
    for _try in range(2):
        with pytest.raises(FileDamaged):
            hand_over.start_download(bundle, at=timezone.now())
    assert facts_of(case, EventKind.BUNDLE_DAMAGED) == [{"bundle": str(bundle.pk), "error": "BundleDamaged"}]
    assert hand_over.is_damaged(case)
    path.with_suffix(".lost").rename(path)
    hand_over.start_download(bundle, at=timezone.now())
    assert not hand_over.is_damaged(case)


@pytest.mark.parametrize("right", [Right.KNOW_SPECIFIC, Right.DELETE])
@pytest.mark.parametrize("harm", ["changed", "gone"])
def test_findings_that_can_not_be_read_go_back_to_a_person_and_are_gathered_again(
    house: House, right: Right, harm: str
) -> None:
    case = house.deciding(right)
    (part, *_more) = parts_of(case, "shop", "reviews")
    path = house.data / part.path
    path.unlink() if harm == "gone" else path.write_bytes(b"something else")
    house.approve(case)
    assert fresh(case).state == State.DECIDING
    assert facts_of(case, EventKind.HAND_BACK)[0]["because"] == "findings_damaged"
    assert fresh(case).submission.provided_at is None
    house.move(case, "gather_again")
    house.work()
    house.approve(case)
    assert fresh(case).state == State.CLOSED


def test_it_can_be_fetched_for_a_while_and_renewed_as_long_as_the_content_lives(house: House) -> None:
    case = house.closed(Right.KNOW_SPECIFIC)
    assert case.closed_at is not None
    end, last = case.closed_at + settings.BUNDLE_LIFE, case.closed_at + settings.CONTENT_LIFE
    bundle = hand_over.available(case, end - timedelta(seconds=1))
    assert bundle is not None
    assert bundle.expires_at == end < last
    assert hand_over.available(case, end) is None
    assert hand_over.within_reach(case, last - timedelta(seconds=1)) == bundle
    assert hand_over.within_reach(case, last) is None


def test_a_renewal_gives_another_period_and_never_more_than_the_content_has(house: House) -> None:
    case = house.closed(Right.KNOW_SPECIFIC)
    assert case.closed_at is not None
    late = case.closed_at + settings.BUNDLE_LIFE + timedelta(days=1)
    bundle = hand_over.renew(case.pk, by=PERSON, at=late)
    assert bundle.expires_at == case.closed_at + settings.CONTENT_LIFE
    assert hand_over.available(case, late) == bundle
    (facts,) = facts_of(case, EventKind.BUNDLE_RENEWED)
    assert facts == {"bundle": str(bundle.pk), "until": f"{timezone.localdate(bundle.expires_at)}"}
    with pytest.raises(NotHandedOver, match="nothing to make available again"):
        hand_over.renew(case.pk, by=ANALYST, at=late)


def test_a_short_period_is_renewed_so_often_by_the_person_and_then_by_staff(house: House, settings: Settings) -> None:
    settings.BUNDLE_LIFE = timedelta(days=5)
    case = house.closed(Right.KNOW_SPECIFIC)
    assert case.closed_at is not None
    at = case.closed_at
    for _time in range(hand_over.MOST_RENEWALS):
        at += timedelta(days=6)
        assert hand_over.renew(case.pk, by=PERSON, at=at).expires_at == at + timedelta(days=5)
    at += timedelta(days=6)
    assert hand_over.within_reach(case, at) is None
    with pytest.raises(NotHandedOver, match="as often as we allow"):
        hand_over.renew(case.pk, by=PERSON, at=at)
    hand_over.renew(case.pk, by=ANALYST, at=at)
    assert hand_over.available(case, at) is not None
    assert len(facts_of(case, EventKind.BUNDLE_RENEWED)) == 4


def test_the_limit_binds_in_the_moment_of_release(house: House) -> None:
    case = house.deciding(Right.KNOW_SPECIFIC)
    for _before in range(2):
        other = house.reviewing(Right.KNOW_CATEGORIES).submission
        Submission.objects.filter(pk=other.pk).update(provided_at=None)
    others = Submission.objects.exclude(pk=case.submission_id)
    house.move(case, "approve", APPROVER)
    others.update(provided_at=timezone.now())
    house.work()
    assert fresh(case).state == State.DECIDING
    assert facts_of(case, EventKind.HAND_BACK)[0]["because"] == "limit_reached"
    assert not Bundle.objects.filter(case=case).exists()
    assert fresh(case).submission.provided_at is None


def test_what_was_handed_back_is_made_anew_after_the_next_approval(house: House) -> None:
    case = house.deciding(Right.KNOW_SPECIFIC)
    for _before in range(2):
        house.reviewing(Right.KNOW_CATEGORIES)
    house.move(case, "approve", APPROVER)
    Submission.objects.exclude(pk=case.submission_id).update(provided_at=timezone.now())
    house.work()
    house.move(case, "decide_limit", choice="answer_anyway", reason="It is the polite thing to do.")
    house.approve(case)
    assert fresh(case).state == State.CLOSED
    assert files_of(case)
    assert Job.objects.filter(kind="carry_out").count() == 2


def test_a_job_that_died_after_the_release_makes_no_second_bundle(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = house.deciding(Right.KNOW_SPECIFIC)
    report, calls = closing.carried_out, iter(range(10))

    def report_or_die(*arguments: object, **more: object) -> None:
        if next(calls) == 0:
            raise OSError
        report(*arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(closing, "carried_out", report_or_die)
    house.approve(case)
    assert fresh(case).state == State.CARRYING_OUT
    (made,) = Bundle.objects.all()
    house.later(timedelta(minutes=1))
    assert fresh(case).state == State.CLOSED
    assert list(Bundle.objects.all()) == [made]
    assert len(facts_of(case, EventKind.BUNDLE_MADE)) == 1


def test_categories_are_answered_in_the_letter_and_count_against_the_limit(house: House) -> None:
    case = house.closed(Right.KNOW_CATEGORIES)
    assert (case.state, case.outcome) == (State.CLOSED, "fulfilled")
    assert case.submission.provided_at is not None
    assert not Bundle.objects.exists()


def forgotten(house: House) -> None:
    """The company holds nothing of the person any more."""
    for table, column in (("newsletter_subscribers", "email"), ("support_tickets", "contact_email")):
        house.sql("shop", f"DELETE FROM {table} WHERE {column} LIKE '%victoria%'")
    house.sql("shop", "UPDATE orders SET guest_email = NULL")
    house.sql("shop", "UPDATE customers SET email = NULL, account_no = 'X-1' WHERE id = 7")


@pytest.mark.parametrize("right", [Right.KNOW_SPECIFIC, Right.PORTABILITY, Right.KNOW_CATEGORIES])
def test_an_answer_that_nothing_was_found_provides_nothing_and_does_not_count(house: House, right: Right) -> None:
    case = house.reviewing(right)
    forgotten(house)
    house.move(case, "start_gathering")
    house.work()
    house.approve(case)
    assert (fresh(case).state, fresh(case).outcome) == (State.CLOSED, "fulfilled")
    assert fresh(case).submission.provided_at is None
    (letter,) = case.messages.filter(letter__in=("answer_ready", "categories"))
    assert "- We found no data about you.\n" in letter.text
    assert "with your data" not in letter.text


def test_an_answer_of_which_all_stays_back_still_names_its_categories_and_counts(house: House) -> None:
    case = house.reviewing(Right.KNOW_SPECIFIC)
    forgotten(house)
    house.sql(
        "shop",
        "INSERT INTO newsletter_subscribers (email, subscribed_at) VALUES (?, '2026-01-01 00:00:00')",
        person().email,
    )
    house.move(case, "start_gathering")
    house.work()
    (part,) = parts_of(case, "shop", "newsletter_subscribers")
    house.move(case, "withhold", finding=f"{part.pk}:0", field="", code="ca_145k_rights_of_others")
    house.approve(case)
    assert Bundle.objects.get(case=case).records == 0
    assert fresh(case).submission.provided_at is not None
