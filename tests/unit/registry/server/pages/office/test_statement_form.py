"""The form of a statement about an achievement."""

import msgspec
import pytest

from registry.server.pages.office.statement_form import StatementForm, considered_of, read_form, statement_of

ID = "1c3ac77a-552a-419b-804d-a5843d2ec390"


def test_what_is_typed_becomes_a_statement():
    form = read_form(
        {"member": "lund", "achievement": f"{ID}@2", "ects": "2,5", "ground": "workload:substantiallyLess"}
    )
    statement = statement_of(form, ID)
    assert (statement.achievement.version, statement.ects) == (2, 2.5)
    assert [(ground.aspect, ground.difference) for ground in statement.grounds] == [("workload", "substantiallyLess")]
    assert dict(form.pairs)["achievement"] == f"{ID}@2"


def test_reasons_are_read_for_a_refusal_alone():
    form = StatementForm(outcome="refused", partial="wholeOnly")
    assert [each.outcome for each in considered_of(form)] == ["partial"]
    assert considered_of(msgspec.structs.replace(form, outcome="full")) == []
    with pytest.raises(msgspec.ValidationError):
        considered_of(msgspec.structs.replace(form, partial="because"))


@pytest.mark.parametrize(
    "typed",
    [{"achievement": "nonsense"}, {"achievement": f"{ID}@{'9' * 400}"}, {"ects": "inf"}, {"ects": "nan"},
     {"ects": "many"}, {"outcome": "perhaps"}],
)  # fmt: skip
def test_what_is_no_value_is_refused(typed):
    form = read_form({"member": "lund", "achievement": f"{ID}@1"} | typed)
    with pytest.raises(msgspec.ValidationError):
        statement_of(form, ID)
