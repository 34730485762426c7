from exports.models.candidate import Candidate, NearMisses, RecordChoice
from exports.models.corrected import CameBack, Corrected
from exports.models.document import Document, DocumentArea, DocumentChoice, DocumentPage, DocumentState
from exports.models.erasure import ErasedIdentifier, ErasedName, ErasedRow, Erasure
from exports.models.finding import UNFINISHED, Part, PassedOver, RunState, SourceRun, Withholding
from exports.models.handover import Act, ActBegun, ActKind, Bundle, Download, KnownBy, Report, Shredding
from exports.models.keeping import KeptKeys, KeptSettled, KeptUntil
from exports.models.medium import Medium, MediumState, PassphraseBy
from exports.models.page_taken import PageTaken, WalkFor
from exports.models.passage import Decision, Flag, Screening, ScreeningState
from exports.models.proposal import SourceChange, SourceDraft
from exports.models.restricting import SourceRestriction
from exports.models.retention import RetentionSchedule
from exports.models.searching import Hit, Search, SearchState
from exports.models.source import DataMapVersion, DataSource, NotedSchema
from exports.models.task import ANSWERED, Task, TaskCode, TaskKind, TaskLink, TaskMail, TaskState, TaskUpload
from exports.models.telling import RecipientBatch, Telling, TellingState, TellingWay
from exports.models.transfer import EncryptedFile, Receiver, ReceiverWay, Transfer, TransferState

__all__ = [
    "ANSWERED",
    "UNFINISHED",
    "Act",
    "ActBegun",
    "ActKind",
    "Bundle",
    "CameBack",
    "Candidate",
    "Corrected",
    "DataMapVersion",
    "DataSource",
    "Decision",
    "Document",
    "DocumentArea",
    "DocumentChoice",
    "DocumentPage",
    "DocumentState",
    "Download",
    "EncryptedFile",
    "ErasedIdentifier",
    "ErasedName",
    "ErasedRow",
    "Erasure",
    "Flag",
    "Hit",
    "KeptKeys",
    "KeptSettled",
    "KeptUntil",
    "KnownBy",
    "Medium",
    "MediumState",
    "NearMisses",
    "NotedSchema",
    "PageTaken",
    "Part",
    "PassedOver",
    "PassphraseBy",
    "Receiver",
    "ReceiverWay",
    "RecipientBatch",
    "RecordChoice",
    "Report",
    "RetentionSchedule",
    "RunState",
    "Screening",
    "ScreeningState",
    "Search",
    "SearchState",
    "Shredding",
    "SourceChange",
    "SourceDraft",
    "SourceRestriction",
    "SourceRun",
    "Task",
    "TaskCode",
    "TaskKind",
    "TaskLink",
    "TaskMail",
    "TaskState",
    "TaskUpload",
    "Telling",
    "TellingState",
    "TellingWay",
    "Transfer",
    "TransferState",
    "WalkFor",
    "Withholding",
]
