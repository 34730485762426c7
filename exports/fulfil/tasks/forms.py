"""The form of a task, for the outsider's page and the desk's alike: plain values in, one service called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.datastructures import MultiValueDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from exports.fulfil.documents import taking
from exports.fulfil.tasks import answering, sheets
from exports.fulfil.tasks.opening import AnswerRefused
from exports.models import TaskState
from requests_app.roles import Actor

FINISHES = {"done": TaskState.DONE, "nothing": TaskState.NOTHING, "refuse": TaskState.REFUSED}


class Step(StrEnum):
    """What a form that was sent has done."""

    SENT = "sent"
    REMOVED = "removed"
    FINISHED = "finished"


class Answered(NamedTuple):
    """What was done, and what the sender should know besides."""

    step: Step
    warnings: Sequence[str] = ()


IN_WORDS: Mapping[Step, Promise] = {
    Step.SENT: gettext_lazy("What you sent was read and is kept. Send the answer below when all is here."),
    Step.REMOVED: gettext_lazy("The file was removed."),
    Step.FINISHED: gettext_lazy("Thank you: your answer is in."),
}


def take(
    task_id: UUID, given: Mapping[str, str], files: MultiValueDict[str, UploadedFile[bytes]], *, by: Actor, at: datetime
) -> Answered:
    """Do what a form asks for; AnswerRefused says what is wrong with it."""
    asked = given.get("do", "")
    if asked == "send":
        warnings = sheets.keep(
            task_id,
            given.get("collection", ""),
            [sheets.Brought(str(file.name), _content(file)) for file in files.getlist("file")],
            encoding=given.get("encoding", ""),
            by=by,
            at=at,
        )
        return Answered(Step.SENT, warnings)
    if asked == "bring":
        taking.keep(task_id, _content(files.get("document")), by=by, at=at)
        return Answered(Step.SENT)
    if asked == "take_away":
        taking.take_away(task_id, given.get("document_id", ""), by=by, at=at)
        return Answered(Step.REMOVED)
    if asked == "remove":
        sheets.take_away(task_id, given.get("upload_id", ""), by=by, at=at)
        return Answered(Step.REMOVED)
    if asked not in FINISHES:
        raise AnswerRefused(_("Please choose one of the answers."))
    proof = files.get("proof")
    answering.finish(
        task_id,
        FINISHES[asked],
        name=given.get("name", ""),
        note=given.get("note", ""),
        confirmed=given.get("confirmed") == "yes",
        proof=_content(proof) if proof else b"",
        by=by,
        at=at,
    )
    return Answered(Step.FINISHED)


def _content(file: UploadedFile[bytes] | None) -> bytes:
    """What was sent, and one byte more than is taken of what is too large."""
    return file.read(settings.MOST_UPLOADED + 1) if file is not None else b""


def given(sent: Mapping[str, str]) -> dict[str, str]:
    """What was typed, to be shown again beside what is wrong with it."""
    return {name: sent.get(name, "") for name in ("name", "note", "collection", "do")}


def choices() -> dict[str, object]:
    """What the templates offer."""
    return {"encodings": sheets.ENCODINGS, "most_megabytes": settings.MOST_UPLOADED // sheets.MEGABYTE}
