"""Whom a request is from and which path it is for, behind proxies that are trusted and others."""

import asyncio
from ipaddress import ip_network

import pytest

from registry.http.forwarded import Forwarded, base_path_of

PROXY = "10.0.0.1"
TRUSTED = (ip_network("10.0.0.0/24"), ip_network("fd00::/64"))


def passed(path="/v1/members", peer=PROXY, base_path="", headers=()):
    """What the application behind sees of a request."""
    seen = {}

    async def application(scope, _receive, _send):
        seen.update(scope, base_path=base_path_of(scope))

    scope = {
        "type": "http", "path": path, "raw_path": path.encode(), "scheme": "http", "client": (peer, 1234),
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers],
    }  # fmt: skip
    asyncio.run(Forwarded(application, TRUSTED, base_path)(scope, None, None))
    return seen


@pytest.mark.parametrize(
    ("forwarded_for", "client"),
    [
        (["198.51.100.7"], "198.51.100.7"),
        (["6.6.6.6, 198.51.100.7"], "198.51.100.7"),
        (["6.6.6.6", "198.51.100.7"], "198.51.100.7"),
        (["198.51.100.7, 10.0.0.9"], "198.51.100.7"),
        (["2001:db8::1"], "2001:db8::1"),
        (["[2001:db8::1]"], "2001:db8::1"),
        (["[2001:db8::1]:443"], "2001:db8::1"),
        (["198.51.100.7:1234"], "198.51.100.7"),
        (["198.51.100.7, somebody"], PROXY),
        (["'; DROP TABLE x; --"], PROXY),
        (["\xe9"], PROXY),
        ([""], PROXY),
        ([], PROXY),
        (["1.1.1.1," * 5000 + "198.51.100.7"], "198.51.100.7"),
    ],
)
def test_the_client_is_the_nearest_address_that_is_no_trusted_proxy(forwarded_for, client):
    assert passed(headers=[("X-Forwarded-For", text) for text in forwarded_for])["client"][0] == client


def test_a_stranger_says_nothing_about_clients_schemes_and_paths():
    headers = [("X-Forwarded-For", "1.1.1.1"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Prefix", "/evil")]
    seen = passed(peer="198.51.100.7", headers=headers)
    assert (seen["client"][0], seen["scheme"], seen["base_path"]) == ("198.51.100.7", "http", "")
    trusted = passed(headers=headers)
    assert (trusted["client"][0], trusted["scheme"], trusted["base_path"]) == ("1.1.1.1", "https", "/evil")
    mapped = passed(peer=f"::ffff:{PROXY}", headers=headers)
    assert mapped["client"][0] == "1.1.1.1"


@pytest.mark.parametrize(
    ("base_path", "sent", "path"),
    [
        ("/registry", "/registry/v1/members", "/v1/members"),
        ("/registry", "/v1/members", "/v1/members"),
        ("/registry", "/registry", "/"),
        ("/registry", "/registry/", "/"),
        ("/registry", "/registryx/v1", "/registryx/v1"),
        ("", "/registry/v1", "/registry/v1"),
        ("/a/b", "/a/b/v1", "/v1"),
    ],
)
def test_a_base_path_is_cut_off_where_the_proxy_has_left_it(base_path, sent, path):
    seen = passed(sent, "198.51.100.7", base_path)
    assert (seen["path"], seen["raw_path"].decode(), seen["base_path"]) == (path, path, base_path)


@pytest.mark.parametrize("prefix", ["//evil.example", "/a b", '/a"><script>', "evil", "/" + "x" * 100, "/\xe9"])
def test_a_prefix_that_is_no_path_is_not_taken(prefix):
    assert passed(base_path="/registry", headers=[("X-Forwarded-Prefix", prefix)])["base_path"] == "/registry"
