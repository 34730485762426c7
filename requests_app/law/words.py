"""The words of the law layer: rights, routes, degrees, duties, grounds, and how sure a value is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

LANGUAGES = ("en", "es")


class Right(StrEnum):
    """What a person may ask for: one slug for all laws; each pack maps the slugs of its own law to these."""

    KNOW_CATEGORIES = "know_categories"
    KNOW_SPECIFIC = "know_specific"
    PORTABILITY = "portability"
    DELETE = "delete"
    CORRECT = "correct"
    RESTRICT = "restrict"
    OBJECT = "object"
    OBJECT_MARKETING = "object_marketing"
    OPT_OUT_SALE_SHARE = "opt_out_sale_share"
    LIMIT_SENSITIVE = "limit_sensitive"
    OPT_IN = "opt_in"
    WITHDRAW_CONSENT = "withdraw_consent"
    REVIEW_AUTOMATED = "review_automated"
    ACCESS_AUTOMATED = "access_automated"
    OPT_OUT_AUTOMATED = "opt_out_automated"
    APPEAL_AUTOMATED = "appeal_automated"
    SHINE_THE_LIGHT = "shine_the_light"
    COMPLAINT = "complaint"
    APPEAL = "appeal"
    INQUIRY = "inquiry"

    @property
    def label(self) -> str:
        """The right as the staff read it; what people read is in the packs."""
        return RIGHT_LABELS[self]


RIGHT_LABELS = {
    Right.KNOW_CATEGORIES: "know: categories",
    Right.KNOW_SPECIFIC: "know: specific pieces",
    Right.PORTABILITY: "portability",
    Right.DELETE: "deletion",
    Right.CORRECT: "correction",
    Right.RESTRICT: "restriction",
    Right.OBJECT: "objection",
    Right.OBJECT_MARKETING: "objection to marketing",
    Right.OPT_OUT_SALE_SHARE: "opt-out of sale and sharing",
    Right.LIMIT_SENSITIVE: "limit of sensitive data",
    Right.OPT_IN: "opt-in",
    Right.WITHDRAW_CONSENT: "withdrawal of consent",
    Right.REVIEW_AUTOMATED: "review of an automated decision",
    Right.ACCESS_AUTOMATED: "access to automated decision-making",
    Right.OPT_OUT_AUTOMATED: "opt-out of automated decision-making",
    Right.APPEAL_AUTOMATED: "human appeal of an automated decision",
    Right.SHINE_THE_LIGHT: "Shine the Light",
    Right.COMPLAINT: "complaint",
    Right.APPEAL: "appeal",
    Right.INQUIRY: "inquiry",
}


class Route(StrEnum):
    """The way that a case of this right goes."""

    FULL = "full"
    DIRECT = "direct"
    DECIDE_ONLY = "decide_only"


class Degree(IntEnum):
    """How certain it must be, or is, who asks. NONE as a requirement means: may not be verified."""

    NONE = 0
    REASONABLE = 1
    REASONABLY_HIGH = 2


class EvidenceKind(StrEnum):
    """One proved fact about who asks."""

    MAILBOX = "mailbox"
    ACCOUNT = "account"
    DATA_POINTS = "data_points"
    DECLARATION = "declaration"
    PERMISSION = "permission"
    SHOWN_TO_STAFF = "shown_to_staff"  # in place of a mailbox: how the person showed the staff who asks
    POWER_OF_ATTORNEY = "power_of_attorney"
    COURT_PAPER = "court_paper"
    PARENT_SHOWN = "parent_shown"  # to staff, before a child's data may be sold (11 CCR 7070(a))
    CONFIRMATION = "confirmation"


class DutyKind(StrEnum):
    """What is owed to the person by a date."""

    ACKNOWLEDGE = "acknowledge"
    ANSWER = "answer"
    OPT_OUT_DONE = "opt_out_done"
    RECIPIENTS_TOLD = "recipients_told"
    RESTRICTED = "restricted"
    OPT_OUT_OFFERED = "opt_out_offered"


class Occasion(StrEnum):
    """What a duty arises from."""

    RECEIPT = "receipt"
    REFUSAL = "refusal"


class ClockStart(StrEnum):
    """What a period may have to wait for, where it was asked for."""

    IDENTITY_SHOWN = "identity_shown"
    FEE_PAID = "fee_paid"


class PauseGround(StrEnum):
    """Why the days of a period may go uncounted: each law knows its own, most know none."""

    IDENTITY = "identity"
    CLARIFICATION = "clarification"


class PauseEffect(StrEnum):
    """Whether a pause moves the date, or only gives a later one that could be defended."""

    BINDING = "binding"
    DEFENSIBLE = "defensible"


class Window(StrEnum):
    """Over what a limit counts: the months up to receipt, or the calendar year of receipt."""

    ROLLING = "rolling"
    CALENDAR_YEAR = "calendar_year"


class Beyond(StrEnum):
    """What a law permits beyond its limit: to decline, or only to ask a reasonable fee."""

    DECLINE = "decline"
    FEE = "fee"


class SignalDuty(StrEnum):
    """Whether a law makes the house obey an opt-out preference signal."""

    REQUIRED = "required"
    CONDITIONAL = "conditional"
    OPTIONAL = "optional"


class Reach(StrEnum):
    """To which recipients something is passed on: all who ever got the data, or those since the request came."""

    EVER = "ever"
    SINCE_RECEIPT = "since_receipt"


class ProvisionKind(StrEnum):
    """What a law says, or does not say, of certain rights: rules without a number, from one day to another."""

    PROCESS_DESCRIBED = "process_described"  # the notice of receipt says how the request is going to be dealt with
    ANY_CHANNEL = "any_channel"  # sent elsewhere than asked: taken as made, or answered with how to make it
    TWO_STEPS = "two_steps"  # asked for, and confirmed in a second step, before it is acted on
    NO_NEW_ACCOUNT = "no_new_account"  # nobody must open an account to ask
    EXISTING_ACCOUNT = "existing_account"  # who has an account may be made to ask through it
    SIGN_IN_AGAIN = "sign_in_again"  # who is signed in signs in again before anything is disclosed or changed
    NOTARY_IF_PAID = "notary_if_paid"  # a notary may be demanded only by who pays for it
    REFUSED_IF_UNVERIFIED = "refused_if_unverified"  # not verified when the first period ends: may be refused
    VALUE_CONFIRMED = "value_confirmed"  # what the person supplies may be compared with what is never disclosed
    PIECES_SHOWN = "pieces_shown"  # the person may see the specific pieces to check them, which counts as no request
    KEPT_CORRECTED = "kept_corrected"  # what was corrected must stay so
    DELETED_INSTEAD = "deleted_instead"  # what is disputed may be deleted, if that harms nobody or the person consents
    STATUS_CONFIRMED = "status_confirmed"  # the person can see that it was done
    REST_USE_LIMITED = "rest_use_limited"  # what is kept is used for nothing but the ground for keeping it
    RECORD_KEPT_TOLD = "record_kept_told"  # the person is told that a record of the request is kept
    LOG_OUTLIVES_DELETION = "log_outlives_deletion"  # the record of requests stays when the person's data goes
    LOG_USE_LIMITED = "log_use_limited"  # the record of requests is used for nothing but compliance
    NEVER_STARTED = "never_started"  # opted out before the first use: it never begins
    SIGNAL_ASKS_NOTHING = "signal_asks_nothing"  # an opt-out signal is obeyed without more information
    SIGNAL_REACHES_PROFILES = "signal_reaches_profiles"  # it holds for the device and every profile tied to it


class Level(StrEnum):
    """What a ground takes away: the whole case, some of the data, or one duty of an otherwise granted case."""

    CASE = "case"
    DATA = "data"
    DUTY = "duty"


class Ground(StrEnum):
    """Grounds that several laws know, each with a code of its own: by these, one law's finds its like in another."""

    RIGHTS_OF_OTHERS = "rights_of_others"
    LEGAL_OBLIGATION = "legal_obligation"
    LEGAL_CLAIMS = "legal_claims"
    FREE_EXPRESSION = "free_expression"
    RESEARCH = "research"
    SECURITY = "security"
    TRADE_SECRET = "trade_secret"  # noqa: S105 - a ground, not a secret
    PUBLIC_INFORMATION = "public_information"
    ACCURATE = "accurate"
    NOT_IDENTIFIABLE = "not_identifiable"
    NOT_VERIFIED = "not_verified"
    NO_PERMISSION = "no_permission"
    PARENT_NOT_SHOWN = "parent_not_shown"
    NEVER_DISCLOSED = "never_disclosed"
    UNFOUNDED_OR_EXCESSIVE = "unfounded_or_excessive"
    FRAUD = "fraud"
    ANSWERED_OFTEN_ENOUGH = "answered_often_enough"
    DENIED_BEFORE = "denied_before"
    NOT_OURS = "not_ours"


class RefusalPart(StrEnum):
    """What a refusal may have to say beside its grounds."""

    REASONS = "reasons"
    REST_DISCLOSED = "rest_disclosed"
    REST_DELETED = "rest_deleted"
    OPT_OUT_OFFERED = "opt_out_offered"
    PRIVACY_POLICY = "privacy_policy"
    HEALTH_STATEMENT = "health_statement"
    DELETION_INSTEAD = "deletion_instead"
    APPEAL_INSTRUCTIONS = "appeal_instructions"
    COMPLAINT_ROUTES = "complaint_routes"
    COMPLAINT_TO_CONTROLLER = "complaint_to_controller"
    COMPLAINT_TO_SUPERVISORY_AUTHORITY = "complaint_to_supervisory_authority"
    JUDICIAL_REMEDY = "judicial_remedy"


class Sureness(StrEnum):
    """How well a value of a pack is backed, the surest first; staff see it beside the value."""

    VERIFIED = "verified"
    COMMENTARY = "commentary"
    INTERPRETATION = "interpretation"
    FROM_MEMORY = "from_memory"


DOUBT = {sureness: place for place, sureness in enumerate(Sureness)}


def least_sure(one: Sureness, other: Sureness) -> Sureness:
    """The weaker of two: what rests on both is only as sure as that."""
    return one if DOUBT[one] >= DOUBT[other] else other


class Unit(StrEnum):
    """What a period, or the length of a text, is counted in."""

    CALENDAR_DAYS = "calendar_days"
    BUSINESS_DAYS = "business_days"
    MONTHS = "months"
    WORDS = "words"  # of a text, not of time


@dataclass(frozen=True, slots=True)
class Text:
    """A text for people, in every language of the house."""

    en: str
    es: str

    def in_language(self, language: str) -> str:
        """The text in ``language`` ("es", "es-mx", …); English for a language that is not there."""
        return self.es if language.partition("-")[0] == "es" else self.en

    def __str__(self) -> str:
        return self.en


class LawError(Exception):
    """The law doesn't give what was asked for: why, what to do, and the citation that says so."""

    def __init__(self, sentence: str, citation: str = "") -> None:
        super().__init__(f"{sentence} ({citation})" if citation else sentence)
        self.sentence = sentence
        self.citation = citation

    def __reduce__(self) -> tuple[type[LawError], tuple[str, str]]:
        return type(self), (self.sentence, self.citation)
