import pytest

from registry.intake.formats.moments import day_fault, day_of, hours_of, moment_of


@pytest.mark.parametrize(
    "text",
    [
        "2031-02-28",
        "2031-02-28T00:00:00Z",
        "2031-02-28T00:00:00",
        "2031-02-28T00:00Z",
        "2031-02-28T00:00:00.000+05:45",
        "2031-02-28T23:59:59Z",
        "2031-02-28T23:59:59.999999-08:00",
        "2031-02-28T23:59Z",
        "2031-02-28T24:00:00+01:00",
        "2031-02-28+01:00",
        "2031-02-28t23:59:59z",
        "2031-02-28T00:00:00+0200",
    ],
)
def test_the_start_and_the_end_of_a_day_in_its_own_zone_are_that_day(text):
    assert day_of(text) == "2031-02-28"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2031-02-28T23:59:59", "without a zone"),
        ("2031-02-28T24:00:00", "without a zone"),
        ("2031-02-28T12:00:00Z", "moment within a day"),
        ("2031-02-28T22:00:00Z", "moment within a day"),
        ("2031-02-28T00:00:01Z", "moment within a day"),
        ("2031-02-28T23:59:30Z", "moment within a day"),
        ("2031-02-30", "is not a date"),
        ("2031-02-30T00:00:00Z", "within a day"),
        ("28.02.2031", "is not a date"),
        ("2031-2-28", "is not a date"),
        ("20310228", "is not a date"),
        ("2031-W09-5", "is not a date"),
        ("soon", "is not a date"),
        ("1930000000", "is not a date"),
        ("٢٠٣١-٠٢-٢٨", "is not a date"),
        ("2031-02-28T00:00:00+99:00", "is not a date"),
        ("", "is not a date"),
    ],
)
def test_what_has_no_certain_day_says_why(text, why):
    assert day_of(text) is None
    assert why in day_fault(text)


def test_a_moment_needs_a_zone_and_a_calendar():
    assert moment_of("2031-02-28T24:00:00+02:00").isoformat() == "2031-02-28T22:00:00+00:00"
    assert moment_of("2031-02-28").isoformat() == "2031-02-28T00:00:00+00:00"
    assert moment_of("2031-02-28T12:00:00") is None
    assert moment_of("9999-12-31T24:00:00Z") is None
    assert moment_of("9999-12-31T23:00:00-02:00") is None


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("PT140H", 140),
        ("PT25.5H", 25.5),
        ("PT25,5H", 25.5),
        ("PT3600M", 60),
        ("PT140H0M0S", 140),
        ("PT1H30M", 1.5),
        ("PT5400S", 1.5),
        ("P1DT2H", None),
        ("P60M", None),
        ("P2W", None),
        ("PT", None),
        ("PT0H", None),
        ("140", None),
        ("-PT5H", None),
        ("P60H", None),
    ],
)
def test_hours_of_work_are_read_from_hours_minutes_and_seconds_alone(text, hours):
    assert hours_of(text) == hours
