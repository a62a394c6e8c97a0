"""Letters of this node: a decision's facts from the views, governance, the log and the vault."""

from datetime import date

import msgspec

from consumers.governance.governance import GovernanceFold
from consumers.proofs.receipts import NoReceipt
from consumers.witness.policy import PolicyUnmet
from projections.catalogue import catalogue
from projections.credentials import credentials as credential_view
from projections.recognition import decisions as decision_view
from registry.application.restricted import refuse_restricted
from registry.letters import Addressee, CannotWrite, LetterContent, NoSuchDecision, render
from registry.letters.composing import (
    NO_FILE,
    CaseFile,
    LetterRequest,
    ProvenDecision,
    applicant_of,
    compose,
    credential_of,
    office_of_member,
    title_of_programme,
    verification_url,
)
from registry.letters.content import DecisionEnd, Language
from registry.letters.notices import Notice, NoticeKind
from registry.node.adapters.office import office_of
from registry.node.node import Node
from registry.node.proofs import create_proof, exclusive_tiles
from registry.office.cases.case_view import collect_letter_facts
from registry.office.cases.letter_content import asked_of, file_of
from registry.office.cases.notices import LetterKind, NoticeWriter, letter_kind
from registry.office.cases.rows import find_case_of_decision
from registry.office.cases.service import Office
from registry.office.errors import ApplicantErased
from registry.office.reasons.reasons import folder_of, reasons
from registry.wire.achievements import AchievementContent
from registry.wire.forms import CredentialRef
from registry.wire.governance import MemberRevised
from registry.wire.recognition import RecognitionDecided
from registry.wire.today import utc_today


class Letters:
    """Writes the letters of one node's own decisions."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def of_decision(self, decision: str, request: LetterRequest, file: CaseFile = NO_FILE) -> LetterContent:
        """Return the letter of a decision of this office. Raises `CannotWrite`, `NoSuchDecision`."""
        node = self._node
        fold = node.governance()
        lookup = PostgresLetterLookup(node, fold)
        proven = self._prove(decision, fold)
        recipient = request.applicant or self._find_applicant(proven.credentials)
        settings = node.settings
        file = file if file is not NO_FILE else self._file_of(decision)
        return compose(proven, request, recipient, lookup, settings.public_url, file, settings.office.address)

    def of_case(
        self,
        case: str,
        language: Language | None = None,
        kind: LetterKind | None = None,
        *,
        decision: str | None = None,
        enquiry: str | None = None,
    ) -> LetterContent | Notice:
        """Return a letter of a case (by its id or file number): the one that its state needs, or another kind.

        `decision` is an earlier decision of the case, `enquiry` one of its enquiries. Raises `CannotWrite`, refusals.
        """
        office = office_of(self._node)
        identifier = office.identifier(case)
        refuse_restricted(office.registry.cursor(), office.registry.case(identifier).data.learner, "$.case")
        if kind is None:
            kind = "decision" if decision else "enquiry" if enquiry else letter_kind(office.registry.case(identifier))
        if kind == "decision":
            facts = collect_letter_facts(office, identifier, decision)
            return self.of_decision(facts.data.decision, asked_of(facts, language), file_of(facts))
        return self._notice(office, identifier, kind, language, enquiry)

    def _file_of(self, decision: str) -> CaseFile:
        """Return what the case of a decision adds to its letter; nothing without a case, or after an erasure."""
        office = office_of(self._node)
        case = find_case_of_decision(office.registry.cursor(), decision)
        if case is None:
            return NO_FILE
        try:
            return file_of(collect_letter_facts(office, case, decision))
        except ApplicantErased:  # the assessment was erased with the applicant's key
            return NO_FILE

    def _notice(
        self, office: Office, case: str, kind: NoticeKind, language: Language | None, enquiry: str | None
    ) -> Notice:
        node = self._node
        lookup = PostgresLetterLookup(node, node.governance())
        settings = node.settings
        letterhead = office_of_member(settings.member, lookup, settings.office.address)

        def legal_name(member: str) -> str:
            content = lookup.member(member)
            return member if content is None else content.legal_name

        today = utc_today()
        writer = NoticeWriter(office, case, letterhead, legal_name, today)
        return writer.write(
            kind,
            language,
            lambda towards: title_of_programme(towards, lookup),
            enquiry,
            lambda decision: verification_url(settings.public_url, settings.member, decision),
        )

    def render(self, content: LetterContent | Notice) -> bytes:
        """Return the letter as PDF, with the node's fonts. Raises `CannotWrite`."""
        fonts = self._node.settings.letter_fonts
        return render(content, [self._node.settings.home / fonts] if fonts else [])

    def _prove(self, decision: str, fold: GovernanceFold) -> ProvenDecision:
        node, member = self._node, self._node.settings.member
        views = decision_view.read(node.views(), [(member, decision)])
        if not views:
            raise NoSuchDecision(
                f"{member} made no decision {decision}, as far as this node has read its own log; was it published,"
                " and have the views read it?"
            )
        [view] = views
        data = msgspec.convert(view.content, RecognitionDecided)
        disclosures = node.registry.vault.read_bases(node.registry.cursor(), decision)
        try:
            with exclusive_tiles(node):
                receipt = create_proof(node, member, node.tiles(member, fold), view.leaf)
        except (NoReceipt, PolicyUnmet) as error:
            raise CannotWrite(f"the decision's receipt cannot be made yet: {error}") from error
        credentials = [credential_of(basis, disclosures) for basis in data.basis]
        ended = {
            "superseded": DecisionEnd(superseded_by=view.superseded_by),
            "withdrawn": DecisionEnd(withdrawn=self._withdrawn_on(decision)),
        }.get(view.state)
        return ProvenDecision(member, data, str(receipt), credentials, disclosures, ended)

    def _withdrawn_on(self, decision: str) -> date | None:
        """Return the day on which a case's decision was withdrawn; None where no case has it."""
        office = office_of(self._node)
        case = find_case_of_decision(office.registry.cursor(), decision)
        withdrawal = office.registry.case(case).withdrawal if case is not None else None
        return None if withdrawal is None else date.fromisoformat(withdrawal.on)

    def _find_applicant(self, credentials: list[CredentialRef | None]) -> Addressee:
        keys = [(ref.member, ref.credential) for ref in credentials if ref is not None]
        learners = {view.learner for view in credential_view.read(self._node.views(), keys)}
        registry = self._node.registry
        for learner in learners:
            refuse_restricted(registry.cursor(), learner, "$.decision")
        persons = [
            holder.person
            for learner in learners
            if learner is not None and (holder := registry.vault.read_learner(registry.cursor(), learner)) is not None
        ]
        return applicant_of(persons)


class PostgresLetterLookup:
    """`LetterLookup` on this node's views and governance, and the office's reasons."""

    def __init__(self, node: Node, fold: GovernanceFold) -> None:
        self._views = node.views()
        self._fold = fold
        self._reasons = reasons(folder_of(node.settings.home))

    def reason(self, code: str, language: Language) -> str:
        """Return the text for a code: the office's own wording, else the project's."""
        return self._reasons.text(code, language)

    def member(self, member: str) -> MemberRevised | None:
        """Return a member as governance describes it."""
        record = self._fold.state.members.get(member)
        return None if record is None else record.content

    def achievement(self, member: str, achievement: str, version: int | None) -> AchievementContent | None:
        """Return a version of an achievement, else the newest."""
        versions = catalogue.versions(self._views, member, achievement)
        if version is not None:
            versions = [each for each in versions if each.version == version]
        return msgspec.convert(versions[-1].content, AchievementContent) if versions else None

    def awarding_date(self, credential: CredentialRef) -> date | None:
        """Return the day on which a credential was awarded."""
        views = credential_view.read(self._views, [(credential.member, credential.credential)])
        return views[0].awarding_date if views else None
