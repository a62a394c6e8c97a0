"""A programme that the office does not know is named when a case is opened and proposed, with the nearest profiles."""

import pytest

from registry.office.assessments.offered import Requirement
from registry.office.assessments.profiles import ProfileRow
from registry.wire.recognition import Towards
from tests.support.lund import Lund, full


@pytest.fixture
def lund(dsn):
    made = Lund(dsn)
    made.registry.store_rows(ProfileRow("Master of Urban Analytics", Requirement(ects=3), "desk"))
    yield made
    made.close()


@pytest.mark.parametrize("title", ["Master of Urban Analytic", "Urban Analytics", "Urban analytics master of"])
def test_a_slip_in_a_programmes_name_is_said_at_the_opening_and_the_proposal(lund, title):
    moved = lund.open(lund.issue(), towards=[Towards(title={"en": title})])
    said = f"no profile is called '{title}'; did you mean 'Master of Urban Analytics'? Nothing is compared"
    assert [one for one in moved.warnings if said in one]
    lund.office.complete(moved.case, "desk")
    assert [one for one in lund.office.propose(moved.case, [full()], "k.berg").warnings if said in one]


def test_a_programme_elsewhere_is_kept_and_said_to_be_compared_with_nothing(lund):
    moved = lund.open(lund.issue(), towards=[Towards(title={"en": "Jazz"})])
    assert [one for one in moved.warnings if one.startswith("no profile is called 'Jazz'. Nothing is compared")]
    assert lund.registry.case(moved.case).data.towards == [Towards(title={"en": "Jazz"})]


def test_a_profile_that_there_is_needs_no_note(lund):
    moved = lund.open(lund.issue(), towards=[Towards(title={"en": "master of urban analytics"})])
    assert not [one for one in moved.warnings if "profile" in one]
