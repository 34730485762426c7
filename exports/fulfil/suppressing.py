"""Flags that carry an opt-out, an objection or their end out: set in each source whose map says how.

Called by ``carry_out``; one job a case goes through the sources in walking order, and asks what leads on as it goes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dsar.jobs.running import Run
from exports.fulfil import acts, on_the_way, source_by_source, trouble
from exports.fulfil.on_the_way import OnTheWay
from exports.fulfil.standing_opt_outs import Lifting
from exports.fulfil.tasks import asking
from exports.models import ActKind, DataSource
from exports.sources.connector import Identifiers
from exports.sources.datamap import Collection
from exports.sources.errors import ChangeRefusedError
from requests_app.law.words import Right
from requests_app.models import Case, IdentifierKind
from requests_app.services import opt_outs, people
from requests_app.states import State


def suppress(run: Run, case: Case) -> None:
    """Set the flags that carry an opt-out out, in each source whose map says how; one that fails stops no other.

    Raises NotInAnyMap, or at the end what went wrong in a source: rather what another try may mend by itself.
    """
    sources = DataSource.objects.that_suppress(case.right_asked)
    if not sources:
        raise trouble.NotInAnyMap
    left = [source for source in sources if not acts.is_done(case, source, ActKind.SUPPRESS)]
    removed = people.Removed(case.submission)
    way = OnTheWay(identifiers_that_came(case), left, case.right_asked, removed=removed, renew=run.renew)
    wanted = (source for source in left if is_wanted(case))
    source_by_source.each(run, wanted, lambda source: _suppress_in(run, case, source, way))


def is_wanted(case: Case) -> bool:
    """Whether the act is still to be done: an opt-out may be refused while workers carry it out."""
    return Case.objects.filter(pk=case.pk, state=State.CARRYING_OUT).exists()


def _suppress_in(run: Run, case: Case, source: DataSource, way: OnTheWay) -> None:
    """Set the flags of one source, for what came with the request and what that leads to; of none, note that it was so.

    What can be reached is set also where something that may lead on could not be read: the next try sets the rest.
    """
    right, came = case.right_asked, identifiers_that_came(case)
    identifiers = _leading_to(case, source, came, way)
    flagged = on_the_way.flagged(source, right)
    incomplete = None if source.is_manual else way.why_incomplete(flagged, source)
    if incomplete and right == Right.OPT_IN:  # nobody knows yet whether an opt-out holds on for any of it
        raise incomplete
    done, identifiers = _set(run, case, source, identifiers) if identifiers else ({}, identifiers)
    if incomplete:
        raise incomplete
    # Nothing that came of an opt-in means that an opt-out holds on: that no flag was to be changed.
    missed = on_the_way.unreached(source, right, identifiers) if came or right != Right.OPT_IN else ()
    acts.note(run, case, ActKind.SUPPRESS, source, _proof(done, missed))


def _set(run: Run, case: Case, source: DataSource, identifiers: Identifiers) -> tuple[Mapping[str, int], Identifiers]:
    """Set them, or take them off; the rows by collection, and the identifiers by which: not what others share."""
    word = asking.word_on(case, source, ActKind.SUPPRESS)
    try:
        with trouble.for_a_person(), source.open(source.map_version.as_map(), word) as connector:
            if case.right_asked != Right.OPT_IN:
                return connector.suppress(case.right_asked, identifiers), identifiers
            done = Lifting(source, case.submission.organisation, run.renew).lift(connector, identifiers)
            if not identifiers_that_came(case):
                # An opt-out came meanwhile, and its own job may have set the flag before this one took it off.
                connector.suppress(Right.OPT_OUT_SALE_SHARE, identifiers)
            return done
    except ChangeRefusedError as error:
        raise trouble.FlagRefused(str(error)) from error


def _leading_to(case: Case, source: DataSource, came: Identifiers, way: OnTheWay) -> Identifiers:
    """What came, and what that leads to on the way: not for a person who looks, for none of it is kept to be shown.

    To opt in again takes what came alone if an opt-out holds for anything that it leads to.
    """
    if not came or source.is_manual:
        return came
    found = way.leading_to(source)
    if case.right_asked == Right.OPT_IN and opt_outs.holds_for_any(case.submission, found):
        return came
    return found


def _proof(done: Mapping[str, int], missed: Iterable[Collection]) -> dict[str, dict[str, Any]]:
    """The rows that stand so now, by collection; and that nothing led to a collection, so that a person sees it."""
    rows: dict[str, dict[str, Any]] = {name: {"rows": count} for name, count in done.items()}
    return rows | {found.name: {"rows": 0, "unreached": True} for found in missed}


def identifiers_that_came(case: Case) -> dict[str, list[str]]:
    """What the request itself says by which somebody can be found: nobody proves who asks for an opt-out.

    To opt in again takes what was proved, and nothing if an opt-out still holds for any of it: a flag is one for the
    whole record, to which one identifier leads as well as another.
    """
    submission = case.submission
    found: dict[str, list[str]] = {}
    if case.right_asked == Right.OPT_IN:
        if not opt_outs.still_opted_out(submission).exists():
            found = {kind: [value] for kind, value in opt_outs.named_by_opt_in(submission)}
        return found
    if submission.email:  # a child, or somebody who died, may have none
        found[IdentifierKind.EMAIL] = [submission.email]
    if submission.account_number:
        found[IdentifierKind.ACCOUNT_NUMBER] = [submission.account_number]
    return found
