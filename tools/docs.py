"""Write the generated pages of docs/ (``python -m tools.docs``), or with ``--check`` say whether they are stale."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from bridge.cli.root import bridge
from bridge.rules.access import ORDER, Code
from bridge.rules.permissions import LENT, TABLE, Action, Grant, Role
from bridge.rules.scopes import SCOPES, Scope, scopes_for
from bridge.services.doctor.findings import Level
from bridge.services.doctor.registry import CHECKS, GROUPS
from bridge.services.explain import QUESTIONS
from bridge.web.api.catalogue import ALL
from bridge.web.api.description import description
from bridge.web.pages.catalogue import ALL as PAGES_SHOWN
from bridge.web.refusals import WORDS
from tools import payment_table

DOCS = Path(__file__).parent.parent / "docs"
_NOTE = "<!-- Made by `make docs` from the code; edit there. -->\n"


def cli_page() -> str:
    """Every command with its help, as the terminal shows it."""
    parts = [_NOTE, "# The command line\n"]
    for path, command in _commands(bridge, "bridge"):
        context = click.Context(command, info_name=path, max_content_width=110, terminal_width=110)
        parts.append(f"## `{path}`\n\n```text\n{command.get_help(context)}\n```\n")
    return "\n".join(parts)


def _commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in sorted(command.list_commands(context)):
            found = command.get_command(context, name)
            if found is not None:
                yield from _commands(found, f"{path} {name}")


def codes_page() -> str:
    """The closed list of codes, in the order in which they are decided."""
    rows = [f"| `{code}` | {QUESTIONS[code]} | {WORDS[code][0]}. {WORDS[code][1]} |" for code in ORDER]
    return "\n".join(
        [
            _NOTE,
            "# Codes\n",
            "Every yes or no comes with one of these codes. They never change their meaning. A refused download",
            "carries its code in the header `X-License-Code`; `bridge explain` shows the whole way to it.\n",
            "The first question that is answered with no decides:\n",
            "| code | the question | what the customer reads |",
            "|---|---|---|",
            *rows,
            "",
            "If no question is answered with no, the answer is yes:\n",
            "| code | meaning |",
            "|---|---|",
            f"| `{Code.VALID}` | The key is good, or owns the release from before its expiry. |",
            f"| `{Code.GRACE}` | The key has expired a few days ago and still works; renew it. |",
            "",
        ]
    )


_PERMISSIONS = """# Permissions

One table for the API, the pages and the command line. A person may hold several roles; the best one counts.
`owner` is in the organisation's Owners team, or is the account itself; `repo_admin` is whom Gitea calls admin of
the repo; `manager`, `support` and `viewer` come from `LICENSING_TEAMS`. A team reaches the owner's things when it
covers all repos in Gitea; any other team, and a repo admin, reaches the things of its repos only.

“Lent to a repo” is the most that such people get of what belongs to the owner and opens their repo too.

✓ allowed · ◐ masked: shown without the secret part · ✗ no. A code is masked to its last five symbols.
`keys.domains` and `keys.extend_by_grace` open `PATCH` of a key for those fields only; the latter up to the
package's grace beyond what was paid for. Everything else in that call needs `keys.edit`.
"""
_MARKS = {Grant.ALLOWED: "✓", Grant.MASKED: "◐", Grant.NO: "✗"}


_SCOPES = """## What a machine may do

A machine token may do what whoever made it may at that moment, as far as its scopes cover it, and where it was made:
at the repo (then it sees of the owner's what is lent to the repo), or at the owner and all its repos. ✓ the scope
covers it. What no scope covers, no machine may: deleting, packages, settings, tokens, the audit trail, which names
people, a customer's whole record and its erasure. The code of a master key is masked for every machine. A purchase
issues keys, so `purchases:write` does too.
"""


def _scopes() -> list[str]:
    head = ["action", *(f"`{scope}`" for scope in Scope)]
    covered = [action for action in Action if scopes_for(action)]
    rows = [[f"`{action}`", *("✓" if action in SCOPES[scope] else "" for scope in Scope)] for action in covered]
    return [_SCOPES, *_table(head, rows), ""]


def permissions_page() -> str:
    """Who may do what, and which call of the API needs what."""
    head = ["action", *(f"`{role}`" for role in Role), "lent to a repo"]
    rows = [[f"`{action}`", *(_MARKS[TABLE[action][role]] for role in Role), _MARKS[LENT[action]]] for action in Action]
    calls = [
        [
            f"`{each.method} …/{each.path}`",
            ", ".join(f"`{level}`" for level in each.levels),
            each.summary,
            "nobody is asked" if each.public else f"`{each.action}`",
        ]
        for each in ALL
    ]
    shown = [[f"`{each.rule}`", f"`{each.action}`", f"`{each.posts}`" if each.posts else ""] for each in PAGES_SHOWN]
    return "\n".join(
        [
            _NOTE,
            _PERMISSIONS,
            *_table(head, rows),
            "",
            *_scopes(),
            "## What each call needs\n",
            *_table(["call", "below `/api/v1/` at", "what", "action"], calls),
            "",
            "## What each page needs\n",
            "To be seen, and to send its form. Of what belongs to the owner, the form asks again.\n",
            *_table(["page", "to see it", "to send its form"], shown),
            "",
        ]
    )


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]


def openapi_page() -> str:
    """The description of the API, as the bridge serves it."""
    return json.dumps(description(), indent=1, ensure_ascii=False) + "\n"


_DOCTOR = """# The doctor

`bridge doctor` looks at the whole installation and says of whatever is wrong what to do about it; `bridge doctor
OWNER/REPO` looks at single repos. It changes nothing, except that a ticket stands in the database while it works, and
that `--deliver` makes and deletes a private repo in Gitea where no repo's own hook can be tested.

It ends with 0 when all is well or there are only warnings (`--strict` counts those too), and with 7 when something is
to be mended. `--json` prints the findings as `{"result", "counts", "findings": [{"check", "code", "level", "subject",
"sentence", "fix"}]}`; checks and codes keep their names. A check that another one stands in the way of is `skipped`.
Any check may also end as `unfinished` (somebody stopped answering in its middle) or `failed` (a fault of the bridge).

Run it as the user and with the configuration of `bridge serve`, on its machine, while that is running: the requests
over the public address go out from there and come back through the proxy.
"""
_LEVELS = {Level.OK: "✓", Level.WARNING: "warning", Level.ERROR: "error"}


def doctor_page() -> str:
    """Every check: what it looks at, what that is worth, and what to do about each thing that it can find."""
    parts = [_NOTE, _DOCTOR]
    for group, title in GROUPS.items():
        parts.append(f"## {title}\n")
        for check in (each for each in CHECKS if each.group == group):
            rows = [
                [f"`{each.code}`", _LEVELS[each.level], _plain(each.sentence), _plain(each.fix)]
                for each in check.outcomes
            ]
            needs = f" Needs {', '.join(f'`{need}`' for need in check.needs)}." if check.needs else ""
            parts += [f"### `{check.name}`\n", f"{check.looks_at} {check.why}{needs}\n"]
            parts += ["\n".join(_table(["code", "level", "what it says", "what to do"], rows)), ""]
    return "\n".join(parts)


def _plain(text: str) -> str:
    """A sentence in a cell of a table, its blanks as they are."""
    return text.replace("|", "\\|").replace("<", "&lt;")


_BEGINS, _ENDS = "<!-- Made by `make docs` from the code: -->\n", "<!-- until here. -->\n"


def payments_page() -> str:
    """The page about selling, as it was written by hand, with the table of what a key does in its place."""
    text = (DOCS / "payments.md").read_text(encoding="utf-8")
    before, _, rest = text.partition(_BEGINS)
    _, _, after = rest.partition(_ENDS)
    rows = _table(["what happened", "the key", "told by"], list(payment_table.table()))
    return "".join([before, _BEGINS, "\n", *(f"{row}\n" for row in rows), "\n", _ENDS, after])


PAGES = {
    "cli.md": cli_page,
    "codes.md": codes_page,
    "doctor.md": doctor_page,
    "payments.md": payments_page,
    "permissions.md": permissions_page,
    "openapi.json": openapi_page,
}


def main() -> int:
    """Write the pages, or compare them."""
    check = "--check" in sys.argv[1:]
    stale = []
    for name, make in PAGES.items():
        text = make()
        if not (DOCS / name).exists() or (DOCS / name).read_text(encoding="utf-8") != text:
            stale.append(name)
            if not check:
                (DOCS / name).write_text(text, encoding="utf-8")
    if check and stale:
        print(f"Stale: {', '.join(stale)}. Run `make docs` and commit.")
        return 1
    print("The docs are up to date." if check or not stale else f"Written: {', '.join(stale)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
