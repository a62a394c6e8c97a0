import base64
import json
import threading
import zlib
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg
import pytest

from registry.documents.jose import parse_jws, verify_jws
from registry.export.document import ExportError
from registry.node.adapters.credential_statuses import CredentialStatuses
from registry.status.bitstring_list import read_bitstring
from registry.status.lists import StatusLists
from registry.status.places import DECOYS, LIST_SIZE, StatusListPlaces
from registry.status.token_list import parse_token_list
from tests.support.document_keys import DocumentKey

URL = "https://registry.twente.example"
AT = datetime(2026, 6, 9, 12, tzinfo=UTC)
OPEN, EUDI = DocumentKey("open"), DocumentKey("eudi", certificates=True)


def find_signer(profile):
    return {"open": OPEN, "eudi": EUDI}[profile]


class Views:
    """The rows that the views would have of credentials of one member."""

    def __init__(self, dsn, member="twente"):
        self.connection = psycopg.connect(dsn, autocommit=True)
        self.member = member
        self.size = 0
        self.learners = {}

    def move(self, size=None, *, governance=1, voids=0):
        self.size = self.size + 1 if size is None else size
        self.connection.execute(
            "INSERT INTO views.positions (member, size, root, hashes, governance, next, voids)"
            " VALUES (%s, %s, '', '', %s, 0, %s) ON CONFLICT (member) DO UPDATE"
            " SET size = excluded.size, governance = excluded.governance, voids = excluded.voids",
            (self.member, self.size, governance, voids),
        )

    def issue(self, status="active"):
        credential, learner = str(uuid4()), str(uuid4())
        self.connection.execute(
            "INSERT INTO views.credentials (member, credential, leaf, achievement, version, learner, awarding_date,"
            " status, has_parts) VALUES (%s, %s, %s, %s, 1, %s, '2026-06-05', %s, false)",
            (self.member, credential, self.size, str(uuid4()), learner, status),
        )
        self.learners[credential] = learner
        self.move()
        return credential

    def change(self, credential, status):
        self.connection.execute("UPDATE views.credentials SET status = %s WHERE credential = %s", (status, credential))
        self.connection.execute(
            "INSERT INTO views.status_changes (member, credential, leaf, status, effective, published)"
            " VALUES (%s, %s, %s, %s, true, true)",
            (self.member, credential, self.size, status),
        )
        self.move()

    def erase(self, credential):
        self.connection.execute("UPDATE views.credentials SET learner = NULL WHERE credential = %s", (credential,))
        self.connection.execute(
            "INSERT INTO views.erasures (member, learner, leaf) VALUES (%s, %s, %s)",
            (self.member, self.learners[credential], self.size),
        )
        self.move()

    def void(self, credential):
        self.connection.execute("DELETE FROM views.credentials WHERE credential = %s", (credential,))
        self.connection.execute(
            "INSERT INTO views.voided_credentials (member, credential, leaf) VALUES (%s, %s, 0)",
            (self.member, credential),
        )
        self.move(voids=1)


@pytest.fixture
def views(dsn):
    rows = Views(dsn)
    rows.move(0)
    yield rows
    rows.connection.close()


@pytest.fixture
def places(dsn):
    return StatusListPlaces(dsn, URL)


@pytest.fixture
def lists(dsn):
    return StatusLists(dsn, URL, CredentialStatuses("twente"), find_signer)


def number_of(place):
    return int(place.token_list.split("/")[-2])


def token(lists, number=1):
    [served] = lists.read(number, "token")
    return parse_token_list(served.content)


def bit(lists, purpose, place):
    [served] = lists.read(number_of(place), purpose)
    jws = parse_jws(served.content.decode())
    verify_jws(jws, OPEN.jwk)
    return read_bitstring(jws.claims(), place.index, purpose)


def status(lists, place):
    """The entry in all forms: they must agree."""
    value = token(lists, number_of(place)).read(place.index)
    assert (bit(lists, "revocation", place), bit(lists, "suspension", place)) == (value == 1, value == 2)
    return value


def test_each_copy_has_a_random_place_of_its_own(places):
    credential = str(uuid4())
    given = places.allocate(credential, 200)
    assert len({place.index for place in given}) == 200
    assert [place.index for place in given] != sorted(place.index for place in given)
    assert max(place.index for place in given) > LIST_SIZE / 2
    assert given[0].token_list == f"{URL}/credentials/status/1/token"
    assert given[0].suspension_list == f"{URL}/credentials/status/1/suspension"


def test_two_processes_never_give_out_one_place_twice(dsn):
    given, threads = [], []

    def allocate():
        given.extend(StatusListPlaces(dsn, URL).allocate(str(uuid4()), 500))

    for _ in range(4):
        threads.append(threading.Thread(target=allocate))
        threads[-1].start()
    for thread in threads:
        thread.join()
    assert len({(place.token_list, place.index) for place in given}) == 2000
    with psycopg.connect(dsn) as connection:
        assert connection.execute("SELECT list, used FROM status.lists").fetchall() == [(1, 2000 + DECOYS)]


def test_a_new_list_begins_when_one_is_three_quarters_full(dsn, places):
    places.allocate(str(uuid4()))
    with psycopg.connect(dsn) as connection:
        connection.execute("UPDATE status.lists SET used = %s", (LIST_SIZE * 3 // 4 - 2,))
    given = places.allocate(str(uuid4()), 5)
    assert [number_of(place) for place in given] == [1, 1, 2, 2, 2]


def test_a_status_on_the_log_is_in_both_lists(views, places, lists):
    credentials = [views.issue() for _ in range(4)]
    given = [places.allocate(credential, 2) for credential in credentials]
    assert lists.update(AT) == 1
    assert [status(lists, place) for pair in given for place in pair] == [0] * 8
    views.change(credentials[1], "suspended")
    views.change(credentials[2], "revoked")
    views.change(credentials[3], "replaced")
    assert lists.update(AT) == 1
    assert [[status(lists, place) for place in pair] for pair in given] == [[0, 0], [2, 2], [1, 1], [1, 1]]
    views.change(credentials[1], "active")
    lists.update(AT)
    assert status(lists, given[1][0]) == 0


def test_a_revocation_is_never_taken_back(views, places, lists):
    credential = views.issue()
    [place] = places.allocate(credential)
    views.change(credential, "revoked")
    lists.update(AT)
    views.change(credential, "active")
    views.move(governance=2, voids=1)  # governance voided the revocation
    lists.update(AT)
    assert status(lists, place) == 1


def test_a_copy_of_a_suspended_credential_is_suspended_from_the_start(views, places, lists):
    credential = views.issue("suspended")
    lists.update(AT)
    [place] = places.allocate(credential)
    lists.update(AT)
    assert status(lists, place) == 2


def test_a_voided_credential_is_invalid(views, places, lists):
    credential = views.issue()
    [place] = places.allocate(credential)
    lists.update(AT)
    views.void(credential)
    lists.update(AT)
    assert status(lists, place) == 1


def test_a_credential_that_is_not_on_the_log_yet_is_valid(places, lists):
    [place] = places.allocate(str(uuid4()))
    lists.update(AT)
    assert status(lists, place) == 0


def test_after_views_were_taken_back_and_read_again_the_statuses_are_right(views, places, lists):
    credential = views.issue()
    [place] = places.allocate(credential)
    views.change(credential, "suspended")
    lists.update(AT)
    views.connection.execute("DELETE FROM views.status_changes; UPDATE views.credentials SET status = 'active'")
    views.move(1)
    lists.update(AT)
    assert status(lists, place) == 0


def test_after_an_erasure_the_entries_stay_and_lead_to_nobody(views, places, lists, dsn):
    credentials = [views.issue() for _ in range(2)]
    given = [places.allocate(credential)[0] for credential in credentials]
    views.change(credentials[1], "suspended")
    lists.update(AT)
    before = token(lists).packed
    for credential in credentials:
        views.erase(credential)
    lists.update(AT)
    views.change(credentials[1], "active")
    lists.update(AT)
    assert [status(lists, place) for place in given] == [0, 2]
    assert token(lists).packed == before
    with psycopg.connect(dsn) as connection:
        assert connection.execute("SELECT FROM status.places WHERE credential IS NOT NULL").fetchall() == []
    assert given[0].index not in {place.index for place in places.allocate(str(uuid4()), 2000)}


def test_only_a_list_that_changed_is_signed_again(views, places, lists, dsn):
    first, second = views.issue(), views.issue()
    places.allocate(first)
    with psycopg.connect(dsn) as connection:
        connection.execute("UPDATE status.lists SET used = %s", (LIST_SIZE * 3 // 4,))
    [place] = places.allocate(second)
    assert lists.update(AT) == 2
    assert lists.update(AT) == 0
    kept = lists.read(1, "token")
    views.change(second, "revoked")
    assert lists.update(AT) == 1
    assert lists.read(1, "token") == kept
    assert status(lists, place) == 1


def test_lists_are_renewed_before_they_expire_and_after_a_change_of_keys(views, places, lists, dsn):
    places.allocate(views.issue())
    assert lists.update(AT) == 1
    assert lists.update(AT + timedelta(hours=25)) == 1
    rotated = StatusLists(dsn, URL, CredentialStatuses("twente"), lambda _: DocumentKey("open"))
    assert rotated.update(AT + timedelta(hours=25)) == 1


def test_a_node_without_keys_says_so_only_where_it_has_lists(views, places, dsn):
    def refuse(profile):
        raise ExportError(f"no key of profile {profile}")

    without = StatusLists(dsn, URL, CredentialStatuses("twente"), refuse)
    assert without.update(AT) == 0
    places.allocate(views.issue())
    with pytest.raises(ExportError, match=r"No status list can be signed\. no key of profile open"):
        without.update(AT)


def test_a_change_is_hidden_among_changes_of_decoys(views, places, lists):
    credentials = [views.issue() for _ in range(12)]
    for credential in credentials:
        places.allocate(credential)
    lists.update(AT)

    def unpack():
        packed = token(lists).packed
        return zlib.decompress(base64.urlsafe_b64decode(packed + "=="))

    differences = []
    for credential in credentials:
        before = unpack()
        views.change(credential, "suspended")
        lists.update(AT)
        differences.append(sum(a != b for a, b in zip(before, unpack(), strict=True)))
    assert set(differences) != {1}
    assert max(differences) <= 5
    assert sum(byte != 0 for byte in unpack()) > 100, "a list of twelve credentials has bits of many more"


def test_a_list_names_itself_its_issuer_and_how_long_it_holds(views, places, lists):
    places.allocate(views.issue())
    lists.update(AT)
    [served] = lists.read(1, "token")
    assert served.media_type == "application/statuslist+jwt"
    jws = parse_jws(served.content.decode())
    verify_jws(jws, EUDI.jwk)
    assert jws.header == {
        "alg": "ES256",
        "typ": "statuslist+jwt",
        "kid": EUDI.verification_method,
        "x5c": list(EUDI.x5c),
    }
    claims = jws.claims()
    assert claims["sub"] == f"{URL}/credentials/status/1/token"
    assert (claims["iss"], claims["ttl"]) == ("did:web:registry.twente.example", 60)
    assert claims["exp"] - claims["iat"] == 7 * 86400
    [served] = lists.read(1, "revocation")
    credential = json.loads(parse_jws(served.content.decode()).payload)
    assert credential["id"] == f"{URL}/credentials/status/1/revocation"
    assert credential["credentialSubject"]["statusPurpose"] == "revocation"
    assert credential["validUntil"] == "2026-06-16T12:00:00Z"
