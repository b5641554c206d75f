"""The REST API, in Gitea's manner: below ``/api/v1``, for people's Gitea tokens. ``operations`` lists what there is."""

from bridge.web.api.routing import blueprint

__all__ = ["blueprint"]
