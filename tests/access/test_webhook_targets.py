"""Where webhooks may lead: judged by what a host resolves to, however the address is written."""

import ipaddress
import socket

import pytest

from sostrades_api.access.webhook_targets import TargetError, TargetPolicy, parse_target, resolve

PUBLIC_ONLY = TargetPolicy()
EVERYTHING = TargetPolicy((ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0")))
METADATA = ("169.254.169.254", "::ffff:169.254.169.254", "100.100.100.200", "168.63.129.16", "fd00:ec2::254")


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses_are_allowed(address):
    assert PUBLIC_ONLY.allows(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.9.1", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1"),
        *("169.254.1.1", "192.0.2.1", "240.0.0.1", "255.255.255.255", "224.0.0.1"),
        *("::1", "::", "fe80::1", "fe80::1%lo", "fec0::1", "fd00::1", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::127.0.0.1", "::ffff:0:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::808:808"),
        *("2002:7f00:1::", "2002:a00:1::", *METADATA),
    ],
)
def test_everything_else_is_refused_in_whatever_it_is_wrapped(address):
    assert not PUBLIC_ONLY.allows(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.0.0.1", "::1", "::ffff:127.0.0.1", "fd00::1", "fe80::1"]
)
def test_a_setting_allows_private_addresses(address):
    assert EVERYTHING.allows(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", [*METADATA, "224.0.0.1", "255.255.255.255", "ff02::1"])
def test_what_gives_away_the_credentials_of_a_machine_in_a_cloud_is_refused_always(address):
    assert not EVERYTHING.allows(ipaddress.ip_address(address))


def test_only_the_networks_that_are_listed_are_allowed():
    policy = TargetPolicy((ipaddress.ip_network("10.1.0.0/16"),))
    assert policy.allows(ipaddress.ip_address("10.1.2.3"))
    assert policy.allows(ipaddress.ip_address("::ffff:10.1.2.3"))
    assert not policy.allows(ipaddress.ip_address("10.2.0.1"))
    assert not policy.allows(ipaddress.ip_address("127.0.0.1"))


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "127.1"),
        *("[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:7f00:0001]", "[::7f00:1]"),
        *("localhost", "LOCALHOST", "localhost.", "0", "0.0.0.0", "[::]", "169.254.169.254"),
        "host-that-is-nowhere.invalid",
    ],
)
def test_the_loopback_is_found_in_every_notation_and_looks_like_a_host_that_is_not_there(host):
    with pytest.raises(TargetError, match="leads to no public host"):
        resolve(parse_target(f"http://{host}:5000/"), policy=PUBLIC_ONLY)


def test_one_private_address_among_public_ones_is_enough_to_refuse(monkeypatch):
    def found(*_arguments, **_options):
        kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        return [(*kind, ("8.8.8.8", 443)), (*kind, ("10.0.0.1", 443))]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    with pytest.raises(TargetError):
        resolve(parse_target("https://two-faced.example/"), policy=PUBLIC_ONLY)
    both = TargetPolicy((ipaddress.ip_network("10.0.0.0/8"),))
    assert list(resolve(parse_target("https://two-faced.example/"), policy=both)) == ["8.8.8.8", "10.0.0.1"]


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("ftp://example.org/", "neither"),
        ("file:///etc/passwd", "neither"),
        ("gopher://example.org:70/", "neither"),
        ("example.org", "neither"),
        ("", "ASCII"),
        ("https://", "no host"),
        ("https:///path", "no host"),
        ("https://user:secret@example.org/", "credentials"),
        ("https://user@example.org/", "credentials"),
        ("https://@example.org/", "credentials"),
        ("https://example.org/#part", "fragment"),
        ("https://example.org:22/", "port 22"),
        ("https://example.org:0/", "port 0"),
        ("https://example.org:99999/", "is no address"),
        ("https://example.org:x/", "is no address"),
        ("https://[::1/", "is no address"),
        ("https://[fe80::1%25lo]/", "no host"),
        ("https://example.org\\@10.0.0.1/", "ASCII"),
        ("https://example.org/\r\nX-Header: 1", "ASCII"),
        ("https://exam\tple.org/", "ASCII"),
        ("https://example.org/ ", "ASCII"),
        ("https://exämple.org/", "ASCII"),
        ("https://exa%6dple.org/", "no host"),
        ("https://example.org/" + "x" * 2000, "2000 characters"),
    ],
)
def test_an_address_of_another_form_is_refused_with_the_reason(url, fault):
    with pytest.raises(TargetError, match=fault):
        parse_target(url)


def test_an_address_is_taken_apart():
    target = parse_target("https://Example.org:8443/a/b?c=d")
    assert (target.scheme, target.host, target.port, target.path) == (
        "https",
        "example.org",
        8443,
        "/a/b?c=d",
    )
    assert target.authority == "example.org:8443"
    assert parse_target("http://[2606:4700::1111]").authority == "[2606:4700::1111]"
    assert parse_target("http://example.org").path == "/"
