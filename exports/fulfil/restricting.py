"""Restriction in the company's systems: set where a data map says how, and taken off once it has ended.

Our look-up holds whatever a request names from receipt on, since that only protects. A system stops its work for a
person, which can harm whoever never asked: so a source is told by what is confirmed and what that leads to on the way,
as for an opt-out, and never by a claim.
Called when a mailbox is confirmed, an identity accepted, a restriction begun anew or ended, and a map put in force
that says how; its job looks at what holds then, and not at why it was asked, so that it may come late, twice, or in any
order.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import F, Q, QuerySet

from dsar.jobs.queue import enqueue
from dsar.jobs.running import Run
from exports.fulfil import on_the_way, one_record, source_by_source, trouble
from exports.fulfil.on_the_way import OnTheWay
from exports.fulfil.one_record import FoundRow
from exports.models import DataSource, SourceRestriction
from exports.sources.connector import Identifiers
from exports.sources.errors import ChangeRefusedError
from requests_app.events import EventKind
from requests_app.law.agents import Requester
from requests_app.law.words import EvidenceKind, Right
from requests_app.models import Case, Evidence, Identifier, IdentifierKind, Submission, Suppression
from requests_app.roles import SYSTEM
from requests_app.services import people
from requests_app.services.history import locked, record

AT_ONCE = 200  # people of whom it is read together what leads on from them
Known = Mapping[str, frozenset[str]]


def tell_sources(case: Case) -> None:
    """The job that tells them; none where no map says how. In the transaction of what changed."""
    if DataSource.objects.that_suppress(Right.RESTRICT):
        enqueue("restrict_in_sources", {"case": str(case.pk)}, key=f"restrict_in_sources:{case.pk}:{case.version}")


def tell_of_those_restricted(source: DataSource, *, occasion: str) -> None:
    """The jobs that tell a source to which a map leads that is just put in force, its own or another's; with that."""
    if not source.map_version.as_map().suppresses(Right.RESTRICT):
        return
    for case in _restricted():
        key = f"restrict_in_sources:{case.pk}:{case.version}:map:{source.pk}:{occasion}"
        enqueue("restrict_in_sources", {"case": str(case.pk), "again": source.pk}, key=key)


def tell_restored(source: DataSource, *, since: datetime, at: datetime) -> int:
    """The jobs that tell a source anew of which a backup was made at `since` and restored; how many they are."""
    cases = _to_tell_again(source, since)
    for case in cases:
        key = f"restrict_in_sources:{case.pk}:{source.pk}:restored:{at.isoformat()}"
        enqueue("restrict_in_sources", {"case": str(case.pk), "again": source.pk}, key=key)
    return len(cases)


def by_request(source: DataSource, since: datetime) -> Iterator[tuple[str, bool]]:
    """What those jobs would do: references, and whether the restriction would be set, or else lifted."""
    restricted = set(_restricted().values_list("pk", flat=True))
    for page in _pages(_to_tell_again(source, since).select_related("submission")):
        known = _confirmed_of_each(page)
        for case in page:
            if known[case.pk] or case.pk not in restricted:  # by a claim no source is told
                yield case.submission.reference, case.pk in restricted


def _to_tell_again(source: DataSource, since: datetime) -> QuerySet[Case]:
    """Those restricted now, and those whose restriction was taken off there after a moment."""
    if not source.map_version.as_map().suppresses(Right.RESTRICT):
        return Case.objects.none()
    ended = SourceRestriction.objects.filter(source=source, is_set=False, told_at__gte=since).values("case")
    return Case.objects.filter(Q(pk__in=_restricted()) | Q(pk__in=ended))


def bring_in_line(run: Run) -> None:
    """Set or lift in each source what holds now; one that fails stops no other. Raises what went wrong in one."""
    case = _case(str(run.arguments["case"]))
    sources = DataSource.objects.that_suppress(Right.RESTRICT)
    way = _way(case, sources, run)
    source_by_source.each(run, sources, lambda source: _tell(run, case, source, way))


def _way(case: Case, sources: Collection[DataSource], run: Run) -> OnTheWay:
    removed = people.Removed(case.submission)
    confirmed = {kind: sorted(values) for kind, values in confirmed_of(case).items()}
    return OnTheWay(confirmed, sources, Right.RESTRICT, removed=removed, renew=run.renew)


def _tell(run: Run, case: Case, source: DataSource, way: OnTheWay) -> None:
    told = SourceRestriction.objects.filter(case=case, source=source).first()
    is_sure = told is not None and told.told_at is not None and run.arguments.get("again") != source.pk
    is_wanted, known = case.is_restricted, confirmed_of(case)
    if is_wanted and not known:
        return
    if is_wanted and told is not None and is_sure and told.is_set and set(told.kinds) == known.keys():
        return
    if not is_wanted and (told is None or (is_sure and not told.is_set)):
        with run.transaction():
            _wake_ended(run, case, source)
        return
    if not is_wanted and (others := _others_reaching(run, case, source, way)):
        with run.transaction():
            _tell_again(run, [] if is_sure else others, source)
        return
    _order(run, case, source, way, sets=is_wanted)


def _order(run: Run, case: Case, source: DataSource, way: OnTheWay, *, sets: bool) -> None:
    """Set or lift, and note it, with whoever has to be told again because of it.

    For what is confirmed, and what that leads to on the way. Where a source on the way could not be read, what can be
    reached is set, and the row is left as one of which nobody is sure, so that the next attempt sets the rest. Nothing
    is taken off as long as it is not known who else may want it.

    Nothing is locked while a source answers. So another job of the same person may set the flag while this one takes it
    off, in either order. Whoever took it off therefore looks, after the answer, who wants it by then, and has each told
    again, whatever their rows say: that order begins after this one, so that it is the last word. A worker that dies in
    between leaves its row without `told_at`, written before it asked: the next attempt knows by that that the flag may
    be off, and does the same.
    """
    named = way.leading_to(source)
    incomplete = _why_incomplete(way, source)
    kinds = sorted(confirmed_of(case))
    look = run.now_and_then(stops=False)
    try:
        with trouble.for_a_person(), source.open(source.map_version.as_map(), look=look) as connector:
            _note_begun(run, case, source)
            done = connector.suppress(Right.RESTRICT, named, lifts=not sets)
    except ChangeRefusedError as error:
        with run.transaction():  # what was not set will not have to be taken off
            SourceRestriction.objects.filter(case=case, source=source, is_set=False).delete()
        raise trouble.FlagRefused(str(error)) from error
    others = [] if sets else _others_reaching(run, case, source, way)
    with run.transaction():
        case = locked(case.pk)
        SourceRestriction.objects.filter(case=case, source=source).update(
            is_set=sets, kinds=kinds, rows=sum(done.values()), told_at=None if incomplete else run.at
        )
        kind = EventKind.RESTRICTION_SET if sets else EventKind.RESTRICTION_TAKEN_OFF
        record(case, kind, by=SYSTEM, at=run.at, source=source.slug, done=dict(done), kinds=kinds)
        if case.is_restricted != sets:  # it began or ended while the source was told
            _tell_again(run, [case], source)
        if not sets:
            _tell_again(run, others, source)
            _wake_ended(run, case, source)
    if incomplete:
        raise incomplete


def _note_begun(run: Run, case: Case, source: DataSource) -> None:
    """From now on nobody knows how it stands there, until the answer is noted."""
    never = {"is_set": False, "rows": 0}
    with run.transaction():
        SourceRestriction.objects.update_or_create(
            case=case, source=source, defaults={"told_at": None}, create_defaults=never
        )


def confirmed_of(case: Case) -> Known:
    """By what a source may be told whom to restrict: a mailbox that answered, and what the case was accepted on."""
    return _confirmed_of_each([case])[case.pk]


def _confirmed_of_each(cases: Sequence[Case]) -> Mapping[UUID, Known]:
    """As `confirmed_of`, of cases with their submissions; with as many statements for many as for one."""
    found = {case.pk: dict[str, set[str]]() for case in cases}
    answered = [case for case, has_answered in zip(cases, _have_answered(cases), strict=True) if has_answered]
    for case, email in zip(answered, Submission.email.of_all(case.submission for case in answered), strict=True):
        if email:
            found[case.pk][IdentifierKind.EMAIL] = {email}
    accepted_on = Identifier.objects.filter(evidence__cases__in=cases).annotate(of_case=F("evidence__cases"))
    known = list(accepted_on.select_related("subject"))
    for one, value in zip(known, Identifier.value.of_all(known), strict=True):
        found[one.of_case].setdefault(one.kind, set()).add(value)
    return {pk: {kind: frozenset(values) for kind, values in theirs.items()} for pk, theirs in found.items()}


def _have_answered(cases: Iterable[Case]) -> Iterator[bool]:
    """Whether the person's own mailbox answered, by case."""
    for_others = [case.submission_id for case in cases if case.submission.for_another]
    answers = Evidence.objects.filter(kind=EvidenceKind.CONFIRMATION, submission__in=for_others)
    answered = set(answers.values_list("submission", flat=True)) if for_others else set()
    for case in cases:
        own = case.submission.confirmed_at is not None
        yield case.submission_id in answered if case.submission.for_another else own


def _others_reaching(run: Run, case: Case, source: DataSource, way: OnTheWay) -> list[Case]:
    """Whose restriction holds on the same record: its flag is one for all of them, whoever had it set.

    By what is confirmed of both, by what that leads to, or by what else the rows with the flag are found by; and the
    case that this one was merged into, for the restriction went on with it. Raises what went wrong in a source, for
    then nobody knows.
    """
    restricted = _restricted().exclude(pk=case.pk)
    found = _leading_to(source, way)
    rows = _rows_of(run, source, found)
    known = one_record.all_of(confirmed_of(case), rows)
    naming = list(restricted.filter(Q(pk=case.about_id) | confirming_any(known)))
    if not found or not on_the_way.is_led_to(source, Right.RESTRICT):
        return naming
    found, named = one_record.all_of(found, rows), {other.pk for other in naming}
    for page in _pages(restricted.select_related("submission")):
        theirs = _confirmed_of_each([other for other in page if other.pk not in named])
        rest = [(other, theirs[other.pk]) for other in page if other.pk in theirs]
        naming += _reaching(run, source, rest, found)
    return naming


def _rows_of(run: Run, source: DataSource, found: Identifiers) -> list[FoundRow]:
    look = run.now_and_then(stops=False)
    with trouble.for_a_person(), source.open(source.map_version.as_map(), look=look) as connector:
        return one_record.rows_of(connector, Right.RESTRICT, found, lifts=True)


def confirming_any(known: Identifiers) -> Q:
    """Cases of which any of these is confirmed, too: found by digests, whatever number of others is restricted."""
    digests = {
        kind: [one for value in values for one in people.digest_candidates(kind, value)]
        for kind, values in known.items()
    }
    identifiers = Q(pk__in=())
    for kind, candidates in digests.items():
        identifiers |= Q(kind=kind, digest__in=candidates)
    accepted_on = Evidence.objects.filter(identifiers__in=Identifier.objects.filter(identifiers))
    emails = [one for email in known.get(IdentifierKind.EMAIL, ()) for one in people.mailbox_candidates(email)]
    answered = Evidence.objects.filter(kind=EvidenceKind.CONFIRMATION).values("submission")
    own = Q(requester=Requester.SELF.value, email_digest__in=emails, confirmed_at__isnull=False)
    of_another = ~Q(requester=Requester.SELF.value) & Q(person_digest__in=emails, pk__in=answered)
    mailboxes = Submission.objects.filter(own | of_another)
    return Q(pk__in=accepted_on.values("cases")) | Q(submission__in=mailboxes.values("pk"))


def _pages(cases: QuerySet[Case]) -> Iterator[list[Case]]:
    """All of them, in pages that one reading of the sources on the way can be asked by."""
    page = list(cases.order_by("pk")[:AT_ONCE])
    while page:
        yield page
        page = list(cases.filter(pk__gt=page[-1].pk).order_by("pk")[:AT_ONCE])


def _reaching(
    run: Run, source: DataSource, others: Sequence[tuple[Case, Known]], found: Mapping[str, Iterable[str]]
) -> list[Case]:
    """Those from whom something of this leads on, too: read together, and in halves where it is so of any."""
    if not others or not _meet(found, _led_to(run, source, [theirs for _other, theirs in others])):
        return []
    if len(others) == 1:
        return [others[0][0]]
    half = len(others) // 2
    return _reaching(run, source, others[:half], found) + _reaching(run, source, others[half:], found)


def _led_to(run: Run, source: DataSource, known: Iterable[Known]) -> Identifiers:
    """What leads to the flags of a source from what is confirmed of some people, read together."""
    named: dict[str, list[str]] = {}
    for one in known:
        for kind, values in one.items():
            named.setdefault(kind, []).extend(values)
    return _leading_to(source, OnTheWay(named, [source], Right.RESTRICT, renew=run.renew))


def _leading_to(source: DataSource, way: OnTheWay) -> Identifiers:
    found, data_map = way.leading_to(source), source.map_version.as_map()
    if why := _why_incomplete(way, source):
        raise why
    kinds = set[str]().union(*map(data_map.kinds_leading_to, on_the_way.flagged(source, Right.RESTRICT)))
    return {kind: values for kind, values in found.items() if kind in kinds}


def _why_incomplete(way: OnTheWay, source: DataSource) -> Exception | None:
    return way.why_incomplete(on_the_way.flagged(source, Right.RESTRICT), source)


def _restricted() -> QuerySet[Case]:
    held = Suppression.objects.in_force().filter(right=Right.RESTRICT)
    return Case.objects.filter(pk__in=held.values("case_id"))


def _tell_again(run: Run, cases: Iterable[Case], source: DataSource) -> None:
    """Jobs that do in the source what holds for these, whatever their rows say of it."""
    for case in cases:
        enqueue("restrict_in_sources", {"case": str(case.pk), "again": source.pk}, key=_key(run, case, source))


def _wake_ended(run: Run, case: Case, source: DataSource) -> None:
    """Others whose restriction ended while this one held: what this one kept set in their name may go now.

    Also where this one never set it: it may have gone on for one that was merged into it.
    """
    others = SourceRestriction.objects.filter(source=source, is_set=True).exclude(case=case).select_related("case")
    for other in others.exclude(case__in=_restricted()):
        enqueue("restrict_in_sources", {"case": str(other.case_id)}, key=_key(run, other.case, source))


def _key(run: Run, case: Case, source: DataSource) -> str:
    """One job for each attempt at this one, since each may have changed what stands there."""
    return f"restrict_in_sources:{case.pk}:{source.pk}:{run.job.pk}:{run.fence}"


def _meet(one: Mapping[str, Iterable[str]], other: Mapping[str, Iterable[str]]) -> bool:
    """Whether they name one record: a source that lets case or blanks pass finds it by either spelling."""
    return bool(_as_compared(one) & _as_compared(other))


def _as_compared(known: Mapping[str, Iterable[str]]) -> set[tuple[str, str]]:
    return {(kind, people.as_compared(kind, value)) for kind, values in known.items() for value in values}


def _case(case_id: str) -> Case:
    return Case.objects.select_related("submission__organisation", "submission__subject").get(pk=case_id)
