"""The moves of the desk around a correction: statements on what was refused, values that no machine could compare."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from requests_app import confirmable, stating
from requests_app.law.words import Right
from requests_app.move import DESK, Input, Move
from requests_app.states import State

AROUND_CORRECTIONS = (
    Move(
        "pass_on_statement",
        gettext_lazy("Note that a statement was passed on…"),
        gettext_lazy("You gave the person's statement to those to whom the item is disclosed, and write down how."),
        DESK,
        stating.check_pass_on,
        (
            Input("statement", gettext_lazy("On"), choices=stating.statements_to_pass_on),
            Input(
                "proof",
                gettext_lazy("To whom it was given, and how that is proved"),
                gettext_lazy("Kept with the record, sealed; the person does not see it."),
                long=True,
            ),
        ),
        only_in=frozenset({State.CLOSED}),
        rights=frozenset({Right.CORRECT}),
    ),
    Move(
        "answer_value",
        gettext_lazy("Note if it is the value…"),
        gettext_lazy(
            "You compared the value that the person told you, with a record that is this person's for certain. The case"
            " page answers yes or no and nothing else; it counts as a try. Write the value nowhere."
        ),
        DESK,
        confirmable.check_answer_value,
        (
            Input("asked", gettext_lazy("Asked"), choices=confirmable.to_answer),
            Input("answer", gettext_lazy("Is it the value that is held?"), choices=confirmable.answers),
        ),
        only_in=confirmable.WHILE | {State.CLARIFYING},
        rights=frozenset({Right.CORRECT}),
    ),
)
