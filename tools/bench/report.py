"""What came of a run: printed as ``name value`` lines, and written as a page with a chart."""

import math
import os
import platform
import re
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import click

from bridge.services.drawing import Style, pygal

# What pygal writes for its own script, which is not there.
_SCRIPTS = re.compile(rb"<script\b.*?(?:</script>|/>)", re.DOTALL)
_WORDS = {
    "bare_rps": "a Flask program with one route and nothing else: the yardstick",
    "feed_open_rps": "a feed without a key",
    "gitea_raw_rps": "Gitea's own raw `updates.xml`",
    "feed_beside_gitea_rps": "our feed with a key, beside that Gitea, every request another key",
    "gitea_attachment_rps": "Gitea's own release attachment of 20 kB",
    "download_beside_gitea_rps": "our download of the same file with a key, sent by the bridge itself",
    "download_nginx_rps": "a file of 5 MiB from nginx alone",
    "download_xaccel_rps": "the same with a key, nginx sending it (`x-accel`)",
    "download_direct_rps": "the same with a key, the bridge sending it",
    "worker_rss_mib": "memory of the largest web worker, in MiB",
    "ratio_feed_keyed_vs_gitea_raw": "our keyed feed against Gitea's raw file",
    "ratio_download_vs_gitea": "our download against Gitea's attachment",
    "hook_to_feed_p50_s": "seconds from a published release to the feed, median",
    "hook_to_feed_p95_s": "the same, 95 of 100",
    "storm_errors": "wrong, late or missing answers in the storm",
    "storm_p99_ms": "milliseconds that 99 of 100 answers in the storm took at most, from when each check was due",
    "storm_checks_per_s": "checks a second in the storm, its pace; each site comes first as a new one, which is written"
    " down durably, and later once more",
    "reconcile_requests_per_repo": "requests to Gitea for a repo in one round of reconciling",
    "hooks_accepted_rps": "signed deliveries of a payment provider, accepted a second while others are worked on",
    "hook_p99_ms": "milliseconds that 99 of 100 deliveries waited at most, at 100 a second beside a long queue",
}
# What stands in the way where a figure misses what is wanted of it.
_LIMITS = {
    "ratio_download_xaccel_vs_nginx": "on loopback nginx sends a file of 5 MiB in a few milliseconds of a core, and the"
    " question whether the key is good costs more than half a millisecond more, as every request to Python does (the"
    " bare Flask route too). Behind a network, where the file takes longer than that, the difference disappears",
    "ratio_download_direct_vs_nginx": "the file is read by this process and not by nginx; `web.downloads = x-accel`"
    " leaves it to the proxy",
    "ratio_feed_keyed_vs_gitea_raw": "two workers share their cores with the load generator and with Gitea; what a"
    " keyed feed costs is Flask's own work for two thirds of it (`ratio_feed_keyed_vs_bare`)",
    "ratio_download_vs_gitea": "what any request to Python costs: the yardstick itself is not many times faster than"
    " Gitea at small files. With `x-accel` the proxy sends them",
    "ratio_feed_keyed_vs_bare": "a keyed feed reads its key from the database, and a bare route reads nothing",
    "ratio_feed_keyed_1m_vs_100": "other work on the machine: the key is found by one index at any size",
    "worker_rss_mib": "the libraries: Flask, SQLAlchemy and pydantic with nothing of ours take more than half of it",
    "hooks_accepted_rps": "each delivery is written down durably before it is answered; on SQLite the two web workers"
    " and the background worker take turns at writing, and they share the cores with the load generator",
    "hook_p99_ms": "SQLite has one writer at a time, and one purchase that the worker enters is one transaction of some"
    " fifty statements",
    "storm_p99_ms": "each new site is written down durably before it is answered, by one writer after the other: SQLite"
    " has one at a time, and each waits for the disk. Sites that are known wait for nothing. PostgreSQL has many",
}
_COUNTED = re.compile(r"feed_keyed_(\d+)_rps")
_RECOMPUTED = re.compile(r"ratio_recompute_(\w+)_vs_100")
_LISTED = re.compile(r"page_keys_(\w+)_p95_ms")
_LIMITS_OF = {
    _RECOMPUTED: "other work on the machine, and the pages of a larger database that are read from the system's cache"
    " instead of SQLite's own",
    _LISTED: "drawing the page in Python takes most of it, and a filter that neither an index nor a rare state helps"
    " reads more keys than it shows",
}


@dataclass(slots=True)
class Results:
    """Values by name in the order of measuring, what is wanted of them, and what was skipped and why."""

    values: dict[str, float] = field(default_factory=dict)
    bounds: dict[str, tuple[float, float]] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(self, name: str, value: float, least: float = -math.inf, most: float = math.inf) -> None:
        """A figure, and between what it should be."""
        self.values[name] = value
        self.bounds[name] = (least, most)

    def skip(self, name: str, why: str) -> None:
        """A figure that could not be measured."""
        self.skipped[name] = why

    def update(self, other: "Results") -> None:
        """Take over what another part has measured."""
        self.values.update(other.values)
        self.bounds.update(other.bounds)
        self.skipped.update(other.skipped)
        self.notes += other.notes

    def is_wanted(self, name: str) -> bool:
        """Whether a figure is within its bounds."""
        least, most = self.bounds[name]
        return least <= self.values[name] <= most

    def print(self) -> None:
        """One line a figure. What is out of bounds goes to the side: a noisy machine must not fail anybody's build."""
        for name, value in self.values.items():
            click.echo(f"{name} {shown(name, value)}")
            if not self.is_wanted(name):
                print(f"{name} {value:.3f} is out of bounds; wanted: {self.wanted(name)}", file=sys.stderr)
        for name, why in self.skipped.items():
            click.echo(f"# skipped {name}: {why}")

    def wanted(self, name: str) -> str:
        """The bounds in words; empty where there are none."""
        least, most = self.bounds[name]
        if math.isinf(most):
            return "" if math.isinf(least) else f"at least {least:g}"
        return f"at most {most:g}" if math.isinf(least) or least == 0 else f"{least:g} to {most:g}"


def shown(name: str, value: float) -> str:
    """As many digits as mean something."""
    if name.endswith("_rps"):
        return f"{value:.0f}"
    return f"{value:.0f}" if name.endswith("_errors") else f"{value:.1f}" if name.endswith("_mib") else f"{value:.3f}"


def write(found: Results, directory: Path, how: str) -> None:
    """Write ``performance.md`` and the chart beside it."""
    (directory / "performance.md").write_text(page(found, how), encoding="utf-8")
    (directory / "performance.svg").write_bytes(chart(found))


def page(found: Results, how: str) -> str:
    """The page, with the machine in words."""
    rows = [
        f"| `{name}` | {shown(name, value)} | {found.wanted(name)}{'' if found.is_wanted(name) else ' (missed)'} "
        f"| {_words(name)} |"
        for name, value in found.values.items()
    ]
    skipped = [f"- `{name}` was not measured: {why}" for name, why in found.skipped.items()]
    return "\n".join(
        [
            "<!-- Written by `make bench`; measure again instead of editing. -->\n",
            "# Performance\n",
            f"Measured on {datetime.now(UTC):%d %B %Y} on {machine()}. Load: {how}.",
            "The load generator and all that is measured share the machine. A ratio is the median of its rounds.\n",
            "![answers a second](performance.svg)\n",
            "| figure | value | wanted | what |",
            "|---|---|---|---|",
            *rows,
            "",
            *([*skipped, ""] if skipped else []),
            *_limits(found),
            *([*(f"- {note}" for note in found.notes), ""] if found.notes else []),
            "What follows from these figures for an installation of a given size stands in [scaling.md](scaling.md).",
            "",
        ]
    )


def _limits(found: Results) -> list[str]:
    missed = {name: _limit(name) for name in found.values if not found.is_wanted(name)}
    lines = [f"- `{name}`: {limit}." for name, limit in missed.items() if limit]
    return ["What limits those that were missed:\n", *lines, ""] if lines else []


def _limit(name: str) -> str:
    of_kind = next((limit for kind, limit in _LIMITS_OF.items() if kind.fullmatch(name)), "")
    return _LIMITS.get(name, of_kind)


def _words(name: str) -> str:
    counted = _COUNTED.fullmatch(name)
    if counted:
        return f"a feed with a key, every request another of {int(counted[1]):,}"
    if name in _WORDS:
        return _WORDS[name]
    if recomputed := _RECOMPUTED.fullmatch(name):
        return f"bringing one purchase's keys in line, of {recomputed[1]} purchases against one of 100"
    if listed := _LISTED.fullmatch(name):
        return (
            f"milliseconds that 95 of 100 views of a repo's {listed[1]} keys took at most: searched, filtered, sorted"
        )
    measured, _, against = name.removeprefix("ratio_").partition("_vs_")
    return f"{measured.replace('_', ' ')} against {against.replace('_', ' ')}"


def chart(found: Results) -> bytes:
    """Answers a second as bars, without what would make the others vanish beside it."""
    style = Style(background="#ffffff", plot_background="#ffffff", colors=("#3b6ea5",), font_family="sans-serif")
    bars = pygal.HorizontalBar(
        show_legend=False, style=style, js=[], height=420, width=900, print_values=True, margin=16,
        value_formatter=lambda value: f"{value:,.0f}", title="Answers a second",
    )  # fmt: skip
    rates = {name.removesuffix("_rps"): value for name, value in found.values.items() if name.endswith("_rps")}
    bars.x_labels = [name.replace("_", " ") for name in reversed(rates)]
    bars.add("", [round(value) for value in reversed(rates.values())])
    return _SCRIPTS.sub(b"", bars.render())


def machine() -> str:
    """The machine in words."""
    cores, memory = os.cpu_count() or 1, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    many = "one core" if cores == 1 else f"{cores} cores"
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{many} of {_processor()} with {memory:.0f} GiB of memory, {platform.system()}, {python}"


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        text = ""
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found[1].strip() if found and found[1].strip() != "unknown" else f"a processor of kind {platform.machine()}"
