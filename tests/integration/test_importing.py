"""Documents to achievements and credentials on a real PostgreSQL: matched, new, or a draft for which they wait."""

import json
from importlib import resources
from pathlib import Path
from unittest import mock
from uuid import UUID

import msgspec
import pytest

from registry.application.achievement_content import FaultyContent
from registry.application.requests import NotIssued, Replacement
from registry.batches import BatchStore, Worker
from registry.batches.award_outcomes import award_progress
from registry.intake.course_codes import CourseCode, CourseCodeRows, CourseCodes, write_csv
from registry.intake.draft_publishing import DraftPublisher, publish_achievement
from registry.intake.drafts import Drafts, UnknownDraft
from registry.intake.formats.documents import read_document, read_file
from registry.intake.import_report import ImportReport
from registry.intake.importing import Importer
from registry.intake.rows.report import IntakeError, Problem
from registry.node.adapters.catalogue import OwnCatalogue
from tests.support.memory_log import MemoryLog
from tests.support.node import TestNode
from tests.support.samples import OPEN_BADGES, sample

SAMPLES = resources.files("registry.intake").joinpath("samples")


class Office:
    """A university that takes documents in."""

    def __init__(self, dsn):
        self.node = TestNode(dsn, MemoryLog())
        self.registry = self.node.registry
        self.importer = Importer(self.registry, self.node.issuer, OwnCatalogue(self.registry))
        self.publisher = DraftPublisher(self.registry, self.node.issuer, OwnCatalogue(self.registry))
        self.drafts = Drafts(self.registry)
        self.codes = CourseCodes(self.registry)

    def take(self, name, given=None, change=(), **more):
        text = SAMPLES.joinpath(name).read_text()
        for before, after in change:
            assert before in text
            text = text.replace(before, after)
        return list(self.importer.take(read_document(text.encode(), name), given or {}, **more))


def rest(name):
    return json.loads(SAMPLES.joinpath(name).read_text())


BADGE = rest("openbadge-rest.json")


@pytest.fixture
def office(dsn):
    made = Office(dsn)
    yield made
    made.node.close()


def test_a_document_with_all_that_is_needed_is_published_and_issued_once(office):
    [first] = office.take("openbadge.json", BADGE)
    assert (first.how, first.problems, first.missing) == ("it is new", [], [])
    [again] = office.take("openbadge.json", BADGE)
    assert (again.credential, again.unchanged) == (first.credential, True)
    assert again.how == "its content is identical"
    [other] = office.take("openbadge.json", BADGE, [("s2600002", "s9"), ("5b0f6e7a", "5b0f6e7b")])
    assert (other.achievement, other.unchanged) == (first.achievement, False)
    assert other.learner != first.learner
    assert len(office.registry.achievements.list_all()) == 1


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("microcredential.jsonld", "microcredential-rest.json"),
        ("euhemc.json", "euhemc-rest.json"),
        ("transcript.xml", "transcript-rest.json"),
        ("transcript-2.xml", "transcript-rest.json"),
    ],
)
def test_every_sample_of_our_own_is_issued_with_what_stands_beside_it(office, name, given):
    taken = office.take(name, rest(given))
    assert all(one.credential for one in taken), taken
    assert len({one.achievement for one in taken}) == len(taken)
    assert [one.unchanged for one in office.take(name, rest(given))] == [True] * len(taken)


def test_what_annex_i_wants_more_of_becomes_a_draft_and_its_credential_waits(office):
    before = office.node.stored()
    [taken] = office.take("openbadge.json")
    assert "achievement.learningOutcomes" in taken.missing
    assert taken.credential is None
    assert office.node.stored() == before
    [draft] = office.drafts.list_all()
    assert (draft.draft, draft.title, draft.waiting) == (taken.draft, "Soil in the city", 1)
    row = office.registry.cursor().execute("SELECT sealed FROM intake.waiting").fetchone()
    assert b"Silva" not in row["sealed"]
    assert b"s2600002" not in row["sealed"]
    [again] = office.take("openbadge.json")
    assert (again.draft, office.drafts.get(draft.draft).waiting) == (draft.draft, 1)


def test_a_draft_that_is_completed_and_published_issues_what_waits(office):
    [taken] = office.take("openbadge.json")
    office.take("openbadge.json", change=[("s2600002", "s9"), ("5b0f6e7a", "5b0f6e7b")])
    with pytest.raises(IntakeError, match=r"still requires achievement\.learningOutcomes"):
        office.publisher.publish(taken.draft)
    draft = office.drafts.complete(taken.draft, BADGE)
    assert office.drafts.list_missing(draft) == []
    issued = office.publisher.publish(taken.draft).results
    assert len({one.credential for one in issued}) == 2
    assert len({one.learner for one in issued}) == 2
    [achievement] = office.registry.achievements.list_all()
    assert achievement.content.learning_outcomes[0].title == {"en": "Maps sealed ground and proposes how to open it"}
    assert office.drafts.list_all() == []
    assert office.publisher.publish(taken.draft).results == []
    [late] = office.take("openbadge.json", change=[("s2600002", "s10"), ("5b0f6e7a", "5b0f6e7c")])
    assert late.how == "a draft of the same document was published as it"
    assert late.credential


def test_a_draft_with_a_blank_text_is_not_published_and_says_where(office):
    [taken] = office.take("openbadge.json")
    blank = {"learningOutcomes": [{"title": {"en": " "}}]}
    office.drafts.complete(taken.draft, BADGE | {"achievement": BADGE["achievement"] | blank})
    with pytest.raises(FaultyContent, match=r"\$\.learningOutcomes\[0\]\.title\.en: is empty"):
        office.publisher.publish(taken.draft)
    assert office.registry.achievements.list_all() == []


def test_importing_again_with_what_was_missing_publishes_the_draft(office):
    [waiting] = office.take("openbadge.json")
    [taken] = office.take("openbadge.json", BADGE)
    assert taken.credential
    assert office.drafts.get(waiting.draft).achievement == taken.achievement
    assert office.drafts.get(waiting.draft).waiting == 0


def test_a_credential_that_lacks_something_goes_on_waiting_and_the_others_are_issued(office):
    [taken] = office.take("openbadge.json", change=[('"dateOfBirth": "2001-09-30",', "")])
    office.take("openbadge.json", change=[("s2600002", "s9"), ("5b0f6e7a", "5b0f6e7b")])
    with pytest.raises(IntakeError, match="2 credentials wait"):
        office.drafts.complete(taken.draft, {"credential": {"date_of_birth": "2001-09-30"}})
    office.drafts.complete(taken.draft, BADGE)
    issued = office.publisher.publish(taken.draft).results
    assert [one.missing for one in issued if not one.credential] == [["credential.date_of_birth"]]
    assert office.drafts.get(taken.draft).waiting == 1
    record = rest("openbadge.json")["id"]
    office.drafts.complete(taken.draft, {"credentials": {record: {"date_of_birth": "2001-09-30"}}})
    assert [bool(one.credential) for one in office.publisher.publish(taken.draft).results] == [True]
    with pytest.raises(IntakeError, match="no credential with record"):
        office.drafts.complete(taken.draft, {"credentials": {"x": {"date_of_birth": "2001-09-30"}}})


def test_a_publication_that_stopped_between_achievement_and_credentials_goes_on(office):
    [taken] = office.take("openbadge.json")
    office.drafts.complete(taken.draft, BADGE)
    draft = office.drafts.get(taken.draft)
    publish_achievement(
        office.registry, office.drafts, office.drafts.build_content(draft, draft.draft, ()), draft.draft, ()
    )
    assert [one.waiting for one in office.drafts.list_all()] == [1]
    assert [bool(one.credential) for one in office.publisher.publish(taken.draft).results] == [True]
    assert len(office.registry.achievements.list_all()) == 1


def test_a_dropped_draft_takes_its_credentials_with_it(office):
    [taken] = office.take("openbadge.json")
    office.drafts.drop(taken.draft)
    with pytest.raises(UnknownDraft):
        office.drafts.get(taken.draft)
    assert office.registry.cursor().execute("SELECT count(*) AS n FROM intake.waiting").fetchone()["n"] == 0


def offered(office, **change):
    """The badge's achievement as the university offers it, with something else."""
    content = read_document(SAMPLES.joinpath("openbadge.json").read_bytes(), "x").awards[0]
    made = content.content(
        "0bbac7a9-a411-4809-ad9e-534f483b7a03", "twente", BADGE, office.registry.achievements.newest_version
    )
    office.registry.achievements.publish(msgspec.structs.replace(made, **change))
    return made.achievement


def test_an_achievement_of_the_same_title_ects_and_level_is_found_and_that_is_said(office):
    achievement = offered(office, stackability="standalone", title={"nl": "Bodem", "en": "SOIL in  the city"})
    [taken] = office.take("openbadge.json")
    assert (taken.achievement, taken.how) == (achievement, "it alone has the same title, ECTS and level")
    assert taken.credential


def test_where_two_are_alike_none_is_chosen(office):
    offered(office, stackability="standalone")
    offered(office, achievement="1bbac7a9-a411-4809-ad9e-534f483b7a03", prerequisites={"en": "none"})
    [taken] = office.take("openbadge.json")
    assert "2 achievements" in taken.how
    assert taken.draft
    [whole] = office.take("openbadge.json", BADGE, [("s2600002", "s9"), ("5b0f6e7a", "5b0f6e7b")])
    assert (whole.missing, whole.problems, whole.credential, whole.waiting) == ([], [], None, True)


@pytest.mark.parametrize("change", [{"ects": 5}, {"eqf_level": 7}, {"title": {"en": "Soil"}}])
def test_another_title_level_or_ects_is_another_achievement(office, change):
    offered(office, **change)
    assert office.take("openbadge.json")[0].draft


def test_a_course_code_counts_before_all_else_and_its_version_is_issued(office):
    achievement = offered(office, title={"en": "Quite another title"})
    office.codes.change([CourseCode("SOIL-1", achievement, 1)])
    revised = office.registry.achievements.get(achievement).content
    office.registry.achievements.revise(msgspec.structs.replace(revised, version=2, ects=5))
    [taken] = office.take("openbadge.json")
    assert (taken.achievement, taken.version, taken.how) == (achievement, 1, "course code SOIL-1 stands for it")
    assert office.registry.credentials.get(taken.credential).state.version == 1


@pytest.mark.parametrize(("change", "field"), [({"ects": 5}, "ects"), ({"eqf_level": 7}, "eqfLevel")])
def test_a_document_that_contradicts_the_achievement_of_its_course_code_is_not_issued(office, change, field):
    office.codes.change([CourseCode("SOIL-1", offered(office, **change))])
    [taken] = office.take("openbadge.json")
    assert taken.credential is None
    assert [problem.field for problem in taken.problems] == [field]


def test_a_transcript_is_taken_in_award_by_award(office):
    given = rest("transcript-rest.json")
    del given["awards"]["TFYA-12"]
    light, sensors = office.take("transcript.xml", given)
    assert light.credential
    assert sensors.missing == ["achievement.learningOutcomes"]
    assert sensors.draft
    office.drafts.complete(sensors.draft, {"achievement": {"learningOutcomes": [{"title": {"en": "Calibrates"}}]}})
    [issued] = office.publisher.publish(sensors.draft).results
    assert issued.learner == light.learner


def test_a_dry_run_says_it_all_and_stores_nothing(office):
    before = office.node.stored()
    [new] = office.take("openbadge.json", BADGE, dry_run=True)
    [draft] = office.take("euhemc.json", dry_run=True)
    assert (new.how, draft.draft) == ("it is new", None)
    assert draft.missing
    assert office.node.stored() == before
    assert office.drafts.list_all() == []


def test_every_rule_of_a_row_holds_for_a_document_too(office):
    [taken] = office.take("openbadge.json", BADGE, [("Silva", "=1+1")])
    assert "formula" in taken.problems[0].detail
    assert taken.achievement is None
    assert office.registry.achievements.list_all() == []
    [future] = office.take("openbadge.json", BADGE, [("2001-09-30", "2101-09-30")])
    assert "future" in future.problems[0].detail


@pytest.mark.parametrize(
    "name", [*(f"ob3/{one}.json" for one in OPEN_BADGES), "euhemc/example.json", "elmo/example.xml"]
)
def test_the_samples_of_others_become_drafts(office, name):
    document = read_file(Path(sample(name)))
    taken = list(office.importer.take(document, {}))
    assert len(taken) == len(document.awards)
    assert all(one.draft and one.missing for one in taken)
    drafts = office.drafts.list_all()
    assert len(drafts) == len(taken)
    pages, after = [], None
    while page := office.drafts.read_page(2, after):
        pages += page
        after = page[-1].created, UUID(page[-1].draft)
    assert pages == drafts


def test_course_codes_go_out_and_in_as_csv(office, tmp_path):
    achievement = offered(office)
    office.codes.change([CourseCode("B/2 é", achievement, 1), CourseCode("A-1", achievement)])
    assert [one.code for one in office.codes.read_page(10)] == ["A-1", "B/2 é"]
    assert [one.code for one in office.codes.read_page(10, "A-1")] == ["B/2 é"]
    file = tmp_path / "codes.csv"
    file.write_text(write_csv(office.codes.read_page(10)))
    assert [code for _, code in CourseCodeRows(file)] == office.codes.read_page(10)
    file.write_text(f"code,achievement,version\nA,{achievement},x\nB\nC,{achievement},1\nC,{achievement},2\n")
    problems = [(line, one.field) for line, one in CourseCodeRows(file) if isinstance(one, Problem)]
    assert problems == [(2, "version"), (3, ""), (4, "code"), (5, "code")]  # C with two meanings is neither
    file.write_text("course,id\n")
    with pytest.raises(IntakeError, match=r"lacks code .*, achievement"):
        CourseCodeRows(file)
    assert office.codes.remove("A-1")
    assert not office.codes.remove("A-1")
    assert office.codes.find("a\0b") is None


@pytest.mark.parametrize(
    ("code", "achievement", "version", "field"),
    [
        ("", None, None, "code"),
        ("=1", None, None, "code"),
        ("a\nb", None, None, "code"),
        ("x" * 201, None, None, "code"),
        ("A", "soil", None, "achievement"),
        ("A", "2bbac7a9-a411-4809-ad9e-534f483b7a03", None, "achievement"),
        ("A", None, 2, "version"),
        ("A", None, 0, "version"),
    ],
)
def test_a_course_code_that_leads_nowhere_is_not_set(office, code, achievement, version, field):
    entry = CourseCode(code, achievement or offered(office), version)
    assert [name for name, _ in office.codes.find_faults(entry)] == [field]


def test_a_batch_of_a_document_that_was_broken_off_goes_on_with_the_next_award(office, tmp_path):
    given, content = rest("transcript-rest.json"), SAMPLES.joinpath("transcript.xml").read_bytes()
    document = read_document(content, "transcript")
    [light] = [award for award in document.awards if award.codes == ["TFYA-11"]]
    achievement = light.content(
        "0bbac7a9-a411-4809-ad9e-534f483b7a03", "twente", given, office.registry.achievements.newest_version
    )
    office.registry.achievements.publish(achievement)
    batch_store = BatchStore(office.registry.dsn, office.registry.vault, tmp_path / "spool")
    worker = Worker(office.registry, office.node.issuer, batch_store, OwnCatalogue(office.registry))
    begun = batch_store.begin("term", "credentials", "application/xml", "a system", "key", dry_run=False)
    begun.file.write(content)
    batch_store.complete(begun.batch, begun.file, None)
    batch = batch_store.queue.take_up()
    office.importer.take_award(
        document,
        light,
        {},
        rows_of=lambda taken: award_progress(office.registry.vault, batch, light, taken, on_its_day=False),
    )
    assert (batch_store.get(begun.batch).state, batch_store.get(begun.batch).done_lines) == ("working", 1)
    assert worker.step()
    done = batch_store.get(begun.batch)
    assert (done.state, done.done_lines) == ("done", 2)
    assert (done.issued, done.unchanged, done.refused) == (1, 0, 1)
    assert {problem.line for _, problem in batch_store.list_problems(begun.batch, 100)} == {2}
    assert [draft.title for draft in office.drafts.list_all()] == ["Sensors in the field"]


def test_a_dry_run_says_of_each_award_what_the_run_does(office):
    offered(office)
    lacking = [('"dateOfBirth": "2001-09-30",', "")]
    [dry] = office.take("openbadge.json", BADGE, lacking, dry_run=True)
    assert office.drafts.list_all() == []
    [taken] = office.take("openbadge.json", BADGE, lacking)
    assert taken.waiting
    assert (dry.waiting, dry.missing, dry.problems, dry.how) == (
        taken.waiting, taken.missing, taken.problems, taken.how,
    )  # fmt: skip


def test_an_award_that_waits_is_not_counted_as_refused_too(office):
    text = SAMPLES.joinpath("openbadge.json").read_text().replace("2001-09-30", "yesterday")
    document = read_document(text.encode(), "x")
    for dry_run in (True, False):
        report = ImportReport("x", dry_run=dry_run)
        for taken in office.importer.take(document, {}, dry_run=dry_run):
            assert taken.problems
            report.add_award(taken)
        assert (report.waiting, report.refused, report.issued) == (1, 0, 0)


def test_all_that_is_wrong_with_the_achievement_of_a_document_is_said_at_once(office):
    wrong = {"fieldsOfEducation": ["521"], "language": ["qq"], "learningOutcomes": [{"title": {"en": " "}}]}
    [taken] = office.take("openbadge.json", BADGE | {"achievement": BADGE["achievement"] | wrong})
    assert sorted(one.field for one in taken.problems) == [
        "achievement.fieldsOfEducation[0]", "achievement.language[0]", "achievement.learningOutcomes[0].title.en",
    ]  # fmt: skip


def test_a_transaction_that_is_repeated_says_each_note_once(office, monkeypatch):
    def issue_twice(asked, *, add_rows, **more):
        def repeated(transaction, outcomes):
            replacing = [msgspec.structs.replace(one, replacement=replacement) for one in outcomes]
            abandoned = mock.Mock()  # each attempt has a transaction of its own
            add_rows(abandoned, [NotIssued("r", "record-differs", "record", "somebody was first") for _ in outcomes])
            add_rows(abandoned, replacing)
            add_rows(transaction, replacing)

        outcomes = issue(asked, add_rows=repeated, **more)
        return [msgspec.structs.replace(outcome, replacement=replacement) for outcome in outcomes]

    replacement = Replacement("0bbac7a9-a411-4809-ad9e-534f483b7a03", "version", "the first", "the second")
    issue = office.node.issuer.issue
    monkeypatch.setattr(office.node.issuer, "issue", issue_twice)
    [first] = office.take("openbadge.json", BADGE)
    assert (first.notes.count(str(replacement)), first.problems) == (1, [])
    monkeypatch.undo()
    [waiting] = office.take("openbadge.json", change=[("s2600002", "s9"), ("5b0f6e7a", "5b0f6e7b"), ("Soil in", "In")])
    office.drafts.complete(waiting.draft, BADGE)
    monkeypatch.setattr(office.node.issuer, "issue", issue_twice)
    [issued] = office.publisher.publish(waiting.draft).results
    assert (issued.notes, issued.problems) == ([str(replacement)], [])
