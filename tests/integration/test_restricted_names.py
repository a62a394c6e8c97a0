"""Names of people the use of whose data is restricted, in the recognition office."""

import contextlib
from datetime import date

import pytest

from registry.learners.restrictions import restrict
from registry.office.cases.case_list import list_cases
from registry.office.cases.people import find_by_name
from registry.office.cases.worklist import WorklistQuery
from tests.support.lund import STATISTICS, Lund

TODAY = date(2030, 1, 1)


@pytest.fixture
def lund(dsn):
    with contextlib.closing(Lund(dsn)) as made:
        yield made


def test_a_list_hides_the_name_and_a_search_does_not_find_it_until_the_restriction_is_lifted(lund):
    case = lund.open(STATISTICS).case
    registry = lund.registry
    learner = registry.case(case).data.learner
    assert find_by_name(registry.cursor(), registry.vault, "jansen").cases == [case]
    restrict(registry, learner, "restriction", "accuracyContested", "k.berg")
    [line] = list_cases(lund.office, WorklistQuery(), today=TODAY).lines
    assert (line.applicant, line.is_restricted) == (None, True)
    assert find_by_name(registry.cursor(), registry.vault, "jansen").cases == []
    registry.cursor().execute("UPDATE privacy.restrictions SET lifted = now()")
    [line] = list_cases(lund.office, WorklistQuery(), today=TODAY).lines
    assert (line.applicant, line.is_restricted) == ("Jansen, Ada", False)
