"""Whether what is disputed may be deleted in place of a correction (11 CCR 7023(e)).

On which of the two conditions is found out by people: that it does not harm the person, or that the person consents.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from requests_app.law.lawpack import LawPack
from requests_app.law.values import Provision
from requests_app.law.words import ProvisionKind, Right


def deletion_instead(packs: Sequence[LawPack], *, on: date) -> Provision | None:
    """What lets it be deleted; None unless every law of the case that gives the correction lets it.

    That one law's permission takes nothing away that another one gives is our reading, as with grounds.
    """
    giving = [pack for pack in packs if pack.gives(Right.CORRECT, on)]
    found = [pack.provision(ProvisionKind.DELETED_INSTEAD, Right.CORRECT, on) for pack in giving]
    return next(iter(found), None) if all(found) else None
