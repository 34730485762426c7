"""Bytes that stand in a record, shown to the desk: pictures, PDF and mails as they are drawn at each look.

Called by the pages of the findings. It owns nothing: what it draws is kept nowhere, and no byte that a source gave
reaches a browser as it stands. They are no documents, of which pictures are released: these bytes are handed over as
they are, or withheld whole.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from exports.documents import burning
from exports.documents.kinds import Fault, Faulty, Kind, kind_of
from exports.documents.lockdown import CannotLockDown
from exports.documents.sandbox import Sandbox
from exports.fulfil import withholding
from exports.fulfil.withholding import Finding
from exports.models import RunState
from exports.sources.datamap import Field
from exports.sources.values import bytes_of
from requests_app.models import Case
from requests_app.move import InputRefused

SECONDS = 30  # of one look: somebody waits for the page
FAULTS = {
    Fault.BROKEN: gettext_lazy("It is broken or incomplete, or only begins like one."),
    Fault.ENCRYPTED: gettext_lazy("It asks for a password."),
    Fault.TOO_MANY_PAGES: gettext_lazy("It has too many pages."),
    Fault.TOO_MANY_PIXELS: gettext_lazy("It is too large a picture."),
    Fault.TOO_MANY_ATTACHMENTS: gettext_lazy("Too many files came with it."),
    Fault.TOO_MUCH_WORK: gettext_lazy("It takes too much time or memory."),
}
logger = logging.getLogger(__name__)


class NotShown(Exception):
    """These bytes can't be drawn; the text says why."""


@dataclass(frozen=True, repr=False)
class Shown:
    """Bytes of one field of a record that can be drawn."""

    finding: Finding
    field: Field
    content: bytes
    kind: Kind
    language: str  # of the names of a mail's headers

    def pages(self) -> int:
        """How many pages there are; raises NotShown."""
        try:
            return _sandbox().look(self.content, self.kind, language=self.language)
        except (Faulty, CannotLockDown) as error:
            raise _not_shown(error) from None

    def picture(self, number: int) -> bytes:
        """A page as a PNG; raises NotShown."""
        try:
            drawn = _sandbox().page(self.content, self.kind, number, language=self.language)
        except (Faulty, CannotLockDown) as error:
            raise _not_shown(error) from None
        return burning.as_png(drawn)


def find(case: Case, finding: str, column: str) -> Shown:
    """Such bytes among the findings of the present round; InputRefused where there are none."""
    found = withholding.find(case, finding)
    collection = found.part.run.map_version.as_map().collection(found.part.collection)
    field = next((field for field in collection.fields if field.column == column), None)
    content = None
    if field and not field.never_disclose and found.part.run.state != RunState.WAIVED:
        content = bytes_of(withholding.record_of(found).get(column))
    kind = kind_of(content) if content else None
    if field is None or content is None or kind is None:
        raise InputRefused({"field": _("There is nothing in this field that can be drawn.")})
    return Shown(found, field, content, kind, case.submission.language)


def _sandbox() -> Sandbox:
    return Sandbox(unlocked=settings.RENDER_UNLOCKED, seconds=SECONDS)


def _not_shown(error: Faulty | CannotLockDown) -> NotShown:
    if isinstance(error, Faulty):
        return NotShown(str(FAULTS[error.fault]))
    logger.error("Nothing is drawn. Serve from Linux, or set DSAR_RENDER_UNLOCKED.")
    return NotShown(_("Nothing can be drawn at present: the process that draws can't be locked up on this system."))
