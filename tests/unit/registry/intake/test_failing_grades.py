"""A grade that says that nothing was passed is not a grade of an award, in whichever language."""

import pytest

from registry.intake.rows.grades import grade_fault

FAILING = [
    "F", "f", "FX", "Fx", "incomplete", "nicht angetreten", "ungenügend", "UNGENÜGEND", "reprobado", "suspenso",
    "respinto", "non acquis", "Non Acquis", "krank", "FAILED!", "8 (fail)", "4.0 (nicht bestanden)", "bestanden nicht",
    "pass/fail", "(F)", "F.", "Échec", "échoué", "underkänd", "ikke bestått", "ikke bestået", "ei hyväksytty",
    "hylätty", "niedostateczny", "nie zaliczono", "nevyhověl", "nedostatečně", "nevyhovel", "elégtelen",
    "nem felelt meg", "respins", "nedovoljan", "nije položio", "ni opravil", "слаб", "неудовлетворительно",
    "не зачтено", "незадовільно",
    "απέτυχε", "δεν πέρασε", "ba\u015far\u0131s\u0131z", "kald\u0131",
    "neįskaityta", "nav ieskaitīts",
    "mitte arvestatud", "não aprovado", "reprovado", "no presentado", "no apto", "niet verschenen", "gezakt",
    "5 - onvoldoende", "In progress", "no-show", "did not attend", "U", "nicht ausreichend", "mangelhaft (5,0)",
    "not passed", "Not yet passed", "4.0 bestanden nicht", "bestanden nicht (5,0)", "bestanden nicht 5", "passed: no",
    "niet geslaagd", "nog niet behaald", "nicht erfolgreich teilgenommen", "non ha superato", "no ha superado",
    "não foi aprovado", "Excellent, but not passed", "pass / no pass", "sin aprobar", "ohne Erfolg", "passed - not",
]  # fmt: skip
PASSING = [
    "8", "8.5", "8,5", "A", "A+", "A-", "E", "P", "G", "VG", "B+", "10 cum laude", "1,3", "pass", "PASS", "passed",
    "bestanden", "sehr gut", "ausreichend", "genügend (4)", "voldoende", "geslaagd", "godkänd", "bestått", "bestået",
    "hyväksytty", "zaliczono", "zdal", "aprobado", "notable", "sobresaliente", "matrícula de honor", "30 e lode",
    "30L", "acquis", "validé", "admis", "très bien", "First Class Honours", "2:1", "upper second", "met lof",
    "summa cum laude", "12/20", "95%", "4.0", "**", "+", "πολύ καλά", "άριστα", "отлично", "зачтено", "достатъчен",
    "met onderscheiding", "Nota 7", "Satisfactory", "sufficiente", "18", "good standing", "uitstekend", "ottimo",
    "Passed with no distinction", "bestanden ohne Note", "Pass / no grade", "Geslaagd met lof, niet eerder behaald",
    "Not just passed: excellent", "passed without honours", "Pass (no mark)", "superato senza lode", "No. 1, passed",
    "admis sans mention", "★★★", "★★★☆☆", "⭐", "✓", "☺",
]  # fmt: skip


@pytest.mark.parametrize("text", FAILING)
def test_a_failure_is_asked_about_and_issued_only_where_it_is_meant(text):
    assert grade_fault(text) is not None


@pytest.mark.parametrize("text", ["F", "FX", "8 (fail)", "U", "bestanden nicht"])
def test_whoever_says_that_it_is_meant_may_have_such_a_grade(text):
    assert "--keep-text" in grade_fault(text)
    assert grade_fault(text, keep_text=True) is None


@pytest.mark.parametrize(
    "text", ["\u2013", "-", "—", "--", "?", ".", "...", "n/a", "fail", "nicht bestanden", "/", "✗", "\ufffd", "\u2212"]
)
def test_what_is_no_grade_on_any_scale_is_never_one(text):
    assert grade_fault(text) is not None
    assert grade_fault(text, keep_text=True) is not None


@pytest.mark.parametrize("text", PASSING)
def test_a_grade_of_an_award_is_left_alone(text):
    assert grade_fault(text) is None
