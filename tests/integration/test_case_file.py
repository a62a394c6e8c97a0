"""A case's file on a real PostgreSQL: whose credential it is, what is attached, and what changed since the decision."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from projections.records.disclosures import prove_claims
from registry.batches import BatchStore
from registry.domain.case_errors import ApplicantErased, NotApplicant, NotAttached, NotOpened, UnknownSubject
from registry.learners.erasure import erase, find_affected_cases
from registry.learners.own_decisions import find_cases
from registry.office.assessments.precedents import find_precedents
from registry.office.cases.applicants import Applicant
from registry.office.cases.assignments import assign
from registry.office.cases.attachments import attach, list_attachments, media_type_of, read_attachment
from registry.office.cases.case_list import count_changed, list_cases
from registry.office.cases.case_view import show_case
from registry.office.cases.changes import acknowledge, changed_cases
from registry.office.cases.disclosures import disclose
from registry.office.cases.holder import Holder, compare
from registry.office.cases.opening import SubmittedCredential
from registry.office.cases.worklist import WorklistQuery
from registry.vault.vault import random_id
from registry.wire.disclosures import SALT_LENGTH, InvalidDisclosure, claims_digest, disclosure, salts
from registry.wire.errors import InvalidProof
from registry.wire.recognition import External
from tests.support.days import today
from tests.support.lund import ADA, STATISTICS, Lund, full, grant
from tests.support.streams import new_id

PDF = b"%PDF-1.7\n1 0 obj"
PNG = b"\x89PNG\r\n\x1a\n0000"
SANNE = {"familyName": "Van den Berg", "givenName": "Sanne", "dateOfBirth": "2001-04-01", "grade": "8.5"}


@pytest.fixture
def lund(dsn):
    made = Lund(dsn)
    yield made
    made.close()


def disclosures_of(claims):
    salt = salts(len(claims))
    return [
        disclosure(salt[number * SALT_LENGTH : (number + 1) * SALT_LENGTH], name, value)
        for number, (name, value) in enumerate(claims.items())
    ]


def issued_to(lund, **claims):
    """A credential that commits to claims, and its disclosures."""
    carried = disclosures_of(claims)
    return lund.issue(claims=claims_digest(carried)), carried


def lines(lund, **asked):
    return list_cases(lund.office, WorklistQuery(), today=today(), **asked).lines


# Whose credential it is


@pytest.mark.parametrize(
    ("applicant", "state", "differs"),
    [
        ({"familyName": "van den berg", "givenName": "SANNE", "dateOfBirth": "2001-04-01"}, "matches", []),
        ({"familyName": "Sanne", "givenName": "Van den Berg", "dateOfBirth": "2001-04-01"}, "matches", []),
        ({"familyName": "Van den Berg", "givenName": "Sanne Maria", "dateOfBirth": "2001"}, "matches", []),
        ({"familyName": "Van den Berg", "givenName": "Piet", "dateOfBirth": "2001-04-01"}, "partly", []),
        ({"familyName": "Van den Berg", "givenName": "Sanne"}, "partly", []),
        ({"familyName": "Van den Berg", "givenName": "Sanne", "dateOfBirth": "2001-04-02"}, "differs", ["dateOfBirth"]),
        ({"familyName": "Okafor", "givenName": "Chi", "dateOfBirth": "1999-01-01"}, "differs", ["dateOfBirth", "name"]),
        ({"familyName": "Okafor", "givenName": "", "dateOfBirth": "2001-04-01"}, "differs", ["name"]),
        ({}, "notChecked", []),
    ],
)
def test_a_holder_is_compared_with_the_applicant_by_name_and_date_of_birth(applicant, state, differs):
    check = compare(0, applicant, [Holder("disclosures", SANNE)])
    assert (check.state, check.differs_in) == (state, differs)
    assert not any(value in check.detail for value in ("Sanne", "Okafor", "2001"))


def test_one_source_that_contradicts_decides_over_another_that_agrees():
    other = {"familyName": "Silva", "givenName": "Duarte", "dateOfBirth": "2001-09-30"}
    assert compare(0, SANNE, [Holder("disclosures", SANNE), Holder("document", other)]).state == "differs"
    assert compare(0, SANNE, [Holder("document", SANNE), Holder("disclosures", SANNE)]).source == "disclosures"
    assert compare(0, SANNE, []).state == "notChecked"


def test_the_applicants_disclosures_say_whose_the_credential_is(lund):
    credential, carried = issued_to(lund, **SANNE)
    sanne = Applicant(family_name="Van den Berg", given_name="Sanne", date_of_birth="2001-04-01")
    good = lund.open(credential, applicant=sanne, disclosures=[carried[::-1]])
    assert good.warnings == []
    assert show_case(lund.office, good.case).holders[0].state == "matches"
    chi = Applicant(family_name="Okafor", given_name="Chi", date_of_birth="1999-01-01")
    wrong = lund.open(credential, applicant=chi, disclosures=[carried])
    assert any("names another person than the applicant" in one for one in wrong.warnings)
    shown = show_case(lund.office, wrong.case)
    assert (shown.holders[0].state, shown.case.holder) == ("differs", "differs")
    assert "Berg" not in str([one for one in shown.written if one.kind != "applicant"])


def test_without_disclosures_it_is_said_that_nothing_was_checked_until_they_are_handed_in(lund):
    credential, carried = issued_to(lund, **SANNE)
    moved = lund.open(credential, applicant=Applicant(family_name="Van den Berg", given_name="Sanne",
                                                      date_of_birth="2001-04-01"))  # fmt: skip
    assert any("whose it is was not checked" in one for one in moved.warnings)
    assert lines(lund)[0].holder == "notChecked"
    case = lund.registry.case(moved.case)
    [check] = disclose(lund.office, case, [carried], "desk")
    assert (check.state, check.source) == ("matches", "disclosures")
    assert lines(lund)[0].holder == "matches"


def test_disclosures_with_one_missing_or_altered_or_of_another_credential_are_refused(lund):
    credential, carried = issued_to(lund, **SANNE)
    _, others = issued_to(lund, **SANNE)
    for wrong in (carried[:-1], [*carried[:-1], others[-1]], others):
        with pytest.raises(UnknownSubject, match="none of the case's credentials"):
            lund.open(credential, disclosures=[wrong])


def test_a_receipt_proves_the_digest_of_a_credential_that_has_not_arrived(lund, tmp_path):
    carried = disclosures_of(SANNE)
    credential = lund.issue(seen=False, claims=claims_digest(carried))
    receipt = SubmittedCredential(receipt=lund.receipt(credential, tmp_path))
    moved = lund.open(receipt, disclosures=[carried])
    assert show_case(lund.office, moved.case).holders[0].state == "differs"


def test_a_number_of_another_person_is_not_taken_for_the_applicants(lund):
    lund.open(STATISTICS, applicant=Applicant(**{**_fields(ADA), "student": "s1"}))
    chi = Applicant(family_name="Okafor", given_name="Chi", date_of_birth="1999-01-01", student=" s1 ")
    with pytest.raises(NotApplicant, match="another person is known here"):
        lund.open(STATISTICS, applicant=chi)
    assert lund.open(STATISTICS, applicant=Applicant(student="s1")).case


def test_a_person_of_one_name_can_apply_and_says_so(lund):
    assert lund.open(STATISTICS, applicant=Applicant(family_name="Suharto", given_name="", date_of_birth="1990")).case
    with pytest.raises(NotApplicant, match="givenName"):
        lund.open(STATISTICS, applicant=Applicant(family_name="Suharto", date_of_birth="1990"))
    with pytest.raises(NotApplicant, match="empty"):
        lund.open(STATISTICS, applicant=Applicant(family_name="", given_name="", date_of_birth="1990"))


# Opening


def test_all_that_is_wrong_with_an_application_is_said_at_once(lund):
    wrong = SubmittedCredential(external=External("Oslo Met", "XX", "Statistics"))
    with pytest.raises(NotOpened) as refused:
        lund.open(
            wrong,
            SubmittedCredential(file="nothing"),
            SubmittedCredential(),
            applicant=Applicant(),
            disclosures=[["abcd"]],
        )
    places = [problem.path for problem in refused.value.problems]
    assert places == [
        "$.subjects[0].external.country", "$.subjects[1].file", "$.subjects[2]", "$.applicant", "$.disclosures[0]"
    ]  # fmt: skip
    assert "attach the file to the case" in refused.value.detail
    assert lines(lund) == []


def test_an_altered_receipt_is_told_in_plain_words_and_kept_as_evidence(lund, tmp_path):
    receipt = lund.receipt(lund.issue(), tmp_path)
    altered = receipt.replace("index ", "index 1")
    with pytest.raises(InvalidProof, match="was altered or is of another log"):
        lund.open(SubmittedCredential(receipt=altered))
    case = lund.registry.case(lund.open(STATISTICS).case)
    kept = attach(lund.registry, lund.setting, case, altered.encode(), "evidence", "desk", name="ada.tlog-proof")
    assert read_attachment(lund.registry, case, kept.attachment).content.decode() == altered


def test_another_open_case_of_the_person_or_of_the_credential_is_named(lund):
    credential = lund.issue()
    first = lund.open(credential)
    again = Applicant(family_name="JANSEN", given_name="Ada", date_of_birth="2001-02-03")
    second = lund.open(credential, applicant=again)
    assert any(f"has a case: {first.file_number}, which is open" in one for one in second.warnings)
    assert any(f"is in another case, too: {first.file_number}" in one for one in second.warnings)
    other = lund.open(
        STATISTICS, applicant=Applicant(family_name="Jansen", given_name="Bo", date_of_birth="2001-02-03")
    )
    assert not any("has a case" in one for one in other.warnings)


# Files


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (PDF, "application/pdf"), (b"\n" + PDF, "application/pdf"), (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"), (b"II*\0", "image/tiff"), (b"MM\0*", "image/tiff"),
        ("Grüße".encode(), "text/plain"), (b"\0\0", None),
        (b"PK\x03\x04\x00\xff", None), (b"  ", None),
    ],
)  # fmt: skip
def test_what_a_file_is_is_found_out_from_its_content(content, media_type):
    assert media_type_of(content) == media_type


def test_a_file_is_kept_encrypted_comes_out_again_and_goes_with_the_applicant(lund, tmp_path):
    case = lund.registry.case(lund.open(STATISTICS).case)
    marked = PDF + b" Quixwobble transcript"
    kept = attach(lund.registry, lund.setting, case, marked, "transcript", "desk", subject=0, name="Quixwobble.pdf")
    assert (kept.media_type, kept.bytes, kept.file_name) == ("application/pdf", len(marked), f"{kept.attachment}.pdf")
    assert b"Quixwobble" not in lund.everything()
    out = read_attachment(lund.registry, case, kept.attachment)
    assert (out.content, out.name) == (marked, "Quixwobble.pdf")
    assert [one.attachment for one in show_case(lund.office, str(case.id)).attachments] == [kept.attachment]
    batch_store = BatchStore(lund.dsn, lund.registry.vault, tmp_path / "spool")
    erase(lund.registry, batch_store, case.data.learner)
    assert list_attachments(lund.registry.cursor(), str(case.id)) == []
    with pytest.raises(ApplicantErased):
        attach(lund.registry, lund.setting, case, PDF, "transcript", "desk")


def test_a_file_that_is_too_large_of_another_type_or_there_already_is_refused(lund):
    setting = lund.setting.model_copy(update={"attachment_bytes": 100, "case_attachment_bytes": 150})
    case = lund.registry.case(lund.open(STATISTICS).case)
    attach(lund.registry, setting, case, PDF + b" " * 80, "transcript", "desk")
    wrong = [
        (PDF + b" " * 90, "transcript", "at most are kept"),
        (PDF + b" " * 60, "transcript", "150 bytes"),
        (PDF + b" " * 80, "transcript", "this very file"),
        (b"PK\x03\x04\xff", "transcript", "not a PDF"),
        (b"plain text", "transcript", "not a PDF"),
        (b"", "transcript", "empty"),
        (PDF, "passport", "not one of"),
    ]
    for content, kind, says in wrong:
        with pytest.raises(NotAttached, match=says):
            attach(lund.registry, setting, case, content, kind, "desk")
    with pytest.raises(UnknownSubject, match="1 credentials"):
        attach(lund.registry, setting, case, PDF, "transcript", "desk", subject=1)
    with pytest.raises(UnknownSubject, match="no file"):
        read_attachment(lund.registry, case, random_id())


# The worklist


def test_the_worklist_names_applicant_title_and_country_and_who_works_on_it(lund):
    lund.open(STATISTICS)
    credential = lund.issue()
    second = lund.open(credential, applicant=Applicant(family_name="Núñez", given_name="Bo", date_of_birth="1999"))
    case = lund.registry.case(second.case)
    assign(lund.registry, case, "k.berg", "desk")
    with pytest.raises(UnknownSubject, match="works on this case already"):
        assign(lund.registry, case, "k.berg", "desk")
    by_number = {line.file_number: line for line in lines(lund)}
    line = by_number[second.file_number]
    assert (line.applicant, line.assignee) == ("Núñez, Bo", "k.berg")
    assert [(one.title, one.issuer) for one in line.credentials] == [("Data literacy", "twente")]
    first = next(one for one in by_number.values() if one is not line)
    assert [(one.title, one.issuer, one.country) for one in first.credentials] == [("Statistics", "Oslo Met", "NO")]
    mine = list_cases(lund.office, WorklistQuery(assignee="k.berg"), today=today()).lines
    free = list_cases(lund.office, WorklistQuery(unassigned=True), today=today()).lines
    assert ([one.case for one in mine], [one.case for one in free]) == ([line.case], [first.case])
    assign(lund.registry, case, None, "desk")
    assert list_cases(lund.office, WorklistQuery(assignee="k.berg"), today=today()).lines == []


@pytest.mark.parametrize(
    ("name", "found"), [("nunez", 1), ("bo nu", 1), ("NÚÑEZ, Bo", 1), ("unez", 0), ("", 0), ("jan", 1)]
)
def test_cases_are_found_by_the_beginnings_of_names_without_case_and_accents(lund, name, found):
    lund.open(STATISTICS)
    lund.open(STATISTICS, applicant=Applicant(family_name="Núñez", given_name="Bo", date_of_birth="1999"))
    assert len(lines(lund, name=name)) == found


def test_two_words_find_only_applicants_of_whom_both_are_names(lund):
    for given, family in (("Jan", "Jansen"), ("Piet", "Jansen"), ("Jan", "de Vries")):
        lund.open(STATISTICS, applicant=Applicant(family_name=family, given_name=given, date_of_birth="1999"))
    found = {name: sorted(line.applicant for line in lines(lund, name=name)) for name in
             ("jan jansen", "jansen p", "jan v", "vries piet", "jan jan", "jan", "jan jan jan")}  # fmt: skip
    assert found == {
        "jan jansen": ["Jansen, Jan"],
        "jansen p": ["Jansen, Piet"],
        "jan v": ["de Vries, Jan"],
        "vries piet": [],
        "jan jan": ["Jansen, Jan"],
        "jan": ["Jansen, Jan", "Jansen, Piet", "de Vries, Jan"],
        "jan jan jan": [],
    }


# What changed since the decision


@pytest.mark.parametrize("purpose", ["creditTransfer", "admission"])
def test_a_revocation_after_the_decision_reaches_the_worklist_also_where_the_decision_names_only_a_digest(
    lund, purpose
):
    credential, other = lund.issue(), lund.issue()
    case = lund.approved(credential, purpose=purpose)
    quiet = lund.approved(other, purpose=purpose)
    for each in (case, quiet):
        lund.office.decide(each, "l.holm")
    assert lines(lund, changed=True) == []
    lund.put(lund.twente.revoke(credential))
    lund.project()
    assert [line.case for line in lines(lund, changed=True)] == [case]
    assert count_changed(lund.office) == 1
    assert {line.case: line.changed for line in lines(lund)} == {case: True, quiet: False}
    assert "credential 0 was active when it was decided, and is revoked now" in show_case(lund.office, case).warnings


def test_what_was_seen_does_not_nag_and_what_happens_again_shows_again(lund):
    credential = lund.issue()
    case = lund.approved(credential)
    lund.office.decide(case, "l.holm")

    def happens(line):
        lund.put(line)
        lund.project()

    happens(lund.twente.suspend(credential))
    [seen] = acknowledge(lund.registry, lund.office.lookup, lund.registry.case(case), "k.berg")
    assert seen.now == "suspended"
    assert lines(lund, changed=True) == []
    shown = show_case(lund.office, case)
    assert shown.changes[0].acknowledged_by == "k.berg"
    with pytest.raises(UnknownSubject, match="nothing changed"):
        acknowledge(lund.registry, lund.office.lookup, lund.registry.case(case), "k.berg")
    happens(lund.twente.revoke(credential))
    assert [line.case for line in lines(lund, changed=True)] == [case]


def test_an_erasure_at_the_issuer_after_the_decision_is_a_change(lund):
    learner = new_id()
    credential, line = lund.twente.issue(lund.achievement, learner)
    lund.put(line)
    lund.project()
    case = lund.approved(credential)
    lund.office.decide(case, "l.holm")
    lund.put(lund.twente.erase(learner))
    lund.project()
    found = changed_cases(lund.registry.cursor(), lund.office.lookup)
    assert "its learner was erased" in found.cases[case][0].now
    assert found.complete


def test_two_histories_of_the_issuer_after_the_decision_are_a_change(lund):
    case = lund.approved(lund.issue())
    lund.office.decide(case, "l.holm")
    lund.views.execute(
        "INSERT INTO claims (member, note, size, root, code, settled, position)"
        " VALUES ('twente', 'another head', 1, '', 'fork', 'contradicts', 0)"
    )
    found = changed_cases(lund.registry.cursor(), lund.office.lookup)
    assert [one.now for one in found.cases[case]] == ["active, its issuer signed two histories"]


def test_what_a_letter_encloses_proves_which_credential_its_decision_is_about(lund):
    credential, other = lund.issue(), lund.issue()
    case = lund.approved(credential, purpose="admission")
    decision = lund.office.decide(case, "l.holm").decision
    lund.publish()
    enclosed = show_case(lund.office, case).disclosures
    proven = prove_claims(lund.views, enclosed, decision=("lund", decision))
    assert proven.claims == {"credentials": [{"member": "twente", "credential": credential}]}
    assert proven.status == "inForce"
    [forged] = disclosures_of({"credential": {"member": "twente", "credential": other}})
    with pytest.raises(InvalidDisclosure, match="not one that the decision commits to"):
        prove_claims(lund.views, [forged], decision=("lund", decision))
    assert prove_claims(lund.views, enclosed, decision=("lund", new_id())) is None


# Precedents


def test_foreign_institutions_have_this_offices_own_precedents(lund):
    case = lund.approved(STATISTICS, purpose="admission", grants=[grant("partial", "workload:substantiallyLess")])
    lund.office.decide(case, "l.holm")
    lund.publish()
    lookup = lund.office.lookup
    for words in ("Oslo Met", "oslomet", "OSLO", "met oslo"):
        assert [one.title for one in find_precedents(lookup, words).items] == ["Statistics"], words
    assert find_precedents(lookup, "Oslo Met", "SE").items == []
    assert find_precedents(lookup, "Oslo Met", "NO", "stat").outcomes == {"partial": 1}
    again = lund.open(External("OSLO MET", "NO", "statistics"), purpose="admission").case
    lund.office.complete(again, "desk")
    warnings = lund.office.propose(again, [full(ects=None)], "k.berg").warnings
    assert any("your office decided otherwise on this title before: partial" in one for one in warnings)


# Erasing


def test_a_decided_case_within_its_time_for_an_appeal_is_named_before_an_erasure(lund):
    case = lund.approved(STATISTICS, grants=[full(ects=None)])
    decided = lund.office.decide(case, "l.holm")
    learner = lund.registry.case(case).data.learner
    [affected] = find_affected_cases(lund.registry, learner, today())
    assert (affected.file_number, affected.appeal_until) == (decided.file_number, decided.appeal_until)


def test_the_cases_of_a_learner_who_was_merged_are_named_before_the_other_is_erased(lund):
    case = lund.approved(STATISTICS, grants=[full(ects=None)])
    decided = lund.office.decide(case, "l.holm")
    target = random_id()
    assert find_affected_cases(lund.registry, target, today()) == []
    lund.registry.cursor().execute(
        "INSERT INTO vault.learner_changes"
        " (change, kind, source, target, preview, sealed, proposed_by, proposed, confirmed_by, confirmed)"
        " VALUES (%s, 'merge', %s, %s, '', '', 'a', now(), 'b', now())",
        (random_id(), lund.registry.case(case).data.learner, target),
    )
    [affected] = find_affected_cases(lund.registry, target, today())
    assert affected.file_number == decided.file_number


def test_a_closed_case_holds_its_credential_as_long_as_its_decision_is_in_force(lund):
    credential = lund.issue()
    case = lund.approved(credential)
    cursor = lund.registry.cursor()
    cursor.execute("UPDATE office.subjects SET member = 'lund'")  # as if this university had issued it
    number = lund.registry.case(case).data.file_number
    assert find_cases(lund.registry, [credential]) == {credential: f"case {number} is about it"}
    decision = lund.office.decide(case, "l.holm").decision
    cursor.execute("UPDATE office.subjects SET member = 'lund'")
    cursor.execute("UPDATE office.cases SET state = 'closed'")
    found = find_cases(lund.registry, [credential])
    assert found == {credential: f"the decision of the closed case {number} rests on it"}
    lund.registry.recognition.withdraw_decision(decision, "onAppeal")
    assert find_cases(lund.registry, [credential]) == {}


def _fields(applicant):
    return {name: getattr(applicant, name) for name in ("family_name", "given_name", "date_of_birth")}


def test_of_two_who_attach_the_same_file_at_once_one_is_told(lund):
    case = lund.open(STATISTICS).case
    offices = [lund.office, lund.another()]

    def add(office):
        try:
            return attach(office.registry, office.setting, office.registry.case(case), PDF, "transcript", "desk")
        except NotAttached:
            return None

    with ThreadPoolExecutor(2) as threads:
        made = list(threads.map(add, offices))
    assert [one is None for one in made].count(True) == 1
