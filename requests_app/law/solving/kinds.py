"""The types of situations: how each is solved, the facts that may stand in it, and the keys of its answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from requests_app.law.solving import (
    agents,
    counting,
    deadlines,
    extensions,
    failing,
    grounds,
    records,
    refusing,
    rights,
    showing,
    signals,
    verifying,
    waiting,
)
from requests_app.law.solving.facts import HOLIDAYS
from requests_app.law.solving.questions import Keys, Question


@dataclass(frozen=True)
class Kind:
    """One type of situation."""

    solve: Callable[[Question], Keys]
    facts: tuple[str, ...]
    keys: tuple[str, ...]


def _kind(solve: Callable[[Question], Keys], facts: str, keys: str) -> Kind:
    return Kind(solve, tuple(facts.split()), tuple(keys.split()))


# The facts that may stand within a fact. Headers and conditions have names of their own.
WITHIN: Mapping[str, tuple[str, ...]] = {
    "range": ("from", "to"),
    "calendar": ("name", "weekend", *HOLIDAYS),
    "history": (
        *("request_type", "received_on", "status", "email"),
        *("link", "different_consumer", "after_correction"),
    ),
}

KINDS: Mapping[str, Kind] = {
    "access_cadence": _kind(
        rights.access_cadence,
        "last_access",
        "next_access_due",
    ),
    "ack_deadline": _kind(
        deadlines.ack_deadline,
        "request_type received_on business_days calendar completed_on",
        "ack_due ack_required receipt_confirmation_required process_description_required",
    ),
    "agent": _kind(
        agents.agent,
        "request_type agent_has power_of_attorney_demanded direct_confirmation_demanded",
        "may_require_signed_permission may_require_consumer_verification_or_direct_confirmation may_require may_deny",
    ),
    "appeal_deadline": _kind(
        deadlines.appeal_deadline,
        "appeal_received_on",
        "appeal_right due",
    ),
    "clarification_pause": _kind(
        waiting.clarification_pause,
        "request_type received_on clarification_requested_on clarification_received_on calendar",
        "days_not_counted due",
    ),
    "complaint_ack": _kind(
        deadlines.complaint_ack,
        "complaint_received_on",
        "ack_due",
    ),
    "denial_duties": _kind(
        refusing.denial_duties,
        "request_type decision exempt_records other_records exempt_items other_items "
        "same_inaccuracy_denied_on received_on new_documentation third_parties_sold_to "
        "impossible_or_disproportionate complied_on sold_on sells_or_shares already_opted_out",
        "delete_records retained_use_limited_to_exemption explain_basis disclose_items may_deny_as_repeat "
        "notify keep_corrected notify_for_sales_on confirm_status_to_consumer must_offer_opt_out",
    ),
    "exemption": _kind(
        grounds.exemption,
        "code request_type informed_consent data received_on first_request abuse_proved lawful_basis "
        "automated provided_by_subject reviewer_may_overturn solely_for_assessment "
        "works_without_unlawful_discrimination burden_documented conditions directed_on as_of",
        "applicable",
    ),
    "extension": _kind(
        extensions.extension,
        "request_type received_on extension_notice_on reason_given previous_extensions calendar "
        "id_requested_on id_received_on",
        "extension_valid due extension_available",
    ),
    "failed_verification": _kind(
        failing.failed_verification,
        "request_type verified_degree verified documented_fraud_belief received_on as_of",
        "disclose_specific_pieces disclose_categories may_deny inform_cannot_verify "
        "point_to_privacy_policy explanation_required reevaluate_as may_deny_for_not_verified due",
    ),
    "identity": _kind(
        waiting.identity,
        "request_type received_on id_requested_on id_received_on calendar reasonable_doubts authenticated_account",
        "clock_start due due_without_suspension suspension_defensible",
    ),
    "law_enforcement_hold": _kind(
        grounds.law_enforcement_hold,
        "directed_on",
        "hold_through renewable",
    ),
    "lookback": _kind(
        showing.lookback,
        "received_on range rule",
        "from unless to",
    ),
    "metrics": _kind(
        records.metrics,
        "consumers_in_year year response_days",
        "metrics_required publish_by median mean",
    ),
    "minor_sale": _kind(
        signals.minor_sale,
        "date_of_birth on opt_in opted_out",
        "age sale_allowed who_may_opt_in",
    ),
    "opt_in_wait": _kind(
        signals.opt_in_wait,
        "opted_out_on ask_again_on request_type",
        "may_ask earliest",
    ),
    "opt_out_deadline": _kind(
        deadlines.opt_out_deadline,
        "request_type received_on business_days calendar use_started",
        "due may_start_use",
    ),
    "opt_out_signal": _kind(
        signals.opt_out_signal,
        "headers consumer_known earlier_opt_out on",
        "opt_out must_display_status scope",
    ),
    "receipt_date": _kind(
        deadlines.receipt_date,
        "received_at business_timezone request_type channel designated_channel arrived_on recognised_on",
        "received_on due allowed_handling may_ignore",
    ),
    "record_retention": _kind(
        records.record_retention,
        "request_type closed_on fields decision record use",
        "keep_through missing may_delete_log_because_person_deleted tell_consumer_record_is_kept allowed",
    ),
    "redaction": _kind(
        showing.redaction,
        "request_type fields consumer_supplies_value verified_degree",
        "disclose may_confirm_match describe_only",
    ),
    "refusal_notice": _kind(
        refusing.refusal_notice,
        "request_type received_on decision calendar",
        "notify_by must_mention",
    ),
    "request_limit": _kind(
        counting.request_limit,
        "request_type received_on history email answered_on ccpa_know_fulfilled",
        "limited_type may_refuse_on_count counted fee_allowed window covers_calendar_year numeric_limit",
    ),
    "response_deadline": _kind(
        deadlines.response_deadline,
        "request_type received_on verification_requested_on verified_on calendar two_step_confirmation_on "
        "at_designated_contact",
        "due max_due_if_extended clock_paused clock_start",
    ),
    "right_available": _kind(
        rights.right_available,
        "request_type received_on",
        "available available_from",
    ),
    "unmatched_request": _kind(
        rights.unmatched_request,
        "matched",
        "treat_as",
    ),
    "verification": _kind(
        verifying.verification,
        "request_type has_account contested_field offered_identifiers channel logged_in suspected_fraud "
        "asked_document create_account_demanded use_existing_account_demanded email_confirmation_demanded "
        "data risk_of_harm business_reimburses",
        "verification_required degree data_points signed_declaration excluded_identifiers "
        "may_require_verification may_ask_identifying_info_needed_to_act may_require_more_information "
        "existing_authentication_sufficient reauthentication_required may_require may_require_new_account "
        "may_require_existing_account keep_declaration may_fulfil_now further_verification_required",
    ),
}
