"""Letters without a decision: receipt of an application, request for documents, enquiry, delay, withdrawal."""

from datetime import date
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from registry.letters.content import Addressee, Language, Line, Office, Words
from registry.letters.spans import Span, clean, pick_span, plain, section, with_text
from registry.letters.wording import Wording, wording
from registry.wire.forms import Text
from registry.wire.recognition import Effect, WithdrawalReason

NoticeKind = Literal[
    "receipt", "documents", "enquiry", "delay", "applicationWithdrawn", "decisionWithdrawn", "appealReceived"
]
Document = Literal[
    "credential", "transcript", "supplement", "courseDescription", "gradingScheme", "identity", "nameChange",
    "translation", "legalisation", "other",
]  # fmt: skip


class NamedCredential(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """A credential as a notice names it."""

    title: Text
    issuer: Line
    country: str | None = None


class Notice(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel", kw_only=True):
    """A letter about the progress of a case. The same notice always makes the same bytes."""

    kind: NoticeKind
    language: Language
    office: Office
    addressee: Addressee | None
    """None in an enquiry, which goes to the issuer."""
    letter_date: date
    file_number: Line | None = None
    on: date | None = None
    """The day of the event: an application or an appeal was received, something was withdrawn."""
    completed: date | None = None
    due: date | None = None
    decision: str | None = None
    decided: date | None = None
    reason: WithdrawalReason | None = None
    """The reason why a decision was withdrawn."""
    effect: Effect = "binding"
    appeal_until: date | None = None
    """For a withdrawn decision: the last day to object to the withdrawal."""
    documents: list[Document] = []
    credentials: list[NamedCredential] = []
    holder: Addressee | None = None
    """The person that an enquiry is about."""
    applied_for: list[Text] = []
    remarks: Annotated[list[Words], Meta(max_length=50)] = []
    """Paragraphs that the office adds in its own words."""
    verify_url: Line | None = None


_CREDENTIALS: Final = {"receipt": "receipt.text", "decisionWithdrawn": "decisionWithdrawn.about"}


def notice_page(notice: Notice) -> dict[str, Any]:
    """Return all texts of a notice's page, in its language."""
    say = wording(notice.language)
    subject = say(f"{notice.kind}.title")
    day = notice.letter_date
    number = clean(notice.file_number or "")
    addressee = notice.addressee
    dear = say("letter.sir") if addressee is None else None
    return {
        "lang": notice.language,
        "title": subject + (f" ({number})" if number else ""),
        "author": clean(notice.office.legal_name),
        "day": {"year": day.year, "month": day.month, "day": day.day},
        "office": office_head(notice.office),
        "to": [plain(line) for line in ((addressee.name, *addressee.address) if addressee else ()) if clean(line)]
        or [plain(line) for line in dict.fromkeys(f"{credential.issuer}" for credential in notice.credentials)],
        "facts": _facts(notice, say),
        "subject": subject,
        "dear": [{"text": dear, "lang": ""}] if dear or addressee is None else with_text(
            say("letter.dear"), "{name}", addressee.name
        ),
        "banner": None,
        "paragraphs": _paragraphs(notice, say),
        "effect": None,
        "supersedes": None,
        "grants": [],
        "sections": [],
        "remarks": section("remarks", [plain(text) for text in notice.remarks], say),
        "appeal": None
        if notice.kind != "decisionWithdrawn"
        else appeal_box(notice.office, notice.effect, notice.appeal_until, say),
        "closing": say("letter.closing"),
        "made": say("letter.made"),
        "page": say("form.page"),
        "foot": " · ".join(filter(None, [clean(notice.office.legal_name), number])),
        "verify": None,
        "attachments": [],
    }  # fmt: skip


def office_head(office: Office) -> dict[str, Any]:
    """Return the letterhead: the office's name, place and homepage."""
    where = office.address or [part for part in (office.locality, office.country) if part]
    return {
        "name": clean(office.legal_name),
        "place": ", ".join(filter(None, map(clean, where))),
        "homepage": clean(office.homepage) if office.homepage else None,
    }


def _facts(notice: Notice, say: Wording) -> list[tuple[str, Span]]:
    lines = [("letter.date", say.date(notice.letter_date)), ("letter.file", notice.file_number)]
    facts = [(say(label), plain(value)) for label, value in lines if value]
    return facts + [(say("letter.applied"), pick_span(title, say)) for title in notice.applied_for]


def _paragraphs(notice: Notice, say: Wording) -> list[dict[str, Any]]:
    """Return the paragraphs in order: sentences, and lists."""
    paragraphs: list[dict[str, Any]] = []

    def sentence(key: str, **values: str) -> None:
        paragraphs.append({"spans": [{"text": say(key, **values), "lang": ""}], "items": []})

    def list_credentials() -> None:
        items = [[pick_span(credential.title, say), _issuer(credential)] for credential in notice.credentials]
        paragraphs.append({"spans": [], "items": items})

    day = say.date(notice.on or notice.letter_date)
    match notice.kind:
        case "receipt":
            sentence("receipt.text", date=day)
            list_credentials()
            if notice.completed is not None and notice.due is not None:
                sentence("receipt.running", date=say.date(notice.completed), due=say.date(notice.due))
            else:
                sentence("receipt.collecting")
        case "documents":
            sentence("documents.text")
            paragraphs.append({"spans": [], "items": [[_own(say(f"document.{kind}"))] for kind in notice.documents]})
            sentence("documents.clock")
            sentence("documents.missing")
        case "enquiry":
            sentence("enquiry.text")
            paragraphs.append({"spans": [], "items": _enquiry_items(notice, say)})
            sentence("enquiry.answer")
        case "delay":
            due = notice.due or notice.letter_date
            sentence("delay.late" if due < notice.letter_date else "delay.ahead", due=say.date(due))
            sentence("delay.next")
        case "applicationWithdrawn":
            sentence("applicationWithdrawn.text", date=day)
            sentence("applicationWithdrawn.again")
        case "decisionWithdrawn":
            decided = say.date(notice.decided or notice.letter_date)
            sentence("decisionWithdrawn.text", date=day, decision=notice.decision or "", decided=decided)
            sentence(f"decisionWithdrawn.{notice.reason or 'administrative'}")
            sentence("decisionWithdrawn.about")
            list_credentials()
            sentence("decisionWithdrawn.again")
        case "appealReceived":
            sentence("appealReceived.text", date=day, decision=notice.decision or "")
    return paragraphs


def _enquiry_items(notice: Notice, say: Wording) -> list[list[Span]]:
    items = []
    for credential in notice.credentials:
        label = _own(f"{say('enquiry.credential')}: ")
        items.append([label, pick_span(credential.title, say), _issuer(credential)])
    holder = notice.holder
    if holder is not None:
        items.append([_own(f"{say('enquiry.holder')}: "), plain(holder.name)])
        if holder.date_of_birth is not None:
            items.append([_own(f"{say('letter.born')}: "), plain(say.date(holder.date_of_birth))])
    return items


def appeal_box(office: Office, effect: Effect, appeal_until: date | None, say: Wording) -> dict[str, Any]:
    """Return where, until when and how to appeal. Against an advisory statement one objects at the office itself."""
    body = office.appeal_body if effect == "binding" else None
    last = say("appeal.until", date=say.date(appeal_until)) if appeal_until else say("appeal.law")
    return {
        "heading": say("headings.appeal"),
        "whom": with_text(say("appeal.body"), "{body}", body.name)
        if body
        else with_text(say("appeal.office"), "{address}", ", ".join(office.address))
        if office.address
        else with_text(say("appeal.website"), "{address}", office.homepage)
        if office.homepage
        else [_own(say("appeal.unstated"))],
        "until": last,
        "how": say("appeal.how"),
        "online": say("appeal.online"),
        "url": clean(body.url) if body else None,
        "safe": body is not None and body.url.startswith(("https://", "http://")),
    }


def _issuer(credential: NamedCredential) -> Span:
    return plain(f", {credential.issuer}" + (f" ({credential.country})" if credential.country else ""))


def _own(text: str) -> Span:
    return {"text": text, "lang": ""}
