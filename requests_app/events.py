"""The kinds of events in a case's history. Their facts are codes, ids, digests, dates and citations, nothing else."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class EventKind(TextChoices):
    """What happened, in the order in which it usually does."""

    RECEIVED = "received", _("Request received")
    ASK_PROOF = "ask_proof", _("Proof of identity asked for")
    ACT_AT_ONCE = "act_at_once", _("In force at once, without verification")
    MAILBOX_CONFIRMED = "mailbox_confirmed", _("Mailbox confirmed")
    PERSON_FOUND = "person_found", _("Joined with the person's record")
    PROOF_OFFERED = "proof_offered", _("Data points offered as proof")
    PROBED = "probed", _("Data points compared with the records")
    PROBE_FAILED = "probe_failed", _("Data points could not be compared")
    ACCEPT_PROOF = "accept_proof", _("Identity accepted")
    FALL_BACK = "fall_back", _("Answered as categories instead")
    ASK_CLARIFICATION = "ask_clarification", _("Question sent to the person")
    CLARIFIED = "clarified", _("Question answered")
    EXTEND = "extend", _("Time extended")
    DATE_MOVED = "date_moved", _("Date moved: the days of waiting for the person do not count")
    COUNTED_ANEW = "counted_anew", _("Date counted anew with a changed calendar")
    EXTENSION_VOID = "extension_void", _("Extension void: its notice reached nobody in time")
    ASSIGN = "assign", _("Assigned")
    DECIDE_LIMIT = "decide_limit", _("Decision on the yearly limit")
    START_GATHERING = "start_gathering", _("Gathering started")
    SOURCE_DONE = "source_done", _("Source searched")
    SOURCE_FAILED = "source_failed", _("Source could not be searched")
    WAIVE_SOURCE = "waive_source", _("Source waived")
    FINDINGS_READY = "findings_ready", _("Findings ready")
    GATHER_AGAIN = "gather_again", _("Gathering started again")
    WITHHOLD = "withhold", _("Withheld on a ground")
    LIFT_WITHHOLDING = "lift_withholding", _("Withholding lifted")
    APPROVE = "approve", _("Approved")
    HAND_BACK = "hand_back", _("Handed back for a decision")
    ACT_DONE = "act_done", _("Carried out in a source")
    ACT_FAILED = "act_failed", _("Could not be carried out")
    RECIPIENT_TOLD = "recipient_told", _("Recipient told")
    BUNDLE_MADE = "bundle_made", _("Export bundle made")
    CARRIED_OUT = "carried_out", _("Carried out")
    LETTER_QUEUED = "letter_queued", _("Letter written")
    LETTER_ACCEPTED = "letter_accepted", _("Letter accepted for delivery")
    LETTER_FAILED = "letter_failed", _("Letter could not be delivered")
    LETTER_BOUNCED = "letter_bounced", _("Letter came back")
    TOLD_OTHERWISE = "told_otherwise", _("Person told another way")
    DUTY_MET = "duty_met", _("Duty met")
    FINISH = "finish", _("Closed")
    REFUSE = "refuse", _("Refused")
    REFUSE_OPT_OUT = "refuse_opt_out", _("Opt-out refused")
    WITHDRAW = "withdraw", _("Withdrawn by the person")
    DOWNLOADED = "downloaded", _("Bundle downloaded")
    BUNDLE_DAMAGED = "bundle_damaged", _("Bundle could not be opened")
    DOWNLOAD_CLOSED = "download_closed", _("Download closed after wrong answers")
    OPEN_DOWNLOAD = "open_download", _("Download opened again")
    CONTENT_SHREDDED = "content_shredded", _("Content destroyed")
