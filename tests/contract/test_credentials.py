"""What every way to authenticate owes to the node: API keys and access tokens alike."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import psycopg
import pytest

from registry.access.keys import ApiKeys
from registry.access.tokens import Tokens
from registry.http import HttpProblem
from registry.http.access import ANYBODY, SCOPES, Caller
from registry.settings.settings import TokenSettings
from registry.store.migrations import migrate
from tests.support.token_issuer import AUDIENCE, Issuer

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from registry.http import Credentials

    Identify = Callable[..., Caller]

MEMBER = "twente"


class Adapter(NamedTuple):
    """One way to authenticate, and how systems get their secrets."""

    kind: str
    credentials: Credentials
    issue: Callable[[str, Collection[str]], str]
    """Return a secret for a system with these scopes."""
    issue_expired: Callable[[], str]


@contextlib.contextmanager
def open_keys(dsn: str) -> Iterator[Adapter]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        migrate(connection)
    long_ago = ApiKeys(dsn, MEMBER, clock=lambda: datetime.now(UTC) - timedelta(days=3))
    with contextlib.closing(ApiKeys(dsn, MEMBER)) as keys:
        yield Adapter(
            "key",
            keys,
            lambda system, scopes: keys.add(system, scopes, 1),
            lambda: long_ago.add("campus", ["feed:read"], 1),
        )


@contextlib.contextmanager
def open_tokens() -> Iterator[Adapter]:
    stop, now = threading.Event(), int(time.time())
    with contextlib.closing(Issuer()) as issuer:
        tokens = Tokens(TokenSettings(issuer=issuer.url, audience=AUDIENCE, jwks=f"{issuer.url}/jwks"))
        tokens.follow(stop)
        assert tokens.wait(30)
        yield Adapter(
            "bearer",
            tokens,
            lambda system, scopes: issuer.token(client_id=system, sub=system, scope=" ".join(scopes)),
            lambda: issuer.token(iat=now - 7200, exp=now - 3600),
        )
        stop.set()


@pytest.fixture(params=["key", "bearer"])
def adapter(request: pytest.FixtureRequest) -> Iterator[Adapter]:
    is_key = request.param == "key"
    with open_keys(request.getfixturevalue("dsn")) if is_key else open_tokens() as opened:
        yield opened


@pytest.fixture
def identify(adapter: Adapter) -> Iterator[Identify]:
    """Returns the caller with a secret; all in one event loop, as in a node."""
    with asyncio.Runner() as runner:
        yield lambda secret, *, look_up=True: runner.run(adapter.credentials.caller(secret, look_up=look_up))


def test_it_says_which_header_carries_it(adapter: Adapter) -> None:
    assert adapter.credentials.kind == adapter.kind


def test_a_system_is_identified_at_its_first_request(adapter: Adapter, identify: Identify) -> None:
    for system in ("campus", "mobility"):
        caller = identify(adapter.issue(system, ["feed:read", "batches:read"]))
        assert caller.member == MEMBER
        assert caller.scopes == {"feed:read", "batches:read"}
        assert caller != ANYBODY


def test_all_scopes_and_no_scope_are_passed_on(adapter: Adapter, identify: Identify) -> None:
    assert identify(adapter.issue("campus", list(SCOPES))).scopes == SCOPES.keys()
    assert identify(adapter.issue("campus", [])).scopes == frozenset()


def test_a_known_secret_goes_on_working_where_nothing_is_looked_up(adapter: Adapter, identify: Identify) -> None:
    secret = adapter.issue("campus", ["feed:read"])
    caller = identify(secret)
    assert identify(secret, look_up=False) == caller
    assert identify(secret).actor == caller.actor


def test_two_systems_are_two_callers(adapter: Adapter, identify: Identify) -> None:
    first, second = (identify(adapter.issue(system, ["feed:read"])) for system in ("campus", "mobility"))
    assert first.name != second.name
    assert first.actor != second.actor


def test_a_secret_ends(adapter: Adapter, identify: Identify) -> None:
    with pytest.raises(HttpProblem, match="expired") as refused:
        identify(adapter.issue_expired())
    assert refused.value.kind == "unauthenticated"


def _change(secret: str) -> str:
    """Return the secret with one of its last characters changed."""
    at = len(secret) - 10
    return secret[:at] + ("A" if secret[at] != "A" else "B") + secret[at + 1 :]


@pytest.mark.parametrize("look_up", [True, False])
@pytest.mark.parametrize(
    "forge",
    [
        _change,
        lambda secret: secret[:-1],
        lambda secret: secret + "A",
        lambda secret: " " + secret,
        lambda secret: secret * 2,
        lambda secret: secret.swapcase(),
        lambda _: "",
        lambda _: "\x00",
        lambda _: "é.é.é",
        lambda _: "reg_",
        lambda _: "a.b.c",
        lambda _: "x" * 100_000,
    ],
    ids=["changed", "cut", "longer", "space", "twice", "case", "empty", "nul", "not ascii", "key", "token", "long"],
)
def test_no_other_secret_is_accepted_and_none_is_repeated(
    adapter: Adapter, identify: Identify, forge: Callable[[str], str], *, look_up: bool
) -> None:
    secret = adapter.issue("campus", ["feed:read"])
    identify(secret)
    with pytest.raises(HttpProblem) as refused:
        identify(forge(secret), look_up=look_up)
    assert refused.value.kind == "unauthenticated"
    assert refused.value.detail
    assert secret[-20:] not in refused.value.detail


def test_many_are_identified_at_once(adapter: Adapter) -> None:
    secrets = [adapter.issue(f"system-{number}", ["feed:read"]) for number in range(20)]

    async def identify_all() -> list[Caller]:
        return await asyncio.gather(*(adapter.credentials.caller(secret, look_up=True) for secret in secrets))

    assert len({caller.name for caller in asyncio.run(identify_all())}) == len(secrets)
