"""Files inside a PDF: what comes out, and what PDFs that mean harm are refused for."""

import contextlib
import io
import time
import zlib
from datetime import UTC, datetime

import msgspec
import pypdf
import pytest
from pypdf.generic import (
    ArrayObject,
    ByteStringObject,
    DictionaryObject,
    NameObject,
    NumberObject,
    StreamObject,
    TextStringObject,
)

from registry.export.certificate import export_certificate
from registry.export.document import Attachment
from registry.export.open_badges import export_open_badge
from registry.verification.pdf import (
    MAX_ATTACHED_BYTES,
    MAX_ATTACHMENTS,
    MAX_BYTES,
    UnreadablePdf,
    open_pdf,
)
from registry.verification.pdf_checks import check_pdf
from registry.verification.verifier import VerificationReport, verify_document
from tests.support import portable
from tests.support.lookups import Members, announced, ports
from tests.support.paper import COPY
from tests.support.signer import KeySigner, KeyTable, make_copy

OTHER = "00000000-0000-4000-8000-000000000000"


def certificate(*files):
    return export_certificate(portable.credential(), COPY, attachments=list(files)).content


def changed(change, content=None):
    """A PDF after `change` worked on its writer."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(content or certificate()))
    change(writer)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def embedded(writer, data, **entries):
    """A file specification of a stream with this data, as it is."""
    stream = StreamObject()
    stream.set_data(data)
    stream[NameObject("/Type")] = NameObject("/EmbeddedFile")
    for name, value in entries.items():
        stream[NameObject(f"/{name}")] = value
    reference = writer._add_object(stream)  # noqa: SLF001 - the library has no other way to make a broken file
    return DictionaryObject({
        NameObject("/UF"): TextStringObject("file"),
        NameObject("/EF"): DictionaryObject({NameObject("/F"): reference}),
    })  # fmt: skip


def attach(*specifications):
    def change(writer):
        writer.root_object[NameObject("/AF")] = ArrayObject([each(writer) for each in specifications])

    return change


def sentences(checks, result):
    return [check.sentence for check in checks if check.result == result]


def test_the_files_of_a_certificate_come_back_as_they_went_in():
    badge = Attachment("badge.png", "image/png", bytes(range(256)) * 40, "The badge")
    document = Attachment("credential.json", "application/vc", '{"ö": 1}'.encode(), "Open Badges 3.0")
    pdf = open_pdf(certificate(badge, document))
    found = {each.name: (each.media_type, each.content, each.description) for each in pdf.attachments}
    assert found.keys() == {"receipt.tlog-proof", "badge.png", "credential.json"}
    assert found["badge.png"] == ("image/png", badge.content, "The badge")
    assert found["credential.json"] == ("application/vc", document.content, "Open Badges 3.0")
    assert pdf.linked == [portable.CREDENTIAL]
    assert not pdf.has_scripts
    assert not pdf.has_signature


def test_a_file_is_found_in_the_names_in_the_associated_files_and_on_a_page():
    def change(writer):
        note = DictionaryObject({
            NameObject("/Subtype"): NameObject("/FileAttachment"),
            NameObject("/FS"): embedded(writer, b"on a page"),
        })  # fmt: skip
        writer.pages[0][NameObject("/Annots")] = ArrayObject([note])
        writer.root_object[NameObject("/AF")] = ArrayObject([embedded(writer, b"associated")])
        writer.add_attachment("named.txt", b"named")

    assert {each.content for each in open_pdf(changed(change)).attachments} >= {b"on a page", b"associated", b"named"}


@pytest.mark.parametrize(
    "change",
    [
        lambda writer: writer.root_object.update({
            NameObject("/Names"): DictionaryObject({NameObject("/JavaScript"): DictionaryObject()}),
        }),
        lambda writer: writer.root_object.update({
            NameObject("/OpenAction"): DictionaryObject({NameObject("/S"): NameObject("/Launch")}),
        }),
        lambda writer: writer.root_object.update({NameObject("/AA"): DictionaryObject()}),
        lambda writer: writer.pages[0].update({
            NameObject("/Annots"): ArrayObject([
                DictionaryObject({
                    NameObject("/A"): DictionaryObject({NameObject("/S"): NameObject("/SubmitForm")}),
                })
            ]),
        }),
    ],
    ids=["script", "program", "event", "form"],
)  # fmt: skip
def test_scripts_and_actions_are_ignored_and_said(change):
    pdf = open_pdf(changed(change))
    assert pdf.has_scripts
    assert "The PDF holds scripts or actions. They were ignored, and a credential needs none." in sentences(
        check_pdf(pdf, []), "warning"
    )
    assert [each.name for each in pdf.attachments] == ["receipt.tlog-proof"]
    assert not open_pdf(certificate()).has_scripts


def test_a_signature_over_the_pdf_is_said_not_to_be_checked():
    def change(writer):
        form = DictionaryObject({NameObject("/SigFlags"): NumberObject(3)})
        writer.root_object[NameObject("/AcroForm")] = form

    pdf = open_pdf(changed(change))
    assert pdf.has_signature
    assert "The PDF itself is signed, too. That signature was not checked." in sentences(
        check_pdf(pdf, []), "notChecked"
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not a PDF"),
        (b"PK\x03\x04", "not a PDF"),
        (b"%PDF-1.7\n", "damaged"),
        (b"%PDF-1.7\n" + b"\x00" * 2_000, "damaged"),
        (b"%PDF-1.7\n1 0 obj\n" + b"[" * 50_000, "damaged"),
        (b"%PDF-1.7" + b" " * MAX_BYTES, "over 12,000,000 bytes"),
    ],
    ids=["empty", "archive", "header", "zeros", "nested", "large"],
)
def test_what_is_no_readable_pdf_is_refused(content, reason):
    with pytest.raises(UnreadablePdf, match=reason):
        open_pdf(content)


def test_an_encrypted_pdf_is_refused_whatever_its_password():
    content = changed(lambda writer: writer.encrypt("", "owner", algorithm="AES-256"))
    with pytest.raises(UnreadablePdf, match="encrypted"):
        open_pdf(content)


def test_a_file_that_grows_when_it_is_decompressed_is_refused_before_it_has_grown():
    bomb = zlib.compress(b"\x00" * (MAX_ATTACHED_BYTES * 20), 9)
    content = changed(attach(lambda writer: embedded(writer, bomb, Filter=NameObject("/FlateDecode"))))
    begin = time.process_time()
    with pytest.raises(UnreadablePdf, match="over 8,000,000 bytes"):
        open_pdf(content)
    assert time.process_time() - begin < 2


def test_files_that_are_too_large_together_are_refused():
    half = zlib.compress(b"\x00" * (MAX_ATTACHED_BYTES // 2 + 1), 9)
    many = [lambda writer: embedded(writer, half, Filter=NameObject("/FlateDecode"))] * 2
    with pytest.raises(UnreadablePdf, match="over 8,000,000 bytes"):
        open_pdf(changed(attach(*many)))


def test_too_many_files_are_refused():
    with pytest.raises(UnreadablePdf, match="over 50 files"):
        open_pdf(changed(attach(*[lambda writer: embedded(writer, b"x")] * (MAX_ATTACHMENTS + 1))))


@pytest.mark.parametrize(
    ("data", "entries", "reason"),
    [
        (b"x", {"Filter": NameObject("/LZWDecode")}, "compressed in an unusual way"),
        (b"x", {"Filter": ArrayObject([NameObject("/FlateDecode")] * 2)}, "compressed in an unusual way"),
        (b"not zlib", {"Filter": NameObject("/FlateDecode")}, "damaged"),
        (zlib.compress(b"x" * 999)[:-8], {"Filter": NameObject("/FlateDecode")}, "cut off"),
    ],
)
def test_a_file_that_is_not_stored_as_pdf_a_stores_it_is_refused(data, entries, reason):
    with pytest.raises(UnreadablePdf, match=reason):
        open_pdf(changed(attach(lambda writer: embedded(writer, data, **entries))))


def test_a_tree_of_names_that_holds_itself_ends():
    def change(writer):
        node = DictionaryObject()
        reference = writer._add_object(node)  # noqa: SLF001 - as above
        node[NameObject("/Kids")] = ArrayObject([reference])
        writer.root_object[NameObject("/Names")] = DictionaryObject({NameObject("/EmbeddedFiles"): reference})

    with pytest.raises(UnreadablePdf, match="hold themselves"):
        open_pdf(changed(change))


def test_every_byte_that_is_cut_off_or_changed_is_read_or_refused_and_nothing_else():
    whole = certificate()
    for place in range(0, len(whole), 2_999):
        for content in (whole[:place], whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :]):
            with contextlib.suppress(UnreadablePdf):  # any other error fails the test
                open_pdf(content)


def document(credential=portable.CREDENTIAL, **claims):
    return VerificationReport(
        verdict="valid", summary="", format=None, format_name=None, claims=claims, credential=credential
    )


def test_the_pages_are_never_said_to_be_checked():
    checks = check_pdf(open_pdf(certificate()), [document(title="Data literacy")])
    assert [(check.name, check.result) for check in checks] == [("parsed", "passed"), ("schema", "warning")]
    assert "anybody can change what is drawn" in checks[1].sentence


def test_a_pdf_without_files_proves_nothing():
    writer = pypdf.PdfWriter()
    writer.add_blank_page(100, 100)
    out = io.BytesIO()
    writer.write(out)
    [check, _] = check_pdf(open_pdf(out.getvalue()), [])
    assert (check.result, check.sentence[:40]) == ("notChecked", "The PDF holds no file that proves anythi")


class Known(Members):
    """Twente announced one key, and governance knows its issuer."""

    def find(self, issuer):  # noqa: ARG002 - of the port
        return self.member

    def find_keys(self, jwk):
        return [msgspec.structs.replace(announced(), jwk=jwk)]


def test_a_pdf_with_genuine_files_under_any_pages_is_at_most_valid_with_a_warning():
    badge = export_open_badge(portable.credential(), make_copy(tie="none"), KeySigner()).content
    answers = ports(keys=KeyTable(), members=Known(), at=datetime(2026, 8, 1, tzinfo=UTC))
    assert verify_document(badge, answers).verdict == "validWithWarning"
    report = verify_document(certificate(Attachment("credential.json", "application/vc", badge, "")), answers)
    assert (report.verdict, [each.verdict for each in report.contained]) == ("validWithWarning", ["validWithWarning"])


def test_a_scan_without_files_is_not_called_forged():
    writer = pypdf.PdfWriter()
    writer.add_blank_page(100, 100)
    out = io.BytesIO()
    writer.write(out)
    assert verify_document(out.getvalue(), ports()).verdict == "cannotTell"


def test_files_about_two_credentials_contradict_a_certificate():
    checks = check_pdf(open_pdf(certificate()), [document(), document(OTHER)])
    assert "The files inside the PDF are about different credentials. A certificate is about one." in sentences(
        checks, "failed"
    )


def test_a_page_that_links_to_another_credential_than_the_file_is_refused():
    checks = check_pdf(open_pdf(certificate()), [document(OTHER)])
    assert sentences(checks, "failed") == [
        "The page links to the verification of another credential than the one inside the PDF."
    ]


@pytest.mark.parametrize(
    ("claims", "is_contradicted"),
    [({"title": "Data literacy", "ects": 5}, False), ({}, False), ({"ects": 30}, True), ({"givenName": "Eve"}, True)],
)
def test_two_files_about_one_credential_must_say_the_same(claims, is_contradicted):
    checks = check_pdf(open_pdf(certificate()), [document(ects=5, givenName="Zoë"), document(**claims)])
    expected = ["Two files inside the PDF contradict each other, though they are about one credential."]
    assert sentences(checks, "failed") == (expected if is_contradicted else [])


def test_names_and_descriptions_of_files_are_short_texts():
    def change(writer):
        specification = embedded(writer, b"x", Subtype=NameObject("/" + "y" * 900))
        specification[NameObject("/UF")] = TextStringObject("n" * 5_000)
        specification[NameObject("/Desc")] = ByteStringObject(b"\xff" * 5_000)
        writer.root_object[NameObject("/AF")] = ArrayObject([specification])

    for each in open_pdf(changed(change)).attachments:
        assert max(len(each.name), len(each.media_type), len(each.description)) <= 1_000
        assert len(each.name) <= 200
