"""The reference of problem documents, from the types that routes answer with."""

from typing import Final

from registry.cli.reference.markdown import NOTICE, plain
from registry.http.problems import MEDIA_TYPE, PROBLEM_TYPES

_OPENING: Final = f"""# Problems

An error of the HTTP API is a problem document (RFC 9457), `{MEDIA_TYPE}`. Its `type` ends with one of the names below;
the node serves an explanation at that address. Beside `type`, `title` and `status` a document may have:

| member | meaning |
| --- | --- |
| `detail` | what is wrong in this case, and what to do |
| `errors` | one entry for each mistake: `where` it is, `detail`, the `field`, and the masked `value` |
| `code` | the rule that refuses the request ([events](events.md#what-is-refused)) |
| `path` | the place in the event that would have been published |
| `instance` | the id of the request; the node's log has it too |
| `components` | on `/ready`: what is not well |

Values of a person are masked in problem documents. A request with an `Idempotency-Key` can be sent again after any
problem: it takes effect once. The exit codes of the command line are [on another page](commands/README.md#exit-codes).

"""


def pages() -> dict[str, str]:
    """Return the page by its path below docs/."""
    sections = [NOTICE + _OPENING]
    for name, kind in sorted(PROBLEM_TYPES.items(), key=lambda entry: (entry[1].status, entry[0])):
        sections.append(f"## {name}\n\nStatus {kind.status}: *{kind.title}*\n\n{plain(kind.meaning)}\n")
        sections.append(f"What to do: {plain(kind.remedy)}\n")
    return {"problems.md": "\n".join(sections)}
