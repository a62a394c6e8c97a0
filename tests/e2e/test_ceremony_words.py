"""What the ceremony says to people: wrong input is named in a sentence, and nothing goes on without being said."""

import json
import shutil

import pytest

from registry.keys import key_proof
from registry.wire.keys import Ed25519Signer, VerifierKey
from tests.support.command import Consortium, printed_json, registry


@pytest.fixture(scope="module")
def there(tmp_path_factory, postgres):
    return Consortium(tmp_path_factory.mktemp("words"), postgres)


@pytest.fixture
def govern(there):
    def run(*arguments, **more):
        return registry(*arguments, home=there.folder / "consortium", **more)

    return run


def porto_key():
    return str(key_proof.prove(Ed25519Signer.generate("test.example/porto")))


@pytest.mark.parametrize("verb", ["check", "sign", "publish"])
def test_a_proposal_that_is_missing_or_garbled_is_said_with_its_file(govern, tmp_path, verb):
    assert "cannot read the proposal nofile.json" in govern("governance", verb, "nofile.json", check=1).stderr
    assert str(tmp_path) in govern("governance", verb, tmp_path, check=1).stderr
    file = tmp_path / "garbled.json"
    file.write_bytes(b"\xff{")
    assert "garbled.json: this is not a proposal" in govern("governance", verb, file, check=1).stderr


@pytest.mark.parametrize(
    ("options", "code", "problem"),
    [
        (("porto", "--country", "Portugal"), 2, "'Portugal' is not a country's code; did you mean PT?"),
        (("porto", "--role", "boss"), 2, "'boss' is not one of issuer, recogniser."),
        (("Porto!",), 2, "2 to 40 of a-z, 0-9 and '-'"),
        (("porto", "--appeal-body", "Nobody"), 2, "'NAME URL'"),
    ],
)
def test_an_admission_names_the_option_that_is_wrong(govern, options, code, problem):
    words = ("--legal-name", "Porto", "--country", "PT", *options[1:])
    refused = govern("member", "admit", options[0], "--key", porto_key(), *words, check=code)
    assert problem in " ".join((refused.stdout + refused.stderr).replace("│", " ").split())


def test_a_key_without_a_proof_is_let_in_only_where_somebody_says_so(there, govern, tmp_path):
    bare = there.key.split(":")[0]
    file = tmp_path / "proposal.json"
    refused = govern("governance", "propose", "add-key", file, "twente", bare, check=1)
    assert "without a proof" in refused.stderr
    altered = there.key[:-4] + ("AAAA" if not there.key.endswith("AAAA") else "BBBB")
    assert "is wrong" in govern("governance", "propose", "add-key", file, "twente", altered, check=1).stderr
    root = Ed25519Signer.generate("test.example").vkey
    govern("governance", "propose", "root-keys", file, "--key", root, "--threshold", 1, "--without-proof")
    assert "nobody has proved" in govern("governance", "check", file).stdout
    assert "--without-proof" in govern("governance", "sign", file, "--yes", check=1).stderr
    assert json.loads(file.read_text())["signatures"] == []
    signed = govern("governance", "sign", file, "--yes", "--without-proof").stdout
    assert "Signed with 3 root keys, which are all in one folder: root-1, root-2, root-3" in signed
    assert "3 signatures, 2 are needed" in signed
    again = govern("governance", "sign", file, "--yes", "--without-proof").stdout
    assert "Nothing was added: root-1 and root-2 and root-3 had signed it already" in again
    roles = ("governance", "propose", "roles", tmp_path / "roles.json", "twente", "--role", "issuer")
    assert "nothing would change" in govern(*roles, "--role", "recogniser", check=1).stderr


def test_a_key_by_which_anybody_can_sign_is_refused_whatever_is_said(govern, tmp_path):
    identity = (1).to_bytes(32, "little")
    member, root = (VerifierKey.of(name, identity) for name in ("test.example/weak", "weak.example"))
    refused = govern("member", "admit", "weak", "--key", member, "--legal-name", "Weak", "--country", "NL",
                     "--without-proof", check=1)  # fmt: skip
    assert "anybody can sign by it" in refused.stderr
    home = tmp_path / "weak"
    found = registry("consortium", "create", home, "--consortium", "weak.example", "--key", root, "--threshold", 1,
                     "--without-proof", check=1)  # fmt: skip
    assert "anybody can sign by it" in found.stderr
    registry("consortium", "create", home, "--consortium", "weak.example", "--key", porto_key(), "--keys", 3, check=2)
    assert not home.exists()


def test_a_members_content_is_printed_edited_and_proposed_again(govern, tmp_path):
    content, file = tmp_path / "twente.json", tmp_path / "revise.json"
    content.write_text(govern("governance", "show", "twente", "--content").stdout)
    assert "nothing would change" in govern("governance", "propose", "revise", file, content, check=1).stderr
    values = json.loads(content.read_text())
    content.write_text(json.dumps(values | {"homepage": "https://twente.example"}))
    said = govern("governance", "propose", "revise", file, content).stdout
    assert 'homepage: none → "https://twente.example"' in said
    del values["legalName"]
    content.write_text(json.dumps(values | {"country": "nl", "homePage": "x", "identifiers": {}}))
    refused = govern("governance", "propose", "revise", tmp_path / "x.json", content, check=1).stderr
    for problem in (
        "legalName is missing",
        "country must be two capital",
        "homePage is not a field",
        "identifiers must be",
    ):
        assert problem in refused
    assert not (tmp_path / "x.json").exists()
    govern("governance", "sign", file, "--yes", "--again")
    govern("governance", "publish", file)
    assert "already published: as entry 3" in govern("governance", "publish", file).stdout
    assert "already published: as entry 3" in govern("governance", "check", file).stdout
    assert "https://twente.example" in govern("governance", "show").stdout
    [member] = printed_json(govern("member", "list", "--json"))["items"]
    assert (member["country"], member["homepage"], member["standing"]) == ("NL", "https://twente.example", "active")
    assert "Twente" in govern("member", "list").stdout


def test_where_the_log_is_gone_nobody_is_told_to_found_again(there, govern):
    log = there.folder / "log"
    log.rename(there.folder / "unmounted")
    try:
        suspend = ("governance", "propose", "suspend", "x.json", "twente", "--reason", "rulesBroken")
        for words in (("governance", "show"), ("member", "list"), suspend):
            said = " ".join(govern(*words, check=4).stderr.split())
            assert "entries of governance were known here before. Mount the log again" in said
            said = registry(*words, home=there.home, check=4).stderr  # which has never read it
            assert "is the share mounted? (Only the consortium's founder founds.)" in said
    finally:
        shutil.rmtree(log, ignore_errors=True)
        (there.folder / "unmounted").rename(log)
