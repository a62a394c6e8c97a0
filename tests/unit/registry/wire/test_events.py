"""Events: strict, tolerant of what is newer, and one verdict however they are read."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.wire import commit
from registry.wire.errors import InvalidEvent, MalformedCommit, MalformedNote
from registry.wire.events import Event, Reader, Refused, encode
from registry.wire.keys import Ed25519Signer, VerifierKey
from registry.wire.merkle import Tree
from tests.support.streams import CONSORTIUM, University, new_id

ORIGIN = f"{CONSORTIUM}/twente"
TWENTE = University("twente")
ACHIEVEMENT, PUBLISHED = TWENTE.publish()
ISSUED = TWENTE.issue(ACHIEVEMENT, new_id(), claims="A" * 43)[1]
LINES = [ISSUED, PUBLISHED, TWENTE.suspend(new_id()), TWENTE.erase(new_id()), TWENTE.line("x.new.v1", "x", {"a": [1]})]
READER = Reader(ORIGIN)


def verdict(line):
    try:
        return READER.decode_one(line)
    except InvalidEvent as refusal:
        return Refused(refusal.code, refusal.path, refusal.detail)


def both_ways(lines):
    """The events read together, which must be what they are one by one."""
    together = READER.decode_lines(lines)
    single = [verdict(line) for line in lines]
    for fast, slow in zip(together, single, strict=True):
        if isinstance(fast, Refused):
            assert isinstance(slow, Refused)
            assert fast.code == slow.code
        elif isinstance(fast, Event):
            assert encode(fast) == encode(slow)
        else:
            assert fast == slow
    return together


def changed(line, **change):
    event = json.loads(line)
    for path, value in change.items():
        owner = event
        *steps, last = path.split("__")
        for step in steps:
            owner = owner[step]
        if value is ...:
            del owner[last]
        else:
            owner[last] = value
    return json.dumps(event, separators=(",", ":")).encode()


def test_good_events_are_read():
    assert [isinstance(x, Event) for x in both_ways(LINES)] == [True, True, True, True, False]


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        ({"data__learner": "Jane"}, "schema", "$.data.learner"),
        ({"data__learner": ...}, "schema", "$.data"),
        ({"data__ects": 5.125}, "schema", "$.data.ects"),
        ({"data__ects": True}, "schema", "$.data.ects"),
        ({"data__version": 1.0}, "schema", "$.data.version"),
        ({"data__awardingDate": "2026-02-30"}, "schema", "$.data.awardingDate"),
        ({"data__claims": "A" * 42 + "="}, "schema", "$.data.claims"),
        ({"subject": "someone-else"}, "schema", "$.subject"),
        ({"time": "2026-05-04T00:00:00+00:00"}, "schema", "$.time"),
        ({"time": "2026-05-04T25:00:00Z"}, "schema", "$.time"),
        ({"specversion": "0.3"}, "schema", "$.specversion"),
        ({"source": f"{CONSORTIUM}/aveiro"}, "wrong-source", "$.source"),
        ({"id": ""}, "schema", "$.id"),
        ({"data": None}, "schema", "$.data"),
    ],
)
def test_a_wrong_event_is_refused_with_the_path_at_fault(change, code, path):
    [refused] = both_ways([changed(ISSUED, **change)])
    assert (refused.code, refused.path) == (code, path)


def test_of_duplicate_names_the_last_counts():
    twice = ISSUED.replace(b'"version":1', b'"version":"x","version":1')
    assert encode(both_ways([twice])[0]) == ISSUED
    wrong = ISSUED.replace(b'"version":1', b'"version":1,"version":"x"')
    assert both_ways([wrong])[0].code == "schema"


def test_unknown_fields_are_ignored_whatever_they_hold():
    for value in (b"1e999", b"9" * 5000, b'{"deep":[1,2]}', b'"\\ud83d\\ude00"', b"null"):
        line = ISSUED.replace(b'"version":1', b'"later":' + value + b',"version":1')
        assert isinstance(both_ways([line])[0], Event)


@pytest.mark.parametrize(("depth", "good"), [(30, True), (31, False), (400, False), (30_000, False)])
def test_a_line_is_at_most_32_levels_deep(depth, good):
    line = ISSUED.replace(b'"version":1', b'"x":' + b"[" * depth + b"]" * depth + b',"version":1')
    assert isinstance(both_ways([line, ISSUED])[0], Event) is good


@pytest.mark.parametrize("text", [b'"\\ud800"', b'"\\udc00"', b'"a\\ud800b"'])
def test_a_lone_surrogate_anywhere_is_refused(text):
    line = ISSUED.replace(b'"version":1', b'"x":' + text + b',"version":1')
    assert both_ways([line])[0].code == "schema"


def test_a_type_written_with_escapes_is_still_that_type():
    line = ISSUED.replace(b'"type":"credential.issued.v1"', b'"type":"credential\\u002eissued.v1"')
    assert encode(both_ways([line])[0]) == ISSUED


@settings(max_examples=1500, deadline=None)
@given(st.data())
def test_altered_lines_have_one_verdict_and_raise_nothing(data):
    lines = []
    for line in data.draw(st.lists(st.sampled_from(LINES), min_size=1, max_size=5)):
        altered = bytearray(line)
        for _ in range(data.draw(st.integers(0, 3))):
            place = data.draw(st.integers(0, len(altered) - 1))
            match data.draw(st.integers(0, 3)):
                case 0:
                    altered[place] = data.draw(st.integers(0, 255))
                case 1:
                    del altered[place : place + data.draw(st.integers(1, 20))]
                case 2:
                    altered[place:place] = data.draw(st.sampled_from([b"\\ud800", b"{", b"[", b'"', b"\0", b"1e999"]))
                case _:
                    altered[place:place] = bytes(altered[place : place + 30])
        text = bytes(altered).replace(b"\n", b" ").decode(errors="replace")  # a commit of other bytes is malformed
        lines.append(text.encode() or b"x")
    both_ways(lines)


@settings(max_examples=1500, deadline=None)
@given(st.data())
def test_no_record_whatever_raises_anything_but_our_own_error(data):
    record = TWENTE_RECORD
    match data.draw(st.integers(0, 2)):
        case 0:
            record = data.draw(st.binary(max_size=300))
        case 1:
            record = record[: data.draw(st.integers(0, len(record)))]
        case _:
            altered = bytearray(record)
            altered[data.draw(st.integers(0, len(record) - 1))] ^= 1 << data.draw(st.integers(0, 7))
            record = bytes(altered)
    try:
        parsed = commit.parse(record)
    except MalformedCommit:
        return
    assert bytes(parsed) == record


@given(st.text(max_size=120))
def test_no_text_whatever_is_a_key_by_accident(text):
    with pytest.raises(MalformedNote):
        VerifierKey.parse(text)


def test_a_line_of_ten_megabytes_is_too_large():
    huge = TWENTE_RECORD[:-1] + b"x" * 10_000_000 + b"\n"
    with pytest.raises(MalformedCommit) as refused:
        commit.parse(huge)
    assert refused.value.code == "too-large"


TWENTE_RECORD = commit.seal(ORIGIN, Tree(), LINES, [Ed25519Signer.generate(ORIGIN)])[0]
