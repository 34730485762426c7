"""What was done, as sentences for the closing letter: counts and grounds, in the person's language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from exports import findings
from exports.bundle.answer import disclosure_of, never_disclosed_descriptions
from exports.bundle.disclosure import sentences
from exports.fulfil import grounds, what_went
from exports.fulfil.corrections import account
from exports.fulfil.documents.deciding import areas_of
from exports.models import Bundle, Document, RunState, SourceRun, Telling, TellingState
from exports.sources.connector import Action
from requests_app.law.lawpack import NoSuchFigure
from requests_app.law.wording import spell_date
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.ports import Told

OF_RECORD = ("case__submission",)  # under whose key explanations are sealed
OF_DOCUMENT = ("task__case__submission",)  # so are those of documents and of areas on their pages


def account_of(case: Case, language: str) -> tuple[str, ...]:
    """The sentences for this case's closing letter."""
    if case.right_answered not in TELLERS:
        return ()
    with translation.override(language):
        runs = findings.current_runs(case)
        return (
            *TELLERS[case.right_answered](case, language),
            *_record_kept(case),
            *_passed_on(case, language),
            *_gaps(case, runs, language),
            *_for_others(case, runs, language),
        )


def refusal_of(case: Case, language: str) -> Told:
    """The same where nothing was done: what is a reason for it, and what is told besides."""
    with translation.override(language):
        runs = findings.current_runs(case)
        return Told(
            account=(*TELLERS[case.right_answered](case, language), *_gaps(case, runs, language)),
            besides=(*_record_kept(case), *_passed_on(case, language), *_for_others(case, runs, language)),
            keeps=bool(what_went.kept_by_deletion(case)) or what_went.keeps_everything(case),
        )


def _handed_over(case: Case, language: str) -> Iterator[str]:
    if not findings.anything(case):
        yield _("We found no data about you.")
        return
    bundle = Bundle.objects.get(case=case)
    yield ngettext("The file holds %(count)s record.", "The file holds %(count)s records.", bundle.records) % {
        "count": bundle.records
    }
    if released := sum(item.is_released for item in Document.objects.of_answer(case).to_decide_on()):
        yield ngettext("It holds %(count)s document besides.", "It holds %(count)s documents besides.", released) % {
            "count": released
        }
    yield from never_disclosed_descriptions(case, findings.current_runs(case), language).values()
    for code, explanation in dict.fromkeys(_why_withheld(case)):
        because = f"{grounds.ground_in_words(case, code, language)} {explanation}".strip()
        yield _("Something is left out. %(because)s") % {"because": because}


def _why_withheld(case: Case) -> Iterator[tuple[str, str]]:
    """The ground and its explanation of whatever stays back: records, fields, passages, documents, areas on pages."""
    for row in findings.withholdings(case).select_related(*OF_RECORD).order_by("code"):
        yield row.code, row.explanation
    decided = Document.objects.of_answer(case).to_decide_on().exclude(code="")
    for document in decided.select_related(*OF_DOCUMENT).order_by("code"):
        yield document.code, document.explanation
    for area in areas_of(case).select_related(*(f"page__document__{path}" for path in OF_DOCUMENT)).order_by("code"):
        yield area.code, area.explanation


def _categories(case: Case, language: str) -> Iterator[str]:
    if not findings.anything(case):
        yield _("We found no data about you.")
        return
    yield from sentences(disclosure_of(case, findings.current_runs(case), language), language)


def _deleted(case: Case, language: str) -> Iterator[str]:
    done = [*_done(case, language), *_spared(case, language)]
    if what_went.more_may_have_gone(case):
        done.append(
            _(
                "An earlier attempt was interrupted, or done in part only: it may have deleted records that are not"
                " counted here."
            )
        )
    if not done and findings.searched_runs(case):
        done.append(_("We found no data about you."))
    yield from done


def _done(case: Case, language: str) -> Iterator[str]:
    for item in what_went.deletions(case):
        if item.rows:
            yield _deletion(case, item, language)
        if item.still_needed:
            yield _still_needed(item, language)


def _spared(case: Case, language: str) -> Iterator[str]:
    spared: Counter[tuple[str, str, str]] = Counter()
    withheld = findings.withholdings(case).select_related("part__run__map_version", *OF_RECORD)
    for row in withheld.order_by("part", "number"):
        collection = row.part.run.map_version.as_map().collection(row.part.collection)
        spared[collection.title.in_language(language), row.code, row.explanation] += row.count
    for (title, code, explanation), rows in spared.items():
        yield f"{_kept(case, title, rows, code, language)} {explanation}".strip()


def _deletion(case: Case, item: what_went.Deleted, language: str) -> str:
    figures = {"count": item.rows, "what": item.collection.title.in_language(language)}
    if item.action == Action.KEEP:
        kept = _kept(case, str(figures["what"]), item.rows, item.ground, language)
        return f"{kept} {_until(item.until, language)}".strip()
    if item.action == Action.DEIDENTIFY:
        done = ngettext(
            "%(what)s: %(count)s record no longer names you.",
            "%(what)s: %(count)s records no longer name you.",
            item.rows,
        )
    else:
        done = ngettext("%(what)s: %(count)s record deleted.", "%(what)s: %(count)s records deleted.", item.rows)
    return done % figures


def _still_needed(item: what_went.Deleted, language: str) -> str:
    sentence = ngettext(
        "%(what)s: %(count)s record stays, because records of others, or records that we have to keep, refer to it.",
        "%(what)s: %(count)s records stay, because records of others, or records that we have to keep, refer to them.",
        item.still_needed,
    )
    return sentence % {"count": item.still_needed, "what": item.collection.title.in_language(language)}


def _record_kept(case: Case) -> Iterator[str]:
    """How long a record of requests is kept, by the laws of the case that say so; none of it is deleted on request.

    Where earlier requests were found, and a deletion kept them.
    """
    if not any(item.source.is_own_record for item in what_went.kept_by_deletion(case)):
        return
    for pack in case.packs():
        with suppress(NoSuchFigure):
            figure = pack.figure("record_keeping_months", case.received_on())
            yield _(
                "Records of privacy requests are not deleted: we keep them for at least %(count)s months after they are"
                " closed (%(law)s), to prove that they were carried out, and use them for nothing else."
            ) % {"count": figure.value, "law": figure.citation}


def _until(day: str, language: str) -> str:
    """How long a retention schedule keeps it."""
    if not day:
        return ""
    return _("It is kept until %(day)s at the latest.") % {"day": spell_date(date.fromisoformat(day), language)}


def _kept(case: Case, title: str, rows: int, code: str, language: str) -> str:
    kept = ngettext("%(what)s: %(count)s record kept.", "%(what)s: %(count)s records kept.", rows)
    return f"{kept % {'what': title, 'count': rows}} {grounds.ground_in_words(case, code, language)}"


def _passed_on(case: Case, language: str) -> Iterator[str]:
    """Who was told to do the same, by name, and of whom else the reason why not: Civ. Code 1798.105(c)(1), Art. 19.

    Each once: what became of the last of several rounds counts.
    """
    settled = Telling.objects.filter(case=case, state__in=(TellingState.TOLD, TellingState.EXPLAINED))
    ordered = settled.select_related("case__submission").order_by("recipient", "round")
    tellings = list({one.recipient: one for one in ordered}.values())
    told = [one.recipient for one in tellings if one.state == TellingState.TOLD]
    if told:
        yield _("We told these recipients of your data to do the same: %(names)s") % {"names": "; ".join(told)}
    for one in tellings:
        if one.state == TellingState.EXPLAINED:
            yield _(
                "We did not tell %(name)s to do the same: that is impossible, or out of proportion. %(because)s"
            ) % {
                "name": one.recipient,
                "because": one.note or one.because.get(language, ""),
            }


def _gaps(case: Case, runs: Sequence[SourceRun], language: str) -> Iterator[str]:
    """A source that a person waived is a gap that the answer tells of, with what was therefore not done there."""
    left = {
        Right.DELETE: _("%(source)s could not be searched: what it may hold about you was not deleted there."),
        Right.CORRECT: _("%(source)s could not be searched: what it may hold about you was not corrected there."),
    }
    sentence = left.get(case.right_answered, _("%(source)s could not be searched; this answer goes without it."))
    for run in runs:
        if run.state == RunState.WAIVED and run.records:  # a deletion was stuck in what was found there
            yield ngettext(
                "%(source)s: %(count)s record about you was found there, and could not be deleted.",
                "%(source)s: %(count)s records about you were found there, and could not be deleted.",
                run.records,
            ) % {"source": findings.source_title(run, language), "count": run.records}
        elif run.state == RunState.WAIVED:
            yield sentence % {"source": findings.source_title(run, language)}


def _for_others(case: Case, runs: Sequence[SourceRun], language: str) -> Iterator[str]:
    """Whose data else we hold, and where to ask for it: nobody has looked there."""
    for entry in disclosure_of(case, runs, language)["held_for_others"]:
        yield entry["statement"]


TELLERS: Mapping[Right, Callable[[Case, str], Iterable[str]]] = {
    Right.KNOW_SPECIFIC: _handed_over,
    Right.PORTABILITY: _handed_over,
    Right.KNOW_CATEGORIES: _categories,
    Right.DELETE: _deleted,
    Right.CORRECT: account.sentences,
}
