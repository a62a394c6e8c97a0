"""What consumers would not accept is refused over HTTP, and a node that is not well says which component."""

import pytest

from registry.wire import commit
from registry.wire.keys import Ed25519Signer
from registry.wire.merkle import Tree
from tests.support.command import printed_json, registry, until
from tests.support.served import Served, achievement, csv_of, once, problem, row


@pytest.fixture(scope="module")
def served(tmp_path_factory, postgres):
    made = Served(tmp_path_factory.mktemp("not-accepted"), postgres)
    made.achievement = made.consortium.offer()
    made.start()
    yield made
    made.close()


def govern(served, *act):
    file, home = served.consortium.folder / "proposal.json", served.consortium.folder / "consortium"
    file.unlink(missing_ok=True)
    registry("governance", "propose", act[0], file, *act[1:], home=home)
    registry("governance", "sign", file, "--yes", home=home)
    registry("governance", "publish", file, home=home)


def own(served):
    return served.anybody().get("/v1/members/twente").json()


def test_a_suspended_member_is_refused_per_request_and_per_row_until_it_is_reinstated(served):
    system = served.client()
    assert own(served)["standing"] == "active"
    assert own(served)["keyStanding"] in ("counts", "not-checked")
    govern(served, "suspend", "twente", "--reason", "administrative")
    # Governance takes a moment to be read.
    checked = {"json": achievement(), "headers": once("none"), "params": {"dryRun": True}}
    until(lambda: system.post("/v1/achievements", **checked).status_code == 409, 30)
    issuing = {"json": row(served.achievement, "first"), "headers": once("first")}
    told = problem(system.post("/v1/credentials", **issuing), 409, "not-accepted")
    assert told["code"] == "member-suspended"
    assert "twente is suspended since" in told["detail"]
    assert "Nothing was stored" in told["detail"]
    offered = system.post("/v1/achievements", json=achievement(), headers=once("second"))
    assert problem(offered, 409, "not-accepted")["code"] == "member-suspended"
    batch = system.post(
        "/v1/batches",
        content=csv_of([row(served.achievement, f"b{n}", f"s{n}") for n in range(2)]),
        headers={**once("third"), "Content-Type": "text/csv"},
    )
    assert batch.status_code in (201, 202), batch.text
    address = batch.headers["Location"]
    until(lambda: system.get(address).json()["state"] == "done", 60)
    problems = system.get(f"{address}/problems").json()
    assert [one["code"] for one in problems["items"]] == ["member-suspended"] * 2
    assert system.get("/ready").status_code == 200
    govern(served, "reinstate", "twente", "--reason", "administrative")
    until(lambda: system.post("/v1/credentials", **issuing).status_code == 201, 30)


def test_events_that_the_log_refused_are_what_readiness_and_the_own_member_say(served):
    system = served.client()
    first = system.post("/v1/credentials", json=row(served.achievement, "early", "early"), headers=once("early"))
    address, position = f"/v1/credentials/twente/{first.json()['credential']}", first.headers["Registry-Position"]
    assert system.get(address, headers={"Registry-Wait-For": position}).status_code == 200
    before = next(one["size"] for one in served.anybody().get("/v1/streams").json() if one["member"] == "twente")
    made = system.post("/v1/credentials", json=row(served.achievement, "late", "late"), headers=once("late"))
    assert made.status_code == 201, made.text
    until(lambda: any(one["size"] > before for one in served.anybody().get("/v1/streams").json()
                      if one["member"] == "twente"), 30)  # fmt: skip
    govern(served, "suspend", "twente", "--reason", "administrative", "--head", str(before))
    govern(served, "reinstate", "twente", "--reason", "administrative")
    until(lambda: system.get("/ready").status_code == 503, 30)
    told = problem(system.get("/ready"), 503, "unavailable")
    assert list(told["components"]) == ["own_stream"]
    assert "1 of this node's own events was refused (member-suspended)" in told["components"]["own_stream"][0]
    assert own(served)["refusedEvents"] == 1
    assert "registry refused publish-again" in own(served)["faults"][0]
    until(lambda: any("refused publish-again" in line["fault"] for line in served.logged("node.not_well")), 30)
    registry("refused", "publish-again", "--yes", home=served.home)
    until(lambda: system.get("/ready").status_code == 200, 60)
    assert own(served)["refusedEvents"] == 0


def test_rubbish_on_anybodys_stream_and_one_that_cannot_be_read_take_no_node_out_of_service(served):
    log, consortium = served.consortium.folder / "log", served.consortium
    system = served.client()
    for member in ("lund", "zwolle"):
        consortium.join(member)
    rubbish = [
        commit.sign_commit(f"test.example/{member}", Tree(1024, [b"a" * 32]), [b"{}"],
                    [Ed25519Signer.generate(f"test.example/{member}")])[0]
        for member in ("twente", "lund")
    ]  # fmt: skip
    (log / "zwolle.log").mkdir()  # reading it is an error, for every user
    for member, record in zip(("twente", "lund"), rubbish, strict=True):
        with (log / f"{member}.log").open("ab") as file:
            file.write(record + b"\n")
    until(lambda: "the newest 1 records of the stream lund are refused" in served.said, 60, says=lambda: served.said)
    until(lambda: "1 record in this member's name" in served.said, 60, says=lambda: served.said)
    assert system.get("/ready").status_code == 200
    made = system.post("/v1/credentials", json=row(served.achievement, "then", "then"), headers=once("then"))
    assert made.status_code == 201, made.text
    position = made.headers["Registry-Position"]
    address = f"/v1/credentials/twente/{made.json()['credential']}"
    assert system.get(address, headers={"Registry-Wait-For": position}).status_code == 200
    shown = printed_json(registry("status", "--json", home=served.home))
    assert shown["ok"]
    assert any(line.startswith("the stream zwolle cannot be read") for line in shown["node"]["peers"])
    served.stop()
    registry("publish", home=served.home)
    served.start()


def test_a_second_node_beside_one_that_runs_never_says_that_it_answers(served):
    second = registry("serve", "--port", 0, home=served.home, check=4)
    assert "answers at" not in second.stdout + second.stderr
    assert "another process publishes" in (second.stdout + second.stderr).lower()


@pytest.mark.parametrize("trouble", ["absent", "empty"])
def test_a_node_whose_log_folder_is_gone_or_empty_is_not_ready_until_it_is_back(served, trouble):
    system, folder = served.client(), served.consortium.folder
    until(lambda: system.get("/ready").status_code == 200, 60, says=lambda: system.get("/ready").text)
    (folder / "log").rename(folder / "elsewhere")
    if trouble == "empty":
        (folder / "log").mkdir()
    try:
        until(lambda: system.get("/ready").status_code == 503, 30)
        told = problem(system.get("/ready"), 503, "unavailable")
        assert "the log is gone" in told["components"]["log"][0]
    finally:
        if trouble == "empty":
            (folder / "log").rmdir()
        (folder / "elsewhere").rename(folder / "log")
    until(lambda: system.get("/ready").status_code == 200, 60, says=lambda: system.get("/ready").text)
