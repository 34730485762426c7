from requests_app.models.calendar import CalendarChange, CalendarChoice, ChangeState, FilledFrom, HouseCalendar
from requests_app.models.case import AllowedMove, Case, CaseLaw, CorrectionAsked, PackVersion
from requests_app.models.decision import (
    CHANGING,
    Balancing,
    Clarification,
    CorrectionDecision,
    DeletionCondition,
    ExemptionClaim,
    HandWork,
    IdentifierRemoval,
    IdentityDoubt,
    LimitChoice,
    LimitDecision,
    PersonLink,
    ReopeningAsked,
    Verdict,
    WrittenAnswer,
)
from requests_app.models.duty import CalendarVersion, Duty
from requests_app.models.evidence import (
    AccessCode,
    CodePurpose,
    Evidence,
    PermissionFile,
    ProbeTry,
    ProofOffered,
    SignInUsed,
)
from requests_app.models.hold import Hold, HoldIdentifier, HoldKind, HoldList, HoldRenewal
from requests_app.models.message import Message, MessageState, OtherChannel, Reminder, ReminderStep
from requests_app.models.organisation import Organisation
from requests_app.models.people import DataSubject, Derivation, Identifier, IdentifierKind, IdentifierStatus
from requests_app.models.staff import User
from requests_app.models.standing import Routine, StandingRule
from requests_app.models.statement import Statement
from requests_app.models.submission import Channel, LookBack, Submission
from requests_app.models.supporting import SupportingDocument
from requests_app.models.suppression import OptIn, OptInDeclined, Suppression
from requests_app.models.value_asked import AskedBy, ValueAsked

__all__ = [
    "CHANGING",
    "AccessCode",
    "AllowedMove",
    "AskedBy",
    "Balancing",
    "CalendarChange",
    "CalendarChoice",
    "CalendarVersion",
    "Case",
    "CaseLaw",
    "ChangeState",
    "Channel",
    "Clarification",
    "CodePurpose",
    "CorrectionAsked",
    "CorrectionDecision",
    "DataSubject",
    "DeletionCondition",
    "Derivation",
    "Duty",
    "Evidence",
    "ExemptionClaim",
    "FilledFrom",
    "HandWork",
    "Hold",
    "HoldIdentifier",
    "HoldKind",
    "HoldList",
    "HoldRenewal",
    "HouseCalendar",
    "Identifier",
    "IdentifierKind",
    "IdentifierRemoval",
    "IdentifierStatus",
    "IdentityDoubt",
    "LimitChoice",
    "LimitDecision",
    "LookBack",
    "Message",
    "MessageState",
    "OptIn",
    "OptInDeclined",
    "Organisation",
    "OtherChannel",
    "PackVersion",
    "PermissionFile",
    "PersonLink",
    "ProbeTry",
    "ProofOffered",
    "Reminder",
    "ReminderStep",
    "ReopeningAsked",
    "Routine",
    "SignInUsed",
    "StandingRule",
    "Statement",
    "Submission",
    "SupportingDocument",
    "Suppression",
    "User",
    "ValueAsked",
    "Verdict",
    "WrittenAnswer",
]
