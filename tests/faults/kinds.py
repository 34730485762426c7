"""Every kind of act that workers, and what people do in between, can die in: by name, with how it is played."""

from __future__ import annotations

from collections.abc import Mapping

from requests_app.law.words import Right
from requests_app.services.correcting import Correction
from tests.faults.afterwards import KeptLong, Posted, Replayed, SentStraight, WithDocuments
from tests.faults.by_owner import ByOwner
from tests.faults.purged import Purged
from tests.faults.set_again import FlagsInForce, SetAgain
from tests.faults.stories import (
    Answer,
    Answered,
    AtOnce,
    ByFlags,
    ByHand,
    Change,
    DeletedInstead,
    OptingIn,
    Restricted,
    Shared,
    Story,
)

PHONE = {"correct_field": "shop.customers.phone", "correct_value": "+1 530 555 0123"}
AT_THE_CLUB = {"correct_field": "club.members.name", "correct_value": "Ann Other"}
IN_GERMANY = {"residence": "DE"}
EMPTIED = {"corrections": (Correction(field="shop.customers.phone", value="+1 530 555 0123"),)}
STORIES: Mapping[str, Story] = {
    "access": Answer(Right.KNOW_SPECIFIC, "gather_source"),
    "delete": Change(Right.DELETE),
    "delete_shared": Shared(Right.DELETE),
    "delete_by_call": Change(Right.DELETE, at_a_service=True),
    "delete_by_owner": ByOwner(Right.DELETE, "mail_source_owner"),
    "correct": Change(Right.CORRECT, changes=PHONE),
    "correct_by_call": Change(Right.CORRECT, changes=AT_THE_CLUB, at_a_service=True),
    "delete_instead": DeletedInstead(Right.CORRECT, changes=EMPTIED),
    "opt_out": AtOnce(Right.OPT_OUT_SALE_SHARE),
    "opt_out_by_call": AtOnce(Right.OPT_OUT_SALE_SHARE, at_a_service=True),
    "limit": AtOnce(Right.LIMIT_SENSITIVE),
    "object_marketing": AtOnce(Right.OBJECT_MARKETING),
    "withdraw_consent": ByFlags(Right.WITHDRAW_CONSENT),
    "withdraw_consent_by_hand": ByHand(Right.WITHDRAW_CONSENT),
    "opt_in": OptingIn(Right.OPT_IN, first_job="deliver_message"),
    "restrict": Answered(Right.RESTRICT),
    "object": Answered(Right.OBJECT, changes=IN_GERMANY),
    "restriction": Restricted(Right.OBJECT, "restrict_in_sources", IN_GERMANY),
    "restriction_by_call": Restricted(Right.OBJECT, "restrict_in_sources", IN_GERMANY, at_a_service=True),
    "straight": SentStraight(Right.PORTABILITY, "send_transfer"),
    "medium": Posted(Right.KNOW_SPECIFIC, "make_medium"),
    "documents": WithDocuments(Right.KNOW_SPECIFIC, "draw_document"),
    "kept": KeptLong(Right.DELETE, ""),  # what people do: no job
    "purged": Purged(Right.KNOW_SPECIFIC, "shred_content"),
    "replay": Replayed(Right.DELETE, ""),  # a command
    "flags_in_force": FlagsInForce(Right.OPT_OUT_SALE_SHARE, "set_flags_in_force"),
    "restored": SetAgain(Right.CORRECT, ""),  # a command
}
