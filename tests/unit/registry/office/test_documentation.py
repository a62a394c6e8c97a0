"""The examples of docs/office.md are what the office reads."""

import json
import re

import msgspec
import pytest

from registry.office.assessments.assessment import Assessment
from registry.office.assessments.assessment_schema import FILE, schema
from registry.office.assessments.objections import find_objections
from registry.office.assessments.offered import Requirement


@pytest.fixture(scope="module")
def examples(pytestconfig):
    text = (pytestconfig.rootpath / "docs" / "office.md").read_text(encoding="utf-8")
    return re.findall(r"```json\n(.*?)```", text, re.DOTALL)


def test_the_example_of_a_profile_is_one(examples):
    assert msgspec.json.decode(examples[0], type=Requirement).max_age_months == 60


def test_the_example_of_an_assessment_can_be_proposed(examples):
    assert find_objections(msgspec.json.decode(examples[1], type=Assessment)) == []


def test_the_schema_knows_every_field_of_an_assessment():
    assert json.loads(FILE.read_text(encoding="utf-8")) == schema()
    assert "noDifference" in schema()["$defs"]["Element"]["properties"]
