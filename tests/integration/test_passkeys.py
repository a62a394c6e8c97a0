"""Passkeys: real signatures, and what a site must refuse."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg.rows import dict_row

from registry.accounts.errors import AccountError, InvalidPasskey
from registry.accounts.services import AccountServices
from registry.accounts.site import site_of
from registry.settings.sign_in import AccountSetting
from registry.store.migrations import migrate
from tests.support.authenticator import Authenticator

ORIGIN = "https://registry.example.org"


class Clock:
    now = datetime(2026, 4, 30, 9, tzinfo=UTC)

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def services(dsn, clock):
    with psycopg.connect(dsn, autocommit=True, row_factory=dict_row) as connection:
        migrate(connection)
    made = AccountServices(dsn, AccountSetting(), site_of(ORIGIN, "", 8000), clock)
    yield made
    made.close()


@pytest.fixture
def ada(services):
    return services.accounts.add("Ada Jansen", ["clerk"], "admin")


def register(services, account, authenticator, name="Laptop"):
    options = services.passkeys.registration_options(account.account, account.name)
    services.passkeys.register(account.account, name, authenticator.create(options), ORIGIN)
    return authenticator


def sign_in(services, authenticator, earlier=None):
    answer = authenticator.get(services.passkeys.sign_in_options())
    return services.passkeys.sign_in(answer, ORIGIN, earlier)


def test_a_passkey_signs_its_person_in_as_often_as_they_like(services, ada):
    key = register(services, ada, Authenticator(ORIGIN))
    first = sign_in(services, key)
    second = sign_in(services, key, earlier=first)
    assert services.sessions.read(first) is None
    session = services.sessions.read(second)
    assert (session.account, session.way) == (ada.account, "passkey")
    assert [(each.name, each.used) for each in services.passkeys.of_account(ada.account)] == [
        ("Laptop", services.passkeys.of_account(ada.account)[0].created)
    ]


def test_an_account_may_have_several_and_loses_the_one_that_is_removed(services, ada):
    first, second = (register(services, ada, Authenticator(ORIGIN), name) for name in ("Laptop", "Phone"))
    laptop = next(key for key in services.passkeys.of_account(ada.account) if key.name == "Laptop")
    services.passkeys.remove(laptop.passkey, "6f1ed002-ab56-4b9a-8e6c-0a3b1f2c4d5e")
    services.passkeys.remove(laptop.passkey, ada.account)
    with pytest.raises(InvalidPasskey):
        sign_in(services, first)
    assert sign_in(services, second)
    assert services.accounts.find("ada jansen").passkeys == 1


def test_a_passkey_of_another_site_is_refused(services, ada):
    with pytest.raises(InvalidPasskey):
        register(services, ada, Authenticator("https://registry.example.com"))
    key = register(services, ada, Authenticator(ORIGIN))
    key.origin = "https://phish.example.org"
    with pytest.raises(InvalidPasskey):
        sign_in(services, key)


def test_an_authenticator_that_does_not_make_sure_of_its_person_is_refused(services, ada):
    with pytest.raises(InvalidPasskey):
        register(services, ada, Authenticator(ORIGIN, verifies=False))
    key = register(services, ada, Authenticator(ORIGIN))
    key.flags = 0x01
    with pytest.raises(InvalidPasskey):
        sign_in(services, key)


def test_an_answer_counts_once_and_for_five_minutes(services, ada, clock):
    key = register(services, ada, Authenticator(ORIGIN))
    answer = key.get(services.passkeys.sign_in_options())
    assert services.passkeys.sign_in(answer, ORIGIN, None)
    with pytest.raises(InvalidPasskey):
        services.passkeys.sign_in(answer, ORIGIN, None)
    late = key.get(services.passkeys.sign_in_options())
    clock.now += timedelta(minutes=5)
    with pytest.raises(InvalidPasskey):
        services.passkeys.sign_in(late, ORIGIN, None)


def test_a_copied_authenticator_is_found_by_its_count(services, ada):
    key = register(services, ada, Authenticator(ORIGIN))
    sign_in(services, key)
    key.count = 0
    with pytest.raises(InvalidPasskey):
        sign_in(services, key)


def test_a_challenge_for_one_purpose_or_account_is_not_good_for_another(services, ada):
    bo = services.accounts.add("Bo Berg", ["officer"], "admin")
    answer = Authenticator(ORIGIN).create(services.passkeys.registration_options(ada.account, ada.name))
    with pytest.raises(InvalidPasskey):
        services.passkeys.register(bo.account, "Laptop", answer, ORIGIN)
    key = register(services, ada, Authenticator(ORIGIN))
    options = services.passkeys.registration_options(ada.account, ada.name)
    answer = key.get(options.replace('"rp":', '"rpId": "registry.example.org", "rp":'))
    with pytest.raises(InvalidPasskey):
        services.passkeys.sign_in(answer, ORIGIN, None)


def test_an_unknown_passkey_and_one_of_an_ended_account_get_one_answer(services, ada):
    key, stranger = register(services, ada, Authenticator(ORIGIN)), Authenticator(ORIGIN)
    services.accounts.end(ada.account, "admin")
    messages = []
    for each in (key, stranger):
        with pytest.raises(InvalidPasskey) as refusal:
            sign_in(services, each)
        messages.append(str(refusal.value))
    assert messages[0] == messages[1]


@pytest.mark.parametrize("answer", ["", "{}", "null", '{"id": "\\ud800"}', "x" * 30_000, '{"response": {}}'])
def test_anything_else_is_refused(services, ada, answer):
    with pytest.raises(InvalidPasskey):
        services.passkeys.sign_in(answer, ORIGIN, None)
    with pytest.raises(InvalidPasskey):
        services.passkeys.register(ada.account, "Laptop", answer, ORIGIN)


def test_a_passkey_needs_a_name(services, ada):
    with pytest.raises(AccountError, match="1 to 60"):
        register(services, ada, Authenticator(ORIGIN), " ")
