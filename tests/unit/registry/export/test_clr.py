import json
from pathlib import Path

import jsonschema
import msgspec
import pytest

from registry.documents.data_integrity import read_proofs, verify_proof
from registry.export.clr import export_clr
from registry.export.document import ExportError
from tests.support import portable
from tests.support.signer import KeySigner, load, make_copy

SCHEMA = json.loads(Path("registry/verification/schemas/clr-2.0.json").read_text())
WHOLE = "urn:uuid:9b1c0f6e-5d3a-4c1b-8e27-f04a6d9c3b15"


def copies_of(portfolio):
    return {
        credential.credential: make_copy(identifier=f"urn:uuid:00000000-0000-4000-8000-{number:012}")
        for number, credential in enumerate(portfolio.credentials)
    }


def export(portfolio=None, signer=None):
    portfolio = portfolio or portable.portfolio()
    return export_clr(portfolio, make_copy(identifier=WHOLE), copies_of(portfolio), signer or KeySigner())


def test_a_record_has_the_form_of_the_published_schema_and_valid_proofs():
    signer = KeySigner()
    record = load(export(signer=signer))
    assert [error.message for error in jsonschema.Draft201909Validator(SCHEMA).iter_errors(record)] == []
    members = record["credentialSubject"]["verifiableCredential"]
    assert len(members) == 2
    for document in (record, *members):
        [proof] = read_proofs(document)
        verify_proof(document, proof, signer.jwk)


def test_a_part_is_associated_with_its_whole():
    subject = load(export())["credentialSubject"]
    [association], [part] = subject["association"], subject["achievement"]
    whole = subject["verifiableCredential"][0]["credentialSubject"]["achievement"]
    assert (association["associationType"], association["sourceId"], association["targetId"]) == (
        "isPartOf",
        part["id"],
        whole["id"],
    )


def test_what_a_record_cannot_carry_is_listed():
    paths = {each.path for each in export().omitted}
    assert {"credentials[0].parts[0].ects", "credentials[0].parts[1]", "credentials[0].claims.dateOfBirth"} <= paths


def test_revoked_credentials_are_left_out_and_listed():
    portfolio = portable.portfolio()
    gone = msgspec.structs.replace(portfolio.credentials[1], status="revoked")
    portfolio = msgspec.structs.replace(portfolio, credentials=[portfolio.credentials[0], gone])
    exported = export(portfolio)
    assert len(load(exported)["credentialSubject"]["verifiableCredential"]) == 1
    assert "credentials[1]" in {each.path for each in exported.omitted}
    with pytest.raises(ExportError, match="none is active"):
        export(msgspec.structs.replace(portfolio, credentials=[gone]))


def test_each_credential_of_a_record_has_a_copy_of_its_own():
    portfolio = portable.portfolio()
    with pytest.raises(ExportError, match="no copy of its own"):
        export_clr(portfolio, make_copy(), {}, KeySigner())
