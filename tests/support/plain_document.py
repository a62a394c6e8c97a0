"""A format of exports for tests: the facts as JSON, in a table of its own. It carries no note, and says so."""

import json
from types import SimpleNamespace

import msgspec

from registry.export.document import Exported, ExportError, Omission
from registry.export.facts import PortableCredential
from registry.export.formats import Format, FormatTable

MODULE = "tests.support.plain_document"
SIGNER = SimpleNamespace(
    profile="open", thumbprint="Kx0", jwk={}, x5c=(), issuer="did:web:a", verification_method="did:web:a#Kx0",
    sign=lambda content: content[:64].ljust(64, b"."),
)  # fmt: skip


def write_plain(facts, copy):
    if isinstance(facts, PortableCredential) and facts.achievement.title.get("en") == "Impossible":
        raise ExportError("this title cannot be written")
    omitted = [Omission("claims.note", "This format has no place for notes.")] if _has_note(facts) else []
    text = msgspec.json.encode({"facts": facts, "copy": copy, "omitted": len(omitted)})
    return Exported(text, "application/x-plain", "plain", omitted)


def write_signed(facts, copy, signer):
    content = {"document": write_plain(facts, copy).content.decode(), "key": signer.verification_method}
    return Exported(json.dumps(content).encode(), "application/x-signed", "signed")


def write_paper(facts, copy, language, attachments):
    content = {"language": language, "inside": [each.name for each in attachments], "day": str(copy.issued)}
    return Exported(json.dumps(content | {"id": facts.credential}).encode(), "application/x-paper", "paper")


def write_transcript(facts, copy, language, attachments):
    content = {"listed": len(facts.credentials), "language": language, "day": str(copy.issued)}
    content["inside"] = [each.name for each in attachments]
    return Exported(json.dumps(content).encode(), "application/x-paper", "paper")


def _has_note(facts):
    return isinstance(facts, PortableCredential) and "note" in facts.claims


def plain_format(name, function, *arguments, **more):
    kind = name.partition("-")[0]
    return Format(
        name=name, title=f"A {name} document", content=more.pop("content", "credential"),
        media_type=f"application/x-{kind}", extension=kind, writer=f"{MODULE}:{function}", arguments=arguments, **more,
    )  # fmt: skip


TABLE = FormatTable(
    [
        plain_format("plain", "write_plain", "facts", "copy"),
        plain_format("open-badge", "write_signed", "facts", "copy", "signer", profiles=("open",)),
        plain_format("bound", "write_signed", "facts", "copy", "signer", profiles=("open", "eudi"), needs_holder=True),
        plain_format("paper", "write_paper", "facts", "copy", "language", "attachments"),
        plain_format("plain", "write_plain", "facts", "copy", content="portfolio"),
        Format(
            name="absent", title="Of a module that is not there", content="credential", media_type="a/b",
            extension="x", writer="tests.support.no_such_module:write", arguments=("facts",),
        ),
    ]
)  # fmt: skip
