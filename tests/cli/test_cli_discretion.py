"""No key reaches a log through gunicorn, which quotes addresses when a request goes wrong."""

import logging

import pytest
from gunicorn.config import Config

from bridge.cli.discretion import DiscreetLogger


@pytest.fixture
def error_log(caplog):
    log = DiscreetLogger(Config())
    log.error_log.addHandler(caplog.handler)
    yield log
    log.error_log.removeHandler(caplog.handler)


@pytest.mark.parametrize(
    ("message", "arguments"),
    [
        ("Error handling request %s", ("/acme/mod/updates.xml?dlid=LIC-SECRET",)),
        ("Invalid request from ip=127.0.0.1: Invalid HTTP request line: 'GET /a/b?dlid=LIC-SECRET X'", ()),
        ("Error handling request (/acme/mod/updates/SECRETTOKEN.xml)", ()),
    ],
)
def test_addresses_are_cut_out_of_the_log(error_log, caplog, message, arguments):
    with caplog.at_level(logging.WARNING):
        error_log.warning(message, *arguments)
    assert "SECRET" not in caplog.text
    assert "request" in caplog.text
