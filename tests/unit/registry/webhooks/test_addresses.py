"""Where webhooks may be posted to: public addresses, and no port of a well-known service."""

import ipaddress

import httpx
import pytest

from registry.webhooks import AddressPolicy, UnusableAddress
from registry.webhooks.errors import AddressRefused

ANYWHERE = AddressPolicy(networks=(ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0")))
URL = httpx.URL("https://hooks.example/")


def allowed(policy, *addresses):
    return policy.select_allowed(URL, [ipaddress.ip_address(one) for one in addresses])


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_a_public_address_is_posted_to(address):
    assert allowed(AddressPolicy(), address) == [str(ipaddress.ip_address(address))]


@pytest.mark.parametrize(
    "address",
    [
        "fec0::1", "3fff::1", "192.88.99.1", "192.0.0.8", "192.0.0.170", "198.18.0.1", "240.0.0.1", "255.255.255.255",
        "0.0.0.1", "192.0.2.1", "203.0.113.9", "2001:db8::1", "2001:2::1", "100::1", "5f00::1", "64:ff9b:1::1",
        "::127.0.0.1", "::10.0.0.1", "::", "ff02::1", "::ffff:192.88.99.1", "2002:c058:6301::1", "::ffff:0:10.0.0.1",
    ],
)  # fmt: skip
def test_an_address_that_is_not_public_is_refused_unless_its_network_is_named(address):
    with pytest.raises(AddressRefused, match="is not public; to allow it, name its network"):
        allowed(AddressPolicy(), address)


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254", "168.63.129.16", "100.100.100.200", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254",
        "fe80::1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "64:ff9b::a83f:8110", "2002:a83f:8110::1",
    ],
)  # fmt: skip
def test_what_a_machines_platform_answers_at_is_never_posted_to(address):
    for policy in (AddressPolicy(), ANYWHERE, AddressPolicy(http_localhost=True)):
        with pytest.raises(AddressRefused, match="never posted to"):
            allowed(policy, address)
    assert allowed(ANYWHERE, address, "8.8.8.8") == ["8.8.8.8"]


@pytest.mark.parametrize("port", [0, 22, 25, 80, 444, 1023, 65536, 99999])
def test_a_port_of_a_well_known_service_is_refused(port):
    with pytest.raises(UnusableAddress, match=r"port|URL"):
        AddressPolicy().check(f"https://hooks.example:{port}/")


@pytest.mark.parametrize("port", [443, 1024, 8443, 65535])
def test_other_ports_are_taken(port):
    assert AddressPolicy().check(f"https://hooks.example:{port}/").host == "hooks.example"
    assert AddressPolicy(http_localhost=True).check(f"http://localhost:{max(port, 1024)}/").host == "localhost"


@pytest.mark.parametrize(
    "host",
    [
        "xn--", "xn--a", "a..b", "a" * 64 + ".example", ".example", "exa mple", "%31", "[::1", "[fe80::1%25eth0]",
        "\u2488.example", "hooks.example\\@10.0.0.1", "a," + "b" * 300, ".".join(["a" * 60] * 5), "", "\ud800",
    ],
)  # fmt: skip
def test_what_is_no_host_is_refused_and_never_an_error_of_its_own(host):
    with pytest.raises(UnusableAddress):
        AddressPolicy().check(f"https://{host}/x")


def test_a_host_in_its_own_letters_is_taken():
    assert AddressPolicy().check("https://bücher.example/x").raw_host == b"xn--bcher-kva.example"
