"""A healthy installation, on both databases: the doctor looks at everything and has nothing to say."""

from support.clinics import clinic

from bridge.services.doctor.findings import Level
from bridge.services.doctor.registry import CHECKS


def test_all_is_well_on_a_healthy_installation(database_url, tmp_path):
    with clinic(database_url, tmp_path) as made:
        found = made.examine(deep=True, deliver=True)
    assert [finding for finding in found if finding.level is not Level.OK] == []
    assert {finding.check for finding in found} == {check.name for check in CHECKS}
