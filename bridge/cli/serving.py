"""``bridge serve`` and ``bridge worker``. Neither answers over HTTP, so neither carries what does."""

import os
import subprocess
import sys
import threading
from contextlib import suppress

import click

from bridge.cli.common import Context, pass_context
from bridge.cli.exits import EXIT_UNAVAILABLE
from bridge.cli.locks import be_the_only_server, use_database
from bridge.cli.metrics import serve_metrics
from bridge.cli.stopping import GRACE_SECONDS, StopSignals, end_with_parent
from bridge.settings.logs import set_up_logging

_POLL_SECONDS = 0.5
_RESTART_SECONDS = 1.0
_MOST_FAILED_STARTS = 20
# How much the background worker leaves the processor to those whom somebody waits for, as `nice` counts it.
_GIVES_WAY = 5


@click.command()
@pass_context
def serve(context: Context) -> None:
    """Run everything: web workers and the background worker, supervised, until Ctrl-C or SIGTERM."""
    set_up_logging(context.settings.log)
    _ = context.parts  # a wrong configuration or schema stops the start here, with one message
    be_the_only_server(context.settings)
    commands = [[sys.executable, "-m", "bridge.cli", *context.config_words, name] for name in ("web", "worker")]
    context.close()
    stop_metrics = serve_metrics(context.settings)
    status = _supervise(commands)
    stop_metrics()
    sys.exit(status)


@click.command()
@pass_context
def worker(context: Context) -> None:
    """Run the background worker only. Several may run; each job is done once."""
    set_up_logging(context.settings.log)
    with suppress(OSError):  # where the system forbids even that
        os.nice(_GIVES_WAY)
    asked_to_stop = StopSignals()
    use_database(context.settings)
    running = context.parts.worker
    thread = threading.Thread(target=running.run, name="worker")
    thread.start()
    while thread.is_alive() and not asked_to_stop.within(_POLL_SECONDS):
        pass
    running.stop()
    thread.join()


def _supervise(commands: list[list[str]]) -> int:
    """Keep the processes alive. One that dies is started again; one that can't start ends the whole.

    One that was killed leaves its port to workers that end a moment later, so its successor may need several starts.
    """
    asked_to_stop = StopSignals()
    failed_starts = [_MOST_FAILED_STARTS] * len(commands)  # the first start has no excuse
    running = [_start(command) for command in commands]
    status = 0
    while status == 0 and not asked_to_stop.within(_POLL_SECONDS):
        for index, process in enumerate(running):
            code = process.poll()
            if code is None:
                continue
            # A positive code: it ended by itself with an error that it has printed. Signals are negative. A database
            # that is away now was there when all this started, so it is waited for.
            failed_starts[index] = failed_starts[index] + 1 if code > 0 and code != EXIT_UNAVAILABLE else 0
            if failed_starts[index] > _MOST_FAILED_STARTS:
                status = code
                break
            click.echo(f"{commands[index][-1]} ended ({code}) and is started again", err=True)
            asked_to_stop.within(_RESTART_SECONDS)
            running[index] = _start(commands[index])
    for process in running:
        process.terminate()
    for process in running:
        try:
            process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
    return status


def _start(command: list[str]) -> subprocess.Popen[bytes]:
    """Start one of the processes; it stops by itself, as on SIGTERM, should this one be killed."""
    return subprocess.Popen(  # noqa: S603  our own command, no shell
        command,
        preexec_fn=end_with_parent,  # noqa: PLW1509  the call takes no lock that a thread could hold
    )
