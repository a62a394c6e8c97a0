"""A folder of documents: one file that the program fails on does not end the others."""

import csv

from registry.cli.evidence import document_folder
from registry.cli.evidence.document_folder import FileResult
from registry.export.certificate import export_certificate
from registry.export.document import Attachment
from registry.export.open_badges import export_open_badge
from registry.verification.verifier import verify_document
from tests.support.lookups import ports
from tests.support.portable import credential
from tests.support.signer import KeySigner, KeyTable, make_copy


class Broken:
    """Keys whose reading fails in a way that nobody foresaw, with a message that names a person."""

    def resolve(self, issuer, key_id, x5c=()):  # noqa: ARG002 - of the port
        raise TypeError("Zoë")


def test_an_internal_error_is_the_result_of_its_file_and_names_nobody(tmp_path):
    file = tmp_path / "badge.json"
    file.write_bytes(export_open_badge(credential(), make_copy(), KeySigner()).content)
    report = document_folder.verify_file(file, ports(keys=Broken()))
    assert (report.verdict, report.summary) == ("cannotTell", "We cannot tell: the program failed on this file.")
    assert "TypeError" in report.checks[0].sentence
    assert "Zoë" not in report.checks[0].sentence


def test_a_file_that_cannot_be_read_is_said_to_be_unread(tmp_path):
    report = document_folder.verify_file(tmp_path, ports())
    assert report.summary == "We cannot tell: the file could not be read."


def test_the_table_of_a_folder_says_what_is_inside_of_each_file():
    badges = [Attachment(f"{name}.json", "application/vc", badge(), "Badge") for name in "ab"]
    certificate = export_certificate(credential(), make_copy(), attachments=badges)
    reports = [verify_document(content, ports(keys=KeyTable())) for content in (certificate.content, badge())]
    results = [FileResult(name, report) for name, report in zip(("a.pdf", "b.json"), reports, strict=True)]
    whole, single = csv.DictReader(document_folder.write_csv(results).decode().splitlines())
    assert whole["inside"] == "2"
    assert whole["insideFormats"] == "Open Badge 3.0; Open Badge 3.0"
    assert whole["insideVerdicts"].split("; ") == [report.verdict for report in reports[0].contained]
    assert whole["insideIssuers"] == "?; ?"
    assert (single["inside"], single["insideVerdicts"]) == ("", "")
    assert "Zoë" not in str(whole)


def badge():
    return export_open_badge(credential(), make_copy(), KeySigner()).content
