"""The register of receivers: one member of the staff enters one, another makes it active (GDPR Art. 20(2))."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from exports.bundle import age
from exports.models import Receiver, ReceiverWay
from exports.sources.errors import MapDoesNotFitError
from exports.sources.http.addresses import Service, service_at
from requests_app.roles import Actor, Role
from requests_app.services.staffing import note_setting
from requests_app.services.two_people import RuleRefused, TwoPeople, Who


@dataclass(frozen=True)
class Proposal:
    """A receiver as it is to be."""

    name: str
    contact: str
    public_key: str
    way: ReceiverWay
    url: str = ""


class Register(TwoPeople[Receiver]):
    """Who accepts one compared the key with the receiver's own word; nothing goes to an ended one, confirmed or not."""

    model, what = Receiver, gettext_lazy("receiver")
    proposers = enders = Who(
        frozenset({Role.ANALYST, Role.APPROVER, Role.ADMINISTRATOR}),
        gettext_lazy("The privacy team and administrators enter and end receivers."),
    )
    accepters = Who(
        frozenset({Role.APPROVER, Role.ADMINISTRATOR}), gettext_lazy("Approvers and administrators accept receivers.")
    )

    def put_in_force(self, row: Receiver, *, by: Actor, at: datetime) -> None:  # noqa: ARG002
        """The operator may have taken the host back since."""
        if row.url:
            _check_url(row.url)

    def note(self, step: str, row: Receiver, *, by: Actor, at: datetime) -> None:
        """By its number."""
        note_setting(f"receiver_{step}", by=by, at=at, receiver=row.pk)


REGISTER = Register()
accept, end = REGISTER.accept, REGISTER.end


def propose(proposal: Proposal, *, by: Actor, at: datetime) -> Receiver:
    """Enter a receiver; nobody can choose it until somebody else accepts. Raises RuleRefused."""
    REGISTER.proposers.check(by)
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
    receiver = Receiver(name=name, contact=contact, public_key=key, way=proposal.way, url=url)
    return REGISTER.propose(receiver, by=by, at=at)


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
