"""Where a call may go: the address of a service, resolved once, checked, and connected to as it was checked.

A name that anybody can point elsewhere must not lead our workers into our own network: every address of the name has
to be a public one, unless the operator has named the host in DSAR_SOURCE_HOSTS.
"""

from __future__ import annotations

import socket
from collections.abc import Collection as Several
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from exports.sources.errors import MapDoesNotFitError, SourceUnavailableError

NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an address of IPv4
PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True, repr=False)
class Service:
    """The address of a service, taken apart."""

    source: str
    scheme: str
    host: str
    port: int
    path: str  # without a slash at its end
    is_allowed: bool  # by the operator, to be private and without TLS

    @property
    def authority(self) -> str:
        """Host and port as the Host header names them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    def is_here(self, scheme: str, host: str | None, port: int | None) -> bool:
        """Whether another address is on the same server."""
        return (scheme, host, port or PORTS.get(scheme)) == (self.scheme, self.host, self.port)

    def addresses(self) -> list[str]:
        """The addresses to connect to; MapDoesNotFitError if one is not public and the host is not allowed."""
        try:
            found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise SourceUnavailableError(f"{self.source}: the name of its host is not known") from None
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        if not self.is_allowed and not all(map(is_public, addresses)):
            raise MapDoesNotFitError(
                f"{self.source}: its host has an address that is not public; if that is meant, name the host in"
                " DSAR_SOURCE_HOSTS"
            )
        return addresses


def service_at(url: str, source: str, allowed: Several[str]) -> Service:
    """The service that a URL names; MapDoesNotFitError says what is wrong, without the URL."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        raise MapDoesNotFitError(f"{source}: its variable holds no URL") from None
    if parts.scheme not in PORTS or not host or not url.isascii() or not url.isprintable() or " " in url:
        raise MapDoesNotFitError(f"{source}: its variable holds no URL that begins with https://")
    if parts.username is not None or parts.query or parts.fragment:
        raise MapDoesNotFitError(f"{source}: its URL has a user, a ? or a #; calls are signed, and need none")
    is_allowed = host in allowed
    if parts.scheme == "http" and not is_allowed:
        raise MapDoesNotFitError(
            f"{source}: its URL is not https://; if nobody can listen on the way, name the host in DSAR_SOURCE_HOSTS"
        )
    return Service(source, parts.scheme, host, port or PORTS[parts.scheme], parts.path.rstrip("/"), is_allowed)


def is_public(address: str) -> bool:
    """Whether an address is one of the public network, and hides none that is not."""
    found: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        teredo = found.teredo[1] if found.teredo else None
        nat64 = IPv4Address(int(found) & 0xFFFFFFFF) if found in NAT64 else None
        hidden = found.ipv4_mapped or found.sixtofour or teredo or nat64
        if hidden is not None:
            return is_public(str(hidden))
        if found.is_site_local:  # deprecated, and still in use within some houses (RFC 3879)
            return False
    return found.is_global and not found.is_multicast and not found.is_reserved
