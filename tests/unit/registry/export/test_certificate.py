"""Certificates as files: what standards, another reader, and the same facts again say of them."""

import io

import msgspec
import pypdf
import pytest

from registry.export.certificate import export_certificate, preview_certificate
from registry.export.document import Attachment, ExportError
from registry.export.paper.sheet import MAX_ATTACHED_BYTES, MAX_ATTACHMENTS
from registry.export.paper.wording import LANGUAGES
from tests.support import portable
from tests.support.paper import COPY, DAY, LONG, layouts, little
from tests.support.verapdf import CLAIMED


def read(exported):
    return pypdf.PdfReader(io.BytesIO(exported.content))


def text_of(exported):
    return " ".join(" ".join(page.extract_text() for page in read(exported).pages).replace("\u200b", "").split())


def test_every_layout_and_every_language_is_what_verapdf_asks_for(verapdf, tmp_path):
    image = Attachment("badge.png", "image/png", bytes(range(256)) * 20, "The badge")
    cases = [("en", name) for name in layouts()] + [(language, "stack") for language in LANGUAGES if language != "en"]
    files = [tmp_path / f"{language}-{name.replace(' ', '-')}.pdf" for language, name in cases]
    for file, (language, name) in zip(files, cases, strict=True):
        file.write_bytes(export_certificate(layouts()[name], COPY, language, [image]).content)
    assert len(files) == 13
    assert verapdf.refused(CLAIMED, files) == {}


def test_a_certificate_says_all_that_the_recommendation_asks_for():
    text = text_of(export_certificate(portable.credential(), COPY))
    for words in (
        "University of Twente", "Zoë Żółkiewska-Núñez", "3 February 2001", "Data literacy", "Dublin City University",
        "5 ECTS", "EQF level 6", "NLQF 6", "ISCED-F 0612", "Chooses a chart that does not mislead", "Project work",
        "Supervised on site; identity verified", "NVAO", "8.5", "8,5", "With distinction", "from 1 to 10",
        "5 June 2026", "5 June 2031", "Can count towards a larger credential", "Minor in data", "School mathematics",
        "Saxion", "Taught in the spring term.", portable.CREDENTIAL, "140 hours", "English",
        f"https://registry.twente.example/verify/twente/{portable.CREDENTIAL}", "eciu.example/twente, entry 41",
    ):  # fmt: skip
        assert words in text, words
    assert "s2600003" not in text


def test_words_dates_and_numbers_are_of_the_language_and_names_stay():
    text = text_of(export_certificate(portable.credential(ects=2.5), COPY, "nl"))
    for words in ("Hiermee wordt verklaard", "Datageletterdheid", "2,5 ECTS", "5 juni 2026", "University of Twente"):
        assert words in text, words
    assert "Chooses a chart that does not mislead" in text  # there is no Dutch


def test_what_people_wrote_stands_there_as_they_wrote_it():
    text = text_of(export_certificate(layouts()["hostile"], COPY))
    for words in ("#panic() *Ada* $x$", '#sys.inputs "quoted" [x] = y _z_', "gpj.exe `<b>` \\ // @ref"):
        assert words in text, words


def test_a_long_certificate_keeps_every_outcome_and_its_code_on_the_first_page():
    exported = export_certificate(layouts()["many outcomes"], COPY)
    text = text_of(exported)
    assert all(f"{number}. {LONG}" in text for number in range(60))
    [first, *others] = [len(page.get("/Annots", [])) for page in read(exported).pages]
    assert (first, sum(others)) == (1, 0)


def test_parts_are_listed_and_one_that_is_not_known_here_is_said():
    text = text_of(export_certificate(portable.stack(), COPY))
    assert "Dublin City University 3 ECTS" in text
    assert "a credential that has not arrived at this university lund 2 ECTS" in text


@pytest.mark.parametrize(
    ("status", "words"),
    [("revoked", "has revoked this credential"), ("suspended", "is suspended"), ("replaced", "has replaced this one")],
)
def test_a_certificate_of_a_credential_that_is_not_in_force_says_so(status, words):
    assert words in text_of(export_certificate(portable.credential(status=status), COPY))
    assert words not in text_of(export_certificate(portable.credential(), COPY))


def test_the_same_facts_make_the_same_bytes_and_another_day_others():
    later = msgspec.structs.replace(COPY, issued=DAY.replace(day=29))
    first = export_certificate(portable.credential(), COPY).content
    assert export_certificate(portable.credential(), COPY).content == first
    assert export_certificate(portable.credential(), later).content != first


def test_title_author_and_day_are_in_the_file_and_nobodys_name_is():
    exported = export_certificate(portable.credential(), COPY, "nl")
    found = read(exported)
    assert found.metadata.title == "Datageletterdheid"
    assert found.metadata.author == "University of Twente"
    assert found.metadata.creation_date.date() == DAY
    assert found.trailer["/Root"]["/Lang"] == "nl"
    described = str(found.metadata) + found.xmp_metadata.stream.get_data().decode()
    assert not any(name in described for name in ("Zo", "kiewska", "2001"))


def test_the_receipt_and_the_files_are_inside_byte_by_byte():
    files = [
        Attachment("credential.json", "application/vc", '{"a": "ö"}'.encode(), "Open Badges 3.0"),
        Attachment("badge.png", "image/png", b"\x89PNG\xff\x00\xfe", "The badge"),
    ]
    found = read(export_certificate(portable.credential(), COPY, attachments=files))
    assert found.attachments == {
        "receipt.tlog-proof": [b"a receipt\n"], "credential.json": [files[0].content], "badge.png": [files[1].content],
    }  # fmt: skip
    described = {each["/UF"]: each for each in (each.get_object() for each in found.trailer["/Root"]["/AF"])}
    assert described["receipt.tlog-proof"]["/AFRelationship"] == "/Data"
    assert described["badge.png"]["/AFRelationship"] == "/Alternative"
    assert described["badge.png"]["/EF"]["/F"].get_object()["/Subtype"] == "/image/png"


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ([Attachment("a.txt", "text/plain", b"", "")] * 2, "two files inside a PDF have the same name"),
        ([Attachment("../a", "text/plain", b"", "")], "letters, digits, points and hyphens"),
        ([Attachment("a", "text", b"", "")], "no media type"),
        ([Attachment("a", "text/plain", b"x" * (MAX_ATTACHED_BYTES + 1), "")], "at most 4,000,000 bytes"),
        ([Attachment(f"a{n}", "text/plain", b"", "") for n in range(MAX_ATTACHMENTS + 1)], "at most 20 files"),
    ],
)
def test_files_that_do_not_belong_into_a_pdf_are_refused(files, reason):
    with pytest.raises(ExportError, match=reason):
        export_certificate(little(), COPY, attachments=files)


def test_without_a_public_address_there_is_a_number_and_no_code():
    exported = export_certificate(little(), COPY)
    text = text_of(exported)
    assert "has no public page" in text
    assert portable.CREDENTIAL in text
    assert "no credits" not in text
    assert "140 hours" in text
    assert read(exported).attachments == {}


def test_nobody_is_certified_without_a_name():
    with pytest.raises(ExportError, match="no name of its holder is known here"):
        export_certificate(portable.credential(claims={"grade": "8"}), COPY)


def test_a_character_that_no_font_has_is_named_and_nothing_else_of_the_name():
    with pytest.raises(ExportError, match=r"U\+738B") as refused:
        export_certificate(portable.credential(claims={"familyName": "Ada 王小明"}), COPY)
    assert "Ada" not in str(refused.value)


def test_what_the_page_does_not_show_is_listed():
    claims = portable.PERSON | {"nationalId": "123", "cnf": {"jwk": {}}, "studentNumber": "s1"}
    omitted = export_certificate(portable.credential(claims=claims), COPY).omitted
    assert [each.path for each in omitted] == [
        "claims.cnf", "claims.nationalId", "claims.studentNumber", "learner", "disclosures",
        "achievement.learningOutcomes.escoSkills", "issuer.identifiers", "issuer.accreditations",
    ]  # fmt: skip
    assert all(each.reason.endswith(".") for each in omitted)


def test_a_preview_has_the_pages_as_images():
    pages = preview_certificate(portable.credential(), DAY, "fr", dots_per_inch=40)
    assert len(pages) == len(read(export_certificate(portable.credential(), COPY, "fr")).pages) == 2
    assert all(page.startswith(b"\x89PNG") for page in pages)
