"""The privacy acts of the US states in a table, written by hand beside the packs and not made from them.

Rights: A confirm and access, C correct, D delete, P portability, S opt-out of sale, T of targeted advertising, R of
profiling for significant decisions.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from requests_app.law import duties, packs
from requests_app.law.calendars import WEEKDAYS_ONLY
from requests_app.law.duties import Duty
from requests_app.law.happened import NOTHING_YET, Happened
from requests_app.law.words import Right


class State(NamedTuple):
    """One row: ``free`` answers in twelve months, ``appeal`` days (with extension), ``signal`` duty from its day on."""

    law: str
    in_force: str
    rights: str
    days: int
    extended: int
    free: int
    appeal: tuple[int, ...] = ()
    signal: str = ""


STATES = [
    State("us_va", "2023-01-01", "A C D P S T R", 45, 90, 2, (60,)),
    State("us_co", "2023-07-01", "A C D P S T R", 45, 90, 1, (45, 105), "required 2024-07-01"),
    State("us_ct", "2023-07-01", "A C D P S T R", 45, 90, 1, (60,), "required 2025-01-01"),
    State("us_ut", "2023-12-31", "A C D P S T", 45, 90, 1),
    State("us_tx", "2024-07-01", "A C D P S T R", 45, 90, 2, (60,), "conditional 2025-01-01"),
    State("us_fl", "2024-07-01", "A C D P S T R", 45, 60, 2, (60,)),
    State("us_or", "2024-07-01", "A C D P S T R", 45, 90, 1, (45,), "required 2026-01-01"),
    State("us_mt", "2024-10-01", "A C D P S T R", 45, 90, 1, (60,), "required 2025-01-01"),
    State("us_ia", "2025-01-01", "A D P S", 90, 135, 2, (60,)),
    State("us_de", "2025-01-01", "A C D P S T R", 45, 90, 1, (60,), "required 2026-01-01"),
    State("us_ne", "2025-01-01", "A C D P S T R", 45, 90, 2, (60,), "conditional 2025-01-01"),
    State("us_nh", "2025-01-01", "A C D P S T R", 45, 90, 1, (60,), "required 2025-01-01"),
    State("us_nj", "2025-01-15", "A C D P S T R", 45, 90, 1, (45,), "required 2025-07-15"),
    State("us_tn", "2025-07-01", "A C D P S T R", 45, 90, 2, (60,)),
    State("us_mn", "2025-07-31", "A C D P S T R", 45, 90, 2, (45, 105), "required 2025-07-31"),
    State("us_md", "2025-10-01", "A C D P S T R", 45, 90, 1, (60,), "optional 2025-10-01"),
    State("us_in", "2026-01-01", "A C D P S T R", 45, 90, 1, (60,)),
    State("us_ky", "2026-01-01", "A C D P S T R", 45, 90, 2, (60,)),
    State("us_ri", "2026-01-01", "A C D P S T R", 45, 90, 1, (60,)),
    State("us_ok", "2027-01-01", "A C D P S T R", 45, 90, 2, (60,)),
    State("us_la", "2027-01-01", "A C D P S T R", 45, 90, 2, (60,), "conditional 2027-01-01"),
    State("us_al", "2027-05-01", "A C D P S T R", 45, 90, 1),
]
SLUGS = {
    "A": "access",
    "C": "correct",
    "D": "delete",
    "P": "portability",
    "S": "opt_out_sale_share",
    "T": "opt_out_targeted_advertising",
    "R": "opt_out_profiling",
}
ANSWERED = {"A": Right.KNOW_SPECIFIC, "C": Right.CORRECT, "D": Right.DELETE, "P": Right.PORTABILITY}
OPT_OUTS = {"S": Right.OPT_OUT_SALE_SHARE, "T": Right.OPT_OUT_SALE_SHARE, "R": Right.OPT_OUT_AUTOMATED}
EVERY = ANSWERED | OPT_OUTS
NOW = date(2026, 11, 23)
A_DAY = timedelta(days=1)


def first(state: State) -> date:
    return date.fromisoformat(state.in_force)


def lately(state: State) -> date:
    """A day on which the law is in force with its amendments."""
    return max(NOW, first(state))


def owed(law: str, right: Right, on: date, happened: Happened = NOTHING_YET) -> Duty:
    """The one duty that asking for the right makes."""
    (duty,) = duties.duties(
        packs.law_pack(law), right, received_on=on, calendar=WEEKDAYS_ONLY, house=packs.house(), happened=happened
    )
    return duty
