"""Documents that are broken or hostile: our own error or problems, never a traceback, and nothing is reached."""

import copy
import json
import random
from importlib import resources

import pytest

from registry.application.achievement_content import FaultyContent
from registry.intake.files import open_intake
from registry.intake.formats.documents import read_document
from registry.intake.rows.report import IntakeError
from registry.intake.rows.row_checker import RowChecker
from tests.support.catalogues import Everything

SAMPLES = resources.files("registry.intake").joinpath("samples")
ID = "0bbac7a9-a411-4809-ad9e-534f483b7a03"
OWN = {
    "microcredential.jsonld": "microcredential-rest.json",
    "openbadge.json": "openbadge-rest.json",
    "euhemc.json": "euhemc-rest.json",
    "transcript.xml": "transcript-rest.json",
    "transcript-2.xml": "transcript-rest.json",
}


def transcript(*changes):
    text = SAMPLES.joinpath("transcript.xml").read_text()
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    return read_document(text.encode(), "transcript")


BOMB = (
    '<!DOCTYPE elmo [<!ENTITY a0 "haha">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    + "]>"
)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("bomb", BOMB + "<elmo>&a11;</elmo>", "document type|entit"),
        ("bomb in an attribute", BOMB + '<elmo a="&a11;"/>', "document type|entit|not XML"),
        ("xxe", '<!DOCTYPE elmo [<!ENTITY a SYSTEM "file:///etc/passwd">]><elmo>&a;</elmo>', "document type|entit"),
        ("dtd", '<!DOCTYPE elmo SYSTEM "http://127.0.0.1:1/x.dtd"><elmo/>', "document type"),
        ("undeclared", "<elmo>&a;</elmo>", "not XML"),
        ("deep", "<a>" * 5000 + "</a>" * 5000, "nests|not XML"),
        ("deeper than ours", "<a>" * 150 + "</a>" * 150, "nests"),
        ("other", "<html><body/></html>", "no ELMO"),
        ("cut", "<elmo><learner>", "not XML"),
        ("zip", "PK\x03\x04" + "\0" * 100, "zip"),
        ("gzip", b"\x1f\x8b\x08" + b"\0" * 100, "gzip"),
        ("token", "eyJhbGciOiJFUzI1NiJ9.e30.AA", "token"),
        ("deep json", "[" * 100_000, "JSON"),
        ("deep objects", '{"a":' * 500 + "1" + "}" * 500, "nests|JSON"),
        ("nan", '{"credentialSubject": NaN}', "not a JSON number"),
        ("nul", '{"credentialSubject": {"hasClaim": "\\u0000"}}', "NUL"),
        ("surrogate", '{"credentialSubject": {"hasClaim": "\\ud800"}}', "UTF-8"),
        ("huge number", '{"credentialSubject": ' + "9" * 10_000 + "}", "JSON"),
    ],
)
def test_hostile_content_is_refused_in_our_words(name, content, says):
    with pytest.raises(IntakeError, match=says):
        read_document(content if isinstance(content, bytes) else content.encode("latin-1"), name)


def test_a_document_over_eight_mebibytes_is_refused_before_it_is_read(tmp_path):
    file = tmp_path / "large.xml"
    with file.open("wb") as made:
        made.write(b"<elmo>")
        made.truncate(9 * 1024 * 1024)
    with pytest.raises(IntakeError, match="8,388,608"):
        open_intake(file, Everything())


def test_a_schemas_own_entity_is_not_reached_through_a_name(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("s3cret")
    text = SAMPLES.joinpath("transcript.xml").read_text()
    head, _, body = text.partition("\n")
    hostile = f'{head}<!DOCTYPE elmo [<!ENTITY x SYSTEM "file://{secret}">]>{body.replace("Lindqvist", "&x;")}'
    with pytest.raises(IntakeError) as refused:
        read_document(hostile.encode(), "xxe")
    assert "s3cret" not in str(refused.value)


def test_of_very_many_fields_that_are_not_used_a_thousand_are_listed_and_the_others_counted():
    content = json.loads(SAMPLES.joinpath("openbadge.json").read_text())
    few = read_document(json.dumps(content).encode(), "few").list_unmapped()
    many = {
        **content,
        "other": {f"x{at}": 1 for at in range(20_000)},
        "k" * 1_000_000: {f"x{at}": 1 for at in range(9)},
    }
    document = read_document(json.dumps(many).encode(), "many")
    unmapped = document.list_unmapped()
    assert (len(unmapped.paths), unmapped.more) == (1000, len(few.paths) + 20_000 + 1 - 1000)
    assert max(map(len, unmapped.paths)) < 2002
    assert unmapped.up_to(3).notes[3] == f"not read: {unmapped.more + 997:,} more"


def test_many_alike_elements_take_no_quadratic_time():
    part = "<hasPart><learningOpportunitySpecification><type>Class</type></learningOpportunitySpecification></hasPart>"
    document = transcript(("<issueDate>", f"{part}<issueDate>"), ("</specifies>", f"</specifies>{part * 5000}"))
    assert sum("is a class" in note for note in document.notes) == 15_000
    assert len(document.list_unmapped().paths) < 20


# Whatever comes


def flipped(content, chance):
    content = bytearray(content)
    for _ in range(chance.randrange(1, 4)):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    return bytes(content)


def shuffled(value, chance):
    """The same document with something else somewhere."""
    places = []

    def walk(one):
        for key in one if isinstance(one, dict) else range(len(one)) if isinstance(one, list) else ():
            places.append((one, key))
            walk(one[key])

    made = copy.deepcopy(value)
    walk(made)
    owner, key = chance.choice(places)
    owner[key] = chance.choice([None, True, 5, -1e300, "", "x", "=1", [], {}, [[]], [{}, {}], {"en": {}}, {"en": 5}])
    return made


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("seed", range(60))
def test_whatever_comes_gives_problems_or_our_own_error(name, seed):
    chance = random.Random(f"{name} {seed}")
    content = SAMPLES.joinpath(name).read_bytes()
    hostile = [flipped(content, chance), content[: chance.randrange(len(content))]]
    if not name.endswith("xml"):
        hostile.append(json.dumps(shuffled(json.loads(content), chance)).encode())
    else:
        at = chance.randrange(len(content))
        hostile.append(content[:at] + chance.choice([b"<x>", b"</report>", b"&#0;", b"]]>", b"&lt;"]) + content[at:])
    given = json.loads(SAMPLES.joinpath(OWN[name]).read_text())
    for one in hostile:
        try:
            document = read_document(one, "fuzzed")
            document.list_unmapped()
            document.external()
            for award in document.awards:
                award.missing(given, "twente")
                award.request(RowChecker(Everything()), ID, None, given)
                award.content(ID, "twente", given, lambda _: None)
        except (IntakeError, FaultyContent):
            continue
