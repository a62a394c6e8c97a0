"""Saved reasons: every code in every language, and an office's own wording before the project's."""

import pytest

from registry.office.errors import OfficeFileError
from registry.office.reasons.reasons import KINDS, reasons

CODES = sorted(code for codes in KINDS.values() for code in codes)


@pytest.mark.parametrize("language", ["en", "nl", "pt", "sv", "de", "fr"])
def test_every_code_has_its_own_sentence_in_each_language(language):
    known = reasons()
    texts = [known.all(code)[language] for code in CODES]
    assert len(set(texts)) == len(CODES)
    assert all(text.endswith(".") and text[0].isupper() for text in texts)


def test_a_code_stands_for_one_thing_whatever_its_kind():
    assert len(CODES) == len(set(CODES)) == 42


def test_a_language_that_is_not_there_is_told_in_its_main_language_or_in_english():
    known = reasons()
    assert known.text("revoked", "pt-BR") == known.text("revoked", "pt")
    assert known.text("revoked", "fi") == known.text("revoked", "en")
    with pytest.raises(KeyError):
        known.text("nothing", "en")


def test_an_offices_own_wording_and_languages_go_before(tmp_path):
    (tmp_path / "nl.toml").write_text('[formal]\nrevoked = "Ingetrokken."\n')
    (tmp_path / "fi.toml").write_text('[level]\nlowerLevel = "Taso on alempi."\n', encoding="utf-8")
    known = reasons(tmp_path)
    assert known.text("revoked", "nl") == "Ingetrokken."
    assert known.text("notAuthentic", "nl") == reasons().text("notAuthentic", "nl")
    assert known.text("lowerLevel", "fi") == "Taso on alempi."
    assert "fi" in known.languages
    assert "fi" not in reasons().languages


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('[formal]\nrevokd = "x"\n', "formal has no code revokd"),
        ('[grounds]\nrevoked = "x"\n', "there is no kind grounds"),
        ("[formal]\nrevoked = 7\n", "formal.revoked is not text"),
        ('[formal]\nrevoked = " "\n', "formal.revoked is not text"),
        ("revoked", "nl.toml"),
        (b"\xff", "nl.toml"),
    ],
)
def test_a_file_of_the_offices_own_that_is_wrong_is_named_with_the_place(tmp_path, content, says):
    (tmp_path / "nl.toml").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(OfficeFileError, match=says):
        reasons(tmp_path)
