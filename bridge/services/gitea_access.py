"""The one way to Gitea: within the budget of requests, from a seat, with the id of the request that it is for."""

import math
from collections.abc import Callable

from bridge.services import seats
from bridge.settings import GiteaSettings
from bridge.settings.logs import request_id
from gitea_client.budget import RequestBudget
from gitea_client.client import GiteaClient


def open_gitea(settings: GiteaSettings, *, most_seconds: float = math.inf) -> GiteaClient:
    """The way to Gitea, within its budget. ``most_seconds``: for those who wait less long than the settings say."""
    return GiteaClient(
        settings.url,
        settings.token.get_secret_value() or None,
        timeout=(3.05, min(most_seconds, settings.timeout_seconds)),
        public_url=settings.public_url or None,
        before_request=_asking(RequestBudget(settings.max_requests_per_second)),
        request_id=request_id.get,
    )


def _asking(budget: RequestBudget) -> Callable[[], None]:
    """What comes before each question to Gitea: a seat first, since who waits for the budget waits in it."""

    def ask() -> None:
        seats.take()
        budget()

    return ask
