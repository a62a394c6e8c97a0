"""A folder of documents: one file that the program fails on does not end the others."""

from registry.cli.evidence import document_folder
from registry.export.open_badges import export_open_badge
from tests.support.lookups import ports
from tests.support.portable import credential
from tests.support.signer import KeySigner, make_copy


class Broken:
    """Keys whose reading fails in a way that nobody foresaw, with a message that names a person."""

    def resolve(self, issuer, key_id, x5c=()):  # noqa: ARG002 - of the port
        raise TypeError("Zoë")


def test_an_internal_error_is_the_result_of_its_file_and_names_nobody(tmp_path):
    file = tmp_path / "badge.json"
    file.write_bytes(export_open_badge(credential(), make_copy(), KeySigner()).content)
    report = document_folder.verify_file(file, ports(keys=Broken()))
    assert report.verdict == "cannotTell"
    assert "TypeError" in report.checks[0].sentence
    assert "Zoë" not in report.checks[0].sentence
