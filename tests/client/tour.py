"""The five-minute tour by a generated client: run with its package on the path, in two steps.

`tour.py publish URL KEY` connects a university's system; `tour.py read URL KEY CREDENTIAL ACHIEVEMENT` is what that
system sees when another member has decided. Each prints JSON of what it found; an unexpected answer stops it.
"""

import io
import json
import sys
import time

from client import AuthenticatedClient, Client
from client.api.batches import create_batch, get_batch, get_batch_corrections, list_batch_problems
from client.api.catalogue import search_catalogue
from client.api.feed import read_feed
from client.api.learners import get_learner
from client.api.publishing import issue_credential, publish_achievement, suspend_credential
from client.api.recognition import search_precedents
from client.api.verification import verify_credential
from client.models import Achievement, BatchState, CreateBatchMedia, CredentialRow, ProblemType, Reason
from client.types import File


def system(url, key):
    return AuthenticatedClient(base_url=url, token=key, prefix="", auth_header_name="X-API-Key")


def done(answer, status):
    assert answer.status_code == status, answer.content
    return answer.parsed


def row(achievement, record, **more):
    return {
        "record": record, "achievement": achievement, "student": f"s-{record}", "family_name": "Jansen",
        "given_name": "Ada", "date_of_birth": "2001-02-03", "awarding_date": "2026-06-30", **more,
    }  # fmt: skip


def publish(url, key):
    client, anybody = system(url, key), Client(base_url=url)
    body = Achievement.from_dict(json.load(sys.stdin))
    offered = done(publish_achievement.sync_detailed(client=client, body=body, idempotency_key="tour 1"), 201)

    award = CredentialRow.from_dict(row(offered.achievement, "tour"))
    answer = issue_credential.sync_detailed(client=client, body=award, idempotency_key="tour 2")
    issued, position = done(answer, 201), answer.headers["Registry-Position"]
    again = issue_credential.sync_detailed(client=client, body=award, idempotency_key="tour 2")
    assert done(again, 201) == issued

    where = {"member": issued.member, "credential": issued.credential, "client": anybody}
    good = done(verify_credential.sync_detailed(**where, registry_wait_for=position), 200)
    assert (good.status, good.issuer.member, good.flags) == ("active", "twente", [])
    record = done(get_learner.sync_detailed(issued.learner, client=client), 200)
    assert [one.credential for one in record.credentials] == [issued.credential]

    reason = Reason.from_dict({"reason": "underReview"})
    answer = suspend_credential.sync_detailed(issued.credential, client=client, body=reason, idempotency_key="tour 3")
    position = answer.headers["Registry-Position"]
    suspended = done(verify_credential.sync_detailed(**where, registry_wait_for=position), 200)
    assert suspended.status == "suspended"
    other = Reason.from_dict({"reason": "withheld"})
    refused = done(
        suspend_credential.sync_detailed(issued.credential, client=client, body=other, idempotency_key="tour 4"), 409
    )
    assert (refused.type_, refused.code) == (ProblemType.REFUSED, "illegal-transition")

    batch(client, offered.achievement)
    other = issue_credential.sync(
        client=client, body=CredentialRow.from_dict(row(offered.achievement, "decided")), idempotency_key="tour 5"
    )
    print(json.dumps({"credential": other.credential, "achievement": offered.achievement}))


def batch(client, achievement):
    rows = [row(achievement, f"batch-{number}") for number in range(5)]
    rows[2]["awarding_date"] = "30.06.2026"
    lines = [",".join(rows[0])] + [",".join(one.values()) for one in rows]
    content = File(io.BytesIO("\n".join([*lines, ""]).encode()))
    made = done(
        create_batch.sync_detailed(
            client=client, body=content, media=CreateBatchMedia.TEXTCSV, name="a term", idempotency_key="tour batch"
        ),
        202,
    )
    for _ in range(400):
        found = done(get_batch.sync_detailed(made.batch, client=client), 200)
        if found.state in (BatchState.DONE, BatchState.FAILED):
            break
        time.sleep(0.05)
    assert (found.state, found.issued, found.refused) == (BatchState.DONE, 4, 1), found
    [problem] = done(list_batch_problems.sync_detailed(made.batch, client=client), 200).items
    assert (problem.line, problem.field) == (4, "awarding_date")
    assert "2026-06-30" in problem.detail or "YYYY-MM-DD" in problem.detail
    faulty = get_batch_corrections.sync_detailed(made.batch, client=client).content.decode()
    assert "30.06.2026" in faulty
    assert len(faulty.splitlines()) == 2


def read(url, key, credential, achievement):
    client, anybody = system(url, key), Client(base_url=url)
    found = done(search_catalogue.sync_detailed(client=anybody, text="literacy", eqf_level=6), 200)
    assert achievement in [one.achievement for one in found.items]
    precedents = done(search_precedents.sync_detailed(client=client, member="twente", achievement=achievement), 200)
    assert [one.outcome for one in precedents.items] == ["full"]
    assert precedents.counts.outcomes.to_dict() == {"full": 1}
    told = done(read_feed.sync_detailed(client=client), 200)
    [event] = [one for one in told.items if one.subject == credential]
    print(json.dumps({"type": event.type_, "decision": event.data.to_dict()["decision"]}))


STEPS = {"publish": publish, "read": read}

if __name__ == "__main__":
    STEPS[sys.argv[1]](*sys.argv[2:])
