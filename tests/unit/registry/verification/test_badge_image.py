import struct
import zlib
from datetime import UTC, datetime

import pytest

from registry.export.badge_image import export_badge_image
from registry.verification.badge_image import NoCredential, extract, open_badge_image
from registry.verification.credential_form import MAX_BYTES
from tests.support import portable
from tests.support.signer import KeySigner, KeyTable, make_copy

IMAGES = {
    form: export_badge_image(portable.credential(), make_copy(), KeySigner(), form).content for form in ("svg", "png")
}
END = struct.pack(">I4sI", 0, b"IEND", zlib.crc32(b"IEND"))


def chunk(kind, data):
    return struct.pack(">I4s", len(data), kind) + data + struct.pack(">I", zlib.crc32(kind + data))


def png(*chunks):
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks) + END


@pytest.mark.parametrize("form", ["svg", "png"])
def test_the_credential_is_found(form):
    assert extract(IMAGES[form]).startswith(b'{"@context":')


def test_a_compressed_text_is_read_too():
    text = b"openbadgecredential\0\1\0\0\0" + zlib.compress(b"{}")
    assert extract(png(chunk(b"iTXt", text))) == b"{}"


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (png(), "no credential"),
        (png(*[chunk(b"iTXt", b"openbadgecredential\0\0\0\0\0{}")] * 2), "2 credentials"),
        (png(chunk(b"tEXt", b"openbadgecredential\0{}")), "does not use"),
        (png(chunk(b"iTXt", b"openbadges\0\0\0\0\0{}")), "Open Badges 2"),
        (png(chunk(b"iTXt", b"openbadgecredential\0\1\0\0\0" + zlib.compress(b" " * (MAX_BYTES + 9)))), "more than"),
        (png(chunk(b"iTXt", b"openbadgecredential\0\1\0\0\0xx")), "damaged"),
        (png(chunk(b"iTXt", b"openbadgecredential\0\1\7\0\0xx")), "unknown way"),
        (png(chunk(b"iTXt", b"openbadgecredential\0\0")), "cannot be read"),
        (png(chunk(b"iTXt", b"openbadgecredential\0\0\0\0\0{}")[:-1] + b"\0"), "check sum"),
        (IMAGES["png"][:200], "cut off"),
        (b"\x89PNG\r\n\x1a\n" + struct.pack(">I4s", 2**31, b"IDAT"), "cut off"),
        (b"<svg", "no SVG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no credential"),
        (IMAGES["svg"].replace(b"</svg>", b"<openbadges:credential>{}</openbadges:credential></svg>"), "2 credentials"),
        (b'<!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns:o="https://purl.imsglobal.org/ob/v3p0"><o:credential/></svg>',
         "entities"),
        (b'<svg xmlns:o="http://openbadges.org"><o:assertion verify="https://x.example"/></svg>', "Open Badges 2"),
    ],
)  # fmt: skip
def test_other_images_are_refused_for_their_reason(image, reason):
    with pytest.raises(NoCredential, match=reason):
        extract(image)


def test_an_image_without_a_credential_claims_nothing():
    opened = open_badge_image(png(), KeyTable(), at=datetime(2026, 8, 1, tzinfo=UTC))
    assert [check.result for check in opened.checks] == ["failed"]
    assert "no credential in it" in opened.checks[0].sentence


def test_an_entity_that_names_a_file_is_not_read():
    with pytest.raises(NoCredential):
        extract(
            b'<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/hostname">]><svg xmlns:o="https://purl.imsglobal.org/ob/v3p0">'
            b"<o:credential>&a;</o:credential></svg>"
        )
