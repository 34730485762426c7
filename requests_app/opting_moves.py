"""The moves by which the desk refuses an opt-out, or an opt-in that somebody signed for a child."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from requests_app import who_asks
from requests_app.choices import EXPLANATION, GROUND, REASON
from requests_app.law.words import Right
from requests_app.move import APPROVER, DESK, Move

ON_OPTING = (
    Move(
        "refuse_opt_out",
        gettext_lazy("Refuse the opt-out…"),
        gettext_lazy("The opt-out ends; the person is told why. Only for fraud or a missing permission."),
        APPROVER,
        inputs=(GROUND, EXPLANATION, REASON),
        rights=frozenset(Right) - {Right.OPT_IN},
    ),
    Move(
        "refuse_opt_in",
        gettext_lazy("Refuse what was signed for a child…"),
        gettext_lazy("Nothing changes for the child; the case closes, and who signed is told why and what to do."),
        DESK,
        who_asks.check_refuse_opt_in,
        (GROUND, EXPLANATION, REASON),
        rights=frozenset({Right.OPT_IN}),
    ),
)
