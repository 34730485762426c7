"""What a task shows to who answers it: the least by which the person is found, and what is asked for, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from exports.fulfil import as_planned, collecting, gather, second_look, source_runs, suppressing
from exports.fulfil.corrections import account, deciding, standing
from exports.fulfil.corrections.places import Place
from exports.fulfil.documents import taking
from exports.fulfil.recipients.instruction import emails_of
from exports.fulfil.tasks import asking
from exports.models import Document, SourceRun, Task, TaskKind, TaskUpload
from exports.sources.connector import Action, Mode, PlannedCollection
from exports.sources.datamap import Collection, Deidentify
from exports.sources.manual import file_of
from exports.sources.rows import columns_needed
from exports.sources.values import Key
from requests_app.law.words import Right
from requests_app.models import CorrectionAsked, CorrectionDecision, IdentifierKind, Verdict

MOST_LINES = 100  # that are told one by one


@dataclass(frozen=True)
class Column:
    """One column that a file has: its name there, what it holds, and how little of it is enough."""

    name: str
    title: str
    hint: str


@dataclass(frozen=True)
class Asked:
    """What is asked of one collection."""

    name: str
    title: str
    columns: tuple[Column, ...]
    uploads: tuple[TaskUpload, ...]
    lines: tuple[str, ...]  # of an act: what is to be done, sentence by sentence

    @property
    def rows(self) -> int:
        """How many rows were sent so far."""
        return sum(upload.records for upload in self.uploads)


@dataclass(frozen=True)
class TaskPage:
    """The page of a task."""

    task: Task
    source: str
    organisation: str
    due_on: date
    is_late: bool
    identifiers: tuple[tuple[str, str], ...]  # kind in words, value
    collections: tuple[Asked, ...]
    counts_only: bool  # whether an x may stand for most values
    takes_documents: bool
    documents: tuple[Document, ...]  # brought so far

    @property
    def looks(self) -> bool:
        """Whether rows are asked for, and not an act."""
        return self.task.kind == TaskKind.LOOK


def shown(task: Task, *, on: date) -> TaskPage:
    """The page in the active language."""
    language = (get_language() or "en").partition("-")[0]
    return TaskPage(
        task=task,
        source=task.about(language),
        organisation=str(task.case.submission.organisation),
        due_on=task.due_on,
        is_late=on > task.due_on,
        identifiers=tuple(
            (kind_in_words(kind), value) for kind, values in identifiers(task).items() for value in values
        ),
        collections=_to_tell(task)
        if task.kind == TaskKind.TELL
        else tuple(_asked(task, found, language) for found in collections_asked(task)),
        takes_documents=taking.are_taken(task),
        documents=tuple(Document.objects.filter(task=task, parent=None, replaces=None)),
        counts_only=task.kind == TaskKind.LOOK and mode_of(task) is not Mode.CONTENT,
    )


def identifiers(task: Task) -> Mapping[str, list[str]]:
    """What finds the person, of the kinds alone that lead into what is asked about; for a recipient the addresses."""
    if task.kind == TaskKind.TELL:
        emails = emails_of(task.case)
        return {IdentifierKind.EMAIL.value: emails} if emails else {}
    came = task.kind == TaskKind.SUPPRESS
    known = suppressing.identifiers_that_came(task.case) if came else source_runs.identifiers_for(_run_of(task))
    wanted = {root.by for found in _concerned(task) for root in found.roots}
    return {kind: list(values) for kind, values in known.items() if kind in wanted}


def _to_tell(task: Task) -> tuple[Asked, ...]:
    """What the recipient is to be told, and by which reference it can ask back."""
    case, language = task.case, (get_language() or "en").partition("-")[0]
    made = account.made(case) if case.right_asked == Right.CORRECT else []
    said = [
        _("Tell it in a way that can be proved: %(right)s.") % {"right": case.right_asked.label},
        *(line for asked, places in made for line in _to_tell_of(asked, places, language)),
        _("Name the reference %(reference)s, and have it confirm what it did and pass it on.")
        % {"reference": case.submission.reference},
    ]
    return (Asked("recipient", task.about(), (), (), tuple(filter(None, said))),)


def _to_tell_of(asked: CorrectionAsked, places: account.Made, language: str) -> Iterator[str]:
    """The right value, or that what is wrong is to be deleted, or both, where sources differ."""
    name = account.name_of(asked, language)
    if any(not done.is_deleted for done in places.values()):
        yield f"{name}: {asked.value}"
    if any(done.is_deleted for done in places.values()):
        yield _("%(field)s: delete the value that it has; we deleted ours.") % {"field": name}


def kind_in_words(kind: str) -> str:
    """A kind of identifier as a label."""
    return str(IdentifierKind(kind).label) if kind in IdentifierKind.values else kind.replace("_", " ")


def collections_asked(task: Task) -> list[Collection]:
    """The collections that are asked about; before anything was found there, those to which something leads."""
    concerned = _concerned(task)
    if task.kind in (TaskKind.DELETE, TaskKind.CORRECT):  # what was found there is known
        return concerned
    return asking.leading(concerned, identifiers(task))


def _concerned(task: Task) -> list[Collection]:
    data_map = task.map_version.as_map()
    match task.kind:
        case TaskKind.LOOK:
            return gather.collections_in_scope(task.run) if task.run else []
        case TaskKind.SUPPRESS:
            return [found for found in data_map.collections if found.suppression(task.case.right_asked)]
        case TaskKind.CORRECT:
            names = {place.collection for _decision, place in _places_of(task)}
            return [found for found in data_map.collections if found.name in names]
    planned = as_planned.deletion_plan(_run_of(task)).collections
    going = {item.name for item in planned if item.action is not Action.KEEP and item.rows > len(item.spared)}
    return [found for found in data_map.collections if found.name in going]


def _run_of(task: Task) -> SourceRun:
    """The look on which an act rests."""
    runs = task.case.source_runs.select_related("source", "map_version", "case__submission")
    return runs.get(source=task.source, round=task.round)


def mode_of(task: Task) -> Mode:
    """Whether rows are asked for with what stands in them."""
    return Mode(task.run.mode) if task.run else Mode.CONTENT


def _asked(task: Task, collection: Collection, language: str) -> Asked:
    looks = task.kind == TaskKind.LOOK
    return Asked(
        name=collection.name,
        title=collection.title.in_language(language),
        columns=tuple(_columns(task, collection, language)) if looks else (),
        uploads=tuple(task.uploads.filter(collection=collection.name)) if looks else (),
        lines=() if looks else tuple(_to_do(task, collection, language)),
    )


def _columns(task: Task, collection: Collection, language: str) -> list[Column]:
    data_map, titles = task.map_version.as_map(), {f.column: f.title.in_language(language) for f in collection.fields}
    secret = {found.column for found in collection.fields if found.never_disclose}
    needed_whole = _needed_whole(task, collection)
    found = []
    for name in columns_needed(data_map, collection):
        hint = ""
        if name in secret:
            hint = _("write x where one is held, and never the value itself")
        elif name not in needed_whole and mode_of(task) is not Mode.CONTENT:
            hint = _("x is enough where something is held")
        found.append(Column(name, titles.get(name, ""), hint))
    return found


def _needed_whole(task: Task, collection: Collection) -> set[str]:
    """The columns of which a count needs more than whether something is there."""
    names = {root.column for root in collection.roots} | {given.column for given in collection.gives}
    names |= set(collecting.fields_to_plan(task.run, collection)) if task.run else set()
    counted_from = getattr(collection.on_delete, "counted_from", None)
    return names | {name for name in (collection.received_at, counted_from) if name}


def _to_do(task: Task, collection: Collection, language: str) -> list[str]:
    if task.kind == TaskKind.SUPPRESS:
        flags = collection.suppression(task.case.right_asked)
        return [
            _("Set “%(column)s” to %(value)s.") % {"column": column, "value": value}
            for column, value in (flags.columns if flags else ())
        ]
    if task.kind == TaskKind.CORRECT:
        return [
            line
            for decision, place in _places_of(task)
            if place.collection == collection.name
            for line in _to_correct(decision, place, collection.field(place.column).title.in_language(language))
        ]
    return _to_delete(task, collection)


def _places_of(task: Task) -> list[tuple[CorrectionDecision, Place]]:
    """What is to be changed in the source of a task."""
    changing = deciding.places_to_change(task.case)
    return [(decision, place) for decision, places in changing for place in places if place.source == task.source.slug]


def _to_correct(decision: CorrectionDecision, place: Place, title: str) -> Iterator[str]:
    """What to write, or that the field is to be emptied, and in the place of which values alone: the others stay."""
    wrong = standing.wrong_in(decision, place)
    if not wrong:  # their key is destroyed: nobody knows any more what would be overwritten
        return
    named = {"column": place.column, "title": title}
    if decision.verdict == Verdict.DELETED:
        yield _("Empty “%(column)s” (%(title)s): nothing takes the place of what stands there.") % named
    else:
        yield _("Write this in “%(column)s” (%(title)s): %(value)s") % {**named, "value": decision.asked.value}
    said = (_("nothing (it is empty)") if value in (None, "") else str(value) for value in wrong)
    yield _("Only where it says: %(values)s") % {"values": "; ".join(dict.fromkeys(said))}


def _to_delete(task: Task, collection: Collection) -> list[str]:
    plan = as_planned.deletion_plan(_run_of(task))
    planned = next(item for item in plan.collections if item.name == collection.name)
    rows = planned.rows - len(planned.spared)
    said = []
    if isinstance(collection.on_delete, Deidentify):
        columns = ", ".join(column for column, _by in collection.on_delete.columns)
        said.append(
            _("Keep %(rows)s rows, and empty or replace there: %(columns)s.") % {"rows": rows, "columns": columns}
        )
    else:
        said.append(_("Delete %(rows)s rows.") % {"rows": rows})
    said += _approved(task, collection, planned)
    if planned.spared:
        lines = {"lines": _lines(planned.spared)}
        said.append(_("These rows stay, by their lines in the file that was brought: %(lines)s.") % lines)
    return said


def _approved(task: Task, collection: Collection, planned: PlannedCollection) -> Iterator[str]:
    """Which rows were approved, as far as a person can be told, and that what came since is not meant."""
    going = [key for _part, keys in second_look.planned_keys(_run_of(task), collection) for key in keys]
    going = [key for key in going if key not in planned.spared]
    if len(going) <= MOST_LINES:
        yield _("These are meant, by their lines in the file that was brought: %(lines)s.") % {"lines": _lines(going)}
    yield _("What came after that file, or says something else since, is not meant: leave it, and note it below.")


def _lines(keys: Iterable[Key]) -> str:
    return ", ".join(map(_line, sorted(keys, key=lambda key: (file_of(key), int(key[1])))))


def _line(key: Key) -> str:
    """A line of what was brought; of a further file with the file's number."""
    number, line = file_of(key), key[1]
    return str(line) if number == 1 else _("%(line)s of file %(number)s") % {"line": line, "number": number}
