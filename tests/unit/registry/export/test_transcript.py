"""Transcripts as files: in the order of the Diploma Supplement, with what is not recorded said."""

import io

import msgspec
import pypdf
import pytest

from registry.export.document import ExportError
from registry.export.paper.transcript_page import MAX_CREDENTIALS
from registry.export.paper.wording import LANGUAGES
from registry.export.transcript import export_transcript, preview_transcript
from tests.support import portable
from tests.support.paper import COPY, DAY, layouts, portfolio
from tests.support.verapdf import CLAIMED


def text_of(exported):
    reader = pypdf.PdfReader(io.BytesIO(exported.content))
    return " ".join(" ".join(page.extract_text() for page in reader.pages).replace("\u200b", "").split())


def test_every_transcript_in_every_language_is_what_verapdf_asks_for(verapdf, tmp_path):
    files = []
    contents = [(language, portfolio()) for language in LANGUAGES]
    for language, content in [*contents, ("nl", portfolio(credentials=[*layouts().values()]))]:
        files.append(tmp_path / f"{len(files)}-{language}.pdf")
        files[-1].write_bytes(export_transcript(content, COPY, language).content)
    assert verapdf.refused(CLAIMED, files) == {}


def test_the_eight_sections_and_their_entries_are_in_order():
    text = text_of(export_transcript(portfolio(), COPY))
    numbers = [
        "1. Information identifying the holder", "1.1", "1.2", "1.3", "1.4",
        "2. Information identifying the credentials", "2.1", "2.2", "2.3", "2.4", "2.5",
        "3. Information on level and duration", "3.1", "3.2", "3.3",
        "4. Information on contents and results", "4.1", "4.2", "4.3", "4.4", "4.5",
        "5. Information on the function", "5.1", "5.2", "6. Additional information", "6.1", "6.2",
        "7. Certification", "7.1", "7.2", "7.3", "7.4", "8. Information on the national higher education system",
    ]  # fmt: skip
    places, after = [], 0
    for number in numbers:
        after = text.find(number, after)
        places.append(after)
    assert -1 not in places


def test_a_transcript_names_the_holder_the_credentials_their_parts_and_the_decision():
    text = text_of(export_transcript(portfolio(), COPY))
    for words in (
        "Żółkiewska-Núñez", "Zoë", "3 February 2001", "s2600003", "NL ENSCHED01", "institutional by NVAO",
        "counts for 3 ECTS", "a credential that has not arrived at this university", "8.5",
        "Lunds universitet, 1 September 2026: Recognised in part", "2.5 ECTS granted", "towards Masterprogram",
        "Overall classification Not recorded", "Official stamp Not recorded", "30 November 2026",
    ):  # fmt: skip
        assert words in text, words


def test_a_credential_that_is_part_of_another_is_not_counted_twice():
    stack = portable.stack()
    inside = portable.credential(credential=stack.parts[0].part.credential, ects=3.0)
    text = text_of(export_transcript(portfolio(credentials=[stack, inside]), COPY))
    assert "Credits in force that no other credential here contains: 5 ECTS" in text


def test_a_credential_that_is_not_in_force_gives_no_credits_and_is_marked():
    ended = portable.credential(status="revoked")
    text = text_of(export_transcript(portfolio(credentials=[ended]), COPY))
    assert "contains: 0 ECTS" in text
    assert "Revoked" in text


def test_without_a_decision_the_transcript_says_so():
    assert "No decision about recognition is in force" in text_of(export_transcript(portfolio(recognitions=[]), COPY))


def test_credentials_that_differ_are_named_with_their_facts():
    other = portable.credential(
        achievement=portable.achievement_content(title={"en": "Ethics"}, fieldsOfEducation=["0223"])
    )
    text = text_of(export_transcript(portfolio(credentials=[portable.credential(), other]), COPY))
    assert "Ethics Humanities (except languages) (ISCED-F 0223)" in text


@pytest.mark.parametrize(("count", "reason"), [(0, "has no credential here"), (MAX_CREDENTIALS + 1, "at most 200")])
def test_a_transcript_has_a_bounded_number_of_credentials(count, reason):
    with pytest.raises(ExportError, match=reason):
        export_transcript(portfolio(credentials=[portable.credential()] * count), COPY)


def test_the_file_tells_nobodys_name_in_its_metadata_and_is_the_same_again():
    exported = export_transcript(portfolio(), COPY)
    found = pypdf.PdfReader(io.BytesIO(exported.content))
    assert found.metadata.title == "Transcript of credentials"
    assert "kiewska" not in str(found.metadata) + found.xmp_metadata.stream.get_data().decode()
    assert export_transcript(portfolio(), COPY).content == exported.content


def test_what_no_page_shows_is_listed_once():
    person = portfolio().person | {"nationalId": "1"}
    omitted = [each.path for each in export_transcript(portfolio(person=person), COPY).omitted]
    assert "claims.nationalId" in omitted
    assert "recognitions.decision" in omitted
    assert "claims.studentNumber" not in omitted
    assert len(omitted) == len(set(omitted))


def test_a_person_without_a_name_has_no_transcript():
    with pytest.raises(ExportError, match="no name"):
        export_transcript(msgspec.structs.replace(portfolio(), person={"studentNumber": "s1"}), COPY)


def test_a_preview_has_the_pages_as_images():
    assert all(page.startswith(b"\x89PNG") for page in preview_transcript(portfolio(), DAY, dots_per_inch=30))
