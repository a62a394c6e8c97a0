"""Which agreements are this university's."""

from registry.office.cases.open_cases import own_agreements


def test_an_agreement_of_a_member_with_a_longer_id_is_not_its_own():
    assert own_agreements(["kth/a", "kth2/b", "lund/c"], "kth") == {"a"}
