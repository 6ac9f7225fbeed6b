"""What administrators deploy to Salesforce is what is written there, and what the simulator has."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from simulator.receivers.salesforce import cases
from simulator.receivers.salesforce.objects import Field, kinds

ROOT = Path(__file__).parents[3] / "salesforce"
SOURCE = ROOT / "force-app/main/default"
NAMESPACE = "{http://soap.sforce.com/2006/04/metadata}"
TYPES = {
    "Text": "string",
    "Lookup": "reference",
    "DateTime": "datetime",
    "Number": "double",
    "LongTextArea": "textarea",
    "Picklist": "picklist",
}
DEPLOYED = {
    (path.parts[-3], path.name.partition(".")[0]): path
    for path in SOURCE.glob("objects/*/fields/*.field-meta.xml")
}


def read(path: Path) -> ET.Element:
    return ET.parse(path).getroot()


def text(element: ET.Element, name: str, default: str = "") -> str:
    return element.findtext(f"{NAMESPACE}{name}", default)


def several(element: ET.Element, name: str) -> list[ET.Element]:
    return element.findall(f".//{NAMESPACE}{name}")


def shape(path: Path) -> dict[str, Any]:
    """Return what a field's file says, in the simulator's terms."""
    field = read(path)
    type_ = TYPES[text(field, "type")]
    lengths = {"reference": "18", "picklist": "255", "datetime": "255"}
    return {
        "name": text(field, "fullName"),
        "type": type_,
        "length": int(
            text(field, "length", text(field, "precision", "")) or lengths.get(type_, "0")
        ),
        "scale": int(text(field, "scale", "0")),
        "required": text(field, "required") == "true",
        "external": text(field, "externalId") == "true",
        "unique": text(field, "unique") == "true",
        "case_sensitive": text(field, "caseSensitive") == "true",
        "references": tuple(found.text for found in several(field, "referenceTo")),
        "values": tuple(text(value, "fullName") for value in several(field, "value")),
        "restricted": any(found.text == "true" for found in several(field, "restricted")),
    }


def simulated() -> dict[tuple[str, str], Field]:
    return {
        (kind.name, field.name): field
        for kind in kinds().values()
        for field in kind.fields.values()
        if field.name.endswith("__c")
    }


def test_the_same_fields_are_deployed_and_simulated() -> None:
    assert sorted(DEPLOYED) == sorted(simulated())


@pytest.mark.parametrize("key", sorted(DEPLOYED), ids=".".join)
def test_a_field_is_deployed_as_it_is_simulated(key: tuple[str, str]) -> None:
    told, field = shape(DEPLOYED[key]), simulated()[key]

    assert told == {name: getattr(field, name) for name in told}
    assert text(read(DEPLOYED[key]), "description")


def test_what_is_written_is_deployed() -> None:
    fields = pytest.importorskip("integrations.salesforce.fields")

    deployed = {name for kind, name in DEPLOYED if kind == "DCM_Hold__c"}
    assert deployed == set(fields.HOLD_FIELDS)
    assert {name for kind, name in DEPLOYED if kind == "Case"} == set(fields.CASE_FIELDS)


def test_cases_are_looked_up_and_not_locked_by_their_holds() -> None:
    types = {text(read(path), "type") for path in DEPLOYED.values()}

    assert "MasterDetail" not in types
    case = read(DEPLOYED["DCM_Hold__c", "Case__c"])
    assert text(case, "deleteConstraint") == "SetNull"


def permissions(name: str) -> ET.Element:
    return read(SOURCE / f"permissionsets/{name}.permissionset-meta.xml")


@pytest.mark.parametrize("name", ["DCM_Integration", "DCM_Holds_Viewer"])
def test_permission_sets_cover_every_field(name: str) -> None:
    granted = {
        text(each, "field"): text(each, "editable") == "true"
        for each in several(permissions(name), "fieldPermissions")
    }

    assert set(granted) == {".".join(key) for key in DEPLOYED}
    written = {field for field, editable in granted.items() if editable}
    if name == "DCM_Holds_Viewer":
        assert written == set()
    else:
        assert written == set(granted) - {"Case.Genesys_Conversation_Id__c"}


def test_the_integration_may_delete_nothing() -> None:
    objects = {
        text(each, "object"): {
            flag: text(each, flag) == "true"
            for flag in ("allowRead", "allowCreate", "allowEdit", "allowDelete", "modifyAllRecords")
        }
        for each in several(permissions("DCM_Integration"), "objectPermissions")
    }

    rights = {name: [flag for flag in flags if flags[flag]] for name, flags in objects.items()}
    assert rights == {
        "Account": ["allowRead"],
        "Case": ["allowRead", "allowEdit"],
        "Contact": ["allowRead"],
        "DCM_Hold__c": ["allowRead", "allowCreate", "allowEdit"],
    }
    users = [
        text(each, "name") for each in several(permissions("DCM_Integration"), "userPermissions")
    ]
    assert users == ["ApiEnabled", "EditTask", "TransferAnyCase"]


def test_the_validation_rule_is_off_and_says_what_the_simulator_says() -> None:
    rule = read(next(SOURCE.glob("objects/Case/validationRules/*.xml")))

    assert text(rule, "active") == "false"
    assert text(rule, "errorMessage") == cases.GOES_BACK
    assert text(rule, "errorDisplayField") == "Genesys_Assigned_At__c"
    field = "Genesys_Assigned_At__c"
    assert text(rule, "errorConditionFormula") == f"{field} < PRIORVALUE({field})"


def test_the_manifest_names_everything_and_elements_stand_together() -> None:
    package = read(ROOT / "manifest/package.xml")
    named = {
        text(each, "name"): {found.text for found in several(each, "members")}
        for each in several(package, "types")
    }
    listed = {
        "CustomField": {".".join(key) for key in DEPLOYED},
        "CustomObject": {"DCM_Hold__c"},
        "Layout": {path.name.partition(".")[0] for path in SOURCE.glob("layouts/*")},
        "ListView": {"DCM_Hold__c.All"},
        "PermissionSet": {p.name.partition(".")[0] for p in SOURCE.glob("permissionsets/*")},
        "ValidationRule": {"Case.Genesys_Assignment_Never_Back"},
    }
    assert named == listed
    version = json.loads((ROOT / "sfdx-project.json").read_text())["sourceApiVersion"]
    assert text(package, "version") == version
    for path in SOURCE.rglob("*.xml"):
        for parent in read(path).iter():
            tags = [child.tag for child in parent]
            runs = [tag for tag, before in zip(tags, [None, *tags], strict=False) if tag != before]
            assert len(runs) == len(set(runs)), (
                f"{path.name}: Salesforce takes no scattered elements"
            )
