"""Whether a person may see the specific pieces in order to check them, within a correction (11 CCR 7023(j))."""

from __future__ import annotations

from django.utils.translation import gettext as _

from requests_app import confirmable
from requests_app.guards import MoveShut
from requests_app.law.values import Provision
from requests_app.law.words import ProvisionKind, Right
from requests_app.models import Case


def provision_of(case: Case) -> Provision | None:
    """What lets the pieces be seen within this case; None where no law of it says so."""
    if case.right_asked != Right.CORRECT:
        return None
    found = (pack.provision(ProvisionKind.PIECES_SHOWN, Right.CORRECT, case.received_on()) for pack in case.packs())
    return next((provision for provision in found if provision), None)


def check_ask(case: Case) -> Provision:
    """What lets the pieces be seen now: verified as for any request for them, and once; raises MoveShut."""
    provision = provision_of(case)
    if provision is None or not confirmable.is_proved(case):
        raise MoveShut(_("This can't be asked here, or we are not sure enough yet that it is you who asks."))
    if case.submission.cases.filter(right=Right.KNOW_SPECIFIC).exists():
        raise MoveShut(_("You asked for a copy of your data with this request already: it stands on this page."))
    return provision


def may_ask(case: Case) -> bool:
    """Whether the person may ask now."""
    try:
        check_ask(case)
    except MoveShut:
        return False
    return True
