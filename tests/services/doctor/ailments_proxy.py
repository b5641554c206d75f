"""Ailments of the way to the bridge, and of the proxy on it."""

import functools
from datetime import timedelta

from ailments import CLOSED, Ailment, use_copy_of_settings
from ailments_gitea import _settings, _untrusted
from pydantic import SecretStr
from support.gitea_worlds import Scripted

from bridge.parts import utc_now
from bridge.storage.dumps import sqlite_file


def _proxy(*faults, **knobs):
    def breaks(clinic, _patch):
        clinic.proxy.faults |= set(faults)
        for name, value in knobs.items():
            setattr(clinic.proxy, name, value)

    return breaks


def _other_settings(clinic, _patch):
    use_copy_of_settings(clinic).web.workers = 2


def _late(clinic, _patch):
    clinic.made.parts.clock = lambda: utc_now() + timedelta(seconds=30)


def _database_away(clinic, _patch):
    for parts in (clinic.made.parts, clinic.web_parts):
        parts.engine.dispose()
    file = sqlite_file(clinic.made.settings.database.url)
    for name in (file.name, f"{file.name}-wal", f"{file.name}-shm"):
        file.with_name(name).unlink(missing_ok=True)
    file.write_bytes(b"this is no database " * 1000)


def _open_figures(clinic, _patch):
    clinic.made.settings.web.metrics_token = SecretStr("figures")
    clinic.proxy.adds = {"Authorization": "Bearer figures"}


def _believing_gitea(clinic, patch):
    def answer(path, headers):
        body = b'{"version": "1.26.4"}' if path == "/api/v1/version" else b"settings of whoever you say"
        signed_in = path == "/api/v1/version" or headers.get("X-WEBAUTH-USER") == "root"
        return (
            (200 if signed_in else 303),
            {"Content-Type": "application/json", "Content-Length": str(len(body))},
            [body],
        )

    server = Scripted(answer)
    patch.callback(functools.partial(server.__exit__, None, None, None))
    clinic.proxy.gitea_url = server.url
    clinic.proxy.faults.add("lets headers through")


AILMENTS = (
    Ailment("routes.health", "unreachable", "bridge.public_url", _settings("bridge", public_url=CLOSED)),
    Ailment("routes.health", "untrusted", "Install a certificate", _untrusted("bridge")),
    Ailment("routes.health", "astray", "from deploy/", _proxy(to_gitea=lambda _: True)),
    Ailment("routes.health", "database_away", "checks of the database", _database_away),
    Ailment("routes.known", "stranger", "--config", _proxy("drops unknown headers")),
    Ailment("routes.known", "other_settings", "Restart `bridge serve`", _other_settings),
    Ailment("routes.known", "skewed", "timesyncd", _late),
    Ailment("routes.doors", "astray", "from deploy/", _proxy(to_gitea=lambda path: path.endswith("/version.txt"))),
    Ailment("routes.doors", "changed", "proxy_pass", _proxy(rewrite=lambda path: path.replace("/acme/", "/Acme/"))),
    Ailment("routes.gitea", "shadowed", "anchored", _proxy(to_bridge=lambda path: "/src/branch/" in path)),
    Ailment("routes.gitea", "astray", "proxy's log", _proxy(hangs_up=lambda path: path == "/explore/repos")),
    Ailment("routes.metrics", "public", "Authorization header", _open_figures),
    Ailment("routes.metrics", "wide", "127.0.0.1:9090", _settings("web", metrics_bind="0.0.0.0:9090")),
    Ailment("proxy.gzip", "forced", "gzip off", _proxy("gzips always")),
    Ailment("proxy.gzip", "on_request", "no-transform", _proxy("gzips")),
    Ailment("proxy.conditional", "not_modified", "proxy_cache", _proxy("304")),
    Ailment("proxy.conditional", "cached", "proxy_ignore_headers", _proxy("keeps feeds")),
    Ailment("proxy.headers", "through", "proxy_set_header Sudo", _proxy("lets headers through")),
    Ailment("proxy.client_address", "forged", "$remote_addr", _proxy("believes X-Forwarded-For")),
    Ailment("proxy.client_address", "untold", "$remote_addr", _proxy("no X-Forwarded-For")),
    Ailment("proxy.client_address", "unused", "number of proxies", _settings("web", trusted_proxies=0)),
    Ailment("proxy.client_address", "unreadable", "without a port", _proxy("tells ports")),
    Ailment("proxy.stores", "stores", "response_buffers", _proxy("stores answers")),
    Ailment("proxy.slash", "refused", "AllowEncodedSlashes", _proxy("refuses %2F")),
    Ailment("proxy.slash", "decoded", "nocanon", _proxy(rewrite=lambda path: path.replace("%2F", "/"))),
    Ailment("proxy.slash", "mangled", "nocanon", _proxy(rewrite=lambda path: path.replace("%2F", "%252F"))),
    Ailment("proxy.webauth", "believed", "X-WEBAUTH-USER", _believing_gitea),
)
