"""One right asked for in a submission, and the laws under which it is answered."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from django_fsm import ConcurrentTransitionMixin, FSMField

from dsar.vault.fields import SealedText
from requests_app.law.packs import LawPack, pack_from_text
from requests_app.law.repeats import Repeat
from requests_app.law.words import Right, Route
from requests_app.models.submission import Submission
from requests_app.models.suppression import Suppression
from requests_app.states import WAITING_FOR_US, Outcome, State, transition


class PackVersion(models.Model):
    """The canonical text of a law pack as it stood when a case was received; immutable."""

    law = models.CharField(max_length=40)
    digest = models.CharField(max_length=64)
    canonical_text = models.TextField()
    first_seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=("law", "digest"), name="one_row_a_pack_version")]

    def __str__(self) -> str:
        return f"{self.law} {self.digest[:12]}"

    def as_pack(self) -> LawPack:
        """The pack itself, read from the kept text."""
        return pack_from_text(self.canonical_text)


class CaseQuerySet(models.QuerySet["Case"]):
    """Which cases are meant."""

    def requests(self) -> CaseQuerySet:
        """Cases in which a right is used; inquiries are messages that are answered, and counted apart."""
        return self.exclude(right=Right.INQUIRY)

    def inquiries(self) -> CaseQuerySet:
        """Messages that are no request."""
        return self.filter(right=Right.INQUIRY)

    def open(self) -> CaseQuerySet:
        """Cases that wait for somebody."""
        return self.exclude(state=State.CLOSED)

    def waiting_for_us(self) -> CaseQuerySet:
        """Cases on which the privacy team has to act."""
        return self.filter(state__in=WAITING_FOR_US)

    def unproved(self) -> CaseQuerySet:
        """Cases for which identity still has to be proved; also those where a question interrupted that."""
        interrupted = models.Q(state=State.CLARIFYING, clarifying_from=State.VERIFYING)
        return self.filter(models.Q(state=State.VERIFYING) | interrupted)

    def in_work_order(self) -> CaseQuerySet:
        """The most urgent first: by the house's target, then by the legal date."""
        unmet = models.Q(duties__met_at__isnull=True, duties__void=False)
        return self.annotate(
            next_target=models.Min("duties__target_on", filter=unmet),
            next_due=models.Min("duties__due_on", filter=unmet),
        ).order_by(models.F("next_target").asc(nulls_last=True), "next_due", "submission__received_at")

    def late(self, on: date) -> CaseQuerySet:
        """Open cases with a legal date that has passed. The house's own target never makes a case late."""
        return self.open().filter(duties__met_at__isnull=True, duties__void=False, duties__due_on__lt=on).distinct()


class Case(ConcurrentTransitionMixin, models.Model):
    """One right. Its state moves only along ``states.STATE_MOVES``: here, and again in the database.

    ``version`` is the sequence number of the last event of the case's chain; every change writes an event and
    raises it by one, so that two people who decide at the same moment can't both be right.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="cases")
    right = models.CharField(max_length=30, choices=[(right.value, right.value) for right in Right])
    answered_as = models.CharField(max_length=30, help_text="The right that is answered, after a fall-back.")
    route = models.CharField(max_length=12, choices=[(route.value, route.value) for route in Route])
    state: models.CharField[str, str] = FSMField(max_length=12, choices=State, default=State.RECEIVED, protected=True)
    clarifying_from = models.CharField(max_length=12, choices=State, blank=True)
    outcome = models.CharField(max_length=20, choices=Outcome, blank=True)
    version = models.PositiveIntegerField(default=0)
    content_key = models.UUIDField(editable=False)
    gathering_round = models.PositiveIntegerField(default=0)
    approved_at = models.DateTimeField(null=True, blank=True)
    carried_out_at = models.DateTimeField(
        null=True, blank=True, help_text="When the act was reported done; the case closes once its letter is accepted."
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    about = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="followed_by",
        help_text="The case that an appeal or a complaint is about, or of which this one is a duplicate.",
    )
    assigned_to = models.ForeignKey(
        "requests_app.User", null=True, blank=True, on_delete=models.SET_NULL, related_name="cases"
    )

    objects = CaseQuerySet.as_manager()

    repeats: tuple[Repeat, ...] | None = None  # the denials that it repeats, once they were looked for

    _packs: tuple[LawPack, ...] = ()  # once read

    if TYPE_CHECKING:
        assigned_to_id: int | None
        about_id: uuid.UUID | None

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            """Django-fsm's own constructor has no type that mypy can read: it would make Any of every case."""

    class Meta:
        constraints = [
            models.CheckConstraint(name="state_is_known", condition=models.Q(state__in=State.values)),
            models.CheckConstraint(
                name="closed_has_an_outcome",
                condition=(
                    models.Q(state=State.CLOSED, closed_at__isnull=False) & ~models.Q(outcome="")
                    | ~models.Q(state=State.CLOSED) & models.Q(outcome="", closed_at__isnull=True)
                ),
            ),
            models.UniqueConstraint(fields=("submission", "right"), name="one_case_a_right"),
        ]

    def __str__(self) -> str:
        return f"{self.submission.reference} · {self.right_asked.label}"

    @property
    def chain(self) -> str:
        """The name of this case's history in the ledger."""
        return f"case:{self.pk}"

    @property
    def right_asked(self) -> Right:
        """The right as asked."""
        return Right(self.right)

    @property
    def right_answered(self) -> Right:
        """The right as answered, after a fall-back."""
        return Right(self.answered_as)

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to act."""
        return self.state != State.CLOSED

    @property
    def is_for_checking(self) -> bool:
        """Whether the specific pieces are shown so that a person can check them, within a correction (7023(j))."""
        return self.right == Right.KNOW_SPECIFIC and self.about is not None and self.about.right == Right.CORRECT

    @property
    def is_restricted(self) -> bool:
        """Whether the data in question may only be stored, because of this case (Art. 18(1) GDPR)."""
        return Suppression.objects.in_force().filter(case_id=self.pk, right=Right.RESTRICT).exists()

    def packs(self) -> tuple[LawPack, ...]:
        """The laws under which this case is answered, each as it stood on receipt; the leading law first.

        They were fixed then, so they are read once.
        """
        if not self._packs:
            self._packs = tuple(law.pack_version.as_pack() for law in self.laws.select_related("pack_version"))
        return self._packs

    def received_on(self) -> date:
        """The date that picks every figure of the law."""
        return self.submission.received_on

    # The transitions: each sets fields of this row and nothing else; the service around it does the rest.

    @transition("ask_proof")
    def ask_proof(self) -> None:
        """The person is asked to prove who asks."""

    @transition("accept_proof")
    def accept_proof(self) -> State:
        """The evidence reaches the degree: on to the review, or where nothing is gathered to the decision."""
        return State.DECIDING if self.route == Route.DECIDE_ONLY else State.REVIEWING

    @transition("doubt_identity")
    def doubt_identity(self) -> None:
        """Staff doubt that it is the person who asks: more has to be proved."""

    @transition("fall_back")
    def fall_back(self) -> None:
        """Specific pieces can't be verified: evaluated as categories (11 CCR 7024(a))."""
        self.answered_as = Right.KNOW_CATEGORIES

    @transition("take_up")
    def take_up(self) -> None:
        """Nothing has to be proved: straight to the decision."""

    @transition("ask_clarification")
    def ask_clarification(self) -> None:
        """A question to the person; the case remembers where it stood."""
        self.clarifying_from = self.state

    @transition("clarified")
    def clarified(self) -> State:
        """Answered: back to where the case came from."""
        came_from, self.clarifying_from = State(self.clarifying_from), ""
        return came_from

    @transition("act_at_once")
    def act_at_once(self) -> None:
        """No verification: in force on receipt."""

    @transition("confirm")
    def confirm(self) -> None:
        """The second step of an opt-in: the person's choice is confirmed (11 CCR 7028)."""

    @transition("start_gathering")
    def start_gathering(self) -> None:
        """The workers look into every source."""
        self.gathering_round += 1

    @transition("findings_ready")
    def findings_ready(self) -> None:
        """Every source is done, or waived by a person."""

    @transition("gather_again")
    def gather_again(self) -> None:
        """The findings are not good enough: once more."""
        self.gathering_round += 1

    @transition("approve")
    def approve(self, *, at: datetime) -> None:
        """The decision stands; workers carry it out."""
        self.approved_at, self.carried_out_at = at, None

    @transition("hand_back")
    def hand_back(self) -> None:
        """What approval rested on no longer holds: a person decides again."""
        self.approved_at = None

    @transition("finish")
    def finish(self, *, outcome: Outcome, at: datetime) -> None:
        """Answered and told."""
        self.outcome, self.closed_at = outcome, at

    @transition("refuse")
    def refuse(self, *, at: datetime) -> None:
        """Closed with a ground."""
        self.outcome, self.closed_at = Outcome.REFUSED, at

    @transition("refuse_opt_out")
    def refuse_opt_out(self, *, at: datetime) -> None:
        """Closed with the only grounds an opt-out knows: fraud, or an agent without permission."""
        self.outcome, self.closed_at = Outcome.REFUSED, at

    @transition("refuse_opt_in")
    def refuse_opt_in(self, *, at: datetime) -> None:
        """Closed because it was not shown that a parent or guardian chose: what protects the child goes on."""
        self.outcome, self.closed_at = Outcome.REFUSED, at

    @transition("withdraw")
    def withdraw(self, *, at: datetime) -> None:
        """Taken back by the person."""
        self.outcome, self.closed_at = Outcome.WITHDRAWN, at

    @transition("redirect")
    def redirect(self, *, at: datetime) -> None:
        """Ours only as a service provider: the person is sent to our customer, whose data it is."""
        self.outcome, self.closed_at = Outcome.REDIRECTED, at

    @transition("merge")
    def merge(self, *, into: Case, at: datetime) -> None:
        """Asked for twice: the older case goes on."""
        self.about, self.outcome, self.closed_at = into, Outcome.DUPLICATE, at

    @transition("reopen")
    def reopen(self, *, to: State, content_key: uuid.UUID) -> State:
        """A mistake: open again, with a key for content that can still be read."""
        self.outcome, self.closed_at, self.approved_at, self.carried_out_at = "", None, None, None
        self.clarifying_from, self.content_key = "", content_key
        if self.route != Route.FULL:  # which gathers once more, and that begins its new round
            self.gathering_round += 1
        return to


class CaseLaw(models.Model):
    """One law of the case's set, with the pack as it stood on receipt; fixed then."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="laws")
    law = models.CharField(max_length=40)
    pack_version = models.ForeignKey(PackVersion, on_delete=models.PROTECT)
    leads = models.BooleanField(default=False)

    class Meta:
        ordering = ("-leads", "law")
        constraints = [models.UniqueConstraint(fields=("case", "law"), name="one_law_once_a_case")]

    def __str__(self) -> str:
        return self.law


class CorrectionAsked(models.Model):
    """One thing that a correction case wants changed: a field of the data maps or the person's words for it, the value
    that they say is held now, if they do, and the one that they say is right.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="corrections")
    number = models.PositiveSmallIntegerField(default=1, help_text=_("Its place in the request, from 1."))
    field = models.CharField(max_length=200, blank=True, help_text=_("source.collection.field; empty: in words alone"))
    words_sealed = models.BinaryField(null=True)
    words = SealedText("words_sealed", key="record_key")
    value_now_sealed = models.BinaryField(null=True)
    value_now = SealedText("value_now_sealed", key="record_key")
    value_sealed = models.BinaryField(null=True)
    value = SealedText("value_sealed", key="record_key")
    delete_instead_at = models.DateTimeField(
        null=True, help_text=_("When the person consented to its deletion in place of the correction.")
    )

    class Meta:
        ordering = ("number",)
        constraints = [models.UniqueConstraint(fields=("case", "number"), name="one_correction_a_number")]

    def __str__(self) -> str:
        return self.field or str(_("in the person's words"))

    @property
    def record_key(self) -> uuid.UUID:
        """The claim belongs to the request's record."""
        return self.case.submission.record_key


class AllowedMove(models.Model):
    """A pair of states that the database's trigger lets through; filled from ``states.STATE_MOVES`` after migrate."""

    source = models.CharField(max_length=12)
    target = models.CharField(max_length=12)
    route = models.CharField(max_length=12)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("source", "target", "route"), name="one_row_a_pair")]

    def __str__(self) -> str:
        return f"{self.source} → {self.target} ({self.route})"
