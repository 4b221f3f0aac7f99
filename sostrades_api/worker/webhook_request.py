"""One request to a receiver, which may be anybody: it gets no trust, little time and little memory.

Spoken by hand, for HTTP libraries resolve names themselves, follow redirects, and let an answer that trickles
in byte by byte take for ever. Nothing of the answer but its status and ``Retry-After`` goes anywhere.
"""

import datetime as dt
import re
import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from email.parser import BytesHeaderParser
from functools import cache

from werkzeug.http import parse_date

from sostrades_api.access.webhook_targets import Target, TargetError, TargetPolicy, parse_target, resolve
from sostrades_api.models import utc_now
from sostrades_api.services.webhook_deliver import Answer

_HEAD_BYTES = 16 * 1024
_BODY_BYTES = 4 * 1024
_BODY_SECONDS = 1.0
_MOST_ADDRESSES = 3  # of one host that are tried
_MOST_INTERIM = 5  # answers such as 103 before the real one
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] (\d{3})(?:[ \r]|$)")


class _NoAnswerError(Exception):
    """Why there is no answer, in words for the owner of the webhook."""


def post(
    url: str, *, body: bytes, headers: Mapping[str, str], policy: TargetPolicy, seconds: float
) -> Answer:
    """Post a message; it never raises for what the other side does.

    Args:
        url: Where to.
        body: JSON.
        headers: Beside those that HTTP asks for.
        policy: Which addresses may be connected to; the one that was checked is the one connected to.
        seconds: For all of it, from the first packet to the answer's last header.
    """
    try:
        status, fields = _exchange(url, body=body, headers=headers, policy=policy, seconds=seconds)
    except (OSError, TargetError, _NoAnswerError) as error:
        return Answer(error=_reason(error, seconds=seconds))
    return Answer(status=status, error=_fault_of(status), retry_after=_retry_after(fields))


def _exchange(
    url: str, *, body: bytes, headers: Mapping[str, str], policy: TargetPolicy, seconds: float
) -> tuple[int, bytes]:
    target = parse_target(url)
    addresses = resolve(target, policy=policy)
    deadline = time.monotonic() + seconds
    with _connect(target, addresses, deadline=deadline) as connection:
        _send(connection, _request(target, body=body, headers=headers), deadline=deadline)
        answered = _read_answer(connection, deadline=deadline)
        _read_some_body(connection)
    return answered


def _reason(error: OSError | TargetError | _NoAnswerError, *, seconds: float) -> str:
    match error:
        case TargetError():
            return f"the address {error}"
        case _NoAnswerError():
            return str(error)
        case TimeoutError():
            return f"no answer within {seconds:g} s"
        case ssl.SSLCertVerificationError():
            return f"its certificate is not valid: {error.verify_message}"
        case ssl.SSLError():
            return f"TLS failed: {error.reason or 'the other side ended it'}"
    return f"the connection failed: {error.strerror or type(error).__name__}"


def _fault_of(status: int) -> str | None:
    if 200 <= status < 300:
        return None
    if 300 <= status < 400:
        return f"answered {status}; redirects are not followed"
    return f"answered {status}"


def _retry_after(fields: bytes) -> dt.timedelta | None:
    """When the receiver wants to be asked again: in so many seconds, or at a date."""
    said = BytesHeaderParser().parsebytes(fields)["Retry-After"]
    if said is None:
        return None
    if re.fullmatch(r"\s*\d{1,9}\s*", said, re.ASCII):
        return dt.timedelta(seconds=int(said))
    date = parse_date(said)
    return None if date is None else date - utc_now()


def _request(target: Target, *, body: bytes, headers: Mapping[str, str]) -> bytes:
    lines = {
        "Host": target.authority,
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "User-Agent": "sostrades-webhooks/1",
        "Accept": "*/*",
        "Connection": "close",
    } | dict(headers)
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"POST {target.path} HTTP/1.1\r\n{head}\r\n".encode("ascii") + body


def _connect(target: Target, addresses: Sequence[str], *, deadline: float) -> socket.socket:
    """The first of the checked addresses that answers; the name is not looked up a second time."""
    last: OSError | None = None
    for address in addresses[:_MOST_ADDRESSES]:
        try:
            plain = socket.create_connection((address, target.port), timeout=_left(deadline))
        except OSError as error:
            last = error
            continue
        return _secured(plain, target, deadline=deadline) if target.scheme == "https" else plain
    raise last or OSError


def _secured(plain: socket.socket, target: Target, *, deadline: float) -> socket.socket:
    try:
        plain.settimeout(_left(deadline))
        return _tls().wrap_socket(plain, server_hostname=target.host)  # checks the name too
    except BaseException:
        plain.close()
        raise


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _send(connection: socket.socket, request: bytes, *, deadline: float) -> None:
    connection.settimeout(_left(deadline))
    try:
        connection.sendall(request)
    except (BrokenPipeError, ConnectionResetError):
        return  # a receiver may answer, and close, before it has read everything


def _read_answer(connection: socket.socket, *, deadline: float) -> tuple[int, bytes]:
    """The status, and the fields of the head."""
    received = b""
    for _ in range(_MOST_INTERIM):
        received = _read_head(connection, received, deadline=deadline)
        head, _, received = received.partition(b"\r\n\r\n")
        found = _STATUS_LINE.match(head)
        if found is None:
            msg = "what it answered is not HTTP/1.1"
            raise _NoAnswerError(msg)
        if int(found[1]) >= 200:
            return int(found[1]), head.partition(b"\r\n")[2]
    msg = "it answered with nothing but interim answers"
    raise _NoAnswerError(msg)


def _read_head(connection: socket.socket, received: bytes, *, deadline: float) -> bytes:
    while b"\r\n\r\n" not in received:
        if len(received) > _HEAD_BYTES:
            msg = f"the head of its answer has more than {_HEAD_BYTES} bytes"
            raise _NoAnswerError(msg)
        connection.settimeout(_left(deadline))
        more = connection.recv(4096)
        if not more:
            msg = "it closed the connection without an answer"
            raise _NoAnswerError(msg)
        received += more
    return received


def _read_some_body(connection: socket.socket) -> None:
    """A little, so that a receiver can finish what it says; what it is does not matter."""
    deadline, left = time.monotonic() + _BODY_SECONDS, _BODY_BYTES
    try:
        while left > 0:
            connection.settimeout(_left(deadline))
            more = connection.recv(left)
            if not more:
                return
            left -= len(more)
    except OSError:
        return


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
