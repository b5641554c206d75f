"""What the two tests with Schemathesis share: what is not asked, where cases are led, and how long they go on."""

import os
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import CHECKS, load_all_checks

# Not asked: whether everything that fits the schema is taken. Names, domains, terms and states have rules that no
# schema can say; each has a test of its own. Nor whether Gitea's tokens are looked at: the role walk does that.
load_all_checks()
LEFT_OUT = [CHECKS.get_one(name) for name in ("positive_data_acceptance", "ignored_auth")]
PLACES = {"repos": {"owner": "acme", "repo": "mod-weather"}, "orgs": {"owner": "acme"}, "users": {"owner": "dora"}}
LONGER = float(os.environ.get("BRIDGE_SCHEMATHESIS_TIMES") or 0)


def patience(examples: int, **more: Any) -> settings:
    """So many cases, the same in each run; with ``BRIDGE_SCHEMATHESIS_TIMES=50`` fifty times as many, others each time."""
    return settings(
        max_examples=int(examples * LONGER) or examples,
        deadline=None,
        database=None,
        derandomize=not LONGER,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
        **more,
    )


def read_whole(app: Callable[..., Any]) -> Callable[..., Any]:
    """The application as a server runs it: each answer is read and closed, which Schemathesis leaves to servers."""

    def answer(environ: Any, start: Any) -> list[bytes]:
        body = app(environ, start)
        try:
            return [b"".join(body)]
        finally:
            body.close()

    return answer
