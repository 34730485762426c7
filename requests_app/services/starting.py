"""Starting to gather for many cases in one go: nothing is changed anywhere by that, so that nothing is previewed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from requests_app.models import Case
from requests_app.roles import Actor
from requests_app.services import moving, together
from requests_app.services.together import Done


def start(case_ids: Collection[UUID | str], *, actor: Actor, at: datetime) -> Done:
    """Start gathering for each of these cases that is ready for it. Raises NotTogether."""
    together.check_number(case_ids)

    def begin(case: Case) -> Case:
        return moving.perform("start_gathering", case_id=case.pk, version=case.version, actor=actor, at=at, inputs={})

    return together.each(together.in_order(case_ids), begin)
