"""The dashboard of a node: `python -m deploy.grafana.dashboard` writes `registry.json` beside this file.

With `--check` it writes nothing, and exits 1 if the file is not up to date. The form is the JSON of Grafana 10 and
later, schema version 39; import it by *Dashboards, New, Import*, and choose the Prometheus data source.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from deploy.generated_file import write_or_check

FILE: Final = Path(__file__).with_name("registry.json")
_WIDTH: Final = 24
_HEIGHT: Final = 8
_SOURCE: Final = {"type": "prometheus", "uid": "${source}"}


class Panel(NamedTuple):
    """One chart: queries by their legend."""

    title: str
    queries: dict[str, str]
    """Expressions of PromQL by legend. A legend in braces names labels, as in Grafana; `$job` is the chosen node."""
    unit: str = "short"
    """The unit's name in Grafana: `short`, `s`, `bytes`, `percentunit`, `reqps`."""
    description: str = ""


_JOB: Final = '{job="$job"}'
ROWS: Final[dict[str, Sequence[Panel]]] = {
    "Now": (
        Panel("Ready", {"ready": f"min(registry_ready{_JOB})"}, description="1 while /ready answers 200."),
        Panel("Faults", {"{{component}}": f"max by (component) (registry_faults{_JOB}) > 0"}),
        Panel(
            "Events to publish",
            {
                "waiting": f"max(registry_unpublished_events{_JOB})",
                "held back": f"max(registry_held_back_events{_JOB})",
            },
        ),
        Panel("Age of the oldest", {"age": f"max(registry_unpublished_age_seconds{_JOB})"}, "s"),
    ),
    "Log and views": (
        Panel("Events not in the views", {"{{member}}": f"max by (member) (registry_lag_events{_JOB}) > 0"}),
        Panel(
            "Published and projected a second",
            {
                "published": f"sum(rate(registry_published_events_total{_JOB}[5m]))",
                "projected": f"sum(rate(registry_projected_events_total{_JOB}[5m]))",
            },
        ),
        Panel(
            "From stored to shown",
            {
                "median": f"histogram_quantile(0.5, sum by (le) (rate(registry_visible_seconds_bucket{_JOB}[10m])))",
                "99th percentile": "histogram_quantile(0.99, sum by (le)"
                f" (rate(registry_visible_seconds_bucket{_JOB}[10m])))",
            },
            "s",
            "Time from storing an event until this node shows it.",
        ),
        Panel(
            "Refused, quarantined, disputed",
            {
                "refused {{member}} {{code}}": f"max by (member, code) (registry_refused_events{_JOB}) > 0",
                "quarantined {{member}} {{code}}": f"max by (member, code) (registry_quarantined_records{_JOB}) > 0",
                "disputed {{member}} {{state}}": f"max by (member, state) (registry_disputed_heads{_JOB}) > 0",
            },
        ),
    ),
    "HTTP": (
        Panel(
            "Requests a second",
            {"{{status}}": f"sum by (status) (rate(registry_http_requests_total{_JOB}[5m]))"},
            "reqps",
        ),
        Panel(
            "Share of requests that fail",
            {
                "5xx": f'sum(rate(registry_http_requests_total{{job="$job",status=~"5.."}}[5m]))'
                f" / sum(rate(registry_http_requests_total{_JOB}[5m]))"
            },
            "percentunit",
        ),
        Panel(
            "Slowest routes, 99th percentile",
            {
                "{{route}}": "topk(5, histogram_quantile(0.99, sum by (route, le)"
                f" (rate(registry_http_request_seconds_bucket{_JOB}[5m]))))"
            },
            "s",
        ),
        Panel(
            "Connections to the views",
            {
                "{{state}}": f"sum by (state) (registry_pool_connections{_JOB})",
                "requests that wait": f"sum(registry_pool_waiting_requests{_JOB})",
            },
        ),
    ),
    "Batches, webhooks, machine": (
        Panel("Batches", {"{{state}}": f"max by (state) (registry_batches{_JOB})"}),
        Panel("Deliveries of webhooks", {"{{state}}": f"max by (state) (registry_webhook_deliveries{_JOB})"}),
        Panel(
            "Disk",
            {"free": f"min(registry_disk_free_bytes{_JOB})", "size": f"min(registry_disk_bytes{_JOB})"},
            "bytes",
        ),
        Panel("Replicas behind", {"slowest": f"max(registry_replica_lag_seconds{_JOB})"}, "s"),
    ),
}


def expressions() -> Iterator[str]:
    """Return all expressions, with a name in the place of `$job`."""
    for panels in ROWS.values():
        for panel in panels:
            for expression in panel.queries.values():
                yield expression.replace("$job", "registry-delft")


def make_dashboard() -> dict[str, Any]:
    """Return the dashboard in Grafana's form."""
    panels: list[dict[str, Any]] = []
    down = 0
    for title, row in ROWS.items():
        panels.append(
            {
                "id": len(panels) + 1,
                "type": "row",
                "title": title,
                "collapsed": False,
                "gridPos": {"x": 0, "y": down, "w": _WIDTH, "h": 1},
                "panels": [],
            }
        )
        down += 1
        width = _WIDTH // len(row)
        for place, panel in enumerate(row):
            panels.append(_chart(panel, len(panels) + 1, {"x": place * width, "y": down, "w": width, "h": _HEIGHT}))
        down += _HEIGHT
    return {
        "title": "Credential registry: a node",
        "uid": "registry-node",
        "schemaVersion": 39,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": _variables()},
        "panels": panels,
    }


def _variables() -> list[dict[str, Any]]:
    return [
        {"name": "source", "label": "Data source", "type": "datasource", "query": "prometheus"},
        {
            "name": "job",
            "label": "Node",
            "type": "query",
            "datasource": _SOURCE,
            "query": {"query": "label_values(registry_build_info, job)", "refId": "job"},
            "refresh": 1,
            "sort": 1,
        },
    ]


def _chart(panel: Panel, number: int, place: dict[str, int]) -> dict[str, Any]:
    return {
        "id": number,
        "type": "timeseries",
        "title": panel.title,
        "description": panel.description,
        "datasource": _SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
        "targets": [
            {"refId": chr(ord("A") + index), "datasource": _SOURCE, "expr": expression, "legendFormat": legend}
            for index, (legend, expression) in enumerate(panel.queries.items())
        ],
    }


def main(arguments: list[str]) -> int:
    """Write the dashboard, or check that it is current."""
    text = json.dumps(make_dashboard(), indent=1) + "\n"
    return write_or_check(FILE, text.encode(), arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
