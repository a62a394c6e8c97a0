"""Accounts, links and sessions, on a clock that the test sets."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg.rows import dict_row

from registry.accounts.errors import AccountError, InvalidLink, NameInUse, ProviderFault, UnknownAccount
from registry.accounts.identity_provider import Person
from registry.accounts.journal import JournalRow
from registry.accounts.searches import MAX_KEPT
from registry.accounts.services import AccountServices
from registry.accounts.site import site_of
from registry.settings.sign_in import AccountSetting
from registry.store.migrations import migrate
from registry.values.actors import actor_names, person_of


class Clock:
    def __init__(self):
        self.now = datetime(2026, 4, 30, 9, tzinfo=UTC)

    def __call__(self):
        return self.now

    def passes(self, **time):
        self.now += timedelta(**time)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def database(dsn):
    with psycopg.connect(dsn, autocommit=True, row_factory=dict_row) as connection:
        migrate(connection)
        yield connection


@pytest.fixture
def services(dsn, clock, request):
    request.getfixturevalue("database")
    made = AccountServices(dsn, AccountSetting(), site_of(None, "", 8000), clock)
    yield made
    made.close()


@pytest.fixture
def ada(services):
    return services.accounts.add("Ada Jansen", ["clerk"], "admin")


def sign_in(services, account, earlier=None):
    return services.links.use(services.links.create(account.account, "admin"), earlier)


def test_a_link_signs_in_once(services, ada):
    link = services.links.create(ada.account, "admin")
    assert services.links.read_name(link) == services.links.read_name(link) == "Ada Jansen"
    session = services.sessions.read(services.links.use(link, None))
    assert (session.name, session.roles, session.way) == ("Ada Jansen", ["clerk"], "link")
    assert session.caller("twente").actor == f"person:{ada.account}"
    with pytest.raises(InvalidLink):
        services.links.use(link, None)
    with pytest.raises(InvalidLink):
        services.links.read_name(link)


def test_a_link_ends_after_a_day_and_by_a_newer_one(services, ada, clock):
    first, second = (services.links.create(ada.account, "admin") for _ in range(2))
    with pytest.raises(InvalidLink):
        services.links.use(first, None)
    clock.passes(hours=24)
    with pytest.raises(InvalidLink):
        services.links.use(second, None)


def test_no_secret_is_in_the_database(services, database, ada):
    link = services.links.create(ada.account, "admin")
    session = sign_in(services, ada)
    for table in ("links", "sessions", "journal", "accounts"):
        text = str(database.execute(f"SELECT t::text FROM accounts.{table} t").fetchall())
        assert link not in text
        assert session not in text


def test_a_session_ends_half_an_hour_after_its_last_request(services, ada, clock):
    token = sign_in(services, ada)
    for _ in range(3):
        clock.passes(minutes=29)
        assert services.sessions.read(token) is not None
    clock.passes(minutes=30)
    assert services.sessions.read(token) is None


def test_a_session_ends_after_twelve_hours_in_use(services, ada, clock):
    token = sign_in(services, ada)
    for _ in range(12 * 3 - 1):
        clock.passes(minutes=20)
        assert services.sessions.read(token) is not None
    clock.passes(minutes=20)
    assert services.sessions.read(token) is None


def test_a_lost_role_counts_at_once(services, ada):
    token = sign_in(services, ada)
    assert "credentials:write" in services.sessions.read(token).caller("twente").scopes
    services.accounts.change_roles(ada.account, ["auditor"], "admin")
    assert "credentials:write" not in services.sessions.read(token).caller("twente").scopes


def test_an_account_that_ends_ends_its_sessions_and_links(services, ada):
    token = sign_in(services, ada)
    link = services.links.create(ada.account, "admin")
    services.accounts.end(ada.account, "admin")
    assert services.sessions.read(token) is None
    with pytest.raises(InvalidLink):
        services.links.use(link, None)
    with pytest.raises(UnknownAccount):
        services.links.create(ada.account, "admin")


def test_signing_in_again_ends_the_session_of_that_browser_alone(services, ada):
    here, elsewhere = sign_in(services, ada), sign_in(services, ada)
    newer = sign_in(services, ada, earlier=here)
    assert services.sessions.read(here) is None
    assert services.sessions.read(elsewhere) is not None
    assert newer not in (here, elsewhere)


def test_a_person_ends_own_sessions_and_no_others(services, ada, clock):
    bo = services.accounts.add("Bo Berg", ["officer"], "admin")
    token = sign_in(services, ada)
    own = services.sessions.read(token)
    services.sessions.end(own.session, bo.account)
    assert services.sessions.read(token) is not None
    services.sessions.end("no id", ada.account)
    services.sessions.end(own.session, ada.account)
    assert services.sessions.of_account(ada.account) == []
    other = sign_in(services, ada)
    clock.passes(hours=1)
    assert services.sessions.of_account(ada.account) == []
    assert services.sessions.read(other) is None


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize("name", ["ada jansen", "  ADA   JANSEN "])
def test_two_accounts_do_not_have_one_name(services, name):
    with pytest.raises(NameInUse):
        services.accounts.add(name, ["approver"], "admin")


def test_a_name_is_free_again_after_its_account_has_ended(services, ada):
    services.accounts.end(ada.account, "admin")
    assert services.accounts.add("Ada Jansen", ["clerk"], "admin").account != ada.account


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\0b", "a\u202eb"])
def test_a_name_that_could_not_be_shown_is_refused(services, name):
    with pytest.raises(AccountError):
        services.accounts.add(name, ["clerk"], "admin")


def test_one_person_never_passes_for_two(database, ada):
    with database.cursor() as cursor:
        actor = f"person:{ada.account}"
        assert person_of(cursor, actor) == person_of(cursor, "ada jansen") == person_of(cursor, f"subject:{actor}")
        assert person_of(cursor, "person:unknown") == "person:unknown"
        assert actor_names(cursor, [actor, "key:0000000000000000"]) == {actor: "Ada Jansen"}


def test_every_act_is_in_the_journal_and_the_chain_is_whole(services, database, ada):
    token = sign_in(services, ada)
    services.sessions.end(services.sessions.read(token).session, ada.account)
    with database.transaction(), database.cursor() as cursor:
        JournalRow(datetime.now(UTC), f"person:{ada.account}", "batch.release", "b-1").write(cursor)
    services.accounts.end(ada.account, "admin")
    entries = services.journal.newest(10)
    assert [entry.act for entry in reversed(entries)] == [
        "account.add clerk", "account.link", "session.begin link", "session.end", "batch.release", "account.end",
    ]  # fmt: skip
    assert [entry.number for entry in services.journal.newest(2, before=4)] == [3, 2]
    assert services.journal.check()[0::2] == (6, None)


@pytest.mark.usefixtures("ada")
def test_the_journal_refuses_changes(database):
    for statement in ("UPDATE accounts.journal SET actor = 'x'", "DELETE FROM accounts.journal"):
        with pytest.raises(psycopg.errors.RaiseException, match="only added to"):
            database.execute(statement)


@pytest.mark.usefixtures("ada")
def test_the_journal_shows_a_change_past_its_guard(services, database):
    database.execute("ALTER TABLE accounts.journal DISABLE TRIGGER only_add")
    database.execute("UPDATE accounts.journal SET actor = 'nobody' WHERE number = 1")
    assert services.journal.check().fault == 1


def person(subject, name, *roles):
    return Person("https://provider.example", subject, name, list(roles))


def test_a_fault_of_the_provider_s_name_has_no_name_of_a_person(services):
    services.accounts.add("Ada Jansen", ["clerk"], "admin")
    with pytest.raises(ProviderFault) as fault:
        services.identities.sign_in(person("1", "Ada Jansen", "clerk"), None)
    assert fault.value.code == "name"
    assert str(fault.value) == "an account cannot have the name of this person, or another one has it"


def test_ending_a_connection_says_whether_there_was_one(services, ada):
    services.identities.connect(ada.account, person("2", "Ada"))
    [own] = services.identities.of_account(ada.account)
    assert services.identities.disconnect(own.identity, ada.account, "admin")
    assert not services.identities.disconnect(own.identity, ada.account, "admin")
    services.identities.sign_in(person("3", "Bo", "clerk"), None)
    bo = services.accounts.find("Bo")
    [managed] = services.identities.of_account(bo.account)
    assert not services.identities.disconnect(managed.identity, bo.account, "admin")
    assert services.identities.of_account(bo.account) == [managed]


def test_who_has_no_role_at_the_provider_any_more_keeps_neither_roles_nor_sessions(services):
    session = services.identities.sign_in(person("4", "Cas", "clerk"), None)
    account = services.accounts.find("Cas").account
    for _ in range(2):
        with pytest.raises(ProviderFault) as fault:
            services.identities.sign_in(person("4", "Cas"), None)
        assert fault.value.code == "no-role"
        assert services.sessions.read(session) is None
        assert services.accounts.find("Cas").roles == []
    acts = [entry.act for entry in services.journal.newest(10) if entry.subject == account]
    assert acts == ["account.roles", "account.add clerk"]
    again = services.identities.sign_in(person("4", "Cas", "approver"), None)
    assert services.sessions.read(again).roles == ["approver"]


def test_a_search_is_read_in_its_session_for_a_short_time_and_by_nobody_else(services, database, clock, ada):
    secret, other = sign_in(services, ada), sign_in(services, ada)
    session, another = (services.sessions.read(each).session for each in (secret, other))
    search = services.searches.keep(session, secret, {"who": "Quixwobble"})
    assert services.searches.read(session, secret, search) == {"who": "Quixwobble"}
    assert services.searches.read(another, other, search) is None
    assert services.searches.read(session, other, search) is None
    assert b"Quix" not in database.execute("SELECT sealed FROM accounts.searches").fetchone()["sealed"]
    clock.passes(minutes=31)
    assert services.searches.read(session, secret, search) is None
    services.searches.keep(session, secret, {"who": "Later"})
    assert database.execute("SELECT count(*) AS n FROM accounts.searches").fetchone()["n"] == 1


def test_old_searches_are_deleted_when_somebody_signs_in(services, database, clock, ada):
    secret = sign_in(services, ada)
    services.searches.keep(services.sessions.read(secret).session, secret, {"who": "Quixwobble"})
    clock.passes(minutes=29)
    sign_in(services, ada)
    assert database.execute("SELECT count(*) AS n FROM accounts.searches").fetchone()["n"] == 1
    clock.passes(minutes=2)
    sign_in(services, ada)
    assert database.execute("SELECT count(*) AS n FROM accounts.searches").fetchone()["n"] == 0


def test_a_session_keeps_few_searches_and_they_end_with_it(services, database, ada):
    secret = sign_in(services, ada)
    session = services.sessions.read(secret).session
    searches = [services.searches.keep(session, secret, {"who": str(number)}) for number in range(MAX_KEPT + 3)]
    assert database.execute("SELECT count(*) AS n FROM accounts.searches").fetchone()["n"] == MAX_KEPT
    assert services.searches.read(session, secret, searches[-1]) == {"who": str(MAX_KEPT + 2)}
    services.sessions.end(session, ada.account)
    assert database.execute("SELECT count(*) AS n FROM accounts.searches").fetchone()["n"] == 0
