import pytest

from registry.values.codes import FIELDS, country_fault, eqf_fault, isced_fault, language_fault


def test_the_field_list_has_the_standard_s_counts():
    broad, narrow = ({code for code in FIELDS if len(code) == digits} for digits in (2, 3))
    assert len(broad) == 11
    assert len([code for code in narrow if code[2] not in "089"]) == 29
    assert {"018", "028", "099"} <= narrow


@pytest.mark.parametrize("code", ["00", "06", "061", "0613", "0188", "0599", "0610", "0000", "1041"])
def test_a_published_field_is_no_fault(code):
    assert isced_fault(code) is None


@pytest.mark.parametrize(("code", "meant"), [("533", "0533"), ("61", "061"), ("613", "0613"), ("6", "06")])
def test_a_lost_leading_zero_is_offered_as_the_cure(code, meant):
    assert f"did you mean {meant}?" in isced_fault(code)


@pytest.mark.parametrize("code", ["99", "999", "9999"])
def test_an_unknown_field_is_left_out(code):
    assert "leave it out" in isced_fault(code)


@pytest.mark.parametrize("code", ["0549", "0198", "441", "11", "0699", "06131", "", "٠٦"])
def test_a_code_outside_the_list_is_a_fault(code):
    assert "is not a field of ISCED-F 2013" in isced_fault(code)


@pytest.mark.parametrize("tag", ["en", "FI", "deu", "ger", "de-AT", "zh-Hant-TW", "sr-Latn", "mul"])
def test_a_language_is_known_by_two_or_three_letters_and_in_a_tag(tag):
    assert language_fault(tag) is None


@pytest.mark.parametrize("tag", ["xx", "qqq", "e", "", "en_GB", "gr", "English ", "1a"])
def test_an_unknown_language_is_a_fault(tag):
    assert "is not a language's code" in language_fault(tag)


def test_a_language_s_name_and_a_country_s_habits_offer_the_code():
    assert "did you mean fi?" in language_fault("finnish")
    assert "did you mean GB?" in country_fault("UK")
    assert "did you mean GR?" in country_fault("EL")
    assert "did you mean NL?" in country_fault("nl")
    assert "did you mean FI?" in country_fault("FIN")
    assert "did you mean FR?" in country_fault("france")
    assert "two capital letters" in country_fault("ZZ")
    assert country_fault("XK") is None


@pytest.mark.parametrize("level", [0, 9, -1, 5.5, True])
def test_levels_outside_1_to_8_are_faults(level):
    assert "is not an EQF level" in eqf_fault(level)


def test_levels_1_to_8_are_none():
    assert [eqf_fault(level) for level in range(1, 9)] == [None] * 8
