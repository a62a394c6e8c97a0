import gzip
import json
import zlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from registry.status.bitstring_list import MIN_ENTRIES, make_bitstring_list, read_bitstring
from registry.status.statuses import (
    MAX_INFLATED,
    UnusableList,
    inflate,
    pack_bits,
    pack_pairs,
    read_high_first,
    read_low_first,
)
from registry.status.token_list import parse_token_list
from registry.wire import base64url

FOLDER = Path(__file__).parent / "published"
TOKENS = json.loads((FOLDER / "token_status_list.json").read_text())
BITSTRING = json.loads((FOLDER / "bitstring_status_list.json").read_text())
AT = datetime(2026, 6, 9, 12, tzinfo=UTC)
ADDRESS = "https://registry.twente.example/credentials/status/1/revocation"


@pytest.mark.parametrize("vector", TOKENS["lists"], ids=lambda vector: f"{vector['bits']} bits")
def test_the_published_token_status_lists_have_their_statuses(vector):
    data = inflate(base64url.decode(vector["lst"]), is_gzip=False)
    entries = dict(map(tuple, vector["entries"]))
    assert len(data) * 8 // vector["bits"] == 2**20
    for place in {*entries, *(place + 1 for place in entries)}:
        assert read_low_first(data, place, vector["bits"]) == entries.get(place, 0), place
    if vector["bits"] == 2:
        assert pack_pairs(entries, 2**20) == data


@pytest.mark.parametrize("vector", TOKENS["short"], ids=lambda vector: f"{vector['bits']} bits")
def test_the_published_short_lists_have_their_bytes(vector):
    data = inflate(base64url.decode(vector["lst"]), is_gzip=False)
    assert data.hex() == vector["bytes"]
    assert [read_low_first(data, place, vector["bits"]) for place in range(len(vector["statuses"]))] == vector[
        "statuses"
    ]


def test_the_published_token_is_read():
    token = parse_token_list(TOKENS["jwt"].encode())
    assert (token.subject, token.issuer) == ("https://example.com/statuslists/1", "https://example.com")
    assert [token.read(place) for place in range(4)] == [1, 0, 0, 1]
    with pytest.raises(UnusableList, match="16 entries, and none at 16"):
        token.read(16)


def test_the_published_bitstring_is_read():
    subject = {"type": "BitstringStatusList", "statusPurpose": "revocation", "encodedList": BITSTRING["encodedList"]}
    credential = {"type": ["VerifiableCredential", "BitstringStatusListCredential"], "credentialSubject": subject}
    assert read_bitstring(credential, 0, "revocation") == 0
    assert read_bitstring(credential, MIN_ENTRIES - 1, "revocation") == 0
    with pytest.raises(UnusableList, match="none at 131,072"):
        read_bitstring(credential, MIN_ENTRIES, "revocation")


def test_the_first_entry_of_a_bitstring_is_the_left_most_bit():
    data = pack_bits([0, 9, 131_071], MIN_ENTRIES)
    assert (data[0], data[1], data[-1]) == (0x80, 0x40, 0x01)
    assert [read_high_first(data, place, 1) for place in (0, 1, 9, 131_071)] == [1, 0, 1, 1]


def make(**changes):
    credential = make_bitstring_list([7], MIN_ENTRIES, "revocation", ADDRESS, "did:web:x", AT)
    credential["credentialSubject"] |= changes
    return credential


def pack(data):
    return "u" + base64url.encode(gzip.compress(data))


@pytest.mark.parametrize(
    ("credential", "reason"),
    [
        (make() | {"type": ["VerifiableCredential"]}, "not a Bitstring Status List"),
        (make(type="StatusList2021"), "no status list in it"),
        (make(statusPurpose="suspension"), "for another purpose than revocation"),
        (make(encodedList="H4sI"), "not in multibase"),
        (make(encodedList="u!!!"), "not in base64url"),
        (make(encodedList="u" + base64url.encode(b"no gzip")), "cannot be unpacked"),
        (make(encodedList=pack(bytes(1000))), "fewer than 131,072 entries"),
        (make(encodedList=pack(bytes(MAX_INFLATED + 1))), "larger than 8 MiB"),
        (make(encodedList=pack(bytes(16384))[:-8]), "cut off"),
    ],
)
def test_a_bitstring_that_is_not_one_is_refused(credential, reason):
    with pytest.raises(UnusableList, match=reason):
        read_bitstring(credential, 7, "revocation")


def test_a_decompression_bomb_is_not_unpacked():
    bomb = zlib.compress(bytes(200 * 1024 * 1024), 9)
    assert len(bomb) < 250_000
    with pytest.raises(UnusableList, match="larger than 8 MiB"):
        inflate(bomb, is_gzip=False)


def test_a_list_may_have_several_purposes():
    assert read_bitstring(make(statusPurpose=["revocation", "refresh"]), 7, "revocation") == 1
