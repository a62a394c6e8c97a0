"""A folder of documents: one file that the program fails on does not end the others."""

from registry.cli.evidence import document_folder
from tests.support.lookups import ports


class Broken:
    """A log whose reading fails in a way that nobody foresaw, and whose message names a person."""

    def check_receipt(self, receipt):  # noqa: ARG002 - of the port
        raise TypeError("Zoë")

    def find(self, member, credential):  # noqa: ARG002 - of the port
        raise TypeError("Zoë")


def test_an_internal_error_is_the_result_of_its_file_and_names_nobody(tmp_path):
    file = tmp_path / "a.tlog-proof"
    file.write_bytes(b"c2sp.org/tlog-proof@v1\nx\n")
    report = document_folder.verify_file(file, ports(log=Broken()))
    assert report.verdict == "cannotTell"
    assert "TypeError" in report.checks[0].sentence
    assert "Zoë" not in report.checks[0].sentence
