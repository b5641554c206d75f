"""``bridge doctor``: looks at everything, tells what it saw, and ends with a code that a script understands."""

import json
import sys
from collections.abc import Sequence
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn

from bridge.cli.common import Context, pass_context, split_path
from bridge.cli.exits import EXIT_LEFT_TO_DO
from bridge.parts import Parts
from bridge.services.doctor import running
from bridge.services.doctor.findings import Check, Finding, Level
from bridge.services.doctor.patient import Patient, Wishes
from bridge.services.doctor.registry import CHECKS, GROUPS

_MARKS = {
    Level.OK: "[green]✓[/]",
    Level.WARNING: "[yellow]![/]",
    Level.ERROR: "[red]✗[/]",
    Level.SKIPPED: "[dim]-[/]",
}


@click.command()
@click.argument("paths", metavar="[OWNER/REPO]...", nargs=-1)
@click.option("--deep", is_flag=True, help="Also read every stored file and the whole database.")
@click.option("--deliver", is_flag=True, help="Also let Gitea send a delivery now, and wait for it.")
@click.option("--strict", is_flag=True, help="End with 7 for warnings too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a report.")
@pass_context
def doctor(context: Context, paths: tuple[str, ...], *, deep: bool, deliver: bool, strict: bool, as_json: bool) -> None:
    """Look at the whole installation, or at single repos more closely, and say what to mend.

    Gitea, its token and hooks, the way through the proxy, the database, the store, the worker, and each repo: what
    docs/doctor.md lists. Nothing is changed; only --deliver makes a private repo in Gitea for a moment where the hook
    is not a repo's.

    Ends with 0 when all is well or there are only warnings, and with 7 when something is to be mended.
    """
    for path in paths:
        split_path(path)
    parts = Parts(context.settings)
    patient = parts.patient(Wishes(deep, deliver, paths))
    try:
        findings = _examine(patient, quiet=as_json)
    finally:
        patient.close()
        parts.close()
    if as_json:
        click.echo(json.dumps(_document(findings), indent=2, ensure_ascii=False))
    else:
        _print(findings)
    worst = running.worst(findings)
    if worst is Level.ERROR or (strict and worst is Level.WARNING):
        sys.exit(EXIT_LEFT_TO_DO)


def _examine(patient: Patient, *, quiet: bool) -> list[Finding]:
    console = Console(stderr=True)
    columns = (TextColumn("Looking at everything"), BarColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True, disable=quiet or not console.is_terminal) as progress:
        task = progress.add_task("", total=len(CHECKS))

        def made(check: Check, _findings: Sequence[Finding]) -> None:
            progress.update(task, advance=1, description=check.name)

        return running.examine(CHECKS, patient, made)


def _document(findings: Sequence[Finding]) -> dict[str, Any]:
    return {
        "result": running.worst(findings),
        "counts": running.counted(findings),
        "findings": [finding.to_dict() for finding in findings],
    }


def _print(findings: Sequence[Finding]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    for group, title in GROUPS.items():
        console.print(f"[bold]{title}[/]")
        for finding in findings:
            if finding.check.partition(".")[0] == group:
                _print_one(console, finding)
    counts = running.counted(findings)
    words = {"error": "to mend", "warning": "to look at", "ok": "well", "skipped": "not looked at"}
    said = ", ".join(f"{counts[level]} {what}" for level, what in words.items())
    colour = {Level.OK: "green", Level.WARNING: "yellow"}.get(running.worst(findings), "red")
    console.print(f"[{colour}]{said}[/]")


def _print_one(console: Console, finding: Finding) -> None:
    subject = f"[bold]{escape(finding.subject)}[/] " if finding.subject else ""
    console.print(f" {_MARKS[finding.level]} {subject}{escape(finding.sentence)} [dim]{finding.check}[/]")
    if finding.fix and finding.level in {Level.WARNING, Level.ERROR}:
        console.print(f"   → {escape(finding.fix)}")
