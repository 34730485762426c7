"""Passages on the pages of findings: what was flagged or blacked out where, in its text, with what may be done."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count
from django.utils.translation import gettext_lazy, ngettext

from exports.bundle.redaction import Span, text_of
from exports.fulfil import flagging, withholding
from exports.models import Decision, Flag, Part, Withholding
from exports.sources.values import Json
from requests_app.admin import sections
from requests_app.admin.sureness import cited
from requests_app.models import Case
from requests_app.roles import Actor
from requests_app.services.history import record_access

AROUND = 60  # characters shown before and after a passage
KINDS = {
    "social_security_number": gettext_lazy("social security number"),
    "driver_licence_number": gettext_lazy("driver's license number"),
    "government_id_number": gettext_lazy("government identification number"),
    "financial_account_number": gettext_lazy("card or account number"),
    "health_insurance_or_medical_id": gettext_lazy("health insurance or medical number"),
    "account_password": gettext_lazy("password"),
    "security_questions_and_answers": gettext_lazy("security question or answer"),
    "unique_biometric_data": gettext_lazy("biometric data"),
}


@dataclass(frozen=True)
class Segment:
    """A piece of a text; ``tone`` says whether it is flagged, black, or neither."""

    text: str
    tone: str = ""


@dataclass(frozen=True)
class Note:
    """One passage, below its text: what it looks like, what was said of it, and what can be."""

    words: str
    what: str
    decision: str
    flag: int | None  # to decide on it
    start: int | None  # to lift what was blacked out by hand
    ground: str


@dataclass(frozen=True)
class Bundled:
    """The open passages of one kind in one source, to be decided at once."""

    source: str
    kind: str
    count: int
    passages: str  # as the move takes them


class Marked:
    """The passages in some records of one part; two queries, however many there are."""

    def __init__(self, case: Case, part: Part, first: int, last: int) -> None:
        self._case = case
        self._flags: dict[tuple[int, str], list[Flag]] = defaultdict(list)
        self._black: dict[tuple[int | None, str], list[Withholding]] = defaultdict(list)
        for flag in Flag.objects.filter(part=part, number__range=(first, last)).order_by("start"):
            self._flags[flag.number, flag.field].append(flag)
        black = Withholding.objects.filter(part=part, number__range=(first, last), start__isnull=False)
        for row in black.order_by("start"):
            self._black[row.number, row.field].append(row)

    def are_in(self, number: int, field: str) -> bool:
        """Whether a field of a record has any."""
        return (number, field) in self._flags or (number, field) in self._black

    def is_open(self, number: int, field: str) -> bool:
        """Whether one of them is to be decided."""
        return any(flag.decision == Decision.OPEN for flag in self._flags.get((number, field), ()))

    def segments(self, number: int, field: str, value: Json) -> list[Segment]:
        """The text of the field, cut where passages begin and end."""
        black = [(row.start or 0, row.end or 0) for row in self._black.get((number, field), ())]
        flags = self._flags.get((number, field), ())
        flagged = [(flag.start, flag.end) for flag in flags if flag.decision == Decision.OPEN]
        return list(_cut(text_of(value), {"black": black, "flag": flagged}))

    def notes(self, number: int, field: str, value: Json) -> list[Note]:
        """The passages one by one: those that were flagged, and those that were blacked out by hand."""
        text, flags = text_of(value), self._flags.get((number, field), ())
        named = {flag.start for flag in flags}
        by_hand = [row for row in self._black.get((number, field), ()) if row.start not in named]
        return [
            *(
                Note(
                    words=text[flag.start : flag.end],
                    what=str(KINDS.get(flag.kind, flag.kind)),
                    decision=flag.decision,
                    flag=flag.pk,
                    start=None,
                    ground="",
                )
                for flag in flags
            ),
            *(
                Note(
                    words=text[row.start : row.end],
                    what="",
                    decision=Decision.BLACK_OUT,
                    flag=None,
                    start=row.start,
                    ground=cited(self._case, row.code, row.citation),
                )
                for row in by_hand
            ),
        ]


def _cut(text: str, spans: Mapping[str, Sequence[Span]]) -> Iterator[Segment]:
    edges = [
        (place, tone, step)
        for tone, found in spans.items()
        for span in found
        for place, step in zip(span, (1, -1), strict=True)
    ]
    inside, done = Counter[str](), 0
    for place, tone, step in (*sorted(edges), (len(text), "", 0)):
        if done < place:
            yield Segment(text[done:place], next((known for known in spans if inside[known]), ""))
            done = place
        inside[tone] += step


def to_decide(case: Case) -> list[Bundled]:
    """What of a case is to be decided, by source and kind."""
    groups = flagging.open_flags(case).order_by("part__run__position", "kind")
    counted = groups.values_list("part__run__source__slug", "part__run__source__title", "kind").annotate(Count("pk"))
    return [Bundled(title, str(KINDS.get(kind, kind)), count, f"{slug}:{kind}") for slug, title, kind, count in counted]


def next_open(case: Case) -> Flag | None:
    """The first passage that is to be decided, in the order of the pages."""
    order = ("part__run__position", "part__collection", "part__number", "number", "start")
    found: Flag | None = flagging.open_flags(case).select_related("part__run__source").order_by(*order).first()
    return found


@sections.previews("black_out")
def words_to_black_out(case: Case, actor: Actor, inputs: Mapping[str, str], *, at: datetime) -> sections.Preview:
    """Each place where the words stand, with what is around it; the look is noted."""
    found = withholding.find(case, inputs["finding"])
    spans = withholding.spans_of(case, found, inputs["field"], inputs["words"])
    text = text_of(withholding.record_of(found).get(inputs["field"]))
    with transaction.atomic():
        record_access(by=actor, what="findings", at=at, case=str(case.pk), part=str(found.part.pk), start=found.number)
    sentence = ngettext(
        "The words stand in %(count)s place of this field.",
        "The words stand in %(count)s places of this field.",
        len(spans),
    ) % {"count": len(spans)}
    return sections.Preview(sentence, [_excerpt(text, span) for span in spans])


def _excerpt(text: str, span: Span) -> tuple[str, str, str]:
    start, end = span
    before, after = text[max(start - AROUND, 0) : start], text[end : end + AROUND]
    return (
        f"…{before}" if start > AROUND else before,
        text[start:end],
        f"{after}…" if end + AROUND < len(text) else after,
    )
