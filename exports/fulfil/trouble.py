"""What can go wrong with a company's system: which errors no second try can mend, and what a person can do.

An error is kept by the name of its class, in jobs, runs and events; never by its text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dsar.jobs.running import NotBefore, PermanentFailure
from dsar.vault.errors import FileDamaged, KeyUnknown, SealBroken, VaultError
from exports.models.source import NotConfigured
from exports.sources.errors import (
    BrokenDataError,
    ChangeRefusedError,
    DataChangedError,
    MapDoesNotFitError,
    NotSetUpError,
    NoWriteAccessError,
    OnlyByHandError,
    SourceUnavailableError,
)
from requests_app.guards import MoveShut
from requests_app.law.words import Right
from requests_app.models import Case

Text = str | Promise


class MapDoesNotFit(PermanentFailure):
    """The source is not built as its data map says."""


class BrokenData(PermanentFailure):
    """What the source gives can't be read."""


class NoWriteAccess(PermanentFailure):
    """The source can only be read from here."""


class OnlyByHand(PermanentFailure):
    """The source takes the change from a person only."""


class PlaceGone(Exception):
    """A service lost the place at which to go on; what it gave was set aside, and the next try begins anew."""


class SourceAsksToWait(NotBefore):
    """The source is there, and named the time before which it does not want to be asked again."""


class TwoPeople(PermanentFailure):
    """The identifiers lead to more than one person in this source; nobody's data may be mixed."""


class WhichOfThese(PermanentFailure):
    """The identifiers lead to several records in this source; a person chooses before anything is gathered."""


class FlagRefused(PermanentFailure):
    """The source does not let the column be set that carries an opt-out out."""


class FlagsByHand(PermanentFailure):
    """A map came to say which flags a person sets, and opt-outs were in force before: no owner is asked for each."""


class NotInAnyMap(PermanentFailure):
    """No data map says how this right is carried out."""


class NotToCorrect(Exception):
    """What was found can't be corrected as it was asked: ``code`` says why, ``place`` in which field if it is one."""

    def __init__(self, code: str, place: str = "") -> None:
        self.code = code
        self.place = place
        super().__init__(code)


class HeldSince(Exception):
    """A hold was placed on the data after its deletion was approved; names the source."""

    code = "held_since_approval"


class KeptSince(HeldSince):
    """A data map or a schedule keeps what an approved deletion would take, since it was gathered; names the source."""

    code = "kept_since_gathering"


class StillFound(Exception):
    """A deletion is done, and the source still holds rows of the person that were to go, or got new ones."""

    code = "still_found"


class MayBeDoneInPart(DataChangedError):
    """Rows are missing or changed after a try of which nobody knows whether, and how much of it, was carried out."""

    code = "may_be_done_in_part"


class DoneOtherwise(MayBeDoneInPart):
    """A service says that it changed other rows than it was ordered to."""

    code = "done_otherwise"


# A file of ours that can't be read, though nobody destroyed it on purpose.
DAMAGED = (FileDamaged, SealBroken, KeyUnknown)
# What approval rested on no longer holds: the case goes back to a person.
BROKEN = (MoveShut, ChangeRefusedError, NotToCorrect, HeldSince, StillFound, *DAMAGED)
Broken = MoveShut | ChangeRefusedError | NotToCorrect | HeldSince | StillFound | VaultError

WHAT_TO_DO: Mapping[str, Text] = {
    "MapDoesNotFit": _(
        "The source is not built as its data map says; `manage.py sources check` names the place. Correct the map, then"
        " try the job again."
    ),
    "BrokenData": _(
        "A file of the source has a line that can't be read, or the service's answer is not what its contract says."
        " `manage.py sources check` names the place. Have it put right there, then try the job again."
    ),
    "came_back": _(
        "Find out what wrote it there, such as an import or a restored copy, and have it stopped. Then have the request"
        " that corrected it reopened, gather and approve: the right value is written again, or the field emptied again,"
        " and this notice goes."
    ),
    "OnlyByHand": _(
        "This source takes no such change from here. Have it made there by hand, then try the job again: it looks"
        " whether it was made. Where its owner has a task for it, the answer does that by itself."
    ),
    "OwnerLate": _(
        "Write or call, and mail the task again under Tasks of source owners; or answer there in the owner's place, or"
        " waive the source."
    ),
    "OwnerRefused": _(
        "The source's owner does not answer for it; the task says why. Talk to the owner, then ask again under Tasks of"
        " source owners, answer there in the owner's place, or waive the source."
    ),
    "PlaceGone": _(
        "In each try the service took its last cursor no more, and the record that it gave last was gone, so that the"
        " search began anew. Have the service keep its cursors for seven days, as its contract says, or have its"
        " records stand still for a while; then try the job again."
    ),
    "SourceAsksToWait": _(
        "The source was busy each time and asked us to wait. See that it can answer, then try the job again."
    ),
    "NoWriteAccess": _(
        "The source can only be read: set the environment variable with its writing URL. Or a table of it knows no"
        " transactions, so that a change could stay half done: `manage.py sources check` names it; have it made"
        " InnoDB's. Then try the job again."
    ),
    "NotConfigured": _(
        "An environment variable of the source, with its address or its key, is not set as it should be. `manage.py"
        " sources check` names it. Set it for the workers, then try the job again."
    ),
    "HostChanged": _(
        "A variable of the source leads to another host than two people accepted, and nothing was opened. Its page"
        " under Company systems names both. Have the variable set back, and try the job again; or propose the new host"
        " there under Changes, and have somebody else accept it: then it is tried again by itself."
    ),
    "SourceUnavailableError": _(
        "The source did not answer, or refused the sign-in. See that it runs and lets us in, then try the job again."
    ),
    "TwoPeople": _(
        "What we know of this person leads to several people in this source who can't be told apart here: to more than"
        " ten records, or to two rows of a collection that holds one a person. None was looked at. Take the identifier"
        " away that many share, have doubles joined in the source, or mark the way as `shared` in its map; then try the"
        " job again. Or waive the source."
    ),
    "WhichOfThese": _(
        "What we know of this person leads to more than one record in this source, and nothing was gathered there."
        " Choose whose data the request is about."
    ),
    "FlagRefused": _(
        "The source does not let the column be set that carries this right out: the value does not fit, or a rule of"
        " the database forbids it. Nothing was changed in it. Correct `suppress` in its map, load it, then try the job"
        " again."
    ),
    "FlagsByHand": _(
        "Only a person sets the flags of this source, and opt-outs were in force before its map said so; nobody was"
        " asked about those. Have its owner look up who is held there (the door of opt-outs tells it of each), and set"
        " the flags by hand. Trying the job again changes nothing."
    ),
    "NotInAnyMap": _(
        "No data map says how this right is carried out. Add `suppress` to the map, load it, then try the job again."
    ),
    "refused_after_it_was_set": _(
        "The opt-out was refused and is off our list, but the flags that were set for it still stand in the sources."
        " If no other opt-out of this person is in force, take them back there by hand, and write to the recipients"
        " that were told."
    ),
    "BundleDamaged": _(
        "The person asked for the file and did not get it: it is damaged or lost. Restore it from the backup of the"
        " data folder and ask the person to try again; without a backup, write to the person and answer in another way."
    ),
    "ReceiverEnded": _(
        "The receiver was ended after the person had chosen it, and got nothing. The person can choose another one on"
        " the case page, and can fetch the file in any case."
    ),
    "ReceiverNotAllowed": _(
        "Files may not be sent to the receiver's address: its host is not named in DSAR_RECEIVER_HOSTS, or has an"
        " address that is not public. If it is meant, name it, then try the job again."
    ),
    "ReceiverRefused": _(
        "The receiver's server refused the file. Ask the receiver why, then try the job again: it sends the same file"
        " under the same key. If it can't be sent, tell the person, who can fetch it."
    ),
    "ReceiverUnavailable": _(
        "The receiver's server did not answer, each time. See with the receiver that it can be reached, then try the"
        " job again: it sends the same file under the same key."
    ),
    "ReceiverAsksToWait": _(
        "The receiver's server was busy each time and asked us to wait. See with the receiver that it can take the"
        " file, then try the job again."
    ),
    "RecipientHeld": _(
        "A hold was placed on this person's data before the recipient was told to delete it: nobody tells it so now."
        " Once the hold is over, try again on the page Recipients; or explain there why it is not told, or talk to"
        " counsel and tell it otherwise."
    ),
    "RecipientNotSetUp": _(
        "The address of the recipient in the data map is none to which a call may go, or the environment variable with"
        " its key is not set for the workers. Put that right, then try again on the page Recipients. Or tell it"
        " otherwise, and note how."
    ),
    "RecipientRefused": _(
        "The recipient's service does not take the instruction. Ask the recipient why, then try again on the page"
        " Recipients: it is the same instruction under the same key. Or tell it otherwise, and note how."
    ),
    "RecipientNotSigned": _(
        "The processor answered, and its answer is not signed by the certificate of its domain as the register names"
        " it, or that certificate is not valid: it proves nothing. Talk to the processor before anything else. Then"
        " correct the register and try again on the page Recipients, or tell it otherwise and note how."
    ),
    "TellerLate": _(
        "Write to whoever has the task, mail it again under Tasks of source owners, or answer there in their place; or"
        " explain on the page Recipients why it can't be told."
    ),
    "TellerRefused": _(
        "Whoever had the task does not tell the recipient; the task says why. Tell it otherwise on the page Recipients,"
        " and note how; or explain there why it can't be told."
    ),
    "NothingToNameThePersonBy": _(
        "Recipients know people by their e-mail address, and none is known here. Tell the recipient otherwise on the"
        " page Recipients, and note how; or explain there why it can't be told."
    ),
    "NotConfirmedInTime": _(
        "The processor took the request, and has not said that it is done by the time that it named itself; the"
        " protocol knows no failure. Ask the processor, and note its answer on the page Recipients."
    ),
    "RecipientUnavailable": _(
        "The recipient's service does not answer. Nothing else waits for it; the case closes once it is told. Call the"
        " recipient, then try again on the page Recipients, or tell it otherwise and note how; or explain there why it"
        " can't be told."
    ),
    "RecipientAsksToWait": _(
        "The recipient's service was busy each time and asked us to wait. Try again on the page Recipients, or tell it"
        " otherwise and note how."
    ),
    "NothingToEncrypt": _(
        "The file that was to be encrypted is damaged, was replaced by a newer one, or its content has ended. The"
        " person has to be told; if the content is still kept, restore the file from the backup and try the job again."
    ),
    "PangoMissing": _(
        "PDF needs Pango on the workers' machine. On Debian or Ubuntu: apt-get install libpango-1.0-0"
        " libpangoft2-1.0-0 libharfbuzz-subset0; then try again."
    ),
    "limit_reached": _(
        "Information was provided to this person meanwhile as often as the law asks. Decide on the limit, then approve"
        " or refuse."
    ),
    "data_changed_since_approval": _(
        "The source no longer holds what was approved. Nothing was changed in it. Gather again, look, and approve anew."
        " Where the rows are the same and hold something else by now, the history says how many of which collection,"
        " and in which columns."
    ),
    "may_be_done_in_part": _(
        "The source no longer holds what was approved, and a try before this one was about to be carried out there when"
        " its answer was lost, or a person was asked to do it by hand. A source that does not do all or nothing may"
        " have done a part of it: the answer and the list of what is deleted again after a restore name of that part"
        " what a look finds gone in a service, and no more. Ask who runs the source, gather again, look, and approve"
        " what is left."
    ),
    "done_otherwise": _(
        "The service says that it deleted other rows than it was ordered to: by its contract it does all of an order,"
        " or nothing and says so. What a look finds gone is in the history, in the answer and on the list of what is"
        " deleted again after a restore, by no more than the service says; the answer adds that more may be gone. Ask"
        " who runs the service what it did, gather again, look, and approve what is left."
    ),
    "done_in_part": _(
        "A service did a part of what was approved. Gather again first: what is left there is planned anew, and what is"
        " done already stays in the answer."
    ),
    "left_out": _(
        "A source in which the deletion was stuck is waived: what it holds stays, and the answer says so. Waive others"
        " that are stuck as well, if need be; then have somebody else approve. What is done already stays done."
    ),
    "held_since_approval": _(
        "A hold was placed on this person's data after the approval. Nothing was deleted there since. Gather again: the"
        " plan then keeps what is held, on its ground. Look, and approve anew."
    ),
    "kept_since_gathering": _(
        "Since this was gathered, a data map or a retention schedule has come to keep something that the plan would"
        " delete. Nothing was deleted there since. Gather again: the plan then keeps it, on its ground. Look, and"
        " approve anew."
    ),
    "held_no_more": _(
        "A hold that kept something when the sources were searched is over. Gather again: what nothing else keeps is"
        " then planned to go. Look, and approve."
    ),
    "hold_over": _(
        "If nothing else keeps it, ask to open the case again: it is gathered anew, and what no hold keeps can go."
    ),
    "keeping_over": _(
        "Have a person look at the records in the source: which they were is on the page Kept until a day. If they are"
        " still this person's, have them deleted there, and note who did it and how; if another ground keeps them, note"
        " it with its last day. To open the case again finds them only where something still leads to them."
    ),
    "still_found": _(
        "The deletion was carried out, and a second look into the source still finds rows of this person that were not"
        " to stay: new ones came, or the source did not do what it said. The history names the collections. Gather"
        " again, look, and approve anew; where that finds nothing, since the records that led there name nobody any"
        " more, have them deleted there by hand. The next approval looks once more."
    ),
    "value_not_accepted": _(
        "The source does not take the corrected value: it is of another kind, too long, or taken already; or it lets no"
        " field be empty. Nothing was changed in it. Have the source changed so that it takes it, then approve again;"
        " or refuse with a ground, and ask the person to file the correction again with the value in another form."
    ),
    "no_record_to_correct": _(
        "No record of this person holds this field: there is nothing to correct. If there should be one, see that the"
        " source has it and gather again; else refuse with a ground, such as that the data is not held."
    ),
    "several_values": _(
        "Several records hold this field, with different values, and one value for all of them would be wrong. The"
        " page Corrections shows them: decide there which of them are wrong, and the others stay. Or correct the one"
        " that is meant in the source itself and gather again, or refuse with a ground."
    ),
    "correction_undecided": _(
        "Several corrections were asked for, or one in the person's own words: decide on each on the page Corrections."
        " What is granted is then written where it was chosen; of the rest the person is told why not."
    ),
    "not_as_decided": _(
        "What was decided on is not as it was: the source was searched anew since, its map lets a field be corrected no"
        " more, or it is out of use. What is not in the history as done was not changed. Gather again, then decide on"
        " the page Corrections."
    ),
    "corrected_already": _("A source was corrected already: gather again, then decide."),
    "corrected_in_part": _(
        "Something was corrected for this request already, so that it can't be refused as a whole, nor end as if"
        " nothing were done. Gather again, and decide on each correction on the page Corrections: the letter then tells"
        " what was corrected and what was not."
    ),
    "deleted_in_part": _(
        "Something was deleted or passed on for this request already, or may have been, so that it can't be refused as"
        " a whole, nor end as if nothing were done. Carry on: gather again, keep back on a ground what has to stay,"
        " waive a source that can't be searched or in which the deletion is stuck, and approve the rest. The letter"
        " then tells what was deleted and what was not."
    ),
    "two_right_values": _(
        "Two granted corrections would write different values to the same record. Decide on the page Corrections which"
        " of them is right, and refuse the other."
    ),
    "value_of_another_kind": _(
        "A column does not take a value of such a kind, such as a word in a column of dates. Nothing was changed in any"
        " source; the history names the field. Refuse this correction, and ask the person to file it again with the"
        " value in another form; or have the source or its map changed, gather again, and approve anew."
    ),
    "never_empty": _(
        "A column always wants a value, so that what is disputed can't be deleted from it in place of the correction."
        " Nothing was changed in any source; the history names the field. Decide on the page Corrections to grant the"
        " correction, or to refuse it; or have the source changed, then approve again."
    ),
    "instead_of_held": _(
        "A hold keeps this person's data in the source, so that nothing is deleted there in place of its correction,"
        " and nothing was. Grant the correction on the page Corrections, or refuse it; or wait until the hold is over."
    ),
    "instead_of_kept": _(
        "The data map or a retention schedule keeps these records from deletion on a ground, so that nothing of them is"
        " deleted in place of its correction, and nothing was. Grant the correction on the page Corrections, or refuse"
        " it."
    ),
    "consent_taken_back": _(
        "The person consented on the case page to a deletion in place of the correction, and has taken that back."
        " Nothing was deleted on it since. Decide on the page Corrections anew."
    ),
    "document_came_later": _(
        "The person sent a document after the decision on its correction. Look at it, and decide anew on the page"
        " Corrections, as before or otherwise."
    ),
    "source_left_out": _(
        "The source that holds this field was waived: nothing can be corrected in it. Gather again, or refuse with a"
        " ground."
    ),
    "findings_damaged": _(
        "A file with what was found is damaged or lost. Nothing was handed over, and nothing was changed since. Gather"
        " again, look, and approve anew."
    ),
    "source_refused": _(
        "The source does not allow the change: other data hangs on it that is not to be changed. Nothing was changed in"
        " it. Withhold what it hangs on, too, or correct the data map and gather again; then approve anew."
    ),
}
ELSE = _("Something unforeseen went wrong; the worker's log names the place. Put it right, then try the job again.")


@contextmanager
def for_a_person() -> Iterator[None]:
    """Turn what only a person can put right into failures that no worker tries again."""
    try:
        yield
    except NotSetUpError as error:
        raise NotConfigured(str(error)) from error
    except BrokenDataError as error:
        raise BrokenData(str(error)) from error
    except MapDoesNotFitError as error:
        raise MapDoesNotFit(str(error)) from error
    except OnlyByHandError as error:
        raise OnlyByHand(str(error)) from error
    except NoWriteAccessError as error:
        raise NoWriteAccess(str(error)) from error
    except SourceUnavailableError as error:
        if error.wait is None:
            raise
        raise SourceAsksToWait(str(error), wait=error.wait) from error


def why_handed_back(case: Case, broken: Broken) -> str:
    """The code for what approval rested on and what no longer holds."""
    match broken:
        case MoveShut():
            return "limit_reached"
        case NotToCorrect() | HeldSince() | StillFound() | MayBeDoneInPart():
            return broken.code
        case VaultError():
            return "findings_damaged"
        case DataChangedError():
            return "data_changed_since_approval"
    return "value_not_accepted" if case.right_answered == Right.CORRECT else "source_refused"


def what_to_do(code: str) -> str:
    """What a person can do: about an error, by the name of its class; about a hand-back, by its code."""
    return str(WHAT_TO_DO.get(code, ELSE))
