"""The addresses that a proxy must lead to the bridge, and some that it must leave to Gitea.

A test compares the first with what the web side answers, so that none is forgotten.
"""

from collections.abc import Iterator
from urllib.parse import quote

# Below a repo or an owner, and below nothing; blanks are filled with a served owner and repo. Pages are among them.
DOORS: tuple[tuple[str, str], ...] = (
    ("GET", "/{owner}/{repo}/updates.xml"),
    ("GET", "/{owner}/{repo}/updates.xml/extension.xml"),
    ("GET", "/{owner}/{repo}/extension.xml"),
    ("GET", "/{owner}/{repo}/updates.{edition}.xml"),
    ("GET", "/{owner}/{repo}/updates/{token}.xml"),
    ("GET", "/{owner}/{repo}/changelog.xml"),
    ("GET", "/{owner}/-/licensing/extensions.xml"),
    ("GET", "/{owner}/{repo}/version.txt"),
    ("GET", "/{owner}/{repo}/updates/dolibarr.json"),
    ("GET", "/{owner}/{repo}/downloads/{tag}/{name}"),
    ("HEAD", "/{owner}/{repo}/downloads/{tag}/{name}"),
    ("GET", "/{owner}/{repo}/downloads/~{token}/{tag}/{name}"),
    ("GET", "/{owner}/{repo}/licenses"),
    ("GET", "/{owner}/{repo}/licenses/keys"),
    ("GET", "/{owner}/-/licensing"),
    ("GET", "/{owner}/-/licensing/keys"),
    ("POST", "/-/licensing/hooks/gitea"),
    ("POST", "/-/licensing/hooks/{provider}/{endpoint}"),
    ("GET", "/-/licensing/health"),
    ("GET", "/-/licensing/metrics"),
    ("GET", "/-/licensing/openapi.json"),
    ("GET", "/-/licensing/api"),
    ("GET", "/-/licensing/api/{file}"),
    ("GET", "/-/licensing/oauth/callback"),
)
# The first words of the REST API's paths, at each of its levels.
API_WORDS: tuple[str, ...] = (
    "licensing",
    "license-keys",
    "license-keys.csv",
    "license-packages",
    "license-customers",
    "license-purchases",
    "license-stats",
    "license-tokens",
    "license-audit",
)
API_LEVELS: tuple[str, ...] = ("repos/{owner}/{repo}", "orgs/{owner}", "users/{owner}")

GITEAS: tuple[str, ...] = (
    "/api/v1/version",
    "/api/v1/licenses",
    "/api/v1/repos/{owner}/{repo}",
    "/api/v1/repos/{owner}/{repo}/licenses",
    "/user/login",
    "/explore/repos",
    "/{owner}",
    "/{owner}/{repo}",
    "/{owner}/{repo}/releases",
    "/{owner}/{repo}/releases/download/v1.0/{name}",
    "/{owner}/{repo}/src/branch/main/updates.xml",
    "/{owner}/{repo}/raw/branch/main/updates.xml",
    "/{owner}/{repo}/src/branch/licenses",
    "/{owner}/{repo}/src/branch/downloads/v1.0/{name}",
    "/{owner}/{repo}.git/info/refs",
)
_BLANKS = {
    "edition": "pro",
    "token": "ft0doctor0",
    "tag": "v1.0",
    "name": "package-1.0.zip",
    "file": "tryout.js",
    "provider": "stripe",
    "endpoint": "acme",
}


def doors(owner: str, repo: str) -> Iterator[tuple[str, str]]:
    """Method and path of every door, the REST API's included."""
    api = [("GET", f"/api/v1/{level}/{word}") for level in API_LEVELS for word in API_WORDS]
    return ((method, filled(path, owner, repo)) for method, path in (*DOORS, *api))


def filled(path: str, owner: str, repo: str) -> str:
    """A path with its blanks filled."""
    return path.format(owner=quote(owner), repo=quote(repo), **_BLANKS)
