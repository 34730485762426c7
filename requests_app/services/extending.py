"""An extension counts when its notice reached the person by the first date; else it is void (G7)."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from django.db.models import Exists, Min, OuterRef
from django.utils.translation import gettext as _

from requests_app.events import EventKind
from requests_app.models import Case, Duty, Message
from requests_app.roles import SYSTEM
from requests_app.services import duties
from requests_app.services.history import local_day, record
from requests_app.services.letters import Letter


def take_back(case: Case, *, at: datetime) -> None:
    """Void the extension of a locked case if its first date has passed and no notice counts from a day before it.

    The dates move when the move is made, since the notice goes out at once; a notice that reached nobody by the first
    date takes them back, a late one changes nothing. A duty that was met meanwhile is not moved any more.
    """
    gone_back = duties.take_back_extension(case, told_on=_told_on(case), on=local_day(at))
    if gone_back:
        record(
            case,
            EventKind.EXTENSION_VOID,
            by=SYSTEM,
            at=at,
            laws=sorted({duty.law for duty in gone_back}),
            due_on=sorted({duty.due_on.isoformat() for duty in gone_back}),
            void_due_on=sorted({duty.void_due_on.isoformat() for duty in gone_back if duty.void_due_on}),
        )


def cases_to_take_back(on: date) -> list[UUID]:
    """Cases with an extension whose first date has passed without a notice that counts."""
    notices = Message.objects.filter(
        case=OuterRef("case"), letter=Letter.EXTENSION, reached_on__lte=OuterRef("first_due_on")
    )
    extended = Duty.objects.unmet().filter(extended_on__isnull=False, first_due_on__lt=on)
    untold = extended.filter(~Exists(notices))
    return list(Case.objects.filter(pk__in=untold.values("case")).order_by("pk").values_list("pk", flat=True))


def void_in_words(duty: Duty) -> str:
    """What became of an extension that does not count, with the date that it would have given; else empty."""
    if duty.void_extension_on is None or duty.void_due_on is None:
        return ""
    return _(
        "Extended on %(extended_on)s to %(void_due_on)s, but no notice of it reached the person by %(due_on)s: the"
        " extension is void."
    ) % {
        "extended_on": duty.void_extension_on.isoformat(),
        "void_due_on": duty.void_due_on.isoformat(),
        "due_on": duty.due_on.isoformat(),
    }


def _told_on(case: Case) -> date | None:
    """The day from which the first notice of the extension counts."""
    notices = case.messages.reached().filter(letter=Letter.EXTENSION)
    first: date | None = notices.aggregate(first=Min("reached_on"))["first"]
    return first
