"""QR codes in photos. Pure."""

import io
import warnings
from typing import Final

import zxingcpp
from PIL import Image, ImageOps

_FORMATS: Final = ("PNG", "JPEG", "WEBP")
_MAX_PIXELS: Final = 25_000_000
_MAX_SIDE: Final = 2_400
"""Pixels; larger photos are made smaller before they are searched."""


class UnreadableImage(Exception):
    """A file is not an image of a supported kind, or it is damaged or too large."""


def read_qr_codes(content: bytes) -> list[str]:
    """Return the texts of the QR codes in an image. Raises `UnreadableImage`."""
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(io.BytesIO(content), formats=_FORMATS) as image:
            image.draft("L", (_MAX_SIDE, _MAX_SIDE))  # a JPEG is decoded smaller; other kinds cannot be
            if image.width * image.height > _MAX_PIXELS:
                raise UnreadableImage(f"{image.width} x {image.height} pixels are too many")
            grey = ImageOps.exif_transpose(image.convert("L"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise UnreadableImage(str(error)) from error
    grey.thumbnail((_MAX_SIDE, _MAX_SIDE))
    codes = zxingcpp.read_barcodes(grey, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    return [code.text for code in codes if code.valid]
