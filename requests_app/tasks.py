"""The case's jobs by kind; each takes ids, calls one service, and may run twice."""

from __future__ import annotations

from datetime import timedelta

from dsar.jobs.registry import Retries, handler, periodic
from dsar.jobs.running import Run
from dsar.vault import keys
from requests_app.events import EventKind
from requests_app.models import Evidence, Message, MessageState, ProofOffered, Submission, ValueAsked
from requests_app.ports import systems
from requests_app.services import (
    account,
    closing,
    complaints,
    confirming,
    extending,
    identity,
    letters,
    opting_in,
    people,
    restricting,
    silence,
    telling,
    upkeep,
)
from requests_app.services.history import local_day, locked, locked_cases

# A mail server may be down for a night: 22 tries take more than 13 hours.
MAIL = Retries(attempts=22, first=timedelta(seconds=10), factor=2, at_most=timedelta(hours=1))
# A source may be down for a night: nine tries take about 15 hours.
PATIENT = Retries(attempts=9, first=timedelta(seconds=15), factor=5, at_most=timedelta(hours=4))

# Somebody waits at the page, and what was typed should not lie for a night: four tries take a quarter of an hour.
SOON = Retries(attempts=4, first=timedelta(seconds=15), factor=6, at_most=timedelta(minutes=15))


@handler("find_person")
def find_person(run: Run) -> None:
    """Join a submission with the person's record."""
    _find(run, Submission.objects.get(pk=str(run.arguments["submission"])))


@handler("link_complaint")
def link_complaint(run: Run) -> None:
    """Link a complaint with the request whose reference it gives."""
    with run.completing():
        complaints.link(str(run.arguments["case"]), str(run.arguments["reference"]), at=run.at)


@handler("settle_identity")
def settle_identity(run: Run) -> None:
    """Accept the identity where a paper that staff accepted makes it enough, and an opt-in that was signed before."""
    submission = Submission.objects.get(pk=str(run.arguments["submission"]))
    with run.completing():
        identity.settle(submission, at=run.at)
        opting_in.settle(submission, at=run.at)


@handler("join_account")
def join_account(run: Run) -> None:
    """Join a fresh sign-in to the person's account with the person's record."""
    evidence = Evidence.objects.select_related("submission__organisation").get(pk=str(run.arguments["evidence"]))
    _find(run, evidence.submission)
    with run.completing():
        account.join_account(evidence, at=run.at)


def give_up_on_probe(run: Run) -> None:
    """A source stayed down: what was typed is erased, and the person may type it again."""
    error = run.job.error.rpartition(".")[2] or "Unknown"
    identity.probe_failed(_offered(run), error=error, at=run.at)


@handler("probe", retries=PATIENT, on_give_up=give_up_on_probe)
def probe(run: Run) -> None:
    """Compare offered data points with the company's records."""
    offered = _offered(run)
    if offered.probed_at is not None:
        return
    _find(run, offered.submission)
    points = identity.points_to_probe(offered)
    matched = systems().probe(points)
    with run.completing():
        identity.record_probe(offered, points, matched, at=run.at)


def give_up_on_value(run: Run) -> None:
    """A source stayed down, or a person has to put it right: what was typed is erased, and it was no try."""
    error = run.job.error.rpartition(".")[2] or "Unknown"
    confirming.answered(_value_asked(run), is_held=None, at=run.at, error=error)


@handler("compare_value", queue="gather", retries=SOON, on_give_up=give_up_on_value)
def compare_value(run: Run) -> None:
    """Compare a value that is never disclosed with what is held."""
    asked = _value_asked(run)
    if asked.compared_at is not None:
        return
    is_held = systems().holds_value(asked.case, asked.field, asked.value)
    with run.completing():
        confirming.answered(asked, is_held=is_held, at=run.at)


def _value_asked(run: Run) -> ValueAsked:
    related = "case__submission__organisation", "case__submission__subject"
    return ValueAsked.objects.select_related(*related).get(pk=str(run.arguments["asked"]))


def _offered(run: Run) -> ProofOffered:
    return ProofOffered.objects.select_related("submission__organisation").get(pk=str(run.arguments["proof"]))


def _find(run: Run, submission: Submission) -> None:
    if submission.confirmed_at is None or submission.subject_id is not None:
        return
    identifier_key = keys.create("identifiers", at=run.at)
    with run.transaction():
        people.find_person(submission, identifier_key=identifier_key, at=run.at)
    if submission.subject is None or submission.subject.identifier_key != identifier_key:
        keys.destroy(identifier_key, at=run.at)  # the person was known


def give_up_on_message(run: Run) -> None:
    """The mail server never took the letter: the privacy team must write another way."""
    letters.failed(_message(run), at=run.at)


@handler("deliver_message", queue="mail", retries=MAIL, on_give_up=give_up_on_message)
def deliver_message(run: Run) -> None:
    """Deliver one letter; a repetition carries the same Message-ID."""
    message = _message(run)
    if message.state == MessageState.ACCEPTED:
        return
    if letters.must_wait(message, at=run.at):
        with run.completing():
            letters.hold_back(message, at=run.at)
        return
    letters.deliver(message)
    with run.completing():
        if letters.accepted(message, at=run.at) and message.case is not None:
            closing.letter_accepted(locked(message.case.pk), message, at=run.at)


@handler("restriction_notice_counts")
def restriction_notice_counts(run: Run) -> None:
    """End a restriction on the day from which its posted notice counts."""
    message = _message(run)
    with run.completing():
        if message.case is not None:
            restricting.notice_accepted(locked(message.case.pk), message, at=run.at)


@handler("note_in_siblings")
def note_in_siblings(run: Run) -> None:
    """Note of a receipt on the other cases of its submission what was noted on one."""
    message, kind = _message(run), EventKind(str(run.arguments["kind"]))
    with run.completing():
        for case in locked_cases(message.submission).exclude(pk=str(run.arguments["but"])):
            telling.note_in_sibling(message, case, kind, at=run.at)


@handler("take_back_extensions")
def take_back_extensions(run: Run) -> None:
    """Void the extensions of which nobody was told in time; one transaction a case."""
    for case_id in extending.cases_to_take_back(local_day(run.at)):
        with run.transaction():
            extending.take_back(locked(case_id), at=run.at)


def _message(run: Run) -> Message:
    return Message.objects.select_related("submission", "case").get(pk=str(run.arguments["message"]))


@handler("follow_up_silence")
def follow_up_silence(run: Run) -> None:
    """Remind who does not prove who asks, and refuse in time."""
    for submission in silence.silent_submissions():
        with run.transaction():
            silence.follow_up(submission, at=run.at)


@handler("destroy_orphaned_keys")
def destroy_orphaned_keys(run: Run) -> None:
    """Destroy keys that no row uses."""
    upkeep.destroy_orphaned_keys(at=run.at)


@handler("anchor_histories")
def anchor_histories(run: Run) -> None:
    """Sign the heads of the histories."""
    with run.completing():
        upkeep.anchor_histories(at=run.at)


@handler("copy_checkpoints")
def copy_checkpoints(_run: Run) -> None:
    """Append new checkpoints to the file that leaves the house."""
    upkeep.copy_checkpoints()


@handler("mail_checkpoint", queue="mail", retries=MAIL)
def mail_checkpoint(_run: Run) -> None:
    """Mail the last checkpoint to the auditor."""
    upkeep.mail_checkpoint()


periodic("destroy_orphaned_keys", every=timedelta(hours=6))
periodic("take_back_extensions", every=timedelta(hours=1))
periodic("follow_up_silence", every=timedelta(hours=6))
periodic("anchor_histories", every=timedelta(hours=1))
periodic("mail_checkpoint", every=timedelta(days=1))
