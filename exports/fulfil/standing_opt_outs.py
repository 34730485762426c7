"""Opt-outs in force, as sources are asked about them: what came with each, and which lead to a record that is shared.

Called by what sets flags for all of them, and by what takes the flags of an opt-in off: a flag is one for a whole
record, and whoever else leads to it may still need it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from uuid import UUID

from exports.fulfil import on_the_way, one_record
from exports.fulfil.on_the_way import OnTheWay
from exports.models import DataSource
from exports.sources.connector import Connector, Identifiers
from requests_app.law.words import Right
from requests_app.models import Case, IdentifierKind, Organisation, Submission, Suppression
from requests_app.services import opt_outs, people

AT_ONCE = 200  # opt-outs of which it is read together what leads on


def named_by(rows: Iterable[Suppression]) -> dict[str, list[str]]:
    """What came with the requests: as the store keeps it, which writes addresses small, and as it was typed."""
    named: dict[str, dict[str, None]] = {}
    wanted = [(row.case_id, row.kind, row.value) for row in rows]  # one request may have several of a kind
    cases = Case.objects.filter(pk__in={case_id for case_id, _kind, _value in wanted}).select_related("submission")
    came = {(case.pk, kind): typed for case in cases for kind, typed in _typed(case.submission).items()}
    for case_id, kind, value in wanted:
        values = named.setdefault(kind, {})
        values[value] = None
        typed = came.get((case_id, kind), "")
        if people.as_compared(kind, typed) == value:
            values[typed] = None
    return {kind: list(values) for kind, values in named.items()}


def together(rows: Sequence[Suppression]) -> Iterator[tuple[list[Suppression], people.Removed | None]]:
    """Those that one order can be about; apart who had something taken away by staff, for others it may be theirs."""
    cases = Case.objects.select_related("submission__organisation").in_bulk({row.case_id for row in rows})
    many = list[Suppression]()
    for row in rows:
        case = cases.get(row.case_id)
        removed = people.Removed(case.submission) if case else None
        if removed:
            yield [row], removed
        else:
            many.append(row)
    if many:
        yield many, None


def _typed(submission: Submission) -> dict[str, str]:
    return {IdentifierKind.EMAIL: submission.email, IdentifierKind.ACCOUNT_NUMBER: submission.account_number}


class Lifting:
    """Takes the flags of one source off for who opted in, and leaves them where the opt-out of somebody else holds on.

    What the rows are found by besides is read in the source itself, and what somebody else leads to on the way, as if
    the flag were set anew; nothing of it is kept. Nothing is locked while sources answer: whoever opted out since the
    first look is looked at after the order, and set again.
    """

    def __init__(
        self, source: DataSource, organisation: Organisation, renew: Callable[[], None] = lambda: None
    ) -> None:
        self._source, self._organisation, self._renew = source, organisation, renew
        self._seen = set[UUID]()

    def lift(self, connector: Connector, identifiers: Identifiers) -> tuple[Mapping[str, int], Identifiers]:
        """Take them off; the rows by collection, and the identifiers by which. Raises why others are not known.

        A record may be reached by what others share, and by something else besides: so it is set once more for them,
        and not counted as taken off. A person would be asked to do both there: so by what leads to such a record no
        flag is taken off in files.
        """
        rows = one_record.rows_of(connector, Right.OPT_IN, identifiers)
        known = one_record.all_of(identifiers, rows)
        shared = self._shared(known)
        held = [row for row in rows if row.is_found_by(shared)]
        free = _without(identifiers, shared)
        if connector.datamap.connector == "files":
            free = _without(free, one_record.all_of({}, held))
        done = connector.suppress(Right.OPT_IN, free)
        for theirs in (shared, _without(self._shared(known), shared)):
            if any(theirs.values()):
                connector.suppress(Right.OPT_OUT_SALE_SHARE, theirs)
        again = Counter(row.collection for row in held if row.is_found_by(free))
        return {name: max(0, count - again[name]) for name, count in done.items()}, free

    def _shared(self, identifiers: Identifiers) -> dict[str, list[str]]:
        """Of what leads to the flags, that to which opt-outs in force lead, too; on the way, those not looked at yet.

        Where nothing leads on to the flags, an opt-out is found by what came with it, whatever number of them is there.
        """
        flags = on_the_way.flagged(self._source, Right.OPT_OUT_SALE_SHARE)
        kinds = set[str]().union(*map(self._source.map_version.as_map().kinds_leading_to, flags))
        leading = sorted({(kind, value) for kind in kinds for value in identifiers.get(kind, ())})
        if not leading or on_the_way.is_led_to(self._source, Right.OPT_OUT_SALE_SHARE):
            return self._shared_on_the_way(leading)
        shared: dict[str, list[str]] = {}
        for kind, value in leading:
            if opt_outs.holds_for_any(Submission(organisation=self._organisation), {kind: [value]}):
                shared.setdefault(kind, []).append(value)
        return shared

    def _shared_on_the_way(self, leading: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
        shared: dict[str, list[str]] = {}
        for named, removed in self._others() if leading else ():
            theirs = self._led_to(named, removed)
            for kind, value in leading:
                if (kind, people.as_listed(kind, value)) in theirs and value not in shared.get(kind, ()):
                    shared.setdefault(kind, []).append(value)
        return shared

    def _others(self) -> Iterator[tuple[Identifiers, people.Removed | None]]:
        of_sale = Suppression.objects.in_force().filter(organisation=self._organisation, right=Right.OPT_OUT_SALE_SHARE)
        new = [pk for pk in of_sale.order_by("pk").values_list("pk", flat=True) if pk not in self._seen]
        self._seen.update(new)
        for start in range(0, len(new), AT_ONCE):
            rows = list(of_sale.filter(pk__in=new[start : start + AT_ONCE]).select_related("organisation"))
            for some, removed in together(rows):
                yield named_by(some), removed

    def _led_to(self, named: Identifiers, removed: people.Removed | None) -> set[tuple[str, str]]:
        right = Right.OPT_OUT_SALE_SHARE
        way = OnTheWay(named, {self._source}, right, removed=removed, renew=self._renew)
        found = way.leading_to(self._source)
        if why := way.why_incomplete(on_the_way.flagged(self._source, right), self._source):
            raise why
        return {(kind, people.as_listed(kind, value)) for kind, values in found.items() for value in values}


def _without(identifiers: Identifiers, shared: Identifiers) -> dict[str, list[str]]:
    """Those that nobody else leads to, however they are spelt; the kinds stay, without values."""
    theirs = {kind: {people.as_compared(kind, one) for one in values} for kind, values in shared.items()}
    return {
        kind: [one for one in values if people.as_compared(kind, one) not in theirs.get(kind, ())]
        for kind, values in identifiers.items()
    }
