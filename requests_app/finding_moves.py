"""The moves of the desk on what was found: what of it stays back, whole, by field, by passage; and lifting that."""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext_lazy

from requests_app import deleting_instead, rights
from requests_app.choices import (
    EXPLANATION,
    FINDING,
    REASON,
    WITHHOLDING_GROUND,
    correction_choices,
    deletion_conditions,
    document_choices,
    passage_choices,
    verdict_choices,
)
from requests_app.law.words import Right
from requests_app.move import DESK, Input, Move
from requests_app.states import State

THOUSANDTHS = gettext_lazy("From 0 to 1000: thousandths of the page's width or height, from its upper left corner.")
EDGES = {
    "left": gettext_lazy("Left edge"),
    "top": gettext_lazy("Upper edge"),
    "right": gettext_lazy("Right edge"),
    "bottom": gettext_lazy("Lower edge"),
}
ON_FINDINGS = (
    Move(
        "withhold",
        gettext_lazy("Withhold…"),
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
            replace(FINDING[1], help=gettext_lazy("Empty: the whole records."), is_given=False),
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
            replace(FINDING[1], required=True),
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
        "mark_area",
        gettext_lazy("Black out an area…"),
        gettext_lazy("The area is burnt into the copy that is released; the ground is told."),
        DESK,
        inputs=(
            Input("page", gettext_lazy("Page"), most=40, is_given=True),
            *(Input(name, label, THOUSANDTHS, most=4) for name, label in EDGES.items()),
            WITHHOLDING_GROUND,
            EXPLANATION,
        ),
        only_in=frozenset({State.DECIDING}),
        rights=rights.WITH_DOCUMENTS,
    ),
    Move(
        "unmark_area",
        gettext_lazy("Show an area again…"),
        gettext_lazy("The area is seen in the copy that is released; the document is to be looked through again."),
        DESK,
        inputs=(Input("area", gettext_lazy("Area"), most=18, is_given=True),),
        only_in=frozenset({State.DECIDING}),
        rights=rights.WITH_DOCUMENTS,
    ),
    Move(
        "decide_document",
        gettext_lazy("Decide on a document…"),
        gettext_lazy("A copy of its pages is released, or it stays back on a ground that the person is told."),
        DESK,
        inputs=(
            Input("document", gettext_lazy("Document"), most=40, is_given=True),
            Input("choice", gettext_lazy("Decision"), choices=document_choices),
            replace(WITHHOLDING_GROUND, required=False, help=gettext_lazy("Of what stays back; empty for a release.")),
            EXPLANATION,
        ),
        only_in=frozenset({State.DECIDING}),
        rights=rights.WITH_DOCUMENTS,
    ),
    Move(
        "decide_correction",
        gettext_lazy("Decide on a correction…"),
        gettext_lazy(
            "The right value is written where it was chosen, or the wrong one deleted; or the person is told why not."
        ),
        DESK,
        inputs=(
            Input("correction", gettext_lazy("Correction"), choices=correction_choices),
            Input("verdict", gettext_lazy("Decision"), choices=verdict_choices, why_not=deleting_instead.why_not),
            Input(
                "found",
                gettext_lazy("Wrong values"),
                gettext_lazy("Of what is granted: the numbers of the values found that are wrong, such as 1,3."),
                required=False,
            ),
            replace(WITHHOLDING_GROUND, required=False, help=gettext_lazy("Of a refusal.")),
            Input(
                "condition",
                gettext_lazy("Condition"),
                gettext_lazy("Of what is deleted instead: what lets it be deleted."),
                choices=deletion_conditions,
                required=False,
            ),
            Input(
                "shown",
                gettext_lazy("How that is known"),
                gettext_lazy(
                    "Why the deletion makes nothing harder for the person, such as a job, housing or credit; or when"
                    " and how the person consented. Kept sealed."
                ),
                long=True,
                required=False,
            ),
            EXPLANATION,
            replace(
                REASON,
                help=gettext_lazy(
                    "What was weighed: the value itself, where it came from, what was sent to us. Kept sealed."
                ),
            ),
        ),
        only_in=frozenset({State.DECIDING}),
        rights=frozenset({Right.CORRECT}),
    ),
    Move(
        "lift_withholding",
        gettext_lazy("Lift a withholding…"),
        gettext_lazy("The record, field or passage is released, or deleted, with the rest."),
        DESK,
        inputs=(
            *FINDING,
            Input(
                "start",
                gettext_lazy("Passage"),
                required=False,
                most=9,
                is_given=True,
            ),
        ),
        only_in=frozenset({State.DECIDING}),
        rights=rights.WITHHELD_FROM,
    ),
)
