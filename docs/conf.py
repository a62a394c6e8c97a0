"""Settings of Sphinx for the site (`make docs`): every Markdown file of the repository at its own path.

The source folder is the repository, so the relative links of a file hold here as they do in the repository. The
command is `sphinx-build -c docs . build/docs`.
"""

import re
import shutil
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

project = "Credential registry"
author = "its contributors"
copyright = "licensed under the EUPL-1.2"  # noqa: A001 - Sphinx names it so
extensions = ["myst_parser"]
root_doc = "README"
include_patterns = ["*.md", "docs/**.md", "registry/**.md", "consumers/**.md", "projections/**.md", "deploy/**.md"]
exclude_patterns = ["build", ".venv", ".github", "tests"]
source_suffix = {".md": "markdown"}
myst_heading_anchors = 4
language = "en"
html_theme = "furo"
html_title = "Credential registry"
html_copy_source = False
html_show_sphinx = False
html_permalinks_icon = "#"
pygments_style = "friendly"
pygments_dark_style = "native"
# Examples of shells and of the log are not all in a language that a lexer knows.
highlight_language = "none"

SECTIONS = {
    "Start": ["docs/tour", "docs/glossary", "docs/architecture"],
    "How to": [
        "docs/join-a-consortium",
        "docs/leave-a-consortium",
        "docs/kafka-for-a-consortium",
        "docs/deploy-with-compose",
        "docs/connect-a-student-system",
        "docs/behind-a-proxy",
        "docs/container-image",
        "docs/deploy-on-kubernetes",
        "docs/sign-in",
        "docs/rotate-a-key",
        "docs/keys",
        "docs/issuing-keys",
        "docs/doctor",
        "docs/logs",
        "docs/recover-a-node",
        "docs/repair",
        "docs/verify-anything",
        "docs/elm-and-elmo",
        "docs/audit-as-an-outsider",
        "docs/auditing",
        "docs/upgrade",
        "docs/achievements",
        "docs/changing-credentials",
        "docs/open-badges",
        "docs/certificates",
        "docs/same-person",
        "docs/exports",
        "docs/rights",
        "docs/desk",
        "docs/office",
        "docs/case-file",
        "docs/status-lists",
    ],
    "Operations": [
        "docs/incident",
        "docs/data-protection-impact-assessment",
        "docs/joint-controllers",
        "docs/runbooks/README",
        "docs/runbooks/registry-archive-old",
        "docs/runbooks/registry-backup-old",
        "docs/runbooks/registry-certificate-ends",
        "docs/runbooks/registry-connections-exhausted",
        "docs/runbooks/registry-database-down",
        "docs/runbooks/registry-disk-nearly-full",
        "docs/runbooks/registry-down",
        "docs/runbooks/registry-events-held-back",
        "docs/runbooks/registry-events-unpublished",
        "docs/runbooks/registry-heads-disputed",
        "docs/runbooks/registry-heads-not-cosigned",
        "docs/runbooks/registry-intake-events-lost",
        "docs/runbooks/registry-key-not-valid",
        "docs/runbooks/registry-lag-growing",
        "docs/runbooks/registry-log-begins-late",
        "docs/runbooks/registry-log-down",
        "docs/runbooks/registry-metrics-incomplete",
        "docs/runbooks/registry-not-ready",
        "docs/runbooks/registry-own-events-without-effect",
        "docs/runbooks/registry-replica-behind",
        "docs/runbooks/registry-requests-fail",
        "docs/runbooks/registry-requests-slow",
        "docs/runbooks/registry-stream-not-read",
        "docs/runbooks/registry-two-histories",
        "docs/runbooks/registry-views-stopped",
        "docs/runbooks/registry-webhooks-failing",
    ],
    "Explanation": [
        "docs/why-signed-logs",
        "docs/what-a-receipt-proves",
        "docs/what-erasure-means",
        "docs/personal-data",
        "consumers/THREATS",
        "docs/decisions/README",
        "docs/decisions/0001-each-member-is-a-transparency-log",
        "docs/decisions/0002-order-between-members-never-matters",
        "docs/decisions/0003-postgresql-everywhere-kafka-where-members-share",
        "docs/decisions/0004-the-log-names-nobody",
        "docs/decisions/0005-the-fields-vocabulary",
        "docs/decisions/0006-three-packages-three-secrets",
        "docs/decisions/0007-one-composition-root",
        "docs/decisions/0008-eventsourcing-for-private-state",
        "docs/decisions/0009-one-signature-a-commit",
        "docs/decisions/0010-no-orm",
        "docs/decisions/0011-sphinx-builds-the-documentation",
        "docs/decisions/0012-reads-in-the-event-loop",
        "docs/decisions/0013-one-explicit-transaction",
        "docs/decisions/0014-pages-are-rendered-on-the-server",
    ],
    "Reference": [
        "docs/record-of-processing",
        "docs/commands/README",
        "docs/commands/issuing",
        "docs/commands/recognition",
        "docs/commands/evidence",
        "docs/commands/operations",
        "docs/commands/consortium",
        "docs/http-api",
        "docs/http-bodies",
        "docs/settings",
        "docs/metrics",
        "docs/tracing",
        "docs/command-json",
        "docs/problems",
        "docs/events",
        "registry/wire/SPEC",
        "docs/attestation-rulebook",
        "docs/limits",
        "docs/benchmarks",
    ],
    "Packages": [
        "registry/README",
        "registry/intake/README",
        "registry/office/README",
        "registry/letters/README",
        "registry/log/README",
        "registry/http/README",
        "registry/documents/contexts/README",
        "registry/documents/schemas/elmo/README",
        "registry/verification/schemas/README",
        "registry/server/pages/README",
        "registry/webhooks/README",
        "registry/metrics/README",
        "deploy/prometheus/README",
        "consumers/README",
        "projections/README",
        "deploy/kafka/README",
        "deploy/helm/registry/README",
    ],
    "Project": ["CONTRIBUTING", "SECURITY", "CODE_OF_CONDUCT", "CHANGELOG"],
}
"""The navigation. A page that is in no section fails the build."""

_FOREIGN = re.compile(
    r"""<(?:script|img|iframe|source)\b[^>]*\bsrc=["'](?:https?:)?//|"""
    r"""<link\b[^>]*\brel=["'](?:stylesheet|icon|preload|preconnect)["'][^>]*\bhref=["'](?:https?:)?//|"""
    r"""(?:@import|url\()\s*["']?(?:https?:)?//"""
)


def setup(app: Sphinx) -> None:
    """Register what Sphinx calls while it builds."""
    app.connect("source-read", _add_navigation)
    app.connect("build-finished", _finish)


def _add_navigation(app: Sphinx, page: str, source: list[str]) -> None:
    """Give the start page the navigation, which has no place in a README that people read elsewhere."""
    del app
    if page == root_doc:
        source[0] += "\n".join(
            ["", *(f"\n```{{toctree}}\n:hidden:\n:caption: {name}\n\n" + "\n".join(pages) + "\n```"
                   for name, pages in SECTIONS.items())]
        )  # fmt: skip


def _finish(app: Sphinx, failure: Exception | None) -> None:
    """Make the start page the folder's index, and fail where a page loads something from another site."""
    if failure is not None or app.builder.format != "html":
        return
    folder: Any = Path(app.outdir)
    shutil.copyfile(folder / f"{root_doc}.html", folder / "index.html")
    files = [file for kind in ("*.html", "*.css") for file in folder.rglob(kind)]
    foreign = [str(file.relative_to(folder)) for file in files if _FOREIGN.search(file.read_text())]
    if foreign:
        raise ExtensionError(f"these files load something from another site: {', '.join(foreign)}")
