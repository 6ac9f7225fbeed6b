"""docs/salesforce-setup.md says what is deployed, and its certificate lets DCM in."""

import re
import subprocess
from pathlib import Path

import pytest

from simulator.receivers.salesforce.auth import JWT
from simulator.receivers.salesforce.org import Org
from simulator.receivers.salesforce.server import Served
from tests.salesforce import assertion, connected_app, session_to
from tests.unit.simulator.test_salesforce_metadata import DEPLOYED, shape

ROOT = Path(__file__).parents[3]
GUIDE = (ROOT / "docs/salesforce-setup.md").read_text()
WORDS = {
    "string": "Text({length})",
    "reference": "Lookup({references[0]})",
    "datetime": "Date/Time",
    "double": "Number(12, {scale})",
    "textarea": "Long Text Area({length})",
    "picklist": "Picklist",
}


def test_the_fields_to_make_by_hand_are_those_that_are_deployed() -> None:
    by_hand = GUIDE.partition("\nBy hand: ")[2]
    told = dict(re.findall(r"^\| `(\w+__c)` \| (\w[^|]+) \|", by_hand, re.MULTILINE))
    shapes = [shape(path) for (kind, _), path in DEPLOYED.items() if kind == "DCM_Hold__c"]

    assert told == {each["name"]: WORDS[each["type"]].format(**each) for each in shapes}
    states = next(each["values"] for each in shapes if each["name"] == "State__c")
    assert ", ".join(f"`{state}`" for state in states) in GUIDE


@pytest.mark.needs("openssl", reason="the guide makes its certificate with it")
def test_the_certificate_of_the_guide_lets_in(served: Served, org: Org, tmp_path: Path) -> None:
    command = next(line for line in GUIDE.splitlines() if line.startswith("openssl "))
    subprocess.run(re.sub(r'"', "", command).split(), cwd=tmp_path, check=True, capture_output=True)
    connected_app(org, certificate=(tmp_path / "dcm-salesforce.crt").read_text())
    signed = assertion(org, (tmp_path / "dcm-salesforce.key").read_text())

    url = "https://login.salesforce.com/services/oauth2/token"
    form = {"grant_type": JWT, "assertion": signed}
    answer = session_to(served.url).post(url, form, timeout=5)

    assert answer.status_code == 200


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\((?!http|#)([^)#]+)", GUIDE):
        assert (ROOT / "docs" / target).exists(), target
    headings = {
        re.sub(r"[^\w\- ]", "", line.lstrip("# ").lower()).replace(" ", "-")
        for line in GUIDE.splitlines()
        if line.startswith("#")
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", GUIDE)) <= headings
