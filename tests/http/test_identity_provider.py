"""Signing in by an identity provider, which runs in a process of its own."""

import contextlib
import re
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from uuid import uuid4

import httpx
import pytest

from tests.support.identity_provider import SETTINGS, ProviderVisit, provider_address, run_provider
from tests.support.served import Served, form

MANY = "[accounts]\nattempts_per_minute = 1000\n"


@pytest.fixture(scope="module")
def issuer(npm_checks):
    with run_provider(npm_checks) as address:
        yield address


def serve(folder, postgres, issuer, more=""):
    made = Served(folder, postgres, SETTINGS.format(issuer=issuer) + more + MANY)
    (made.home / "openid-secret").write_text("a secret + more\n")
    made.start()
    made.url = made.url.replace("127.0.0.1", "localhost")
    return made


@pytest.fixture(scope="module")
def serving(tmp_path_factory, postgres, issuer):
    with contextlib.closing(serve(tmp_path_factory.mktemp("openid"), postgres, issuer)) as made:
        yield made


@pytest.fixture(scope="module")
def mapping(tmp_path_factory, postgres, issuer):
    """A node where the provider's groups give roles."""
    more = 'roles_claim = "groups"\nroles = {clerks = ["clerk", "approver"]}\n'
    with contextlib.closing(serve(tmp_path_factory.mktemp("mapping"), postgres, issuer, more)) as made:
        yield made


@pytest.fixture
def visit():
    with contextlib.closing(ProviderVisit()) as made:
        yield made


def begin(client, following="/account"):
    page = client.get("/signin", params={"next": following})
    return client.post("/signin/provider", data=form(page, next=following))


def sign_in(client, visit, login, following="/account"):
    return client.get(visit.sign_in(provider_address(begin(client, following)), login))


def connect(serving, visit, login, *roles, name=None):
    """A person's first way in: a one-time link, with which the account is connected."""
    path, client = serving.link(*roles, name=name), serving.browser()
    page = client.post(path, data=form(client.get(path), connect="yes"))
    assert page.status_code == 200, page.text
    answer = client.get(visit.sign_in(provider_address(page), login))
    assert (answer.status_code, answer.headers["location"]) == (303, "/account"), answer.text
    return client


def test_a_link_connects_an_account_and_the_provider_signs_it_in_from_then_on(serving, visit):
    login, name = f"wim-{uuid4()}", f"Wim {uuid4()}"
    client = connect(serving, visit, login, "clerk", name=name)
    page = client.get("/account")
    assert "Your account is connected" in page.text
    assert serving.url.split(":")[0] in page.text
    later = serving.browser()
    answer = sign_in(later, visit, login, "/members?x=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/members?x=1")
    page = later.get("/account")
    assert name in page.text
    assert "Identity provider" in page.text


def test_the_button_names_the_provider_and_no_markup_of_its_name_is_one(serving):
    page = serving.browser().get("/signin")
    assert "Sign in with Twente &lt;b&gt;account&lt;/b&gt;" in page.text


def test_a_person_without_an_account_is_told_what_to_do(serving, visit):
    client = serving.browser()
    answer = sign_in(client, visit, f"stranger-{uuid4()}")
    assert answer.status_code == 422
    assert "no account here is connected to you yet" in answer.text
    assert client.get("/account").status_code == 303


def test_refusing_at_the_provider_changes_nothing_and_is_said(serving, visit):
    client = serving.browser()
    answer = client.get(visit.refuse(provider_address(begin(client))))
    assert answer.status_code == 422
    assert "did not sign you in" in answer.text


def test_an_answer_counts_once_and_only_in_the_browser_that_asked(serving, visit):
    login = f"ada-{uuid4()}"
    connect(serving, visit, login, "clerk")
    client, other = serving.browser(), serving.browser()
    address = visit.sign_in(provider_address(begin(client)), login)
    begin(other)
    stolen = other.get(address)
    assert stolen.status_code == 422
    assert "no attempt of this browser" in stolen.text
    assert serving.browser().get(address).status_code == 422
    assert client.get(address).status_code == 303
    again = client.get(address)
    assert again.status_code == 422
    assert "was not accepted" in again.text


@pytest.mark.parametrize(
    "changes", [{"state": "x"}, {"state": "é.ü.ö"}, {"code": "x"}, {"code": ""}, {"iss": "https://other.example"}]
)
def test_an_answer_that_somebody_changed_is_refused(serving, visit, changes):
    login = f"bo-{uuid4()}"
    client = connect(serving, visit, login, "clerk")
    client = serving.browser()
    parts = urlsplit(visit.sign_in(provider_address(begin(client)), login))
    query = urlencode({**dict(parse_qsl(parts.query)), **changes})
    answer = client.get(urlunsplit(parts._replace(query=query)))
    assert answer.status_code == 422
    assert client.get("/account").status_code == 303


def test_one_person_at_the_provider_has_one_account(serving, visit):
    login = f"cas-{uuid4()}"
    connect(serving, visit, login, "clerk")
    second = serving.sign_in("officer")
    page = second.post("/account/identities", data=form(second.get("/account")))
    answer = second.get(visit.sign_in(provider_address(page), login))
    assert answer.status_code == 422
    assert "Another account here is connected" in answer.text


def test_an_administrator_ends_the_connection_and_its_sessions(serving, visit):
    login, name = f"dirk-{uuid4()}", f"Dirk {uuid4()}"
    connect(serving, visit, login, "clerk", name=name)
    client, admin = serving.browser(), serving.sign_in("administrator")
    assert sign_in(client, visit, login).status_code == 303
    path = re.search(rf'href="(/admin/accounts/[0-9a-f-]+)"><bdi>{name}', admin.get("/admin/accounts").text)[1]
    page = admin.get(path)
    identity = re.search(r'name="identity" value="([0-9a-f-]+)"', page.text)[1]
    assert serving.sign_in("clerk").post(f"{path}/identities/remove", data={}).status_code == 403
    admin.post(f"{path}/identities/remove", data=form(page, identity=identity))
    assert client.get("/account").status_code == 303
    assert sign_in(serving.browser(), visit, login).status_code == 422
    journal = admin.get("/admin/journal").text
    assert "identity.add" in journal
    assert "identity.remove" in journal


def test_connecting_takes_the_form_of_ones_own_page(serving):
    client = serving.sign_in("clerk")
    assert client.post("/account/identities", data={"csrf": "0" * 64}).status_code == 403
    assert serving.browser().post("/signin/provider", data={}).status_code == 403


def test_groups_at_the_provider_make_an_account_and_set_its_roles(mapping, visit):
    login = f"clerk-{uuid4()}"
    client = mapping.browser()
    assert sign_in(client, visit, login).status_code == 303
    page = client.get("/account")
    assert f"{login} &lt;b&gt;Person&lt;/b&gt;" in page.text
    assert "Clerk, Approver" in page.text
    with contextlib.closing(ProviderVisit()) as other:
        assert sign_in(mapping.browser(), other, f"guest-{uuid4()}").status_code == 422


def test_an_ended_account_comes_not_back_by_signing_in(mapping, visit):
    login = f"clerk-{uuid4()}"
    assert sign_in(mapping.browser(), visit, login).status_code == 303
    admin = mapping.sign_in("administrator")
    path = re.search(rf'href="(/admin/accounts/[0-9a-f-]+)"><bdi>{login}', admin.get("/admin/accounts").text)[1]
    admin.post(f"{path}/end", data=form(admin.get(path)))
    answer = sign_in(mapping.browser(), visit, login)
    assert answer.status_code == 422
    assert "has ended" in answer.text


def test_a_provider_that_is_away_is_said_and_uses_no_link(tmp_path, postgres):
    with contextlib.closing(serve(tmp_path, postgres, "http://127.0.0.1:9")) as away:
        answer = begin(away.browser())
        assert answer.status_code == 503
        assert "cannot be reached" in answer.text
        path, client = away.link(), away.browser()
        assert client.post(path, data=form(client.get(path), connect="yes")).status_code == 503
        assert client.post(path, data=form(client.get(path))).status_code == 303


def test_a_node_without_a_provider_has_none_of_its_pages(node):
    client = node.browser()
    page = client.get("/signin")
    assert "/signin/provider" not in page.text
    assert client.post("/signin/provider", data=form(page)).status_code == 404
    with httpx.Client(base_url=node.url, headers={"Accept": "text/html"}) as anybody:
        assert anybody.get("/signin/provider/answer?state=x").status_code in (404, 422)
