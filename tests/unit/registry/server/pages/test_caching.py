"""A proxy may store what is the same for everybody, for some seconds and only if the settings say so."""

import pytest

from registry.server.pages.caching import page_cache_control

SHARED = "public, max-age=0, must-revalidate, s-maxage=5"


def control(path="/catalogue", status=200, seconds=5, *, is_private=False, is_anybodys=True):
    return page_cache_control(path, status, seconds, is_private=is_private, is_anybodys=is_anybodys)


def test_a_public_page_may_be_stored_for_as_long_as_the_settings_say():
    assert control() == SHARED
    assert control(seconds=0) == "no-cache"


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"is_private": True}, "no-store"),
        ({"is_private": True, "is_anybodys": False}, "no-store"),
        ({"is_anybodys": False}, "no-cache"),
        ({"status": 404}, "no-cache"),
        ({"path": "/verify"}, "no-cache"),
        ({"path": "/verify/twente/1"}, "no-cache"),
    ],
    ids=str,
)
def test_nothing_else_is_stored_by_a_proxy(changed, expected):
    assert control(**changed) == expected
