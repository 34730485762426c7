"""What moves offer to choose from, and the inputs that several of them share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from requests_app import deleting_instead, duplicates, endings, facts, guards, whose_data
from requests_app.guards import MoveShut
from requests_app.law import exemptions
from requests_app.law.values import Exemption
from requests_app.law.wording import spell_list
from requests_app.law.words import Right
from requests_app.models import Case, Channel, DeletionCondition, LimitChoice, Message, OtherChannel, User, Verdict
from requests_app.move import DESK, NOBODY, SIGNED, Input
from requests_app.ports import systems, work
from requests_app.roles import Actor


def letters_not_arrived(case: Case) -> list[tuple[str, str]]:
    """The letters that have not reached the person."""
    return [_as_choice(letter) for letter in _letters(case) if letter.reached_on is None]


def letters_sent(case: Case) -> list[tuple[str, str]]:
    """The letters that a mail server took."""
    return [_as_choice(letter) for letter in _letters(case) if letter.mail_counts_from is not None]


def _letters(case: Case) -> Iterable[Message]:
    """The case's own letters, and those of its whole request: the receipt, for codes live too short to come back."""
    of_request = Message.objects.filter(submission=case.submission_id, case__isnull=True)
    receipt = of_request.exclude(letter__in=("entry_code", "download_code", "person_code"))
    return (receipt | Message.objects.filter(case=case)).order_by("queued_at")


def _as_choice(letter: Message) -> tuple[str, str]:
    written = timezone.localdate(letter.queued_at).isoformat()
    return str(letter.pk), f"{letter.subject} · {written} · {letter.get_state_display()}"


def check_one_not_arrived(case: Case, actor: Actor, on: date) -> None:  # noqa: ARG001
    if not letters_not_arrived(case):
        raise MoveShut(_("Every letter of this case has reached the person. If one came back, note that first."))


def check_one_sent(case: Case, actor: Actor, on: date) -> None:  # noqa: ARG001
    if not letters_sent(case):
        raise MoveShut(_("No mail server has taken a letter of this case, so that none can have come back."))


def ways_to_show(_case: Case) -> list[tuple[str, str]]:
    return [
        ("in_person", _("in person, with a document that was looked at and not kept")),
        ("by_telephone", _("by telephone, called back at a number that we knew")),
        ("by_letter", _("by a signed letter")),
    ]


def _questions(case: Case) -> list[tuple[str, str]]:
    """What a probe can compare and the request does not say; what the case is about is told when answers are taken."""
    known = {"email", "account_number"} if case.submission.account_number else {"email"}
    return [(kind, title) for kind, title in systems().question_titles("en").items() if kind not in known]


def signed(_case: Case) -> list[tuple[str, str]]:
    return [("none", _("no declaration")), (SIGNED, _("signed on paper, in our files"))]


def other_channels(_case: Case) -> list[tuple[str, str]]:
    return [(channel.value, str(channel.label)) for channel in OtherChannel]


def _grounds(case: Case) -> list[tuple[str, str]]:
    return _as_choices(case, guards.grounds_to_refuse(case))


def grounds_for_data(case: Case) -> list[tuple[str, str]]:
    return _as_choices(case, guards.grounds_to_withhold(case))


def _as_choices(case: Case, grounds: Iterable[Exemption]) -> list[tuple[str, str]]:
    """Each ground, how sure its citation is, and what must be so for it to be used: who chooses it says that it is."""
    choices = []
    for ground in grounds:
        needs = [str(item.text) for item in exemptions.conditions(case.packs(), ground, on=case.received_on())]
        condition = _("; needs that %(conditions)s") % {"conditions": spell_list(needs, "en")} if needs else ""
        explained = _("; explain it to the person") if guards.must_be_explained(ground) else ""
        cited = f"{ground.citation}, {facts.SURENESS_LABELS[ground.sureness]}"
        choices.append((ground.code, f"{ground.title} ({cited}){condition}{explained}"))
    return choices


def colleagues(_case: Case) -> list[tuple[str, str]]:
    """Who works cases, as actors are named in events; and nobody."""
    roles = [role.value for role in DESK]
    staff = User.objects.filter(is_active=True, groups__name__in=roles).distinct().order_by("username")
    return [(NOBODY, _("nobody")), *((f"staff:{user.pk}", user.get_full_name() or user.username) for user in staff)]


def limit_choices(_case: Case) -> list[tuple[str, str]]:
    return [(choice.value, str(choice.label)) for choice in LimitChoice]


def identifiers_found(case: Case) -> list[tuple[str, str]]:
    """What the sources gave on the way in this round, with the collection that gave it."""
    given: dict[str, str] = {}
    for derivation in whose_data.found_on_the_way(case):
        found = derivation.identifier
        given.setdefault(
            str(found.pk), f"{found.get_kind_display()}: {found.value} ({_('from')} {derivation.provenance})"
        )
    return list(given.items())


def _reviews(_case: Case) -> list[tuple[str, str]]:
    return [
        ("overturned", _("is overturned")),
        ("overturned_in_part", _("is overturned in part")),
        ("upheld", _("stands")),
    ]


def older_cases(case: Case) -> list[tuple[str, str]]:
    return [
        (str(twin.pk), f"{twin.submission.reference}, {twin.submission.received_on}")
        for twin in duplicates.offered(case)
    ]


def channels(_case: Case) -> list[tuple[str, str]]:
    return [(channel.value, str(channel.label)) for channel in (Channel.PHONE, Channel.POST, Channel.EMAIL)]


def controllers(case: Case) -> list[tuple[str, str]]:
    """The companies whose processor we are, with how to reach them."""
    found = systems().controllers(case.submission.language)
    return [(each.name, f"{each.name}, {each.contact}" if each.contact else each.name) for each in found]


def drafted_answer(case: Case) -> str:
    """The answer as it stands, or what the company's systems have to say."""
    current = case.answers.current()
    return current.text if current else work().drafted_answer(case)


def content_keys(case: Case) -> tuple[str, ...]:
    """A key for new content, where that of the old content is destroyed."""
    return ("content",) if endings.content_is_gone(case) else ()


REASON = Input("reason", gettext_lazy("Reason"), gettext_lazy("Kept with the record, sealed."), long=True)
GROUND = Input(
    "code",
    gettext_lazy("Ground"),
    gettext_lazy("Only grounds that fit this right, law and date of receipt are offered."),
    choices=_grounds,
    why_not=guards.why_not_to_refuse,
)
EXPLANATION = Input(
    "explanation",
    gettext_lazy("Explanation to the person"),
    gettext_lazy("Sent word for word with the ground. Some grounds need one: those that are marked so."),
    long=True,
    required=False,
)


def passage_choices(_case: Case) -> list[tuple[str, str]]:
    return [("black_out", _("black it out")), ("not_one", _("it is no such thing"))]


def document_choices(_case: Case) -> list[tuple[str, str]]:
    return [
        ("release", _("release it, with its areas blacked out")),
        ("withhold", _("withhold it whole, on a ground")),
        ("replace", _("release the redacted copy in its place, on a ground")),
    ]


def correction_choices(case: Case) -> list[tuple[str, str]]:
    """The corrections that were asked for, by their numbers; never what was typed, for it would stand in an address."""
    return [(str(asked.number), f"{asked.number}: {asked}") for asked in case.corrections.all()]


def verdict_choices(case: Case) -> list[tuple[str, str]]:
    """What may become of a correction: deleted instead only where the law says so."""
    return [(one.value, str(one.label)) for one in Verdict if not deleting_instead.why_not(case, one)]


def deletion_conditions(case: Case) -> list[tuple[str, str]]:
    """On which conditions something may be deleted in place of its correction; none where it may not be."""
    if deleting_instead.provision_of(case) is None:
        return []
    return [(condition.value, str(condition.label)) for condition in DeletionCondition]


WITHHOLDING_GROUND = Input("code", gettext_lazy("Ground"), choices=grounds_for_data, why_not=guards.why_not_a_ground)
FINDING = (
    Input("finding", gettext_lazy("Finding"), is_given=True),
    Input("field", gettext_lazy("Field"), required=False, is_given=True),
)

BALANCING = Input(
    "balancing",
    gettext_lazy("Balancing"),
    gettext_lazy("Our compelling grounds against the person's interests, and why they weigh more. Kept sealed."),
    long=True,
    most=8000,
    rights=frozenset({Right.OBJECT}),
)
REVIEW = Input(
    "review",
    gettext_lazy("The automated decision"),
    gettext_lazy("What the reviewer made of it, with all that the person submitted."),
    choices=_reviews,
    rights=frozenset({Right.APPEAL_AUTOMATED}),
)
EXPLAINED = replace(EXPLANATION, help=gettext_lazy("Sent word for word."), required=True)
ANSWERS = (
    Input("question_1", gettext_lazy("First question"), choices=_questions, required=False),
    Input("answer_1", gettext_lazy("Answer"), required=False, most=200),
    Input("question_2", gettext_lazy("Second question"), choices=_questions, required=False),
    Input("answer_2", gettext_lazy("Answer"), required=False, most=200),
    Input("question_3", gettext_lazy("Third question"), choices=_questions, required=False),
    Input("answer_3", gettext_lazy("Answer"), required=False, most=200),
)
