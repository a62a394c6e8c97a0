"""A credential in a wallet, from its issuing to what an employer sees of it after each change on the log."""

import uuid
from datetime import UTC, datetime

import pytest

from registry.documents.key_binding import bind_key
from registry.documents.sd_jwt import present
from registry.export.document import Copy
from registry.export.sd_jwt_vc import export_sd_jwt_vc
from registry.node.adapters.credential_statuses import CredentialStatuses
from registry.node.adapters.status_lists import open_status_places
from registry.node.node import open_node
from registry.status.lists import StatusLists
from registry.verification.issuer_keys import IssuerKeys
from registry.verification.ports import HolderRequest, ResolvedKey
from registry.verification.sd_jwt_vc import open_sd_jwt_vc
from registry.verification.status_lists import StatusListReader
from tests.bench.data import achievement
from tests.support.command import Consortium, registry
from tests.support.document_keys import DocumentKey
from tests.support.node import request
from tests.support.portable import credential

URL = "https://registry.twente.example"
KEY, HOLDER = DocumentKey("open"), DocumentKey("eudi")


@pytest.fixture
def consortium(tmp_path, postgres):
    made = Consortium(tmp_path, postgres)
    file = made.home / "registry.toml"
    file.write_text(f'public_url = "{URL}"\n' + file.read_text())
    return made


def test_an_employer_sees_the_status_that_a_credential_has_on_the_log(consortium):
    with open_node(consortium.home) as node:
        offered = str(uuid.uuid4())
        node.registry.achievements.publish(achievement("twente", offered))
        [issued] = node.issuer.issue([request(0, offered)])
        lists = StatusLists(node.dsn(), URL, CredentialStatuses("twente"), lambda _: KEY)

        def publish():
            node.publisher().publish_pending()
            node.projector().step()
            lists.update()

        publish()
        [place] = open_status_places(node).allocate(issued.credential, 1)
        lists.update()
        copy = Copy(identifier=uuid.uuid4().urn, issued=datetime.now(UTC).date(), status=place, holder=HOLDER.jwk)
        wallet = export_sd_jwt_vc(credential(credential=issued.credential), copy, KEY).content.decode()

        def show():
            """What the employer sees of the title and the family name."""
            at = datetime.now(UTC)
            shown = bind_key(present(wallet, {"family_name"}), HOLDER, nonce="n1", audience="https://hr.example", at=at)
            keys = IssuerKeys(at=at, find_did_key=lambda _: ResolvedKey(KEY.jwk, "did:web"))
            asked = HolderRequest(nonce="n1", audience="https://hr.example")
            document = open_sd_jwt_vc(shown.encode(), keys, at=at, request=asked)
            assert {check.result for check in document.checks} == {"passed"}
            assert document.claims["familyName"] == "Żółkiewska-Núñez"
            assert "grade" not in document.claims

            def fetch(address):
                number, form = address.removeprefix(f"{URL}/credentials/status/").split("/")
                return lists.read(int(number), form)[0].content

            check = StatusListReader(fetch=fetch, keys=keys).check(document.status, document.issuer, at)
            return check.result, check.sentence

        assert show() == ("passed", "The issuer's status list says that the credential is valid.")
        node.registry.credentials.suspend(issued.credential, "underReview")
        publish()
        assert show() == ("failed", "The issuer has suspended the credential.")
        node.registry.credentials.reinstate(issued.credential)
        publish()
        assert show()[0] == "passed"
        node.registry.credentials.revoke(issued.credential, "issuedInError")
        publish()
        assert show() == ("failed", "The issuer has revoked the credential.")


def test_lists_are_written_as_files_for_another_web_server(consortium, tmp_path):
    registry("views", "update", home=consortium.home)
    written = registry("status-list", "write", tmp_path / "www", home=consortium.home)
    assert written.stdout.endswith("www: 0 files\n")


def test_a_node_without_a_public_address_says_what_lists_need(tmp_path, postgres):
    home = Consortium(tmp_path, postgres).home
    refused = registry("status-list", "write", tmp_path / "www", home=home, check=3)
    assert "set public_url" in refused.stderr
