"""Public figures of decisions."""

from projections.precedents.published import Outcomes, select_public


def test_fewer_than_ten_decisions_are_not_told():
    assert select_public({"lund": {"full": 5}, "aveiro": {"refused": 4}}).total is None
    assert select_public({"lund": {"full": 5}, "aveiro": {"refused": 4}}).outcomes == {}


def test_a_true_zero_is_told():
    assert select_public({}) == Outcomes(0, {}, {}, {}, has_more_offices=False)


def test_from_ten_on_outcomes_and_grounds_are_told_and_offices_with_ten_of_their_own():
    counts = {
        "lund": {"full": 12, "refused": 1, "level:lowerLevel": 1},
        "aveiro": {"full": 6},
        "delft": {"partial": 5, "workload:notEstablished": 5},
    }
    public = select_public(counts)
    assert public.total == 24
    assert list(public.outcomes.items()) == [("full", 18), ("partial", 5), ("refused", 1)]
    assert public.grounds == {"workload:notEstablished": 5, "level:lowerLevel": 1}
    assert public.offices == {"lund": {"full": 12, "refused": 1}}
    assert public.has_more_offices


def test_an_office_that_could_be_worked_out_from_the_others_is_not_told_either():
    public = select_public({"lund": {"full": 12}, "aveiro": {"refused": 3}})
    assert (public.total, public.outcomes) == (15, {"full": 12, "refused": 3})
    assert public.offices == {}


def test_the_only_office_is_told():
    assert select_public({"lund": {"full": 10}}).offices == {"lund": {"full": 10}}
