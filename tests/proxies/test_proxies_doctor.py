"""What the doctor says about the way through the proxies of ``deploy/``: nothing but good."""

import pytest
from support.clinics import BY_NAME, clinic
from support.proxies import Site, running_proxy

from bridge.services.doctor.findings import Level
from tools.ports import free_port

ON_THE_WAY = [check.name for check in BY_NAME.values() if check.group in {"routes", "proxy"}]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gitea", "subpath", "own-host"])
def test_the_doctor_finds_the_way_to_the_bridge_as_it_should_be(kind, name, sqlite_url, tmp_path):
    port = free_port()
    origin = f"http://127.0.0.1:{port}/git" if name == "subpath" else f"http://127.0.0.1:{port}"
    giteas = {} if name == "own-host" else {"gitea": {"public_url": origin}}
    with clinic(sqlite_url, tmp_path, bridge={"public_url": origin}, **giteas) as patient:
        site = Site(patient.made.gitea.base_url, patient.web.base_url, name=name, port=port)
        with running_proxy(kind, site, tmp_path / "proxy"):
            found = [each for each in patient.examine(*ON_THE_WAY) if each.check in ON_THE_WAY]
    assert [each for each in found if each.level is not Level.OK] == []
    assert [each.check for each in found] == ON_THE_WAY
    assert ("routes.gitea", "own_host" if name == "own-host" else "left") in {(each.check, each.code) for each in found}
