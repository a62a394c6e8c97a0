"""What is unclear in a document is never issued, by an import, a batch or a draft, until somebody says it."""

import copy
import json
from importlib import resources

import pytest

from registry.application.achievement_content import FaultyContent
from registry.application.achievement_texts import ALL_FIELDS
from registry.batches import BatchStore, Worker
from registry.domain.case_errors import NoCredential
from registry.intake.course_codes import CourseCode, CourseCodes
from registry.intake.draft_publishing import DraftPublisher
from registry.intake.drafts import Drafts
from registry.intake.formats.documents import read_document
from registry.intake.importing import Importer
from registry.intake.rows.report import IntakeError
from registry.node.adapters.catalogue import OwnCatalogue
from registry.office.cases.opening import SubmittedCredential
from registry.office.cases.uploads import read_upload
from tests.support.memory_log import MemoryLog
from tests.support.node import TestNode
from tests.support.samples import case

SAMPLES = resources.files("registry.intake").joinpath("samples")


def rest(name):
    return json.loads(SAMPLES.joinpath(name).read_text())


BADGE = rest("openbadge-rest.json")
TRANSCRIPT = rest("transcript-rest.json")


def badge(**more):
    return rest("openbadge.json") | more


class Office:
    """A university that takes documents in."""

    def __init__(self, dsn):
        self.node = TestNode(dsn, MemoryLog())
        self.registry = self.node.registry
        self.importer = Importer(self.registry, self.node.issuer, OwnCatalogue(self.registry))
        self.publisher = DraftPublisher(self.registry, self.node.issuer, OwnCatalogue(self.registry))
        self.drafts = Drafts(self.registry)

    def take(self, document, given=None, **more):
        content = document if isinstance(document, bytes) else json.dumps(document).encode()
        return list(self.importer.take(read_document(content, "file"), given or {}, **more))

    def issued(self):
        return self.registry.cursor().execute("SELECT count(*) AS n FROM vault.records").fetchone()["n"]


@pytest.fixture
def office(dsn):
    made = Office(dsn)
    yield made
    made.node.close()


def with_credential(given, **fields):
    return {**given, "credential": {**given.get("credential", {}), **fields}}


def test_an_unclear_end_is_held_in_a_dry_run_and_in_earnest_until_it_is_named(office):
    unclear = badge(validUntil="2033-01-31T13:00:00Z")
    for dry_run in (True, False):
        [taken] = office.take(unclear, BADGE, dry_run=dry_run)
        [problem] = taken.problems
        assert (problem.field, problem.value) == ("credential.valid_until", "2033-01-31T13:00:00Z")
        assert "null" in problem.detail
        assert (taken.credential, office.issued()) == (None, 0)
    [taken] = office.take(unclear, with_credential(BADGE, valid_until="2033-01-31"))
    assert (bool(taken.credential), taken.problems) == (True, [])


def test_null_says_that_there_is_none(office):
    [taken] = office.take(badge(validUntil="whenever"), with_credential(BADGE, valid_until=None))
    assert taken.credential


def test_a_draft_keeps_what_is_unclear_until_it_is_completed(office):
    [taken] = office.take(badge(expirationDate="1 May"), {})
    [draft] = office.drafts.list_all()
    assert [one.missing for one in office.drafts.list_waiting(draft.draft)] == [["valid_until"]]
    office.drafts.complete(taken.draft, BADGE)
    [one] = office.publisher.publish(taken.draft).results
    assert (one.credential, [p.field for p in one.problems]) == (None, ["credential.valid_until"])
    assert office.issued() == 0
    office.drafts.complete(taken.draft, {"credential": {"valid_until": None}})
    [one] = office.publisher.publish(taken.draft).results
    assert one.credential


def test_a_draft_is_not_published_while_a_field_of_it_is_unclear(office):
    document = badge()
    document["credentialSubject"]["achievement"]["SBU"] = "many"
    given = {"achievement": {name: value for name, value in BADGE["achievement"].items() if name != "workloadHours"}}
    [taken] = office.take(document, given)
    assert "achievement.workloadHours" in [one.field for one in taken.problems]
    with pytest.raises(IntakeError, match=r"achievement\.workloadHours"):
        office.publisher.publish(taken.draft)
    office.drafts.complete(taken.draft, {"achievement": {"workloadHours": None}})
    [one] = office.publisher.publish(taken.draft).results
    assert one.credential
    [again] = office.take(document, {})
    assert again.unchanged


def test_what_a_matched_award_leaves_unclear_is_held_too(office):
    office.take(badge(), BADGE)
    other = badge(id="urn:other", validUntil="x")
    other["credentialSubject"]["identifier"][0]["identityHash"] = "s2"
    [taken] = office.take(other, {})
    assert (taken.achievement is not None, taken.credential) == (True, None)
    assert [one.field for one in taken.problems] == ["credential.valid_until"]
    other["credentialSubject"]["achievement"]["ECTS"] = "2,5"
    CourseCodes(office.registry).change([CourseCode("SOIL-1", taken.achievement, None)])
    [taken] = office.take(other | {"validUntil": "2035-01-01"}, {})
    assert [one.field for one in taken.problems] == ["achievement.ects"]


def test_a_matched_award_waits_and_is_issued_when_what_is_unclear_is_said(office):
    [first] = office.take(badge(), BADGE)
    CourseCodes(office.registry).change([CourseCode("SOIL-1", first.achievement, 1)])
    other = badge(id="urn:other", validUntil="x")
    other["credentialSubject"]["identifier"][0]["identityHash"] = "s2"
    [taken] = office.take(other, {})
    assert (taken.waiting, taken.credential) == (True, None)
    [one] = office.publisher.publish(taken.draft).results
    assert (one.credential, [p.field for p in one.problems]) == (None, ["credential.valid_until"])
    office.drafts.complete(taken.draft, {"credential": {"valid_until": "2035-01-01"}})
    [one] = office.publisher.publish(taken.draft).results
    assert one.credential
    assert office.registry.credentials.get(one.credential).state.version == 1
    assert len(office.registry.achievements.list_all()) == 1
    third = other | {"id": "urn:third"}
    [taken] = office.take(third, {})
    assert office.drafts.get(taken.draft).waiting == 1
    [taken] = office.take(third | {"validUntil": "2036-01-01"}, {})
    assert taken.credential
    assert office.drafts.list_all() == []


def test_what_is_revoked_by_its_own_word_is_issued_by_no_completion(office):
    [taken] = office.take(badge(revoked=True), BADGE)
    assert "revoked" in taken.problems[0].detail
    assert (taken.credential, taken.draft, office.issued()) == (None, None, 0)


def test_every_award_of_a_record_is_issued_to_its_own_learner(office):
    second = badge(id="urn:two")
    second["credentialSubject"]["givenName"] = "Eva"
    second["credentialSubject"]["identifier"][0]["identityHash"] = "s99"
    taken = office.take({"type": "VerifiablePresentation", "verifiableCredential": [badge(), second]}, BADGE)
    assert len({one.credential for one in taken}) == 2
    assert len({one.learner for one in taken}) == 2


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"credentials": {}}, "credentials is not one of"),
        ({"awards": {"1": {"grade": "8"}}}, "awards.1: grade is not one of"),
    ],
)
def test_what_is_given_beside_a_document_and_has_no_effect_is_refused(office, given, says):
    with pytest.raises(IntakeError, match=says):
        office.take(badge(), BADGE | given)
    assert office.issued() == 0


# Parts


def nested(outer_ects="10.5"):
    text = SAMPLES.joinpath("transcript.xml").read_text()
    end = "</learningOpportunitySpecification>"
    start = text.index("<learningOpportunitySpecification>")
    stop = text.rindex(end) + len(end)
    parts = [part + end for part in text[start:stop].split(end) if part.strip()]
    passed = [part for part in parts if "<status>passed" in part]
    outer = passed[0].replace("TFYA-11", "PROG-7").replace("<type>Module", "<type>Degree Programme")
    outer = outer.replace("<value>6</value>", f"<value>{outer_ects}</value>").replace(
        "Light and materials", "Programme"
    )
    inner = "".join(f"<hasPart>{part}</hasPart>" for part in passed)
    return (text[:start] + outer.replace("</specifies>", f"</specifies>{inner}") + text[stop:]).encode()


GIVEN = {**TRANSCRIPT, "awards": {**TRANSCRIPT["awards"], "PROG-7": {
    "achievement": {"learningOutcomes": [{"title": {"en": "Does physics outdoors"}}]}}}}  # fmt: skip


def test_a_programme_is_issued_with_its_parts_so_that_credit_counts_once(office):
    taken = office.take(nested(), GIVEN)
    assert [one.problems for one in taken] == [[], [], []]
    content = office.registry.achievements.get(taken[2].achievement).content
    assert {ref.achievement for ref in content.composition.required} == {one.achievement for one in taken[:2]}
    assert content.composition.min_ects == 10.5
    office.node.publisher().publish_pending()
    [issued] = [
        one for one in map(json.loads, office.node.lines()) if one["data"].get("credential") == taken[2].credential
    ]
    parts = {(part["member"], part["credential"], part["ects"]) for part in issued["data"]["parts"]}
    assert parts == {("twente", taken[0].credential, 6), ("twente", taken[1].credential, 4.5)}
    again = office.take(nested(), GIVEN)
    assert [one.unchanged for one in again] == [True, True, True]


def test_a_programme_of_many_courses_has_them_all_as_parts(office):
    text = nested("60").decode()
    start, end = text.index("<hasPart>"), text.index("</hasPart>") + len("</hasPart>")
    last = text.rindex("</hasPart>") + len("</hasPart>")
    course = text[start:end].replace("<value>6</value>", "<value>1</value>")
    names = [("TFYA-11", "C-{}"), ("Light and materials", "Course {}"), ("Ljus och material", "Kurs {}")]
    many = ""
    for number in range(60):
        named = course
        for before, after in names:
            named = named.replace(before, after.format(number))
        many += named
    outcomes = {"learningOutcomes": [{"title": {"en": "x"}}]}
    given = {**TRANSCRIPT, "achievement": {**TRANSCRIPT["achievement"], **outcomes}, "awards": {}}
    taken = office.take((text[:start] + many + text[last:]).encode(), given)
    assert all(one.credential for one in taken), taken[-1]
    assert len(office.registry.achievements.get(taken[-1].achievement).content.composition.required) == 60


def test_a_dry_run_of_a_programme_says_the_same_and_stores_nothing(office):
    taken = office.take(nested(), GIVEN, dry_run=True)
    assert [(one.problems, one.missing) for one in taken] == [([], [])] * 3
    assert office.issued() == 0


def test_a_whole_waits_for_its_parts_and_joins_them_when_it_comes_again(office):
    lacking = copy.deepcopy(GIVEN)
    del lacking["awards"]["TFYA-12"]
    taken = office.take(nested(), lacking)
    assert [bool(one.credential) for one in taken] == [True, False, False]
    assert "credential.parts" in [one.field for one in taken[2].problems]
    assert office.issued() == 1
    taken = office.take(nested(), GIVEN)
    assert [bool(one.credential) for one in taken] == [True, True, True]
    assert office.registry.achievements.get(taken[2].achievement).content.composition is not None
    assert [one.waiting for one in office.drafts.list_all()] == []


def test_parts_that_do_not_add_up_are_asked_about_with_the_numbers_and_never_exceed_the_whole(office):
    taken = office.take(nested("12"), GIVEN)
    [problem] = taken[2].problems
    assert problem.field == "achievement.ects"
    assert "12 ECTS" in problem.detail
    assert "10.5" in problem.detail
    more = copy.deepcopy(GIVEN)
    more["awards"]["PROG-7"]["achievement"]["ects"] = 12
    assert office.take(nested("12"), more)[2].credential
    more["awards"]["PROG-7"]["achievement"]["ects"] = 7
    [problem] = office.take(nested("7"), more)[2].problems
    assert "add up to 10.5 ECTS, and it is worth 7" in problem.detail


def test_a_published_programme_without_a_composition_takes_no_parts(office):
    alone = copy.deepcopy(GIVEN)
    alone["awards"]["PROG-7"]["credential"] = {"parts": None}
    assert office.take(nested(), alone)[2].credential
    other = nested().replace(b"l2600004", b"l99")
    [problem] = office.take(other, GIVEN)[2].problems
    assert "has no composition" in problem.detail


# As a batch, as systems send it


def test_a_batch_counts_what_is_unclear_as_not_issued_and_names_it(office, tmp_path):
    office.take(badge(), BADGE)
    batch_store = BatchStore(office.registry.dsn, office.registry.vault, tmp_path / "spool")
    worker = Worker(office.registry, office.node.issuer, batch_store, OwnCatalogue(office.registry))
    second = badge(id="urn:unclear", validUntil="2033-01-31T13:00:00Z")
    second["credentialSubject"]["identifier"][0]["identityHash"] = "s55"
    file = {"type": "VerifiablePresentation", "verifiableCredential": [badge(), second, badge(id="x", revoked=True)]}
    for dry_run in (True, False):
        begun = batch_store.begin(
            f"term {dry_run}", "credentials", "application/json", "a system", f"{dry_run}", dry_run=dry_run
        )
        begun.file.write(json.dumps(file).encode())
        batch_store.complete(begun.batch, begun.file, None)
        assert worker.step()
        done = batch_store.get(begun.batch)
        assert (done.state, done.issued, done.unchanged, done.refused) == ("done", 0, 1, 2)
        found = {(one.line, one.field) for _, one in batch_store.list_problems(begun.batch, 100)}
        assert found == {(2, "credential.valid_until"), (3, "")}
    assert office.issued() == 1


# An office that opens a case


def test_an_office_is_shown_every_note_and_opens_all_that_a_file_holds():
    file = {"type": "VerifiablePresentation", "verifiableCredential": [badge(), badge(id="urn:2", validUntil="x")]}
    first, second = read_upload(json.dumps(file), None, "$.file")
    assert any("the file holds 2 credentials" in note for note in first.notes)
    assert any("is not a date" in note for note in second.notes)
    assert any(note.startswith("not read: ") for note in first.notes)
    assert first.stated.assessments == ["testing"]
    assert second.stated.unclear[0].asks == "credential.valid_until"


def test_an_office_is_told_what_a_file_leaves_out_and_by_which_option_it_is_said():
    plain = json.dumps(badge(issuer="did:key:abc"))
    with pytest.raises(NoCredential, match=r"--issuer NAME \(`issuer`\), --country CC"):
        read_upload(plain, None, "$.file")
    [one] = read_upload(plain, "PT", "$.file", "Aveiro")
    assert (one.external.issuer_name, one.external.country) == ("Aveiro", "PT")
    [one] = read_upload(json.dumps(badge()), "PT", "$.file", "Aveiro")
    assert any("and not Aveiro" in note for note in one.notes)


def test_a_file_of_two_persons_and_one_that_cannot_be_read_whole_open_no_case():
    other = badge(id="urn:2")
    other["credentialSubject"] |= {"familyName": "Quite", "givenName": "Other"}
    file = {"type": "VerifiablePresentation", "verifiableCredential": [badge(), other]}
    with pytest.raises(NoCredential, match="different persons"):
        read_upload(json.dumps(file), None, "$.file")
    file["verifiableCredential"][1] = {"type": "Other", "x": 1}
    with pytest.raises(NoCredential, match="2 credentials, of which 1 cannot be read"):
        read_upload(json.dumps(file), None, "$.file")


def test_a_revoked_file_is_shown_as_such():
    [one] = read_upload(json.dumps(badge(credentialStatus={"status": "revoked"})), None, "$.file")
    assert any("revoked" in note for note in one.notes)


def test_the_programme_that_counted_twice_counts_once(office):
    given = json.loads(case("m9-rest.json").read_text())
    taken = office.take(case("m9-haspart.xml").read_bytes(), given)
    assert all(one.credential for one in taken), taken
    content = office.registry.achievements.get(taken[2].achievement).content
    assert content.composition.min_ects == content.ects == 10.5


def test_an_asked_subject_takes_an_issuer():
    assert SubmittedCredential(file="{}", issuer="Aveiro").issuer == "Aveiro"


def test_a_person_with_one_name_is_issued_to_and_an_impossible_birth_date_is_not(office):
    one_name = badge()
    one_name["credentialSubject"].pop("givenName")
    [taken] = office.take(one_name, BADGE)
    assert taken.credential, taken
    for born in ("2999-01-01", "0001-01-01"):
        odd = badge(id=f"urn:{born}")
        odd["credentialSubject"] |= {"dateOfBirth": born}
        odd["credentialSubject"]["identifier"][0]["identityHash"] = "s3"
        [taken] = office.take(odd, BADGE)
        assert (taken.credential, taken.problems[0].field) == (None, "date_of_birth"), born


def test_a_title_that_looks_broken_is_published_once_it_is_repeated_and_no_other_one_is(office):
    broken = badge()
    broken["credentialSubject"]["achievement"]["name"] = "BiologÃ\xada"
    language = broken["credentialSubject"]["achievement"].get("inLanguage", "und")[:2]
    [taken] = office.take(broken, BADGE)
    assert (bool(taken.credential), "achievement.title" in {one.field for one in taken.problems}) == (False, True)
    office.drafts.complete(taken.draft, {"achievement": {"title": {language: "MÃ¼ller"}}})
    with pytest.raises(FaultyContent, match="wrong encoding"):
        office.publisher.publish(taken.draft)
    office.drafts.complete(taken.draft, {"achievement": {"title": {language: "BiologÃ\xada"}}})
    [one] = office.publisher.publish(taken.draft).results
    assert one.credential
    assert office.registry.achievements.get(one.achievement).content.title == {language: "BiologÃa"}


def test_a_draft_with_a_text_that_looks_broken_is_published_where_that_is_said(office):
    [taken] = office.take(badge(), {"credential": BADGE.get("credential", {})})
    outcomes = [{"title": {"en": "tbd"}}]
    office.drafts.complete(taken.draft, BADGE | {"achievement": BADGE["achievement"] | {"learningOutcomes": outcomes}})
    with pytest.raises(FaultyContent, match="placeholder"):
        office.publisher.publish(taken.draft)
    published = office.publisher.publish(taken.draft, ALL_FIELDS)
    assert [bool(one.credential) for one in published.results] == [True]


def test_a_document_with_a_placeholder_waits_and_a_doubtful_workload_is_noted(office):
    given = {**BADGE, "achievement": BADGE["achievement"] | {"learningOutcomes": [{"title": {"en": "tbd"}}]}}
    [taken] = office.take(badge(), given)
    assert (taken.credential, [one.field for one in taken.problems]) == (
        None,
        ["achievement.learningOutcomes[0].title.en"],
    )
    given = {**BADGE, "achievement": BADGE["achievement"] | {"workloadHours": 1400}}
    [taken] = office.take(badge(), given)
    assert [note.split()[0] for note in taken.notes] == ["$.workloadHours"]


def test_a_text_that_looks_broken_is_issued_once_somebody_names_it(office):
    broken = badge()
    broken["credentialSubject"]["familyName"] = "GarcÃ­a"
    [taken] = office.take(broken, BADGE)
    assert [one.field for one in taken.problems] == ["credential.family_name"]
    [taken] = office.take(broken, with_credential(BADGE, family_name="GarcÃ­a"))
    assert (bool(taken.credential), taken.problems) == (True, [])


def test_a_text_that_looks_broken_is_issued_from_a_draft_once_it_is_named(office):
    broken = badge()
    broken["credentialSubject"]["givenName"] = "ZoÃ«"
    [taken] = office.take(broken, {})
    office.drafts.complete(taken.draft, BADGE)
    [one] = office.publisher.publish(taken.draft).results
    assert one.credential is None
    office.drafts.complete(taken.draft, {"credential": {"given_name": "ZoÃ«"}})
    [one] = office.publisher.publish(taken.draft).results
    assert (bool(one.credential), one.problems) == (True, [])


def test_all_that_a_row_would_be_refused_for_is_told_of_an_award(office):
    [taken] = office.take(badge(), with_credential(BADGE, student="1.2E+07", date_of_birth="2999-01-01"))
    assert {one.field for one in taken.problems} == {"student", "date_of_birth"}
    assert office.issued() == 0


def test_only_this_university_can_be_named_as_the_issuer(office):
    unclear = badge(issuer=[{"id": "urn:a", "name": "Ada College"}, {"id": "urn:b", "name": "Bell College"}])
    [taken] = office.take(unclear, with_credential(BADGE, issuer="bell"))
    assert [one.field for one in taken.problems] == ["credential.issuer"]
    [taken] = office.take(unclear, with_credential(BADGE, issuer=office.registry.member))
    assert taken.credential
