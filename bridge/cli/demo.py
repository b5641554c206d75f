"""``bridge demo``: the whole product with a pretend Gitea, in one command."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import click
import requests
from rich.console import Console

from bridge.cli import demo_shop, demo_world
from bridge.cli.demo_buy import buy
from bridge.cli.demo_mail import DemoMailServer
from bridge.cli.demo_shop import Shop, Tills
from bridge.cli.demo_world import ADMIN_TOKEN, CLIENT_ID, CLIENT_SECRET, HOOK_SECRET, REPOS, FixedEntropy
from bridge.cli.stopping import StopSignals
from bridge.errors import ConflictError, NotFoundError, UnavailableError
from bridge.parts import Edge, Parts, utc_now
from bridge.settings import load
from bridge.storage import schema
from gitea_client.simulator import create_simulator, serve
from gitea_client.simulator.world import World

_START_SECONDS = 120  # a small or busy machine takes its time
_GRACE_SECONDS = 20
port_option = click.option("--port", envvar="PORT", type=int, default=8080, show_default=True, help="Of the bridge.")
gitea_port_option = click.option(
    "--gitea-port", envvar="GITEA_PORT", type=int, default=3080, show_default=True, help="Of the pretend Gitea."
)


@click.group(invoke_without_command=True)
@port_option
@gitea_port_option
@click.option(
    "--dir",
    "directory",
    type=click.Path(path_type=Path),
    default=Path("var/demo"),
    show_default=True,
    help="Its data; emptied at the start.",
)
@click.pass_context
def demo(context: click.Context, port: int, gitea_port: int, directory: Path) -> None:
    """Start the product with a pretend Gitea and SQLite, print what to try, stop on Ctrl-C. Starts fresh each time."""
    if context.invoked_subcommand is None:
        _run(port, gitea_port, directory)


@demo.command()
@click.argument("version")
@click.option("--repo", "path", default="acme/mod-weather", show_default=True, help="One of the demo's repos.")
@gitea_port_option
def publish(version: str, path: str, gitea_port: int) -> None:
    """Publish another release in the pretend Gitea, as a vendor's CI would: the release first, its ZIP afterwards."""
    repo = next((each for each in REPOS if each.full_name == path), None)
    if repo is None:
        raise NotFoundError(f"the demo has no repo {path}; it has {', '.join(each.full_name for each in REPOS)}")
    api = f"http://127.0.0.1:{gitea_port}/api/v1/repos/{path}/releases"
    headers = {"Authorization": f"token {ADMIN_TOKEN}"}
    release = {"tag_name": f"v{version}", "name": version, "prerelease": "-" in version, "target_commitish": "main"}
    try:
        answer = requests.post(api, json=release, headers=headers, timeout=10)
        if answer.status_code == requests.codes.conflict:
            raise ConflictError(f"{path} has a release v{version} already; publish another version")
        answer.raise_for_status()
        for name, content in repo.build(version, "http://127.0.0.1/").items():
            url = f"{api}/{answer.json()['id']}/assets"
            upload = {"attachment": (name, content, "application/zip")}
            requests.post(url, params={"name": name}, files=upload, headers=headers, timeout=10).raise_for_status()
    except requests.RequestException as error:
        raise UnavailableError(
            f"the pretend Gitea on port {gitea_port} does not answer ({error}); is `make demo` running?"
        ) from None
    click.echo(f"{path} v{version} is published. Its feed shows it within half a minute.")


demo.add_command(buy)


def _run(port: int, gitea_port: int, directory: Path) -> None:
    bridge_url = f"http://127.0.0.1:{port}"
    asked_to_stop = StopSignals()
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    click.echo("Starting a pretend Gitea and the bridge …")
    world = demo_world.build_world(bridge_url)
    try:
        gitea = serve(create_simulator(world), gitea_port)
    except (OSError, SystemExit):
        raise UnavailableError(f"port {gitea_port} is taken; choose another: make demo GITEA_PORT=3081") from None
    mail = DemoMailServer(directory / "mails")
    tills = demo_shop.open_tills()
    try:
        config = _configure(directory, bridge_url, gitea.base_url, port, tills, mail.port)
        codes, shop = _fill(config, world, tills)
        bridge = subprocess.Popen([sys.executable, "-m", "bridge.cli", "--config", str(config), "serve"])  # noqa: S603  ourselves
        try:
            _wait_until_ready(bridge_url, bridge, port)
            _print_what_to_try(bridge_url, gitea.base_url, config, codes, shop)
            click.echo(f"ready: {bridge_url}")
            while not asked_to_stop.within(0.3):
                if bridge.poll() is not None:
                    raise UnavailableError("the bridge ended by itself; its last messages stand above")
        finally:
            bridge.terminate()
            bridge.wait(_GRACE_SECONDS)
    finally:
        tills.stop()
        mail.stop()
        gitea.stop()
        world.close()
    click.echo("Stopped.")


def _configure(directory: Path, bridge_url: str, gitea_url: str, port: int, tills: Tills, mail_port: int) -> Path:
    config = directory / "config.toml"
    config.write_text(
        f"""[gitea]
url = "{gitea_url}"
token = "{ADMIN_TOKEN}"
webhook_secrets = ["{HOOK_SECRET}"]
max_requests_per_second = 100

[bridge]
public_url = "{bridge_url}"
owners = ["acme", "dora"]
data_dir = "{directory.resolve()}"

[oauth]
client_id = "{CLIENT_ID}"
client_secret = "{CLIENT_SECRET}"

[web]
bind = "127.0.0.1:{port}"
workers = 2

[worker]
settings_seconds = 5
reconcile_seconds = 60
refresh_steps_seconds = [0, 1, 3, 8, 20]

[payments]
stripe_url = "{tills.stripe.base_url}"
paypal_url = "{tills.paypal.base_url}"

[mail]
host = "127.0.0.1"
port = {mail_port}
security = "none"
sender = "licenses@demo.example"

[log]
level = "warning"
""",
        encoding="utf-8",
    )
    return config


def _fill(config: Path, world: World, tills: Tills) -> tuple[dict[str, str], Shop]:
    """Migrate, read everything from the pretend Gitea, issue the keys, connect the pretend providers."""
    parts = Parts(load(config), Edge(utc_now, FixedEntropy()))
    schema.upgrade(parts.engine)
    for repo in REPOS:
        parts.catalog.refresh(world.repo(repo.owner, repo.name).id)
    codes = demo_world.issue_keys(parts, parts.clock())
    shop = demo_shop.connect(parts, tills)
    parts.close()
    return codes, shop


def _wait_until_ready(bridge_url: str, bridge: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if bridge.poll() is not None:
            raise UnavailableError(
                f"the bridge did not start; is port {port} taken? Choose another: make demo PORT=8081"
            )
        try:
            if requests.get(f"{bridge_url}/-/licensing/health", timeout=1).json().get("status") == "pass":
                return
        except (requests.RequestException, ValueError):
            pass
        time.sleep(0.2)
    raise UnavailableError("the bridge did not become ready in time")


def _print_what_to_try(bridge_url: str, gitea_url: str, config: Path, codes: dict[str, str], shop: Shop) -> None:
    feed, file = (
        f"{bridge_url}/acme/mod-weather/updates.xml",
        f"{bridge_url}/acme/mod-weather/downloads/v1.2.0/mod_weather-1.2.0.zip",
    )
    bridge = f"{os.path.relpath(Path(sys.executable).parent / 'bridge')} -c {config}"
    lines = (
        ("The pages: keys, packages and settings of a repo", f"open {bridge_url}/acme/mod-weather/licenses"),
        (
            "… where you are asked who you are. As whom to look:",
            "olga (owner), rita (repo admin), mona (manager), susi (support), vera (viewer), nobody, root (site admin)",
        ),
        ("A feed with a required key, without one: empty", f"curl {feed}"),
        ("… with a key (annual, stable)", f"curl '{feed}?dlid={codes['annual']}'"),
        ("… with a key for early access: rc and beta too", f"curl '{feed}?dlid={codes['beta']}'"),
        ("… with a revoked key: empty", f"curl '{feed}?dlid={codes['revoked']}'"),
        ("… with a key of another owner: empty", f"curl '{feed}?dlid={codes['foreign']}'"),
        ("A personal feed, for stock Joomla", f"curl {bridge_url}/acme/mod-weather/updates/{codes['feed token']}.xml"),
        ("A download with the key", f"curl -OJ '{file}?dlid={codes['annual']}'"),
        ("… with an expired key: refused, with the reason", f"curl '{file}?dlid={codes['expired']}'"),
        (
            "A key for one site: the first site takes it …",
            f"curl '{feed}?dlid={codes['single']}&domain=shop.example.com'",
        ),
        ("… the second is refused", f"curl '{file}?dlid={codes['single']}&domain=other.example.org'"),
        (
            "An open feed, and its changelog",
            f"curl {bridge_url}/acme/pkg-seo/updates.xml {bridge_url}/acme/pkg-seo/changelog.xml",
        ),
        ("Dolibarr asks for the newest version", f"curl {bridge_url}/acme/dolibarr-stock/version.txt"),
        ("All extensions of the owner", f"curl {bridge_url}/acme/-/licensing/extensions.xml"),
        (
            "Publish a release, then look at the feed",
            f"{bridge} demo publish 1.5.0 --gitea-port {gitea_url.rpartition(':')[2]}",
        ),
        ("What is served; what is held back", f"{bridge} repo show acme/mod-weather"),
        ("Buy a license at a pretend Stripe; the mail that is printed holds the key", f"{bridge} demo buy Standard"),
        (
            "… as a subscription, and have the money back: the key is revoked",
            f"{bridge} demo buy 'Early Access' --subscription --refund",
        ),
        ("… at a pretend PayPal", f"{bridge} demo buy Standard --paypal"),
        (
            "The link that sells it, for a page of yours; and the page after the purchase",
            f"open '{bridge_url}/-/licensing/buy/{shop.endpoint}/{shop.package_id}?price={shop.price}'",
        ),
        ("What the payment provider told, and what it did", f"{bridge} payments events acme/stripe"),
        ("What was mailed", f"{bridge} mail queue acme"),
        ("All keys", f"{bridge} key list acme"),
        ("Why a key does not work", f"{bridge} explain {codes['expired']} acme/mod-weather"),
        ("Revoke a key; a second later its feed is empty", f"{bridge} key revoke {codes['annual']}"),
        (
            "The API, as docs/api.md has it (this is the site admin's token)",
            f"curl -H 'Authorization: token {ADMIN_TOKEN}' {bridge_url}/api/v1/repos/acme/mod-weather/license-packages",
        ),
        ("The API's page, to try each call", f"open {bridge_url}/-/licensing/api"),
        ("The pretend Gitea", f"open {gitea_url}"),
    )
    console = Console(soft_wrap=True)
    for what, command in lines:
        console.print(f"[bold]{what}[/bold]", highlight=False)
        click.echo(f"  {command}")
