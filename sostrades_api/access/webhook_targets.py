"""Where a webhook may lead: the form of its address, and which hosts the platform talks to.

An address is judged by what its host resolves to, never by how it is written: ``http://2130706433``,
``http://0177.0.0.1``, ``http://[::ffff:7f00:1]`` and a name in the DNS all end at 127.0.0.1. The answer is
what is connected to, so that a name cannot lead elsewhere a moment later (DNS rebinding).
"""

import ipaddress
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from urllib.parse import SplitResult, urlsplit

from sostrades_api.models.webhook import URL_LENGTH

_DEFAULT_PORTS = {"http": 80, "https": 443}
_FIRST_FREE_PORT = 1024  # below are the system's services: mail, file sharing, remote shells
_PRINTABLE = re.compile(r"[\x21-\x7e]+")
_HOST_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,252}[A-Za-z0-9_.])?")
# They tell any process of a machine in a cloud its credentials: refused whatever is allowed.
_METADATA = frozenset(
    ipaddress.ip_address(address)
    for address in ("169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16", "fd00:ec2::254")
)
# IPv6 with an IPv4 address in its last 32 bits: compatible, mapped, translated (RFC 6052, 2765).
_CARRIERS = tuple(map(IPv6Network, ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96")))
_LOCAL_TRANSLATION = IPv6Network("64:ff9b:1::/48")  # RFC 8215: leads wherever the network says
_BROADCAST = IPv4Address("255.255.255.255")

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class TargetError(ValueError):
    """Nothing may be sent there."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """An address, taken apart: what to connect to, what to ask for, whom to expect in a certificate."""

    scheme: str
    host: str  # as TLS and the resolver know it, without brackets
    port: int
    path: str  # with the query

    @property
    def authority(self) -> str:
        """The ``Host`` header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


def parse_target(url: str) -> Target:
    """Take an address apart.

    Raises:
        TargetError: It is too long, no http or https, carries credentials or a fragment, or has no usable
            host or port.
    """
    if len(url) > URL_LENGTH:
        msg = f"has more than {URL_LENGTH} characters"
        raise TargetError(msg)
    if not _PRINTABLE.fullmatch(url) or "\\" in url:
        msg = "may hold only printable ASCII without spaces and backslashes; write other characters as %.."
        raise TargetError(msg)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        msg = f"is no address: {error}"
        raise TargetError(msg) from error
    _require_form(parts)
    port = _DEFAULT_PORTS[parts.scheme] if port is None else port
    if port not in _DEFAULT_PORTS.values() and port < _FIRST_FREE_PORT:
        msg = f"names port {port}: only 80, 443 and those from {_FIRST_FREE_PORT} are allowed"
        raise TargetError(msg)
    path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    return Target(scheme=parts.scheme, host=parts.hostname or "", port=port, path=path)


def _require_form(parts: SplitResult) -> None:
    if parts.scheme not in _DEFAULT_PORTS:
        msg = "begins neither with https:// nor with http://"
        raise TargetError(msg)
    if "@" in parts.netloc:
        msg = "carries credentials; the signature says who sends it"
        raise TargetError(msg)
    if parts.fragment:
        msg = "has a fragment (#), which is never sent"
        raise TargetError(msg)
    host = parts.hostname or ""
    if not _is_ipv6(host) and not _HOST_NAME.fullmatch(host):
        msg = "names no host"
        raise TargetError(msg)


def _is_ipv6(host: str) -> bool:
    try:
        IPv6Address(host)
    except ValueError:
        return False
    return "%" not in host


@dataclass(frozen=True)
class TargetPolicy:
    """Which addresses may be connected to: all public ones, and those of networks that a setting names."""

    networks: tuple[Network, ...] = ()

    def allows(self, address: Address) -> bool:
        """Whether this platform may connect to it."""
        inner = _carried(address)
        if inner in _METADATA or inner.is_multicast or inner == _BROADCAST:
            return False
        listed = any(address in network or inner in network for network in self.networks)
        return listed or _is_public(inner)


def resolve(target: Target, *, policy: TargetPolicy) -> Sequence[str]:
    """The addresses of the host, every one of them allowed.

    Raises:
        TargetError: There are none, or one may not be connected to; both read the same, for whoever asks
            shall not learn which names there are inside.
    """
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        found = []
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not addresses or not all(policy.allows(ipaddress.ip_address(address)) for address in addresses):
        msg = f"leads to no public host: {target.host} is unknown, or inside a network that is not allowed"
        raise TargetError(msg)
    return addresses


def _carried(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one that leads there, or the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    is_carrier = any(address in network for network in _CARRIERS)
    return IPv4Address(int(address) & 0xFFFFFFFF) if is_carrier else address


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address) and (address.is_site_local or address in _LOCAL_TRANSLATION):
        return False
    return address.is_global and not (address.is_reserved or address.is_unspecified or address.is_loopback)
