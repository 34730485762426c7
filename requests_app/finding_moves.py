"""The moves of the desk on what was found: what of it stays back, whole, by field, by passage; and lifting that."""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext_lazy

from requests_app import rights
from requests_app.choices import EXPLANATION, FINDING, WITHHOLDING_GROUND, passage_choices
from requests_app.move import DESK, Input, Move
from requests_app.states import State

ON_FINDINGS = (
    Move(
        "withhold",
        gettext_lazy("Withhold"),
        gettext_lazy("The record or field stays back, or is not deleted; the person is told the ground."),
        DESK,
        inputs=(*FINDING, WITHHOLDING_GROUND, EXPLANATION),
        only_in=frozenset({State.DECIDING}),
        rights=rights.WITHHELD_FROM,
    ),
    Move(
        "withhold_by_rule",
        gettext_lazy("Withhold by rule…"),
        gettext_lazy("All of these records, or one field in each, stay back or are not deleted; the ground is told."),
        DESK,
        inputs=(
            Input("rule", gettext_lazy("Records"), gettext_lazy("As on the findings page."), most=200),
            replace(FINDING[1], help=gettext_lazy("Empty: the whole records.")),
            WITHHOLDING_GROUND,
            EXPLANATION,
        ),
        only_in=frozenset({State.DECIDING}),
        rights=rights.WITHHELD_FROM,
    ),
    Move(
        "black_out",
        gettext_lazy("Black out words…"),
        gettext_lazy("The words are blacked out wherever this field of the record has them; the ground is told."),
        DESK,
        inputs=(
            FINDING[0],
            replace(FINDING[1], help="", required=True),
            Input(
                "words",
                gettext_lazy("Words"),
                gettext_lazy("Exactly as they stand there; small and capital letters are the same."),
                long=True,
            ),
            WITHHOLDING_GROUND,
            EXPLANATION,
        ),
        only_in=frozenset({State.DECIDING}),
        rights=rights.ANSWERED_WITH_A_FILE,
    ),
    Move(
        "decide_passages",
        gettext_lazy("Decide on passages…"),
        gettext_lazy("What is blacked out is described to the person; what is no such thing is handed over."),
        DESK,
        inputs=(
            Input("passages", gettext_lazy("Passages"), gettext_lazy("As on the findings page."), most=100),
            Input("choice", gettext_lazy("Decision"), choices=passage_choices),
        ),
        only_in=frozenset({State.DECIDING}),
        rights=rights.ANSWERED_WITH_A_FILE,
    ),
    Move(
        "lift_withholding",
        gettext_lazy("Lift a withholding"),
        gettext_lazy("The record, field or passage is released, or deleted, with the rest."),
        DESK,
        inputs=(
            *FINDING,
            Input(
                "start",
                gettext_lazy("Passage"),
                gettext_lazy("At which character it begins, counted from 0. Empty: no passage."),
                required=False,
                most=9,
            ),
        ),
        only_in=frozenset({State.DECIDING}),
        rights=rights.WITHHELD_FROM,
    ),
)
