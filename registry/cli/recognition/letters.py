"""Letters: what views, governance, log and vault know of a decision, put together for `registry.letters`."""

import contextlib
import fcntl
import os
import sys
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer

from consumers.governance.governance import GovernanceFold
from consumers.proofs.receipts import NoReceipt
from consumers.witness.policy import PolicyUnmet
from projections.catalogue import catalogue
from projections.credentials import credentials as credential_view
from projections.recognition import decisions as decision_view
from registry.cli.days import day_option
from registry.cli.evidence.receipts import proof_of
from registry.cli.output import errors, say
from registry.cli.recognition.reasons import folder_of
from registry.domain.case_errors import ApplicantErased
from registry.letters import LANGUAGES, Addressee, CannotWrite, LetterContent, UnknownDecision, render
from registry.letters.composing import (
    NO_FILE,
    Asked,
    CaseFile,
    Proved,
    applicant_of,
    compose,
    credential_of,
    office_of_member,
    title_of_programme,
    verification_url,
)
from registry.letters.content import Ended, Language
from registry.letters.notices import Notice, NoticeKind
from registry.node.adapters.office import office_of
from registry.node.letter_settings import missing_settings
from registry.node.node import Node, node_of
from registry.office.cases import showing
from registry.office.cases.applicants import Applicant
from registry.office.cases.lettering import addressee, asked_of, file_of
from registry.office.cases.notices import LETTER_KINDS, LetterKind, NoticeWriter, letter_kind
from registry.office.cases.rows import find_case_of_decision
from registry.office.cases.service import Office
from registry.office.reasons.reasons import reasons
from registry.wire.achievements import AchievementContent
from registry.wire.forms import CredentialRef
from registry.wire.governance import MemberRevised
from registry.wire.recognition import RecognitionDecided

Out = Annotated[Path, typer.Option("--out", "-o", help="The file; - for standard output.")]


class Letters:
    """Writes the letters of one node's own decisions."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def of_decision(self, decision: str, asked: Asked, file: CaseFile = NO_FILE) -> LetterContent:
        """What the letter of a decision of this office says. Raises `CannotWrite`, `UnknownDecision`."""
        node = self._node
        fold = node.governance()
        known = _Known(node, fold)
        proved = self._proved(decision, fold)
        recipient = asked.applicant or self._from_vault(proved.credentials)
        settings = node.settings
        file = file if file is not NO_FILE else self._file_of(decision)
        return compose(proved, asked, recipient, known, settings.public_url, file, settings.office.address)

    def of_case(
        self,
        case: str,
        language: Language | None = None,
        kind: LetterKind | None = None,
        *,
        decision: str | None = None,
        enquiry: str | None = None,
    ) -> LetterContent | Notice:
        """What a letter of a case (its id or file number) says: the one that its state calls for, or another kind.

        `decision` is an earlier decision of the case, `enquiry` one of its enquiries. Raises refusals, too.
        """
        office = office_of(self._node)
        identifier = office.identifier(case)
        if kind is None:
            kind = "decision" if decision else "enquiry" if enquiry else letter_kind(office.registry.case(identifier))
        if kind == "decision":
            facts = showing.letter(office, identifier, decision)
            return self.of_decision(facts.data.decision, asked_of(facts, language), file_of(facts))
        return self._notice(office, identifier, kind, language, enquiry)

    def _file_of(self, decision: str) -> CaseFile:
        """Return what the case of a decision adds to its letter; nothing where no case has it, or it was erased."""
        office = office_of(self._node)
        case = find_case_of_decision(office.registry.cursor(), decision)
        if case is None:
            return NO_FILE
        try:
            return file_of(showing.letter(office, case, decision))
        except ApplicantErased:  # what was assessed went with the applicant's key
            return NO_FILE

    def _notice(
        self, office: Office, case: str, kind: NoticeKind, language: Language | None, enquiry: str | None
    ) -> Notice:
        node = self._node
        known = _Known(node, node.governance())
        settings = node.settings
        letterhead = office_of_member(settings.member, known, settings.office.address)

        def legal_name(member: str) -> str:
            found = known.member(member)
            return member if found is None else found.legal_name

        today = date.today()  # noqa: DTZ011 - a day on the office's calendar
        writer = NoticeWriter(office, case, letterhead, legal_name, today)
        return writer.write(
            kind,
            language,
            lambda towards: title_of_programme(towards, known),
            enquiry,
            lambda decision: verification_url(settings.public_url, settings.member, decision),
        )

    def set(self, content: LetterContent | Notice) -> bytes:
        """The letter as PDF, with the node's fonts. Raises `CannotWrite`."""
        fonts = self._node.settings.letter_fonts
        return render(content, [self._node.settings.home / fonts] if fonts else [])

    def _proved(self, decision: str, fold: GovernanceFold) -> Proved:
        node, member = self._node, self._node.settings.member
        found = decision_view.read(node.views(), [(member, decision)])
        if not found:
            raise UnknownDecision(
                f"{member} made no decision {decision}, as far as this node has read its own log; was it published,"
                " and projected?"
            )
        data = msgspec.convert(found[0].content, RecognitionDecided)
        disclosures = node.registry.vault.bases(node.registry.cursor(), decision)
        try:
            with _alone(node.settings.home / "tiles"):
                receipt = proof_of(node, member, node.tiles(member, fold), found[0].leaf)
        except (NoReceipt, PolicyUnmet) as error:
            raise CannotWrite(f"the decision's receipt cannot be made yet: {error}") from error
        credentials = [credential_of(basis, disclosures) for basis in data.basis]
        ended = {
            "superseded": Ended(superseded_by=found[0].superseded_by),
            "withdrawn": Ended(withdrawn=self._withdrawn_on(decision)),
        }.get(found[0].state)
        return Proved(member, data, str(receipt), credentials, disclosures, ended)

    def _withdrawn_on(self, decision: str) -> date | None:
        """Return the day on which a case's decision was withdrawn; None where no case has it."""
        office = office_of(self._node)
        case = find_case_of_decision(office.registry.cursor(), decision)
        withdrawal = office.registry.case(case).withdrawal if case is not None else None
        return None if withdrawal is None else date.fromisoformat(withdrawal.on)

    def _from_vault(self, credentials: list[CredentialRef | None]) -> Addressee:
        keys = [(one.member, one.credential) for one in credentials if one is not None]
        learners = {one.learner for one in credential_view.read(self._node.views(), keys)}
        registry = self._node.registry
        found = [
            known.person
            for learner in learners
            if learner is not None and (known := registry.vault.learner(registry.cursor(), learner)) is not None
        ]
        return applicant_of(found)


class _Known:
    """What the views and governance say, for the letter's composing."""

    def __init__(self, node: Node, fold: GovernanceFold) -> None:
        self._views = node.views()
        self._fold = fold
        self._reasons = reasons(folder_of(node.settings.home))

    def reason(self, code: str, language: Language) -> str:
        """What the office says for a code: its own wording, else the project's."""
        return self._reasons.text(code, language)

    def member(self, member: str) -> MemberRevised | None:
        """A member as governance says."""
        record = self._fold.state.members.get(member)
        return None if record is None else record.content

    def achievement(self, member: str, achievement: str, version: int | None) -> AchievementContent | None:
        """A version of an achievement, else the newest."""
        found = catalogue.versions(self._views, member, achievement)
        if version is not None:
            found = [one for one in found if one.version == version]
        return msgspec.convert(found[-1].content, AchievementContent) if found else None

    def awarded(self, credential: CredentialRef) -> date | None:
        """The day on which a credential was awarded."""
        found = credential_view.read(self._views, [(credential.member, credential.credential)])
        return found[0].awarding_date if found else None


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time brings the tiles up to date for a receipt."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".letters.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def letter(
    context: typer.Context,
    decision: Annotated[str, typer.Argument(help="The id of a decision of this office.")],
    *,
    out: Out,
    language: Annotated[str, typer.Option("--language", "-l", help=f"One of {', '.join(LANGUAGES)}.")] = "en",
    applicant: Annotated[
        Path | None,
        typer.Option(help="A JSON file with the applicant, - for standard input (else the vault is asked)."),
    ] = None,
    file_number: Annotated[str | None, typer.Option(help="The office's own number of the file.")] = None,
    appeal_until: Annotated[datetime | None, day_option(help="The last day for an appeal, YYYY-MM-DD.")] = None,
) -> None:
    """Write the letter of a decision: PDF/A-3a and PDF/UA-1, with the decision's receipt inside.

    The applicant's file is that of `case open`: {"familyName": "…", "givenName": "…", "dateOfBirth": "2001-02-03",
    "address": "…", "reference": "…"}; all but a name may be left out. A name on the command line would stand in the
    list of processes, so there is no option for it. Of a decision that is not in force any more, the letter is a copy
    that says so.

    Examples: registry recognition letter 432236b7-… -o letter.pdf --language nl --appeal-until 2027-01-07
    registry recognition letter 432236b7-… -o letter.pdf --applicant - < applicant.json
    """
    node = node_of(context)
    asked = Asked(
        language=_language(language),
        applicant=_read(applicant) if applicant is not None else None,
        file_number=file_number,
        appeal_until=appeal_until.date() if appeal_until is not None else None,
    )
    letters = Letters(node)
    write(out, letters.set(letters.of_decision(node.uuid(decision, "decision"), asked)))


def case_letter(
    context: typer.Context,
    case: Annotated[str, typer.Argument(metavar="CASE", help="The case's id or file number.")],
    *,
    out: Out,
    kind: Annotated[
        str | None, typer.Option("--kind", help=f"One of {', '.join(LETTER_KINDS)} (else what the state calls for).")
    ] = None,
    decision: Annotated[
        str | None, typer.Option(help="An earlier decision of the case: a copy that says that it is not in force.")
    ] = None,
    enquiry: Annotated[str | None, typer.Option(help="An enquiry of the case: the letter to the issuer.")] = None,
    language: Annotated[
        str | None, typer.Option("--language", "-l", help=f"One of {', '.join(LANGUAGES)} (else the applicant's).")
    ] = None,
) -> None:
    """Write the letter that a case's state calls for: PDF/A-3a and PDF/UA-1. It says which letter that is.

    Open: a receipt of the application. Waiting: the documents asked for. Decided: the decision, with its receipt
    inside. Appealed: a receipt of the appeal. Withdrawn: that the application, or the decision, was withdrawn, and why.
    With --kind also an enquiry to an issuer, or that the decision takes longer.

    Examples: registry case letter 2026/00017 -o letter.pdf --language nl
    registry case letter 2026/00017 -o delay.pdf --kind delay
    """
    node = node_of(context)
    letters = Letters(node)
    content = letters.of_case(
        case, _language(language) if language is not None else None, _kind(kind), decision=decision, enquiry=enquiry
    )
    write(out, letters.set(content), content.kind if isinstance(content, Notice) else "decision")
    for lacking in missing_settings(node.settings):
        errors.print(f"note: {lacking}", markup=False, highlight=False)


def _kind(text: str | None) -> LetterKind | None:
    if text is None:
        return None
    if text not in LETTER_KINDS:
        raise typer.BadParameter(f"{text!r} is none of {', '.join(LETTER_KINDS)}", param_hint="--kind")
    return text  # type: ignore[return-value] # one of the words


_KINDS: Final = {
    "decision": "the decision",
    "receipt": "the receipt of the application",
    "documents": "documents that are needed",
    "enquiry": "a credential, to its issuer",
    "delay": "a delay",
    "applicationWithdrawn": "the withdrawn application",
    "decisionWithdrawn": "the withdrawn decision",
    "appealReceived": "the receipt of the appeal",
}


def write(out: Path, letter: bytes, kind: str = "decision") -> None:
    """Write a letter to where it was asked for, and say which kind it is."""
    if str(out) == "-":
        sys.stdout.buffer.write(letter)
        return
    try:
        handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)  # whatever the umask: it names a person
        with os.fdopen(handle, "wb") as file:
            file.write(letter)
    except OSError as error:
        raise CannotWrite(f"cannot write {out}: {error.strerror}") from error
    say(f"{out}: letter about {_KINDS[kind]}, {len(letter):,} bytes, PDF/A-3a and PDF/UA-1")


def _language(text: str) -> Language:
    for known in LANGUAGES:
        if text == known:
            return known
    raise typer.BadParameter(f"{text!r} is none of {', '.join(LANGUAGES)}", param_hint="--language")


def _read(file: Path) -> Addressee:
    try:
        text = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        return addressee(msgspec.json.decode(text, type=Applicant))
    except OSError as error:
        raise CannotWrite(f"cannot read {file}: {error.strerror}") from error
    except msgspec.DecodeError as error:  # its message names a field, never what stands in it
        raise CannotWrite(f"{file} does not say who the applicant is: {error}") from error
