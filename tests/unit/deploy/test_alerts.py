"""Alerts, their runbooks and the dashboard: what they name is there."""

import json
import re
from pathlib import Path

import pytest
import yaml

from deploy.grafana import dashboard
from registry.metrics.definitions import all_definitions

ROOT = Path(__file__).parents[3]
RULES = ROOT / "deploy" / "prometheus" / "rules"
RUNBOOKS = ROOT / "docs" / "runbooks"
ALERTS = [rule for group in yaml.safe_load((RULES / "registry.yaml").read_text())["groups"] for rule in group["rules"]]
METRIC = re.compile(r"\b(?:registry_\w+)")


def names_of_series():
    """The name of every series that a node shows, with those that a histogram has."""
    for metric in all_definitions():
        yield metric.shown_name
        if metric.kind == "histogram":
            yield from (f"{metric.name}_{part}" for part in ("bucket", "sum", "count"))


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_an_alert_has_a_severity_a_summary_that_names_the_node_and_a_runbook(alert):
    assert alert["labels"]["severity"] in ("critical", "warning")
    assert set(alert["annotations"]) == {"summary", "runbook"}
    assert "$labels.job" in alert["annotations"]["summary"] or "$labels.member" in alert["annotations"]["summary"]
    page = ROOT / alert["annotations"]["runbook"]
    assert page.read_text().startswith(f"# {alert['alert']}\n")
    for heading in ("## Look", "## Repair", "## Afterwards"):
        assert heading in page.read_text(), page


def test_every_alert_has_a_page_and_is_in_the_list_and_nothing_else_is():
    pages = {Path(alert["annotations"]["runbook"]).name for alert in ALERTS}
    assert {file.name for file in RUNBOOKS.glob("*.md")} == pages | {"README.md"}
    listed = re.findall(r"\| \[(\w+)\]\(([\w-]+\.md)\) \| (\w+) \| ([\w ]+) \|", (RUNBOOKS / "README.md").read_text())
    expected = [
        (
            alert["alert"],
            Path(alert["annotations"]["runbook"]).name,
            alert["labels"]["severity"],
            alert.get("for", "at once"),
        )
        for alert in ALERTS
    ]
    assert listed == expected


def test_every_alert_is_tested_with_a_node_that_is_ill():
    tests = yaml.safe_load((RULES / "tests.yaml").read_text())["tests"]
    fires = {case["alertname"] for test in tests for case in test["alert_rule_test"] if case.get("exp_alerts")}
    assert fires == {alert["alert"] for alert in ALERTS}


def test_alerts_and_charts_ask_for_metrics_that_a_node_shows():
    known = set(names_of_series())
    for expression in [*(alert["expr"] for alert in ALERTS), *dashboard.expressions()]:
        asked = set(METRIC.findall(re.sub(r'"[^"]*"', "", expression)))
        assert asked <= known, f"{asked - known} in {expression}"


def test_the_dashboards_file_is_made_from_its_script():
    assert dashboard.main(["--check"]) == 0, "run `python -m deploy.grafana.dashboard`"


def test_the_dashboards_charts_do_not_overlap():
    placed = [panel["gridPos"] for panel in json.loads(dashboard.FILE.read_text())["panels"]]
    cells = [(x, y) for p in placed for x in range(p["x"], p["x"] + p["w"]) for y in range(p["y"], p["y"] + p["h"])]
    assert len(cells) == len(set(cells))
