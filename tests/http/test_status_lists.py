import contextlib
import json
from uuid import uuid4

import pytest

from registry.documents.jose import parse_jws
from registry.export.credential_type import make_type_metadata
from registry.node.adapters.credential_statuses import CredentialStatuses
from registry.status.lists import StatusLists
from registry.status.places import StatusListPlaces
from registry.status.static_files import write_lists
from registry.status.token_list import parse_token_list
from tests.support.document_keys import DocumentKey
from tests.support.served import Served, problem

URL = "https://registry.twente.example"
KEY = DocumentKey("open")


@pytest.fixture(scope="module")
def public(tmp_path_factory, postgres):
    """A node with a public address, and one status list with one place in it."""
    with contextlib.closing(Served(tmp_path_factory.mktemp("public"), postgres)) as served:
        file = served.home / "registry.toml"
        file.write_text(f'public_url = "{URL}/"\n' + file.read_text())
        served.start(run=False)
        yield served


@pytest.fixture(scope="module")
def place(public):
    """A place in a status list that is signed."""
    [given] = StatusListPlaces(public.dsn, URL).allocate(str(uuid4()))
    StatusLists(public.dsn, URL, CredentialStatuses("twente"), lambda _: KEY).update()
    return given


def test_anybody_reads_a_status_list_and_may_keep_it_for_a_minute(public, place):
    answer = public.anybody().get(place.token_list.removeprefix(URL))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/statuslist+jwt"
    assert answer.headers["cache-control"] == "public, max-age=60"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert parse_token_list(answer.content).read(place.index) == 0
    again = public.anybody().get(place.token_list.removeprefix(URL), headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_bitstring_list_is_there_in_the_form_that_a_client_accepts(public, place):
    path = place.bitstring_list.removeprefix(URL)
    answer = public.anybody().get(path, headers={"Accept": "application/vc+jwt"})
    assert answer.headers["content-type"] == "application/vc+jwt"
    credential = json.loads(parse_jws(answer.text).payload)
    assert credential["id"] == place.bitstring_list
    refused = public.anybody().get(path, headers={"Accept": "application/pdf"})
    assert "application/vc+jwt" in problem(refused, 406, "not-acceptable")["detail"]


@pytest.mark.parametrize("path", ["1/other", "2/token", "99999999999/token", "0/token", "x/token"])
def test_a_list_that_is_not_there_is_not_found(public, path):
    assert public.anybody().get(f"/credentials/status/{path}").status_code in (400, 404, 422)


def test_the_type_of_the_credentials_is_served_as_they_hash_it(public):
    answer = public.anybody().get("/credentials/types/micro-credential/1")
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.content == make_type_metadata(f"{URL}/credentials/types/micro-credential/1")
    problem(public.anybody().get("/credentials/types/micro-credential/2"), 404, "not-found")


def test_the_lists_are_written_as_files_that_a_web_server_serves(public, place, tmp_path):
    lists = StatusLists(public.dsn, URL, CredentialStatuses("twente"), lambda _: KEY)
    assert write_lists(lists.read_all(), tmp_path) == 5
    served = public.anybody().get(place.token_list.removeprefix(URL)).content
    assert (tmp_path / "credentials/status/1/token").read_bytes() == served
    assert (tmp_path / "credentials/status/1/revocation").read_bytes().count(b".") == 2


def test_a_node_without_a_public_address_has_no_lists(node):
    problem(node.anybody().get("/credentials/status/1/token"), 404, "not-found")
    problem(node.anybody().get("/credentials/types/micro-credential/1"), 404, "not-found")
