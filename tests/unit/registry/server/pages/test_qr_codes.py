"""QR codes in photos, and what is no photo."""

import io
import struct
import zlib

import pytest
import segno
from PIL import Image

from registry.server.pages.qr_codes import UnreadableImage, read_qr_codes

LINK = "https://registry.twente.example/verify/twente/1018211e-6f0c-4f3b-9d0e-2b1f6a7c8d90"


def drawn():
    drawing = io.BytesIO()
    segno.make(LINK).save(drawing, kind="png", scale=6)
    return drawing


@pytest.mark.parametrize(("kind", "angle"), [("PNG", 0), ("JPEG", 13), ("WEBP", 200)])
def test_a_code_is_read_however_it_was_photographed(kind, angle):
    photo = Image.open(drawn()).convert("RGB").rotate(angle, expand=True, fillcolor="white")
    photo = photo.resize((photo.width * 2, photo.height * 2))
    file = io.BytesIO()
    photo.save(file, kind, quality=40)
    assert read_qr_codes(file.getvalue()) == [LINK]


def test_a_picture_without_a_code_has_none():
    file = io.BytesIO()
    Image.new("RGB", (300, 300), "white").save(file, "PNG")
    assert read_qr_codes(file.getvalue()) == []


FILES = {"empty": b"", "text": b"nothing", "gif": b"GIF89a", "cut": drawn().getvalue()[:200]}


@pytest.mark.parametrize("content", FILES.values(), ids=FILES)
def test_what_is_no_image_is_refused(content):
    with pytest.raises(UnreadableImage):
        read_qr_codes(content)


@pytest.mark.parametrize("side", [5_001, 20_000], ids=["more than ours", "more than Pillow's"])
def test_an_image_of_too_many_pixels_is_refused_before_they_are_read(side):
    file = io.BytesIO()
    Image.new("L", (1, 1)).save(file, "PNG")
    content = file.getvalue()
    head = content[12:16] + struct.pack(">II", side, side) + content[24:29]
    with pytest.raises(UnreadableImage, match="pixels"):
        read_qr_codes(content[:12] + head + zlib.crc32(head).to_bytes(4) + content[33:])
