"""Requests to receivers that behave badly, over real sockets."""

import datetime as dt
import ipaddress
import socket
import ssl
import subprocess
import time

import pytest

from sostrades_api.access.webhook_targets import TargetPolicy
from sostrades_api.worker import webhook_request
from sostrades_api.worker.webhook_request import post
from tests.servers.receiver import raw_receiver, receiver

LOOPBACK = TargetPolicy((ipaddress.ip_network("127.0.0.0/8"),))


def send(url, *, policy=LOOPBACK, seconds=5.0, body=b"{}"):
    return post(url, body=body, headers={"webhook-id": "msg_1"}, policy=policy, seconds=seconds)


def spoken(*parts):
    def speak(connection):
        for part in parts:
            connection.sendall(part)

    return speak


def test_a_message_arrives_as_it_was_sent():
    with receiver() as got:
        answer = send(f"{got.url}?a=b", body=b'{"a":1}')
    assert (answer.status, answer.error, answer.is_accepted) == (204, None, True)
    (message,) = got.messages
    assert (message.path, message.body) == ("/hook?a=b", b'{"a":1}')
    assert message.headers["webhook-id"] == "msg_1"
    assert message.headers["content-type"] == "application/json"
    assert message.headers["host"] == got.url.split("/")[2]


def test_a_private_address_is_not_even_connected_to():
    with receiver() as got:
        answer = send(got.url, policy=TargetPolicy())
    assert (answer.status, got.messages) == (None, [])
    assert "leads to no public host" in answer.error


def test_the_name_is_looked_up_once_and_what_was_checked_is_what_is_connected_to(monkeypatch):
    """DNS rebinding: a second lookup would lead elsewhere than the first, which was checked."""
    looked_up, real = [], socket.getaddrinfo

    def rebinding(host, *arguments, **options):
        if host == "rebinding.example":
            looked_up.append(host)
            return real("127.0.0.1" if len(looked_up) == 1 else "127.0.0.2", *arguments, **options)
        return real(host, *arguments, **options)

    with receiver(host="rebinding.example") as got:
        monkeypatch.setattr(socket, "getaddrinfo", rebinding)
        assert send(got.url).is_accepted
    assert looked_up == ["rebinding.example"]
    assert got.messages[0].headers["host"].startswith("rebinding.example:")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status):
    with receiver() as inside, receiver() as got:
        got.answer = lambda _message: (status, {"Location": inside.url})
        answer = send(got.url)
    assert (answer.status, answer.is_accepted, inside.messages) == (status, False, [])
    assert "redirects are not followed" in answer.error


@pytest.mark.parametrize("status", [400, 404, 410, 429, 500, 503])
def test_any_other_answer_is_a_failure_with_its_status(status):
    with receiver() as got:
        got.answer = lambda _message: (status, {})
        assert send(got.url) == webhook_request.Answer(status, f"answered {status}")


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("120", 120), ("Fri, 31 Dec 2100 23:59:59 GMT", None), ("soon", 0), ("-5", 0), ("9" * 400, 0)],
)
def test_how_long_a_receiver_wants_to_be_left_alone_is_heard(said, seconds):
    head = f"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\nretry-after: {said}\r\n\r\n"
    with raw_receiver(spoken(head.encode())) as url:
        answer = send(url)
    assert answer.status == 429
    if seconds is None:
        assert answer.retry_after > dt.timedelta(days=365)
    else:
        assert answer.retry_after == (dt.timedelta(seconds=seconds) if seconds else None)


def test_an_endless_answer_is_read_a_little_and_counts_by_its_status():
    def speak(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65536)

    with raw_receiver(speak) as url:
        assert send(url).is_accepted


def test_an_answer_whose_body_never_ends_is_waited_for_a_second(monkeypatch):
    monkeypatch.setattr(webhook_request, "_BODY_SECONDS", 0.1)

    def speak(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")
        connection.recv(1)  # until the other side hangs up

    with raw_receiver(speak) as url:
        assert send(url).is_accepted


def test_an_answer_that_trickles_in_byte_by_byte_is_given_up_in_time():
    def speak(connection):
        for byte in b"HTTP/1.1 200 OK\r\n" + b"X: 1\r\n" * 1000:
            connection.sendall(bytes([byte]))
            time.sleep(0.02)

    with raw_receiver(speak) as url:
        began = time.monotonic()
        answer = send(url, seconds=0.4)
        assert time.monotonic() - began < 3
    assert answer == webhook_request.Answer(error="no answer within 0.4 s")


def test_a_receiver_that_says_nothing_is_given_up_in_time():
    with raw_receiver(lambda connection: connection.recv(1)) as url:
        assert send(url, seconds=0.2).error == "no answer within 0.2 s"


def test_endless_headers_are_given_up():
    def speak(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            connection.sendall(b"X-More: " + b"x" * 4000 + b"\r\n")

    with raw_receiver(speak) as url:
        assert "16384 bytes" in send(url).error


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ((), "closed the connection without an answer"),
        ((b"SSH-2.0-OpenSSH_9.9\r\n\r\n",), "not HTTP/1.1"),
        ((b"HTTP/2 200\r\n\r\n",), "not HTTP/1.1"),
        ((b"HTTP/1.1 2000\r\n\r\n",), "not HTTP/1.1"),
        ((b"HTTP/1.1 103 Early Hints\r\n\r\n" * 6,), "interim"),
    ],
)
def test_what_is_no_answer_is_told_in_words(parts, said):
    with raw_receiver(spoken(*parts)) as url:
        answer = send(url)
    assert answer.status is None
    assert said in answer.error


def test_an_interim_answer_is_passed_over():
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    with raw_receiver(spoken(hints, b"HTTP/1.1 202 Accepted\r\n", b"\r\n")) as url:
        assert send(url).status == 202


def test_nobody_listening_is_a_failure_of_the_connection():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert "refused" in send(f"http://127.0.0.1:{port}/").error


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A self-signed certificate for ``receiver.example``, and its key."""
    folder = tmp_path_factory.mktemp("certificate")
    cert, key = folder / "cert.pem", folder / "key.pem"
    new = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    options = ["-days", "2", "-subj", "/CN=receiver.example"]
    named = ["-addext", "subjectAltName=DNS:receiver.example"]
    subprocess.run([*new, *options, *named, "-keyout", key, "-out", cert], check=True, capture_output=True)
    return cert, key


@pytest.fixture
def tls(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


@pytest.fixture
def resolved(monkeypatch):
    """Every name leads to the loopback."""
    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _host, *a, **o: real("127.0.0.1", *a, **o))


@pytest.fixture
def trusted(certificate, monkeypatch):
    """The certificate is one that this host trusts, as an administrator can have it."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    webhook_request._tls.cache_clear()
    yield
    webhook_request._tls.cache_clear()


def test_a_trusted_certificate_of_the_host_is_accepted(tls, resolved, trusted):
    with receiver(tls=tls, host="receiver.example") as got:
        assert send(got.url) == webhook_request.Answer(204)


def test_a_certificate_of_another_host_is_refused(tls, resolved, trusted):
    with receiver(tls=tls, host="other.example") as got:
        answer = send(got.url)
    assert (answer.status, got.messages) == (None, [])
    assert "certificate is not valid" in answer.error
    assert "other.example" in answer.error


def test_a_certificate_that_nobody_trusts_is_refused(tls, resolved):
    with receiver(tls=tls, host="receiver.example") as got:
        answer = send(got.url)
    assert (answer.status, got.messages) == (None, [])
    assert "certificate is not valid" in answer.error


def test_https_to_a_host_that_speaks_none_is_a_tls_failure(resolved):
    with receiver(host="receiver.example") as got:
        assert "TLS failed" in send(got.url.replace("http:", "https:")).error
