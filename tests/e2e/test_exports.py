"""Exports by command: one document, a term's, a portfolio; and what is refused."""

import json

import pytest
from joserfc.jwk import ECKey

from registry.export.formats import FORMATS
from tests.support.command import Consortium, printed_json, registry

CREDENTIAL_FORMATS = [each.name for each in FORMATS.list_formats("credential")]
PORTFOLIO_FORMATS = [each.name for each in FORMATS.list_formats("portfolio")]
NEEDS_HOLDER = {each.name for each in FORMATS.list_formats("credential") if each.needs_holder}


@pytest.fixture(scope="module")
def made(tmp_path_factory, postgres):
    """A node with a public address, an issuing key and a dozen credentials, of which one is revoked."""
    consortium = Consortium(tmp_path_factory.mktemp("exports"), postgres)
    file = consortium.home / "registry.toml"
    file.write_text('public_url = "https://registry.twente.example"\n' + file.read_text())
    consortium.achievement = consortium.offer()
    consortium.run("import", "file", consortium.rows(consortium.achievement, 12))
    consortium.run("issuing-key", "create", "--profile", "open")
    consortium.run("views", "update")
    held = [printed_json(consortium.run("learner", "show", "--student", f"s{n}", "--json")) for n in (0, 1)]
    consortium.ids = [each["credentials"][0]["credential"] for each in held]
    consortium.all = held[0]["learner"]
    consortium.run("credential", "revoke", consortium.ids[1], "--reason", "issuedInError", "--yes")
    consortium.run("views", "update")
    return consortium


@pytest.fixture
def holder(tmp_path):
    file = tmp_path / "wallet.jwk"
    file.write_text(json.dumps(ECKey.generate_key("P-256").as_dict(private=False)))
    return file


@pytest.mark.parametrize("name", CREDENTIAL_FORMATS)
def test_a_credential_is_written_in_each_format_to_a_file_that_its_owner_alone_reads(made, tmp_path, holder, name):
    out = tmp_path / "document"
    bound = ["--holder", holder] if name in NEEDS_HOLDER else []
    done = made.run("credential", "export", made.ids[0], "--format", name, "-o", out, *bound)
    assert str(out) in done.stdout
    assert out.stat().st_mode & 0o777 == 0o600
    assert out.read_bytes()
    assert "not in it: " in done.stderr
    assert (
        f"{out} exists" in made.run("credential", "export", made.ids[0], "-f", name, "-o", out, *bound, check=2).stderr
    )


@pytest.mark.parametrize("name", PORTFOLIO_FORMATS)
def test_a_portfolio_is_written_in_each_format(made, tmp_path, name):
    out = tmp_path / "document"
    made.run("learner", "portfolio", made.all, "--format", name, "-o", out)
    assert out.read_bytes()
    with_number = made.run("learner", "portfolio", "--student", "s0", "--format", name, "-o", out, "--force")
    assert str(out) in with_number.stdout


def test_standard_output_has_the_document_and_nothing_else(made):
    done = made.run("credential", "export", made.ids[0], "--format", "elmo", "-o", "-")
    assert done.stdout.startswith("<?xml")
    assert done.stdout.rstrip().endswith("elmo>")


def test_a_revoked_credential_is_refused_with_the_reason(made, tmp_path):
    out = tmp_path / "document"
    done = made.run("credential", "export", made.ids[1], "--format", "elmo", "-o", out, check=1)
    assert "It was revoked. No document of a revoked credential is made." in done.stderr
    assert not out.exists()


def test_a_terms_certificates_are_written_with_a_report_and_the_run_says_that_some_are_not(made, tmp_path):
    folder = tmp_path / "term"
    term = ["--achievement", made.achievement, "--awarded", "2026-06-01..2026-06-30", "--format", "pdf", "-o", folder]
    done = made.run("credential", "export", *term, check=1)
    assert "11 files written" in done.stdout
    assert f"1 credential not exported: {folder / 'report.csv'} says why" in done.stdout
    assert len(list(folder.glob("*.pdf"))) == 11
    assert "11 there before" in made.run("credential", "export", *term, check=1).stdout
    none = ["--achievement", made.achievement, "--awarded", "..2026-05-31", "--format", "pdf", "-o", tmp_path / "none"]
    assert "no credential of this achievement was awarded" in made.run("credential", "export", *none, check=1).stderr


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["--format", "docx"], 1, "is not a format of a credential; there are:"),
        (["--format", "elmo", "--profile", "open"], 1, "has no profile"),
        (["--format", "elmo", "--awarded", "2026-01-01.."], 2, "goes with --achievement"),
        (["--format", "elmo", "--achievement", "A"], 2, "give either one credential or --achievement"),
        (["--format", "sd-jwt-vc"], 1, "is bound to the holder's key"),
    ],
)
def test_words_that_do_not_fit_are_refused(made, words, code, says):
    done = made.run("credential", "export", made.ids[0], "-o", "-", *words, check=code)
    assert says in " ".join(done.stderr.replace("│", " ").split())
    assert not done.stdout


def test_many_documents_are_never_written_to_standard_output(made):
    done = made.run("credential", "export", "--achievement", made.achievement, "-f", "pdf", "-o", "-", check=2)
    assert "standard output takes one document" in done.stderr


def test_the_formats_are_listed_with_what_each_cannot_carry():
    listed = printed_json(registry("credential", "formats", "--json"))["items"]
    assert [(each["name"], each["made_of"]) for each in listed] == [
        *((name, "credential") for name in CREDENTIAL_FORMATS),
        *((name, "portfolio") for name in PORTFOLIO_FORMATS),
    ]
    assert all(each["cannot_carry"] for each in listed)
    assert listed[0]["title"] in registry("credential", "formats").stdout
