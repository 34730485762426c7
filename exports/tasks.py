"""The jobs of exports by kind; each takes ids and may run twice."""

from __future__ import annotations

from datetime import timedelta

from dsar.jobs.registry import Retries, handler, periodic
from dsar.jobs.running import Run
from exports import source_drafts, source_watch
from exports.fulfil import carry_out as carrying_out
from exports.fulfil import flagging, flags_in_force, gather, medium, restricting, searching, transfer, upkeep
from exports.fulfil.documents import drawing, releasing
from exports.fulfil.recipients import telling
from exports.fulfil.tasks import asking, mails
from exports.reports import ordering
from requests_app.tasks import MAIL

# A source that is down for a night is worth waiting for: eight tries take 11 hours and a quarter.
PATIENT = Retries(attempts=8, first=timedelta(seconds=15), factor=5, at_most=timedelta(hours=4))

# A recipient may be down for days, and has to be told all the same: twelve tries take three days.
LASTING = Retries(attempts=12, first=timedelta(minutes=1), factor=4, at_most=timedelta(hours=12))


@handler("gather_source", queue="gather", retries=PATIENT, on_give_up=gather.give_up)
def gather_source(run: Run) -> None:
    """Look into one source for one case."""
    gather.look_into(run)


@handler("carry_out", queue="gather", retries=PATIENT, lease=timedelta(minutes=30), on_give_up=carrying_out.give_up)
def carry_out(run: Run) -> None:
    """Do what was approved."""
    carrying_out.carry_out(run)


@handler("restrict_in_sources", queue="gather", retries=LASTING)
def restrict_in_sources(run: Run) -> None:
    """Set or lift a restriction in the sources."""
    restricting.bring_in_line(run)


@handler("set_flags_in_force", queue="gather", retries=LASTING, lease=timedelta(minutes=30))
def set_flags_in_force(run: Run) -> None:
    """Set flags of opt-outs that came before the source's map said how; a page, and then the next."""
    flags_in_force.set_page(run)


@handler("tell_recipient", queue="gather", retries=LASTING, on_give_up=telling.give_up)
def tell_recipient(run: Run) -> None:
    """Tell one recipient of one case."""
    telling.tell(run)


@handler("ask_recipient", queue="gather", retries=LASTING)
def ask_recipient(run: Run) -> None:
    """Ask a processor whether it has done what it was told."""
    telling.ask(run)


@handler("send_transfer", queue="gather", retries=PATIENT, lease=timedelta(minutes=30), on_give_up=transfer.give_up)
def send_transfer(run: Run) -> None:
    """Encrypt a bundle for a receiver and send it."""
    transfer.send(run)


@handler("make_medium", queue="gather", retries=PATIENT, lease=timedelta(minutes=30), on_give_up=medium.give_up)
def make_medium(run: Run) -> None:
    """Encrypt a bundle for a medium by post."""
    medium.make(run)


@handler("mail_passphrase", retries=PATIENT, on_give_up=medium.give_up)
def mail_passphrase(run: Run) -> None:
    """Mail the passphrase of a medium that was posted."""
    medium.mail_passphrase(run)


@handler("flag_passages", queue="gather", lease=timedelta(minutes=30), on_give_up=flagging.give_up)
def flag_passages(run: Run) -> None:
    """Look through the texts of one source for what is never disclosed; a hook for whoever counts it apart."""
    flagging.look_through(run)


@handler("begin_what_is_left")
def begin_what_is_left(run: Run) -> None:
    """Have texts looked through that nobody has begun with."""
    flagging.begin_what_is_left(at=run.at)


@handler("search_findings", queue="reports", lease=timedelta(minutes=30), on_give_up=searching.give_up)
def search_findings(run: Run) -> None:
    """Search the findings of one case for words."""
    searching.look(run)


@handler("forget_searches")
def forget_searches(run: Run) -> None:
    """Remove what searches have found, an hour later."""
    searching.forget(at=run.at)


@handler("draw_document", queue="reports", lease=timedelta(minutes=30), on_give_up=drawing.give_up)
def draw_document(run: Run) -> None:
    """Draw the pages of a document."""
    drawing.draw(run)


@handler("make_released_copy", queue="reports", lease=timedelta(minutes=30))
def make_released_copy(run: Run) -> None:
    """Make the copy of a document that is released."""
    releasing.make_copy(run)


@handler("render_report", queue="reports")
def render_report(run: Run) -> None:
    """Render a case report."""
    ordering.render_report(run)


@handler("draft_source", queue="gather")
def draft_source(run: Run) -> None:
    """Draft a data map from the schema of a database."""
    source_drafts.make(run)


@handler("read_proposed", queue="gather")
def read_proposed(run: Run) -> None:
    """Read the schema for which a data map was proposed, for who is to accept it."""
    source_watch.read_proposed(run)


@handler("note_schema", queue="gather", retries=PATIENT)
def note_schema(run: Run) -> None:
    """Note how a source is built whose map was just accepted."""
    source_watch.note_schema(run)


@handler("watch_hosts", queue="gather")
def watch_hosts(run: Run) -> None:
    """Look whether the variables of the sources still lead where two people accepted."""
    source_watch.watch(run)


@handler("shred_content")
def shred_content(run: Run) -> None:
    """Destroy the content of cases that closed long enough ago, and documents that were taken back."""
    upkeep.shred_content(run)
    upkeep.destroy_taken_back(run)


@handler("remove_orphaned_files")
def remove_orphaned_files(run: Run) -> None:
    """Remove sealed files that no row needs, and instructions that recipients had long enough."""
    upkeep.remove_orphaned_files(at=run.at)
    upkeep.remove_old_instructions(at=run.at)


@handler("follow_up_holds")
def follow_up_holds(run: Run) -> None:
    """Tell the desk what holds keep no longer."""
    upkeep.follow_up_holds(run)


@handler("mail_source_owner", queue="mail", retries=MAIL, on_give_up=mails.give_up)
def mail_source_owner(run: Run) -> None:
    """Deliver one mail to the owner of a source."""
    mails.deliver(run)


@handler("follow_up_tasks")
def follow_up_tasks(run: Run) -> None:
    """Remind owners of sources, and end tasks that nobody waits for any more; one transaction a task."""
    for task_id in asking.to_follow_up():
        with run.transaction():
            asking.follow_up(task_id, at=run.at)


periodic("begin_what_is_left", every=timedelta(minutes=10))
periodic("forget_searches", every=timedelta(minutes=10))
periodic("watch_hosts", every=timedelta(minutes=10))
periodic("follow_up_tasks", every=timedelta(minutes=15))
periodic("follow_up_holds", every=timedelta(hours=1))
periodic("shred_content", every=timedelta(hours=1))
periodic("remove_orphaned_files", every=timedelta(hours=6))
