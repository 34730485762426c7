"""The moves that hold a person's data, and let it go."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from requests_app import holding
from requests_app.models.hold import MATTER_MOST
from requests_app.move import APPROVER, DESK, Input, Move
from requests_app.states import State

ON_HOLDS = (
    Move(
        "hold",
        gettext_lazy("Hold this person's data…"),
        gettext_lazy("Nothing of this person is deleted, and no content of this case destroyed, while the hold lasts."),
        DESK,
        holding.check_hold,
        (
            Input("kind", gettext_lazy("Kind"), choices=holding.hold_kinds),
            Input(
                "matter",
                gettext_lazy("Matter"),
                gettext_lazy("Its docket or case number; no names."),
                most=MATTER_MOST,
            ),
            Input(
                "source",
                gettext_lazy("Only in"),
                gettext_lazy("Empty: in every source."),
                choices=holding.sources_to_hold,
                required=False,
            ),
            Input(
                "ends",
                gettext_lazy("Last day"),
                gettext_lazy("Empty: until it is released; a law-enforcement hold ends when the law says."),
                is_day=True,
                required=False,
            ),
            Input("told", gettext_lazy("The person"), choices=holding.may_be_told),
        ),
        only_in=frozenset(State),
        keys=lambda _case: ("hold",),
    ),
    Move(
        "release_hold",
        gettext_lazy("Release a hold…"),
        gettext_lazy("What it alone has kept may be deleted again; the desk is told of the cases that it stopped."),
        APPROVER,
        holding.check_release_hold,
        (Input("hold", gettext_lazy("Hold"), choices=holding.holds_to_release),),
        only_in=frozenset(State),
    ),
)
