"""Multibase (draft-multiformats-multibase): base58btc (`z…`) and base64url (`u…`), as proofs and keys are written."""

from typing import Final

from registry.wire import base64url

_ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_VALUES: Final = {letter: value for value, letter in enumerate(_ALPHABET)}
MAX_CHARACTERS: Final = 1_000
"""The longest text that is decoded: base58 takes time that grows with the square of the length."""


class MalformedMultibase(ValueError):
    """A text that is not multibase, or in a base that no proof uses, or too long."""


def encode(data: bytes) -> str:
    """Return bytes in base58btc, with its prefix `z`."""
    number, letters = int.from_bytes(data), ""
    while number:
        number, digit = divmod(number, 58)
        letters = _ALPHABET[digit] + letters
    zeros = len(data) - len(data.lstrip(b"\0"))
    return "z" + "1" * zeros + letters


def decode(text: str) -> bytes:
    """Return the bytes of a text in base58btc or base64url. Raises `MalformedMultibase`."""
    if len(text) > MAX_CHARACTERS:
        raise MalformedMultibase(f"it is longer than {MAX_CHARACTERS} characters")
    base, letters = text[:1], text[1:]
    if base == "u":
        try:
            return base64url.decode(letters)
        except ValueError as error:
            raise MalformedMultibase("it is not base64url") from error
    if base != "z":
        raise MalformedMultibase("it begins neither with z (base58btc) nor with u (base64url)")
    number = 0
    for letter in letters:
        value = _VALUES.get(letter)
        if value is None:
            raise MalformedMultibase("it has a letter that base58btc does not have")
        number = number * 58 + value
    zeros = len(letters) - len(letters.lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8)
