"""Letters as files: what standards, other software and the same content again say of them."""

import io
import tomllib
from datetime import date
from importlib import resources
from pathlib import Path
from typing import get_args

import msgspec
import pypdf
import pytest

from registry.letters import LANGUAGES, Addressee, CannotWrite, render
from registry.letters.content import DecisionEnd, GrantChange, GrantFindings, LeftOutQualification, LetterRequirements
from registry.letters.notices import NoticeKind
from registry.letters.spans import clean
from registry.wire.recognition import Condition, Grant, Ground
from tests.support.letters import HOSTILE, URL, content, hostile, notice, qualification, with_every_code
from tests.support.verapdf import CLAIMED


def read(letter):
    return pypdf.PdfReader(io.BytesIO(letter))


def text_of(letter):
    found = " ".join(page.extract_text() for page in read(letter).pages)
    return " ".join(found.replace("\u200b", "").split())


@pytest.fixture(scope="module")
def letters(tmp_path_factory):
    """In every language an ordinary letter, and one with every code and with texts that mean harm."""
    folder = tmp_path_factory.mktemp("letters")
    made = {f"{language}-plain": content(language) for language in LANGUAGES}
    made |= {f"{language}-every-code-and-hostile": hostile(language) for language in LANGUAGES}
    made["advisory"] = content(effect="advisory", purpose="employment", verify_url=None, file_number=None)
    made |= {f"{language}-{kind}": notice(kind, language) for language in LANGUAGES for kind in get_args(NoticeKind)}
    for name, one in made.items():
        (folder / f"{name}.pdf").write_bytes(render(one))
    return sorted(folder.iterdir())


def test_every_letter_in_every_language_is_what_verapdf_asks_for(letters, verapdf):
    assert len(letters) == (2 + len(get_args(NoticeKind))) * len(LANGUAGES) + 1
    assert verapdf.refused(CLAIMED, letters) == {}


@pytest.mark.parametrize(
    ("flavour", "old", "new"),
    [("3a", b"/MarkInfo", b"/MarkInfx"), ("ua1", b"/MarkInfo", b"/MarkInfx"), ("3a", b"%PDF-", b"%PDX-")],
)
def test_verapdf_refuses_a_letter_that_was_broken(verapdf, tmp_path, flavour, old, new):
    whole = render(content())
    assert old in whole
    files = [tmp_path / "whole.pdf", tmp_path / "broken.pdf"]
    files[0].write_bytes(whole)
    files[1].write_bytes(whole.replace(old, new, 1))
    assert list(verapdf.refused(flavour, files)) == [str(files[1])]


def test_what_people_wrote_stands_there_as_they_wrote_it():
    text = text_of(render(hostile()))
    for one in HOSTILE[:3]:
        assert " ".join(one.split()) in text, one
    assert text.count("W") > 700
    for shown in ("Ἀριστοτέλης", "Иван", "ქართული"):
        assert shown in text, shown


def test_controls_and_what_turns_the_direction_of_writing_are_left_out():
    assert clean("a\x00b\u202ec\u2028d\tֿ\ufeff") == "a bc d ֿ"
    assert "gnp.exe" in text_of(render(hostile()))


def test_an_address_that_is_no_web_address_is_text_and_no_link():
    links = [
        note.get_object()["/A"]["/URI"] for page in read(render(hostile())).pages for note in page.get("/Annots", [])
    ]
    assert set(links) == {URL}


def test_the_same_content_makes_the_same_bytes_and_another_day_others():
    assert render(content()) == render(content())
    assert render(content()) != render(content(letter_date=date(2026, 12, 1)))


def test_title_language_author_and_day_are_in_the_file_and_nobodys_name_is():
    found = read(render(content("pt")))
    assert found.metadata.title == "Decisão sobre o reconhecimento da sua qualificação (2026/REC/00123)"
    assert found.metadata.author == "Lund University"
    assert found.trailer["/Root"]["/Lang"] == "pt"
    assert found.metadata.creation_date.date() == date(2026, 11, 26)
    assert "Ada" not in str(found.metadata) + found.xmp_metadata.stream.get_data().decode()


def test_the_attachments_come_back_as_they_went_in():
    found = read(render(with_every_code("sv", receipt="c2sp.org/tlog-proof@v1\nextra ö\n"))).attachments
    assert found == {
        "receipt.tlog-proof": ["c2sp.org/tlog-proof@v1\nextra ö\n".encode()],
        "disclosure.txt": [b"WyJz\nWyJy\n"],
    }
    assert set(read(render(content())).attachments) == {"receipt.tlog-proof"}


@pytest.mark.parametrize(
    ("written", "named"), [("王小明", "U+738B"), ("Ada \U0001f600", "U+1F600"), ("x\ue000", "e000")]
)
def test_a_character_that_no_font_has_is_named_and_nothing_else_of_the_text(written, named):
    with pytest.raises(CannotWrite) as refused:
        render(content(applicant=Addressee(f"Ada {written}")))
    assert named in str(refused.value)
    assert "letter_fonts" in str(refused.value)
    assert "Ada" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_folder_of_fonts_that_is_not_there_is_said():
    with pytest.raises(CannotWrite, match=r"the folder .*nowhere of the setting letter_fonts"):
        render(content(), [Path("/nowhere")])


def test_a_statement_says_that_it_binds_nobody_and_names_no_body_of_appeal():
    text = text_of(render(content(effect="advisory", purpose="employment")))
    assert "Statement on the recognition" in text
    assert "does not bind" in text
    assert "Appeals Board" not in text


def test_original_and_granted_stand_side_by_side_with_their_differences():
    text = text_of(render(content("nl")))
    for said in ("5 ECTS", "2,5 ECTS", "Machinaal leren voor waterbeheer", "Minor Data Science", "7 januari 2027",
                 "De studielast van de kwalificatie is aanzienlijk kleiner", "en nog 2", "30 juni 2026"):  # fmt: skip
        assert said in text, said
    assert text.count("Wezenlijk verschil") == 2
    assert text.count("Hier vragen wij niets") == 3
    assert "Geen wezenlijk verschil" not in text


def test_without_an_assessment_every_element_that_no_ground_names_is_not_assessed():
    text = text_of(render(content(judged=[])))
    assert text.count("Substantial difference") == 2
    assert text.count("Not assessed") == 3
    assert "No substantial difference" not in text


def test_what_is_not_stated_is_never_said_to_be_without_difference():
    bare = qualification(eqf_level=None, nqf_level=None, ects=None, workload_hours=None, learning_outcomes=[])
    full = Grant([0], "full", "recognised", "none")
    text = text_of(render(content(grants=[full], qualifications=[bare])))
    assert text.count("Not stated Not assessed") == 3
    assert text.count("No requirement") == 2


def test_a_slight_difference_from_what_is_asked_for_is_said_with_its_reason():
    full = Grant([0], "full", "recognised", "none")
    judged, slight = [GrantFindings({"workload": "One week was a holiday."})], "It differs from our requirement"
    text = text_of(render(content(grants=[full], judged=judged, required=LetterRequirements(workload="6 ECTS"))))
    assert f"{slight}, but not substantially One week was a holiday." in text
    assert text.count("No requirement") == 4
    assert "No substantial difference" not in text
    unasked = text_of(render(content(grants=[full], judged=judged)))
    assert ("One week was a holiday." in unasked, slight in unasked) == (True, False)


def test_there_is_no_substantial_difference_only_from_what_is_asked_for_or_as_the_office_says():
    full = Grant([0], "full", "recognised", "none")
    asked = content(grants=[full], judged=[GrantFindings(words={"quality": "NOKUT accredits it."})],
                    required=LetterRequirements(workload="5 ECTS"))  # fmt: skip
    text = text_of(render(asked))
    assert text.count("No substantial difference") == 2
    assert "No substantial difference NOKUT accredits it." in text
    assert text.count("No requirement") == 3


def test_the_letter_names_what_the_qualification_was_compared_with():
    full = Grant([0], "full", "recognised", "none")
    compared = content(
        "de", grants=[full], judged=[GrantFindings()], compared_with=[[{"en": "Master of Urban Analytics"}]]
    )
    text = text_of(render(compared))
    assert "Verglichen mit Master of Urban Analytics" in text


def test_what_no_member_issued_is_said_with_who_says_so():
    for source, words in (("office", "Established by us"), ("document", "Stated in your document; not verified")):
        text = text_of(render(content(qualifications=[qualification(source=source)])))
        assert f"5 ECTS 140 hours of work {words}" in text


def test_a_refusal_says_why_nothing_milder_was_possible_what_can_be_done_and_where_to_object():
    refused = Grant([0], "refused", "recognised", "none", grounds=[Ground("level", "lowerLevel")])
    why = GrantFindings(
        {}, [("partial", "nothingComparable"), ("alternative", "noAlternative")], [Condition("bridgingCourse")]
    )
    office = msgspec.structs.replace(content().office, appeal_body=None, address=["Paradisgatan 2", "Lund"])
    text = text_of(render(content(grants=[refused], judged=[why], office=office)))
    for said in (
        "In part. No part of the qualification is comparable",
        "For another programme or level. There is no other programme",
        "What you can do to have it recognised later",
        "A bridging course is to be completed.",
        "in writing, at our address: Paradisgatan 2, Lund.",
    ):
        assert said in text, said
    nothing = text_of(render(content(grants=[refused])))
    assert "You can apply again once you can show that the reasons above no longer hold." in nothing


def test_without_an_address_a_letter_does_not_send_anybody_to_it():
    office = msgspec.structs.replace(content().office, appeal_body=None)
    text = text_of(render(content(office=office)))
    assert "at our address" not in text
    assert "Our contact details are here: https://www.lu.se" in text
    text = text_of(render(content(office=msgspec.structs.replace(office, homepage=None))))
    assert "You can object to this decision in writing. The last day" in text


def test_what_was_left_out_what_changed_and_what_was_applied_for_are_in_the_letter():
    text = text_of(render(content(
        left=[LeftOutQualification({"und": "Circular design"}, "Aveiro", "It was sent for information only.")],
        changes=[GrantChange(0, "outcome", [{"und": "Not recognised"}], [{"und": "Recognised in part"}])],
        applied_for=[{"en": "Master of Urban Analytics"}],
    )))  # fmt: skip
    for said in (
        "Not part of this decision", "Circular design, Aveiro: It was sent for information only.",
        "What this decision changes", "Outcome: before: Not recognised; now: Recognised in part",
        "Applied for: Master of Urban Analytics",
    ):  # fmt: skip
        assert said in text, said
    assert "the result is the same as before." in text_of(render(content(changes=[])))


@pytest.mark.parametrize(
    ("ended", "said"),
    [
        (DecisionEnd(superseded_by="6fd46857"), "Our decision 6fd46857 replaced it."),
        (DecisionEnd(withdrawn=date(2026, 12, 1)), "We withdrew it on 1 December 2026."),
        (DecisionEnd(), "We withdrew it. This is a copy"),
    ],
)
def test_a_copy_of_a_decision_that_has_ended_says_so_and_binds_nobody(ended, said):
    text = text_of(render(content(ended=ended)))
    assert "This decision is no longer in force" in text
    assert said in text
    assert "This decision is binding on us" not in text


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (
            "receipt",
            ["received your application on 1 October 2026", "Statistics, Oslo Met (NO)", "decide by 1 February"],
        ),
        ("documents", ["the transcript of records", "a translation", "because you had to flee", "Both pages."]),
        ("enquiry", ["Dear Sir or Madam,", "Credential: Statistics, Oslo Met", "Ada Jansen", "3 February 2001"]),
        ("delay", ["should have decided on your application by 1 February 2027"]),
        ("applicationWithdrawn", ["Your application was withdrawn on 1 October 2026"]),
        ("decisionWithdrawn", ["On 1 October 2026 we withdrew our decision", "of 26 November 2026", "made in error"]),
        ("appealReceived", ["On 1 October 2026 we received your appeal"]),
    ],
)
def test_a_notice_says_how_a_case_stands(kind, said):
    text = text_of(render(notice(kind)))
    for one in said:
        assert one in text, one
    assert "binding on us" not in text


@pytest.mark.parametrize("kind", ["decisionWithdrawn", "appealReceived"])
def test_the_id_of_a_decision_in_a_notice_can_be_copied(kind):
    made = notice(kind)
    text = " ".join(page.extract_text() for page in read(render(made)).pages)
    flat_text = text.replace("\n", "")
    assert flat_text.count(made.decision) == flat_text.replace("\u200b", "").count(made.decision) > 0


def test_the_address_beside_the_code_can_be_copied():
    text = " ".join(page.extract_text() for page in read(render(content())).pages)
    assert URL in text.replace("\n", "")


def test_a_formal_refusal_does_not_pretend_that_anything_was_assessed():
    refused = Grant([0], "refused", "recognised", "none", grounds=[Ground("formal", "notAuthentic")])
    text = text_of(render(content(grants=[refused])))
    assert "Applied for Minor Data Science Nothing" in text
    assert text.count("Not assessed") == 5
    assert "No substantial difference" not in text
    assert "The document is not authentic." in text


def test_what_the_office_says_for_a_code_stands_in_the_letter():
    said = content().reasons | {"substantiallyLess": "Too few hours, we think."}
    assert "Workload. Too few hours, we think." in text_of(render(content(reasons=said)))


def flat(words, before=""):
    for key, value in words.items():
        if isinstance(value, dict):
            yield from flat(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_keys_and_the_same_places_to_fill_in(language):
    def words(one):
        file = resources.files("registry.letters").joinpath("wording", f"{one}.toml")
        return dict(flat(tomllib.loads(file.read_text())))

    def places(text):
        return sorted(part.partition("}")[0] for part in str(text).split("{")[1:])

    english, own = words("en"), words(language)
    assert set(own) == set(english)
    assert {key: places(text) for key, text in own.items()} == {key: places(text) for key, text in english.items()}
    assert all(own.values())
    assert len(own["form.months"]) == 12
