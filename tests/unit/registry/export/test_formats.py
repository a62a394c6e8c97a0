"""The table of formats: what the documentation promises is offered."""

import json
from datetime import date

import pytest

from registry.export.document import Copy
from registry.export.formats import FORMATS, call_writer
from tests.support.portable import credential, portfolio

COPY = Copy(identifier="urn:uuid:2f1c9a52-3b8e-4f60-9a41-5c2de8f07b13", issued=date(2026, 11, 30))


def written(name, content):
    facts = credential() if content == "credential" else portfolio()
    return call_writer(FORMATS.find(name, content), {"facts": facts, "portfolio": portfolio(), "copy": COPY})


def test_a_micro_credential_of_higher_education_is_offered():
    document = json.loads(written("euhemc", "credential").content)
    assert document["credentialProfiles"] == ["EuropeanHigherEducationMicrocredential"]


@pytest.mark.parametrize("content", ["credential", "portfolio"])
def test_a_transcript_in_either_version_of_elmo_is_offered(content):
    old, new = (written(name, content).content.decode() for name in ("elmo-1.7", "elmo"))
    assert ("<bday>" in old, "<dateOfBirth>" in old) == (True, False)
    assert ("<bday>" in new, "<dateOfBirth>" in new) == (False, True)


@pytest.mark.parametrize(("media_type", "name"), [("application/ld+json", "elm"), ("application/xml", "elmo")])
def test_the_newest_format_of_a_media_type_comes_first(media_type, name):
    formats = [each for each in FORMATS.list_formats("credential") if each.media_type == media_type]
    assert formats[0].name == name
