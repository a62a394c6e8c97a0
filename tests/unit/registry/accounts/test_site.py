"""The address that cookies and passkeys are bound to."""

import pytest

from registry.accounts.secret_tokens import create_token, form_token, is_form_token
from registry.accounts.site import site_of


def test_without_a_public_address_it_is_this_machine():
    site = site_of(None, "", 8000)
    assert (site.origin, site.host, site.can_sign_in) == ("http://localhost:8000", "localhost", True)
    assert site.session_cookie == "session"


def test_a_public_address_is_used_without_its_path():
    site = site_of("https://example.org:8443/registry/", "", 8000)
    assert (site.origin, site.host) == ("https://example.org:8443", "example.org")
    assert site.address("/signin") == "https://example.org:8443/registry/signin"
    assert site.session_cookie == "__Host-session"


@pytest.mark.parametrize("address", ["http://127.0.0.1:8001", "http://[::1]:8001", "http://localhost:8001"])
def test_an_address_of_numbers_is_called_localhost(address):
    assert site_of(address, "", 8000).origin == "http://localhost:8001"


def test_nobody_signs_in_over_a_network_without_https():
    assert not site_of("http://registry.example.org", "", 8000).can_sign_in


def test_a_form_belongs_to_one_session():
    own, other = create_token(), create_token()
    assert is_form_token(form_token(own), own)
    assert not is_form_token(form_token(own), other)
    assert not is_form_token("é", own)
