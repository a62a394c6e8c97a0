"""A row's way from intake to view is one trace, whichever processes it goes through."""

import contextlib
from collections import defaultdict

from tests.support.command import until
from tests.support.served import Served, csv_of, once, row
from tests.support.tracing import receiving


def test_each_row_is_one_trace_from_its_intake_to_the_views_and_names_nobody(tmp_path, postgres):
    with receiving() as receiver, contextlib.closing(Served(tmp_path, postgres)) as served:
        achievement = served.consortium.offer()
        variables = (f"OTEL_EXPORTER_OTLP_ENDPOINT={receiver.url}", "OTEL_BSP_SCHEDULE_DELAY=200")
        served.start(before=("env", *variables))
        before = {span.trace_id for span in receiver.spans}
        system = served.client("credentials:write", "batches:read")
        one = system.post("/v1/credentials", json=row(achievement, "one", "one"), headers=once("one"))
        rows = csv_of([row(achievement, f"b{n}", f"b{n}") for n in range(2)])
        batch = system.post("/v1/batches", content=rows, headers={**once("batch"), "Content-Type": "text/csv"})

        def traces():
            found = defaultdict(list)
            for span in receiver.spans:
                if span.trace_id not in before:
                    found[span.trace_id].append(span)
            return found

        # One that a process answers, and two that another works through; a third process publishes and projects.
        until(lambda: [len(spans) for spans in traces().values()] == [3] * 3, 60, says=lambda: str(receiver.spans))
        for spans in traces().values():
            intake, publish, project = sorted(spans, key=lambda span: ["intake", "publish", "project"].index(span.name))
            assert not intake.parent_span_id
            assert publish.parent_span_id == project.parent_span_id == intake.span_id
            assert intake.start_time_unix_nano <= intake.end_time_unix_nano
            assert publish.end_time_unix_nano == project.start_time_unix_nano <= project.end_time_unix_nano
            for span in spans:
                assert [(a.key, a.value.string_value) for a in span.attributes] == [("registry.member", "twente")]
        sent = b"".join(receiver.bodies)
        for secret in (one.json()["credential"], batch.json()["batch"], achievement, "Jansen", "2001-02-03"):
            assert secret.encode() not in sent
