"""QR codes in photos, and what is no photo."""

import io

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


def huge():
    file = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(file, "PNG")
    return file.getvalue()


FILES = {"empty": b"", "text": b"nothing", "gif": b"GIF89a", "cut": drawn().getvalue()[:200], "huge": huge()}


@pytest.mark.parametrize("content", FILES.values(), ids=FILES)
def test_what_is_no_image_is_refused(content):
    with pytest.raises(UnreadableImage):
        read_qr_codes(content)
