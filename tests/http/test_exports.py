"""Documents over HTTP: by content negotiation, as wallet copies, and as downloads of the clerk's pages."""

import concurrent.futures
import contextlib
import csv
import io
import json
import re
import zipfile

import httpx
import psycopg
import pytest
from joserfc.jwk import ECKey

from registry.export.formats import FORMATS
from tests.support.command import registry, until
from tests.support.served import Served, achievement, form, once, problem, row

OPEN = [each for each in FORMATS.list_formats("credential") if not each.needs_holder]
BOUND = [each for each in FORMATS.list_formats("credential") if each.needs_holder]
PORTFOLIO = [each for each in FORMATS.list_formats("portfolio") if not each.needs_holder]
UNKNOWN = "0bbac7a9-a411-4809-ad9e-534f483b7a03"


@pytest.fixture(scope="module")
def exporting(tmp_path_factory, postgres):
    """A node with a public address, an issuing key, an active and a revoked credential."""
    settings = 'public_url = "https://registry.twente.example"\n'
    with contextlib.closing(Served(tmp_path_factory.mktemp("exporting"), postgres)) as made:
        file = made.home / "registry.toml"
        file.write_text(settings + file.read_text())
        registry("issuing-key", "create", "--profile", "open", home=made.home)
        made.start(workers=2)
        system = made.client()
        answer = system.post("/v1/achievements", json=achievement(), headers=once("offer"))
        made.achievement = answer.json()["achievement"]
        made.credentials = []
        for number in range(3):
            issued = system.post(
                "/v1/credentials", json=row(made.achievement, f"x{number}", f"sx{number}"), headers=once(f"x{number}")
            )
            assert issued.status_code == 201, issued.text
            made.credentials.append(issued.json())
        revoked = made.credentials[1]["credential"]
        done = system.post(
            f"/v1/credentials/{revoked}/revoke", json={"reason": "issuedInError"}, headers=once("revoke it")
        )
        waiting = {"Registry-Wait-For": done.headers["registry-position"]}
        assert system.get(f"/v1/credentials/twente/{revoked}", headers=waiting).json()["status"] == "revoked"
        yield made


def sign_in(exporting, role):
    """A browser of a person who has signed in. The node's address is secure, and here it is reached without TLS."""
    client, path = exporting.browser(), exporting.link(role)

    def add_cookies(request):
        request.headers["Cookie"] = "; ".join(f"{each.name}={each.value}" for each in client.cookies.jar)

    client.event_hooks = {"request": [add_cookies]}
    assert client.post(path, data=form(client.get(path))).status_code == 303
    return client


@pytest.fixture(scope="module")
def clerk(exporting):
    return sign_in(exporting, "clerk")


@pytest.fixture(scope="module")
def system(exporting):
    return exporting.client("documents:export")


def path_of(credential, what="document"):
    return f"/v1/credentials/twente/{credential}/{what}"


def first(exporting):
    return exporting.credentials[0]["credential"]


@pytest.mark.parametrize("wanted", OPEN, ids=lambda each: each.name)
def test_a_document_is_chosen_by_its_media_type_and_never_cached(exporting, system, wanted):
    answer = system.get(path_of(first(exporting)), headers={"Accept": f"{wanted.media_type}, text/x-other;q=0.1"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].partition(";")[0] == wanted.media_type
    assert answer.headers["cache-control"] == "no-store"
    assert "accept" in answer.headers["vary"].lower()
    assert answer.headers["content-disposition"] == f'attachment; filename="credential.{wanted.extension}"'
    assert answer.headers["document-omits"]
    again = system.get(path_of(first(exporting)), params={"format": wanted.name})
    assert again.status_code == 200
    assert again.headers["document-copy"] != answer.headers["document-copy"]


@pytest.mark.parametrize("wanted", PORTFOLIO, ids=lambda each: each.name)
def test_a_portfolio_is_chosen_by_its_media_type(exporting, system, wanted):
    learner = exporting.credentials[0]["learner"]
    answer = system.get(f"/v1/learners/{learner}/portfolio", headers={"Accept": wanted.media_type})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"] == f'attachment; filename="portfolio.{wanted.extension}"'


@pytest.mark.parametrize("asked", [{"headers": {"Accept": "text/x-none"}}, {"params": {"format": "docx"}}])
def test_a_format_that_there_is_not_is_refused_with_those_that_there_are(exporting, system, asked):
    refused = problem(system.get(path_of(first(exporting)), **asked), 406, "not-acceptable")
    for each in OPEN:
        assert f"{each.media_type} (format={each.name})" in refused["detail"]
    assert all(each.name not in refused["detail"] for each in BOUND)


def test_a_credential_that_does_not_count_is_refused_with_its_code(exporting, system):
    revoked = exporting.credentials[1]["credential"]
    refused = problem(system.get(path_of(revoked), params={"format": "elmo"}), 409, "refused")
    assert refused["code"] == "revoked"
    problem(system.get(path_of(UNKNOWN), params={"format": "elmo"}), 404, "not-found")
    elsewhere = f"/v1/credentials/lund/{first(exporting)}/document"
    problem(system.get(elsewhere, params={"format": "elmo"}), 404, "not-found")


def test_a_wallet_copy_is_bound_to_the_holders_key_and_made_once(exporting, system):
    key = ECKey.generate_key("P-256").as_dict(private=False)
    body = {"format": "sd-jwt-vc", "holder": key}
    made = system.post(path_of(first(exporting), "copies"), json=body, headers=once("wallet"))
    assert made.status_code == 201, made.text
    assert made.headers["cache-control"] == "no-store"
    copy = made.json()
    assert (copy["format"], copy["mediaType"], copy["encoding"]) == ("sd-jwt-vc", "application/dc+sd-jwt", "utf-8")
    assert copy["content"].count("~") > 1
    assert copy["omitted"]
    assert system.post(path_of(first(exporting), "copies"), json=body, headers=once("wallet")).json() == copy
    other = system.post(path_of(first(exporting), "copies"), json=body, headers=once("wallet again")).json()
    assert other["copy"] != copy["copy"]


def test_one_of_several_requests_for_a_copy_with_one_key_at_one_time_makes_it_and_the_others_get_the_same_or_wait(
    exporting, system
):
    body = {"format": "sd-jwt-vc", "holder": ECKey.generate_key("P-256").as_dict(private=False)}
    address, headers = exporting.url + path_of(first(exporting), "copies"), {**system.headers, **once("at once")}

    def ask(_):  # on a connection of its own each, so that both processes of the node answer
        return httpx.post(address, json=body, headers=headers, timeout=30)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(16)))
    [made] = {answer.content for answer in answers if answer.status_code == 201}
    for answer in answers:
        if answer.status_code != 201:
            problem(answer, 409, "in-progress")
            assert answer.headers["retry-after"] == "1"
    assert ask(0).content == made
    learner, copy = exporting.credentials[0]["learner"], json.loads(made)["copy"]
    with psycopg.connect(exporting.dsn) as connection:
        [count] = connection.execute(
            "SELECT count(*) FROM vault.document_copies WHERE learner = %s AND format = 'sd-jwt-vc' AND at >="
            " (SELECT at FROM vault.document_copies WHERE copy = %s)",
            (learner, copy),
        ).fetchone()
    assert count == 1


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({"format": "sd-jwt-vc"}, 422, "pass that key as a JWK"),
        ({"format": "elmo"}, 201, ""),
        ({"format": "docx"}, 422, "is not a format of a credential"),
        ({"format": "sd-jwt-vc", "profile": "eudi", "holder": {"kty": "EC", "crv": "P-256", "x": "A", "y": "B"}}, 422,
         "is not a public key of P-256"),
        ({"format": "sd-jwt-vc", "holder": {"kty": "OKP", "crv": "Ed25519", "x": "A", "d": "B"}}, 422, "private part"),
        ({"format": "sd-jwt-vc", "holder": {"kty": "RSA", "crv": "P-256", "x": "A"}}, 400, ""),
    ],
)  # fmt: skip
def test_a_copy_that_cannot_be_made_says_why(exporting, system, body, status, says):
    answer = system.post(path_of(first(exporting), "copies"), json=body, headers=once(json.dumps(body)))
    assert answer.status_code == status, answer.text
    assert says in answer.text


def test_who_took_a_document_is_in_the_journal(exporting, clerk):
    credential = exporting.credentials[2]["credential"]
    page = clerk.get(f"/desk/credentials/{credential}/documents")
    clerk.post(f"/desk/credentials/{credential}/documents", data=form(page, format="elmo"))
    journal = sign_in(exporting, "administrator").get("/admin/journal").text
    assert "document.export" in journal
    assert credential in journal


def test_the_page_of_documents_offers_each_format_with_its_size_and_what_it_leaves_out(exporting, clerk):
    credential = first(exporting)
    assert f'href="/desk/credentials/{credential}/documents"' in clerk.get(f"/desk/credentials/{credential}").text
    page = clerk.get(f"/desk/credentials/{credential}/documents")
    assert page.status_code == 200, page.text
    for each in (*OPEN, *BOUND):
        assert f'name="format" value="{each.name}"' in page.text, each.name
    assert len(re.findall(r"About [0-9,]+ kB", page.text)) == len(OPEN) + len(BOUND)
    assert page.text.count("What it leaves out: ") == len(OPEN) + len(BOUND)


@pytest.mark.parametrize("wanted", OPEN, ids=lambda each: each.name)
def test_a_clerk_downloads_each_format(exporting, clerk, wanted):
    path = f"/desk/credentials/{first(exporting)}/documents"
    answer = clerk.post(path, data=form(clerk.get(path), format=wanted.name, language="nl", tie="open"))
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"] == f'attachment; filename="credential.{wanted.extension}"'


def test_a_wallet_copy_on_the_page_needs_the_wallets_key(exporting, clerk):
    path = f"/desk/credentials/{first(exporting)}/documents"
    refused = clerk.post(path, data=form(clerk.get(path), format="sd-jwt-vc", holder="not JSON"))
    assert (refused.status_code, "is not a JWK as JSON" in refused.text) == (422, True)
    key = json.dumps(ECKey.generate_key("P-256").as_dict(private=False))
    answer = clerk.post(path, data=form(clerk.get(path), format="sd-jwt-vc", holder=key))
    assert answer.headers["content-type"].startswith("application/dc+sd-jwt")


def test_the_page_of_a_revoked_credential_says_why_there_is_no_document(exporting, clerk):
    page = clerk.get(f"/desk/credentials/{exporting.credentials[1]['credential']}/documents")
    assert page.status_code == 200
    assert "No document of a revoked credential is made" in page.text
    assert 'name="format"' not in page.text


def test_a_portfolio_is_downloaded_from_the_learners_page(exporting, clerk):
    learner = exporting.credentials[0]["learner"]
    page = clerk.get(f"/desk/learners/{learner}")
    answer = clerk.post(f"/desk/learners/{learner}/portfolio", data=form(page, format=PORTFOLIO[0].name))
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"].startswith('attachment; filename="portfolio.')


def test_a_terms_documents_are_one_archive_with_a_report(exporting, clerk):
    path = f"/desk/achievements/{exporting.achievement}"
    page = clerk.get(path)
    answer = clerk.post(f"{path}/documents", data=form(page, format="pdf", **{"from": "", "until": ""}))
    assert answer.headers["content-type"] == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    report = {each["credential"]: each for each in csv.DictReader(io.StringIO(archive.read("report.csv").decode()))}
    assert {each: outcome["outcome"] for each, outcome in report.items()} == {
        each["credential"]: "not-exported" if number == 1 else "written"
        for number, each in enumerate(exporting.credentials)
    }
    assert set(archive.namelist()) == {"report.csv", *(each["file"] for each in report.values() if each["file"])}
    nothing = clerk.post(f"{path}/documents", data=form(page, format="pdf", until="1999-01-01"))
    assert (nothing.status_code, "no credential of this achievement" in nothing.text) == (422, True)
    wrong = clerk.post(f"{path}/documents", data=form(page, format="docx"))
    assert wrong.status_code == 422
    until(lambda: clerk.post(f"{path}/documents", data=form(page, format="elmo")).status_code == 200)


def test_a_role_without_the_scope_sees_no_documents(exporting):
    auditor = sign_in(exporting, "auditor")
    credential = first(exporting)
    assert "/documents" not in auditor.get(f"/desk/credentials/{credential}").text
    assert auditor.get(f"/desk/credentials/{credential}/documents").status_code == 403
