"""The register of receivers: one member of the staff enters one, another makes it active (GDPR Art. 20(2))."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from exports.bundle import age
from exports.models import Receiver, ReceiverWay
from exports.sources.connector import MapDoesNotFitError
from exports.sources.http.addresses import Service, service_at
from requests_app.roles import Actor, Role
from requests_app.services.staffing import note_setting
from requests_app.services.standing import RuleRefused

PROPOSE = frozenset({Role.ANALYST, Role.APPROVER, Role.ADMINISTRATOR})
ACCEPT = frozenset({Role.APPROVER, Role.ADMINISTRATOR})


@dataclass(frozen=True)
class Proposal:
    """A receiver as it is to be."""

    name: str
    contact: str
    public_key: str
    way: ReceiverWay
    url: str = ""


@transaction.atomic
def propose(proposal: Proposal, *, by: Actor, at: datetime) -> Receiver:
    """Enter a receiver; nobody can choose it until somebody else accepts. Raises RuleRefused."""
    if not by.roles & PROPOSE:
        raise RuleRefused(_("The privacy team and administrators enter receivers."))
    name, contact = " ".join(proposal.name.split()), proposal.contact.strip()
    if not name or not contact:
        raise RuleRefused(_("Give the legal name, and how to reach them."))
    try:
        key = age.check_key(proposal.public_key)
    except age.NoKey:
        raise RuleRefused(
            _("This is no public key of age: it begins with age1. One that begins with AGE-SECRET-KEY is theirs alone.")
        ) from None
    url = proposal.url.strip() if proposal.way == ReceiverWay.UPLOAD else ""
    if proposal.way == ReceiverWay.UPLOAD:
        _check_url(url)
    same = Receiver.objects.filter(name=name, public_key=key, way=proposal.way, url=url, ended_at__isnull=True)
    if same.exists():
        raise RuleRefused(_("This receiver is entered already."))
    receiver = Receiver.objects.create(
        name=name,
        contact=contact,
        public_key=key,
        way=proposal.way,
        url=url,
        proposed_by=by.slug,
        proposed_at=at,
    )
    _note("proposed", receiver, by=by, at=at)
    return receiver


@transaction.atomic
def accept(receiver_id: int, *, by: Actor, at: datetime) -> Receiver:
    """Make a receiver active: by somebody who did not enter it, and compared the key with the receiver's own word."""
    receiver = _locked(receiver_id)
    if not by.roles & ACCEPT:
        raise RuleRefused(_("Approvers and administrators accept receivers."))
    if receiver.accepted_at is not None:
        raise RuleRefused(_("This receiver is active already."))
    if receiver.proposed_by == by.slug:
        raise RuleRefused(_("You entered this receiver yourself: somebody else has to accept it."))
    if receiver.url:
        _check_url(receiver.url)
    receiver.accepted_by, receiver.accepted_at = by.slug, at
    receiver.save(update_fields=["accepted_by", "accepted_at"])
    _note("accepted", receiver, by=by, at=at)
    return receiver


@transaction.atomic
def end(receiver_id: int, *, by: Actor, at: datetime) -> Receiver:
    """From now on nothing goes to this receiver any more, whatever was confirmed; or take a proposal back."""
    receiver = _locked(receiver_id)
    if not by.roles & PROPOSE:
        raise RuleRefused(_("The privacy team and administrators end receivers."))
    receiver.ended_by, receiver.ended_at = by.slug, at
    receiver.save(update_fields=["ended_by", "ended_at"])
    _note("ended", receiver, by=by, at=at)
    return receiver


def service_of(url: str) -> Service:
    """Where an upload goes; MapDoesNotFitError unless the operator has named its host in DSAR_RECEIVER_HOSTS.

    As for a source, a host needs TLS and public addresses unless DSAR_SOURCE_HOSTS names it, too.
    """
    service = service_at(url, "receiver", settings.SOURCE_HOSTS)
    if service.host not in settings.RECEIVER_HOSTS:
        raise MapDoesNotFitError("receiver: its host is not named in DSAR_RECEIVER_HOSTS")
    return service


def _check_url(url: str) -> None:
    try:
        service_of(url)
    except MapDoesNotFitError:
        raise RuleRefused(
            _(
                "Files can't be sent to this address. It begins with https:// and has no user, ? or #; its host is"
                " named in the setting DSAR_RECEIVER_HOSTS, and without TLS in DSAR_SOURCE_HOSTS, too."
            )
        ) from None


def _locked(receiver_id: int) -> Receiver:
    receiver = Receiver.objects.select_for_update().filter(pk=receiver_id, ended_at__isnull=True).first()
    if receiver is None:
        raise RuleRefused(_("There is no such receiver any more."))
    return receiver


def _note(step: str, receiver: Receiver, *, by: Actor, at: datetime) -> None:
    note_setting(f"receiver_{step}", by=by, at=at, receiver=receiver.pk)
