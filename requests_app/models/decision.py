"""Decisions of the privacy team and their reasons: grounds, answers noted, and what follows from the limit."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from dsar.vault.fields import SealedText
from requests_app.models.case import Case, CorrectionAsked
from requests_app.models.people import DataSubject, Identifier


class OfCase(models.Model):
    """A row with a sealed reason that belongs to the record of its case."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    decided_by = models.CharField(max_length=40)
    decided_at = models.DateTimeField()
    reason_sealed = models.BinaryField(null=True)
    reason = SealedText("reason_sealed", key="record_key")

    case: models.ForeignKey[Case, Case]

    class Meta:
        abstract = True

    @property
    def record_key(self) -> uuid.UUID:
        """Written reasons belong to the request's record."""
        return self.case.submission.record_key


class ExemptionClaim(OfCase):
    """A ground used to refuse a case: the exemption's code and the citations as they stood."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="exemption_claims")
    code = models.CharField(max_length=60)
    citation = models.CharField(max_length=200)

    def __str__(self) -> str:
        return self.code


class Clarification(OfCase):
    """What the desk noted as the person's answer to a question; the question is kept as the letter that was sent."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="clarifications")

    def __str__(self) -> str:
        return f"clarification {self.decided_at:%Y-%m-%d}"


class AnswerQuerySet(models.QuerySet["WrittenAnswer"]):
    """Which answers are meant."""

    def current(self) -> WrittenAnswer | None:
        """The one that goes out when the decision is approved: the newest, unless it went out already."""
        newest = self.select_related("case__submission").order_by("-decided_at", "-number").first()
        return newest if newest and newest.sent_at is None else None


class WrittenAnswer(OfCase):
    """An answer that a person wrote: the text to the person; the reason tells what was done, and how that is proved."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="answers")
    number = models.PositiveSmallIntegerField(help_text="How many were written for this case until then.")
    sent_at = models.DateTimeField(null=True)
    text_sealed = models.BinaryField(null=True)
    text = SealedText("text_sealed", key="record_key")

    objects = AnswerQuerySet.as_manager()

    def __str__(self) -> str:
        return f"answer {self.decided_at:%Y-%m-%d}"


class Balancing(OfCase):
    """The balancing behind the decision on an objection: our grounds against the person's (Art. 21(1) GDPR)."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="balancings")

    def __str__(self) -> str:
        return f"balancing {self.decided_at:%Y-%m-%d}"


class HandWork(OfCase):
    """What somebody did by hand where no machine does it, and how it is proved."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="hand_work")

    def __str__(self) -> str:
        return f"done by hand {self.decided_at:%Y-%m-%d}"


class ReopeningAsked(OfCase):
    """Somebody found a mistake in a closed case; a second person decides whether it is opened again."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="reopenings_asked")
    decided_on_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"reopening asked {self.decided_at:%Y-%m-%d}"


class IdentityDoubt(OfCase):
    """Why staff doubt that it is the person who asks: from then on a mailbox or a sign-in alone is not enough."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="identity_doubts")

    def __str__(self) -> str:
        return f"doubt {self.decided_at:%Y-%m-%d}"


class PersonLink(OfCase):
    """Two records that a reviewer found to be one person's, with the evidence; taken back, with the reason.

    The records of a person are those that links in force join, over however many; ``DataSubject.root`` follows.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="person_links")
    one = models.ForeignKey(DataSubject, on_delete=models.PROTECT, related_name="+")
    other = models.ForeignKey(DataSubject, on_delete=models.PROTECT, related_name="+")
    unlinked_by = models.CharField(max_length=40, blank=True)
    unlinked_at = models.DateTimeField(null=True)
    unlink_reason_sealed = models.BinaryField(null=True)
    unlink_reason = SealedText("unlink_reason_sealed", key="record_key")

    def __str__(self) -> str:
        return f"{self.one} and {self.other}"


class IdentifierRemoval(OfCase):
    """Staff found that what a source gave on the way is somebody else's: for this case it is never taken up again."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="identifier_removals")
    identifier = models.ForeignKey(Identifier, on_delete=models.CASCADE, related_name="removals")

    def __str__(self) -> str:
        return f"removal {self.decided_at:%Y-%m-%d}"


class LimitChoice(models.TextChoices):
    """What a person may decide once the information was provided twice in twelve months (Civ. Code 1798.130(b))."""

    ANSWER_ANYWAY = "answer_anyway", _("answer anyway")
    REFUSE = "refuse", _("refuse")


class LimitDecision(OfCase):
    """The limit is a permission to decline, never a bar: a person decides, with a reason."""

    case = models.OneToOneField(Case, on_delete=models.CASCADE, related_name="limit_decision")
    choice = models.CharField(max_length=20, choices=LimitChoice)
    counted = models.PositiveSmallIntegerField()

    def __str__(self) -> str:
        return self.get_choice_display()


class Verdict(models.TextChoices):
    """What became of one thing that somebody asked to have corrected."""

    GRANTED = "granted", _("granted")
    DELETED = "deleted", _("deleted instead")
    REFUSED = "refused", _("refused")
    NOT_HELD = "not_held", _("not held")


CHANGING = frozenset({Verdict.GRANTED, Verdict.DELETED})  # by which something is written to sources


class DeletionCondition(models.TextChoices):
    """What lets a disputed value be deleted in place of its correction (11 CCR 7023(e))."""

    NO_HARM = "no_harm", _("the deletion does not negatively impact the person")
    CONSENT = "consent", _("the person consents to the deletion")


class CorrectionDecision(OfCase):
    """The decision on one correction, on the totality of circumstances (11 CCR 7023(b)); the reason tells of them.

    It rests on what was found in its round of gathering and counts in that round alone, as a withholding does. Of a
    granted one ``places`` says where the value is written, and ``wrong`` which values it takes the place of: those are
    content, and end with it. Of one that is deleted instead they say what goes, and from where; ``condition`` is the
    one that lets it go, and ``shown`` how that is known.
    """

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="correction_decisions")
    asked = models.ForeignKey(CorrectionAsked, on_delete=models.CASCADE, related_name="decisions")
    round = models.PositiveIntegerField()
    verdict = models.CharField(max_length=10, choices=Verdict)
    code = models.CharField(max_length=60, blank=True, help_text=_("The ground of a refusal."))
    citation = models.CharField(max_length=200, blank=True)
    condition = models.CharField(max_length=20, blank=True, choices=DeletionCondition)
    consented_at = models.DateTimeField(null=True, help_text=_("On the case page, where the decision rests on that."))
    places = models.JSONField(default=list, help_text=_("Each as source.collection.field."))
    wrong_sealed = models.BinaryField(null=True)
    wrong = SealedText("wrong_sealed", key="content_key")
    explanation_sealed = models.BinaryField(null=True)
    explanation = SealedText("explanation_sealed", key="record_key")
    shown_sealed = models.BinaryField(null=True)
    shown = SealedText("shown_sealed", key="record_key")

    class Meta:
        ordering = ("asked__number",)
        constraints = [models.UniqueConstraint(fields=("asked", "round"), name="one_decision_a_correction_and_round")]

    def __str__(self) -> str:
        return str(self.get_verdict_display())

    @property
    def content_key(self) -> uuid.UUID:
        """What was found is content of the case."""
        return self.case.content_key
