"""Checks of what the proxy lets through to Gitea and the bridge alike: paths, and who somebody claims to be."""

from collections.abc import Iterator
from urllib.parse import quote, urlsplit

from bridge.services.doctor.findings import Check, Seen, error, ok, seen, warning
from bridge.services.doctor.patient import Patient
from bridge.services.doctor.visitor import NoAnswerError
from gitea_client.errors import GiteaError


def _slash(patient: Patient) -> Iterator[Seen]:
    owner, repo = (quote(each) for each in patient.sample)
    path = f"/{owner}/{repo}/downloads/v1%2F2%2B3/package-1.0.zip"
    wanted = urlsplit(patient.address(path)).path
    try:
        told = patient.echo(patient.address(path))
    except NoAnswerError as problem:
        yield seen("refused", who=problem)
        return
    if told["target"] == wanted:
        yield seen("survives")
    elif told["target"].replace("+", "%2B") == wanted.replace("%2F", "/"):
        yield seen("decoded")
    else:
        yield seen("mangled", arrived=told["target"])


def _webauth(patient: Patient) -> Iterator[Seen]:
    """Whether a header signs a stranger in: asked for the token's own account, so that none is made by it."""
    try:
        login = patient.gitea.me().login
    except GiteaError:
        login = "license-bridge-doctor"
    base = patient.settings.gitea.public_url
    forged = {"X-WEBAUTH-USER": login}
    page = patient.visitor.ask(f"{base}/user/settings", headers=forged)
    api = patient.visitor.ask(f"{base}/api/v1/user", headers=forged)
    yield seen("believed") if 200 in {page.status, api.status} else seen("ignored")  # noqa: PLR2004  a status


CHECKS = (
    Check(
        "proxy.slash",
        "Whether `%2F` in a path survives the proxy.",
        "The tag of a release may hold a slash.",
        (
            ok("survives", "The proxy hands %2F on as it is."),
            warning(
                "decoded",
                "The proxy turns %2F into a slash.",
                "Let the proxy hand paths on as they are: with nginx nothing stands behind the port in proxy_pass; with"
                " Apache: AllowEncodedSlashes NoDecode, and nocanon at ProxyPass.",
            ),
            error(
                "refused",
                "The proxy does not let a path with %2F through: {who}.",
                "With Apache: AllowEncodedSlashes NoDecode. Others: take the configuration from deploy/.",
            ),
            error(
                "mangled",
                "The proxy changes a path with %2F to {arrived}.",
                "Let the proxy hand paths on as they are; with Apache: nocanon at ProxyPass.",
            ),
        ),
        _slash,
        ("routes.known",),
    ),
    Check(
        "proxy.webauth",
        "Whether Gitea believes a stranger's header `X-WEBAUTH-USER`, asked for the account of the bridge's token.",
        "Whoever sends it would be signed in as anybody, also as a site administrator.",
        (
            ok("ignored", "Nobody gets into Gitea by sending X-WEBAUTH-USER."),
            error(
                "believed",
                "Gitea takes anybody who sends X-WEBAUTH-USER for that person.",
                'Let the proxy empty it for all of Gitea (nginx: proxy_set_header X-WEBAUTH-USER "";), or switch'
                " ENABLE_REVERSE_PROXY_AUTHENTICATION off in app.ini.",
            ),
        ),
        _webauth,
        ("gitea.public",),
    ),
)
