"""Events: strict, tolerant of what is newer, and one verdict however they are read."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.wire import commit
from registry.wire.errors import InvalidEvent, MalformedCommit, MalformedNote
from registry.wire.events import Event, Reader, Refused, Skipped, data_of, encode
from registry.wire.keys import Ed25519Signer, VerifierKey
from registry.wire.merkle import Tree
from tests.support.examples import examples
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
    for line, fast, slow in zip(lines, together, single, strict=True):
        if isinstance(fast, Refused):
            assert isinstance(slow, Refused)
            assert fast.code == slow.code
        elif isinstance(fast, Event):
            assert encode(fast) == encode(slow)
            assert data_of(line) in line
            # a number of any length is a number: Python's own limit is not the form's
            assert json.loads(data_of(line), parse_int=str) == json.loads(line, parse_int=str)["data"]
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


@pytest.mark.parametrize("name", ["data", "time", "subject", "x"])
@pytest.mark.parametrize("junk", [b"1e999", b"[]", b"null", b'"\\u0000"', b"-0", b"9" * 400])
def test_the_data_of_an_event_are_its_own_bytes_whatever_stood_under_that_name_before(name, junk):
    line = ISSUED.replace(b'{"specversion"', b'{"%s":%s,"specversion"' % (name.encode(), junk), 1)
    line = line.replace(b'"version":1', b'"version" : 1 ')
    assert isinstance(both_ways([line])[0], Event)
    assert b'"version" : 1 ' in data_of(line)


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


def test_a_lone_surrogate_is_refused_in_what_a_later_name_replaces_too():
    for replaced in (b'"\\ud800"', b'[{"\\udc00":1}]'):
        line = ISSUED.replace(b'"version":1', b'"x":' + replaced + b',"x":1,"version":1')
        assert both_ways([line])[0].code == "schema"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16-le", "utf-16-be", "utf-32-le"])
def test_json_is_utf8_without_a_byte_order_mark(encoding):
    assert both_ways([ISSUED.decode().encode(encoding)])[0].code == "schema"


@pytest.mark.parametrize("space", [b" ", b"\t", b"\r", b" \r\t"])
def test_white_space_around_an_event_is_json_and_other_bytes_are_not(space):
    assert isinstance(both_ways([space + ISSUED + space])[0], Event)
    assert both_ways([ISSUED + b"\x0b"])[0].code == "schema"
    assert both_ways([ISSUED + b"x"])[0].code == "schema"


@pytest.mark.parametrize(
    "ects", ["5", "5.0", "5e0", "0.05E2", "33.33", "0", "-0", "-0.0", "1e-400", "1e300", "1" * 300, "9007199254740993"]
)
def test_credits_are_any_number_of_at_most_two_decimals(ects):
    assert isinstance(both_ways([ISSUED.replace(b'"ects":5', b'"ects":' + ects.encode())])[0], Event)


@pytest.mark.parametrize(
    "ects", ["5.001", "1.005", "1e-11", "-1", "-0.01", "1e400", "1" * 400, "1" * 5000, '"5"', "[5]"]
)
def test_what_is_no_credit_value_is_refused(ects):
    [refused] = both_ways([ISSUED.replace(b'"ects":5', b'"ects":' + ects.encode())])
    assert (refused.code, refused.path) == ("schema", "$.data.ects")


@pytest.mark.parametrize("field", ["workloadHours", "hoursPerEcts"])
def test_a_number_that_no_finite_double_holds_is_refused_in_a_known_field(field):
    for number, good in ((b"1" * 300, True), (b"1" * 400, False), (b"1e309", False)):
        line = PUBLISHED.replace(b'"version":1', b'"%s":%s,"version":1' % (field.encode(), number))
        assert isinstance(both_ways([line])[0], Event) is good


@pytest.mark.parametrize("version", ["1.0", "1e0", "0", "-0", "2147483648", "true", '"1"', "null", "01"])
def test_an_integer_has_neither_fraction_nor_exponent(version):
    line = ISSUED.replace(b'"version":1', b'"version":' + version.encode())
    assert both_ways([line])[0].code == "schema"


@pytest.mark.parametrize(
    ("time", "good"),
    [
        ("2026-05-04T23:59:59.123456789012Z", True),
        ("0001-01-01T00:00:00Z", True),
        ("9999-12-31T23:59:59Z", True),
        ("2026-05-04T23:59:60Z", False),
        ("2026-05-04T24:00:00Z", False),
        ("2026-05-04t00:00:00z", False),
        ("2026-05-04T00:00:00.Z", False),
        ("2026-02-29T00:00:00Z", False),
        ("0000-01-01T00:00:00Z", False),
    ],
)
def test_a_time_is_a_moment_that_exists_and_no_leap_second(time, good):
    assert isinstance(both_ways([changed(ISSUED, time=time)])[0], Event) is good


@pytest.mark.parametrize("name", ["parts", "claims", "validUntil", "replaces", "ects"])
def test_null_is_absent_for_an_optional_field(name):
    assert isinstance(both_ways([changed(ISSUED, **{f"data__{name}": None})])[0], Event)


def test_null_in_a_list_or_a_text_is_refused():
    assert both_ways([changed(ISSUED, data__parts=[None])])[0].code == "schema"
    assert both_ways([changed(PUBLISHED, data__title={"en": None})])[0].code == "schema"


def test_an_unknown_type_is_skipped_whatever_its_data_and_a_wrong_envelope_comes_first():
    line = TWENTE.line("x.new.v1", "x", {"a": 1})
    assert isinstance(both_ways([changed(line, data=...)])[0], Skipped)
    assert isinstance(both_ways([changed(line, type="member.suspended.v1")])[0], Skipped)
    assert both_ways([changed(line, time="yesterday")])[0].code == "schema"
    assert both_ways([changed(line, source=f"{CONSORTIUM}/aveiro")])[0].code == "wrong-source"


def test_another_source_is_told_before_what_is_wrong_with_the_data():
    assert both_ways([changed(ISSUED, source=f"{CONSORTIUM}/aveiro", data=[])])[0].code == "wrong-source"


def test_what_is_wrong_with_the_envelope_is_told_before_another_source():
    for line in (ISSUED, PUBLISHED):
        wrong = changed(line, source=f"{CONSORTIUM}/aveiro", time="2026-05-04")
        assert both_ways([wrong, line])[0] == Refused("schema", "$.time", verdict(wrong).detail)


def test_a_type_written_with_escapes_is_still_that_type():
    line = ISSUED.replace(b'"type":"credential.issued.v1"', b'"type":"credential\\u002eissued.v1"')
    assert encode(both_ways([line])[0]) == ISSUED


@settings(max_examples=examples(150, thorough=1500), deadline=None)
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


UUIDS = [new_id(), new_id().upper(), "x" * 36, "é" * 36, new_id()[:-1], "0" * 36]
DAYS = ["2026-06-30", "2026-02-30", "30-06-2026", "\uff12026-06-30", "2026-6-300"]
COLUMNS = {
    "source": [ORIGIN, CONSORTIUM, ""],
    "subject": UUIDS,
    "time": [
        "2026-05-04T00:00:00Z",
        "2026-05-04T00:00:00.123456789Z",
        "2026-05-04T25:00:00Z",
        "2026-05-04T00:00:00+01:00",
    ],
    "data__credential": UUIDS,
    "data__achievement": UUIDS,
    "data__learner": UUIDS,
    "data__version": [1, 0, 2**31, 1.0, "1"],
    "data__awardingDate": DAYS,
    "data__validUntil": [*DAYS, None],
    "data__ects": [5, 5.25, 5.255, 0, -1, 10**400, None],
    "data__claims": ["A" * 43, "A" * 42 + "=", "A" * 44, "é" * 43, None],
    "data__replaces": [*UUIDS, None],
    "data__parts": [[], [{"member": "lund", "credential": new_id(), "ects": 1}], [{"member": "governance"}], None],
    "data__unknown": [1, {"a": [1]}],
}
"""Values of an issued credential's fields, some of which are refused, by the field's path."""


@settings(max_examples=examples(150, thorough=1500), deadline=None)
@given(st.data())
def test_credentials_checked_in_columns_have_the_verdict_of_each_checked_alone(data):
    lines = []
    for _ in range(data.draw(st.integers(1, 6))):
        fields = data.draw(st.lists(st.sampled_from(sorted(COLUMNS)), max_size=3, unique=True))
        change = {field: data.draw(st.sampled_from(COLUMNS[field])) for field in fields}
        if data.draw(st.booleans()) and "data__credential" in change:
            change["subject"] = change["data__credential"]
        lines.append(changed(ISSUED, **change))
    both_ways(lines)


@settings(max_examples=examples(150, thorough=1500), deadline=None)
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


TWENTE_RECORD = commit.sign_commit(ORIGIN, Tree(), LINES, [Ed25519Signer.generate(ORIGIN)])[0]
