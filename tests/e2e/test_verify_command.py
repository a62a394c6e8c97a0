"""`registry verify` as people run it: with a node, with governance in a folder alone, and over a folder of files."""

import csv
import json
from datetime import date

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from registry.export.document import Copy
from registry.export.elm import export_elm
from registry.export.elmo import export_elmo
from registry.export.facts import portfolio_of
from tests.support.command import Consortium, printed_json, registry
from tests.support.portable import credential
from tests.support.sealing import Authority

COPY = Copy(identifier="urn:uuid:2f1c9a52-3b8e-4f60-9a41-5c2de8f07b13", issued=date(2026, 11, 30), tie="none")


@pytest.fixture(scope="module")
def made(tmp_path_factory, postgres):
    """A consortium with two credentials, one of them revoked, and a receipt of each with what it says of a person."""
    consortium = Consortium(tmp_path_factory.mktemp("verify"), postgres)
    achievement = consortium.offer()
    consortium.run("import", "file", consortium.rows(achievement, 20))
    consortium.run("views", "update")
    ids = [
        printed_json(consortium.run("learner", "show", "--student", f"s{n}", "--json"))["credentials"][0]["credential"]
        for n in (3, 7)
    ]
    consortium.run("credential", "revoke", ids[0], "--reason", "issuedInError", "--yes")
    consortium.run("publish", "--once", check=False)
    consortium.run("views", "update")
    folder = consortium.folder / "given"
    folder.mkdir()
    files = [folder / f"{name}.tlog-proof" for name in ("revoked", "good")]
    for identifier, file in zip(ids, files, strict=True):
        consortium.run("receipt", "create", "credential", identifier, "--disclosures", "--out", file)
    return consortium, files


def first_line(done):
    return done.stdout.splitlines()[0]


def check_of(report, name):
    return next(check for check in report["checks"] if check["name"] == name)


def test_a_receipt_is_valid_by_what_the_node_has_read_and_shows_the_person(made):
    consortium, (_, good) = made
    report = printed_json(consortium.run("verify", good, "--json"))
    assert report["verdict"] == "valid"
    assert (report["issuer_name"], report["issuer_name_source"]) == ("Twente", "governance")
    assert report["claims"]["studentNumber"] == "s7"
    text = consortium.run("verify", good)
    assert first_line(text).startswith("Valid: every check that matters passed.")
    assert "issuer: Twente, by the consortium's governance" in text.stdout


def test_what_was_revoked_is_not_valid(made):
    consortium, (revoked, _) = made
    report = printed_json(consortium.run("verify", revoked, "--json", check=1))
    assert report["verdict"] == "invalid"
    assert check_of(report, "status")["sentence"] == "The issuer has revoked this credential."


def test_without_a_node_a_receipt_is_genuine_and_its_present_state_open(made):
    consortium, (_, good) = made
    done = registry("verify", good, "--governance", good.parent, "--founded", consortium.founded, "--json", check=5)
    report = printed_json(done)
    results = {check["name"]: check["result"] for check in report["checks"]}
    assert (results["signature"], results["issuer"], results["onLog"]) == ("passed", "passed", "passed")
    assert results["status"] == "notChecked"
    assert report["issuer_name"] == "Twente"


def test_another_founding_vouches_for_nothing(made):
    _, (_, good) = made
    report = printed_json(
        registry("verify", good, "--governance", good.parent, "--founded", "0" * 64, "--json", check=5)
    )
    assert report["issuer_name"] is None


def test_a_changed_receipt_is_not_valid_and_claims_nothing(made, tmp_path):
    consortium, (_, good) = made
    forged = tmp_path / "forged.tlog-proof"
    text = good.read_text()
    place = text.index("extra ") + 100
    forged.write_text(text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :])
    report = printed_json(consortium.run("verify", forged, "--json", check=1))
    assert (report["verdict"], report["claims"], report["issuer_name"]) == ("invalid", {}, None)


def test_the_disclosures_of_somebody_else_are_refused(made, tmp_path):
    consortium, (revoked, good) = made
    mine = tmp_path / "mine.tlog-proof"
    mine.write_bytes(good.read_bytes())
    (tmp_path / "mine.tlog-proof.disclosures").write_bytes(
        revoked.with_name(revoked.name + ".disclosures").read_bytes()
    )
    report = printed_json(consortium.run("verify", mine, "--json", check=1))
    assert "not what the log has a digest of" in check_of(report, "onLog")["sentence"]
    assert "studentNumber" not in report["claims"]


def test_offline_and_without_a_node_what_is_missing_is_said(made):
    _, (_, good) = made
    report = printed_json(registry("verify", good, "--offline", "--json", check=5))
    assert "there is no governance here" in check_of(report, "signature")["sentence"]


def test_a_seal_is_believed_with_the_authority_that_was_named(tmp_path):
    authority = Authority()
    sealed = tmp_path / "sealed.jsonld"
    sealed.write_bytes(authority.seal().general(export_elm(credential(), COPY).content))
    anchors = tmp_path / "anchors.pem"
    anchors.write_bytes(authority.certificate.public_bytes(Encoding.PEM))
    assert "The seal's certificate says" in registry("verify", sealed, check=5).stdout
    done = registry("verify", sealed, "--trust", anchors)
    assert first_line(done).startswith("Valid, with a warning")
    assert "as the seal's certificate says; governance does not know it" in done.stdout
    assert "certificate: not checked. Whether the certificate was revoked could not be checked" in done.stdout
    anchors.write_text("nobody")
    assert "cannot be used" in registry("verify", sealed, "--trust", anchors, check=2).stderr


def test_a_folder_has_a_result_for_each_file_and_goes_on_past_bad_ones(made, tmp_path):
    consortium, (revoked, good) = made
    folder = tmp_path / "applications"
    folder.mkdir()
    for file in (revoked, good):
        (folder / file.name).write_bytes(file.read_bytes())
        beside = file.with_name(file.name + ".disclosures")
        (folder / beside.name).write_bytes(beside.read_bytes())
    (folder / "=1+1.txt").write_text("Dear Sir or Madam")
    (folder / "broken.xml").write_text("<elmo")
    (folder / "transcript.xml").write_bytes(export_elmo(portfolio_of(credential()), COPY).content)
    (folder / "unreadable").symlink_to("/nowhere")
    report = tmp_path / "results.csv"
    done = consortium.run("verify", folder, "--report", report, check=1)
    assert "5 files: 1 valid, 0 valid with a warning, 1 not valid, 3 of which we cannot tell" in done.stdout
    rows = {row["file"].rpartition("/")[2]: row for row in csv.DictReader(report.read_text().splitlines())}
    assert rows["good.tlog-proof"]["verdict"] == "valid"
    assert rows["good.tlog-proof"]["issuerName"] == "Twente"
    assert rows["revoked.tlog-proof"]["reason"] == "The issuer has revoked this credential."
    assert rows["transcript.xml"]["signature"] == "notChecked"
    assert "Jansen" not in report.read_text()
    whole = tmp_path / "results.json"
    consortium.run("verify", folder, "--report", whole, check=1)
    [valid] = [each for each in json.loads(whole.read_text()) if each["report"]["verdict"] == "valid"]
    assert valid["report"]["claims"]["studentNumber"] == "s7"


@pytest.mark.parametrize(
    "words",
    [
        ("--governance", "x"),
        ("--nonce", "x"),
        ("--report", "x.csv"),
        ("http://example.org/credential", "--json"),
    ],
)
def test_options_that_mean_nothing_alone_are_refused(made, words):
    _, (_, good) = made
    registry("verify", *([] if words[0].startswith("http") else [good]), *words, check=2)
