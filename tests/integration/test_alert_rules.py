"""Prometheus' own tool judges the alerts and the expressions of the dashboard. Debian's package `prometheus` has it."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from deploy.grafana import dashboard

RULES = Path(__file__).parents[2] / "deploy" / "prometheus" / "rules"


@pytest.fixture(scope="module")
def promtool():
    """Return a function that runs promtool; without it skip, and fail in CI."""
    program = shutil.which("promtool")
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail("the alerts must be tested in CI, and there is no promtool")
        pytest.skip("needs promtool (Debian's package prometheus)")

    def run(*words):
        done = subprocess.run(
            [program, *map(str, words)], cwd=RULES, capture_output=True, text=True, timeout=60, check=False
        )
        return done.returncode, done.stdout + done.stderr

    return run


def test_each_alert_fires_on_the_ill_node_alone(promtool):
    code, said = promtool("test", "rules", "tests.yaml")
    assert code == 0, said


def test_an_alert_that_does_not_fire_fails_its_test(promtool, tmp_path):
    rules = (RULES / "registry.yaml").read_text().replace("registry_unpublished_age_seconds) > 60", "x) > 60")
    (tmp_path / "registry.yaml").write_text(rules)
    (tmp_path / "tests.yaml").write_text((RULES / "tests.yaml").read_text())
    code, said = promtool("test", "rules", tmp_path / "tests.yaml")
    assert code == 1
    assert "RegistryEventsUnpublished" in said


def test_the_expressions_of_the_dashboard_are_promql(promtool, tmp_path):
    rules = [{"record": f"chart:{number}", "expr": text} for number, text in enumerate(dashboard.expressions())]
    file = tmp_path / "charts.yaml"
    file.write_text(json.dumps({"groups": [{"name": "charts", "rules": rules}]}))
    code, said = promtool("check", "rules", file)
    assert code == 0, said
    assert f"{len(rules)} rules found" in said
    rules[0]["expr"] = "sum by ("
    file.write_text(yaml.safe_dump({"groups": [{"name": "charts", "rules": rules}]}))
    assert promtool("check", "rules", file)[0] == 1
