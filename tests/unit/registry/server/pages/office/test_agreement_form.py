"""The form of an agreement: what is typed becomes the structs of the API, and nothing else."""

import msgspec
import pytest

from registry.http import HttpProblem
from registry.server.pages.office.agreement_form import AgreementForm, declaration_of, draft_of, read_form
from registry.wire.recognition import AchievementFilter

ID = "1c3ac77a-552a-419b-804d-a5843d2ec390"
OTHER = "99f64f9b-76a6-4f60-b842-49faf3f3bb21"


def test_achievements_are_named_one_by_one():
    form = read_form([("withMember", "lund"), ("achievement", f"{ID}@1"), ("achievement", f"{OTHER}@2")])
    draft = draft_of(form)
    assert [(ref.member, ref.version) for ref in draft.achievements] == [("lund", 1), ("lund", 2)]
    assert read_form(form.pairs) == form
    assert form.is_asked


def test_levels_and_fields_are_a_filter():
    form = read_form([("withMember", "lund"), ("level", "6"), ("level", "7"), ("field", "061, 0713")])
    assert draft_of(form).achievements == AchievementFilter([6, 7], ["061", "0713"])


def test_a_ratio_may_have_a_comma_and_a_day_must_be_one():
    form = AgreementForm("lund", [f"{ID}@1"], ects_ratio="0,5", revisions="true", valid_from="2026-01-01")
    declared = declaration_of(form, OTHER)
    assert (declared.ects_ratio, declared.include_revisions, declared.valid_until) == (0.5, True, None)
    with pytest.raises(msgspec.ValidationError):
        draft_of(msgspec.structs.replace(form, ects_ratio="half"))
    with pytest.raises(msgspec.ValidationError):
        draft_of(msgspec.structs.replace(form, achievement=[f"{ID}@first"]))


@pytest.mark.parametrize("ratio", ["inf", "nan", "1e400"])
def test_a_number_without_an_end_is_refused(ratio):
    form = AgreementForm("lund", [f"{ID}@1"], ects_ratio=ratio)
    with pytest.raises(msgspec.ValidationError):
        draft_of(form)
    with pytest.raises(msgspec.ValidationError):
        draft_of(msgspec.structs.replace(form, ects_ratio="1", achievement=[f"{ID}@{'9' * 58}"]))


def test_too_many_values_are_refused():
    with pytest.raises(HttpProblem):
        read_form([("achievement", f"{ID}@1")] * 201)
    with pytest.raises(HttpProblem):
        read_form([("level", "six")])
