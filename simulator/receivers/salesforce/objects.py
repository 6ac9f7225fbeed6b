"""What kinds of records the organisation has, and what fields they have.

Besides Salesforce's own there is what DCM's administrators deploy: the object DCM_Hold__c and two
fields of Case.
"""

from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Field:
    """One field. type is Salesforce's name; length is in characters, scale in decimals."""

    name: str
    type: str = "string"
    length: int = 255
    scale: int = 0
    required: bool = False
    write: str = "cu"  # may be given when a record is created, when it is updated
    filterable: bool = True
    external: bool = False
    look_up: bool = False
    unique: bool = False
    case_sensitive: bool = False
    references: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    restricted: bool = False
    default: Any = None

    @property
    def relation(self) -> str:
        """Return by what name the record that this one points at is reached in a query."""
        if not self.references:
            return ""
        return self.name[:-3] + "__r" if self.name.endswith("__c") else self.name.removesuffix("Id")


@dataclass(slots=True)
class Kind:
    """One kind of records. fields are found by name in any case, as Salesforce finds them."""

    name: str
    prefix: str
    fields: dict[str, Field]
    write: str = "cud"
    hidden: bool = False

    def field(self, name: str) -> Field | None:
        return self.fields.get(name.lower())

    def found_by(self) -> list[Field]:
        """Return the fields that records are found by quickly."""
        return [f for f in self.fields.values() if f.external or f.unique or f.references]


def _kind(name: str, prefix: str, *fields: Field, write: str = "cud") -> Kind:
    every = (*_BEFORE, *fields, *_AFTER)
    return Kind(name, prefix, {each.name.lower(): each for each in every}, write)


def _made(name: str, type_: str = "string", **more: Any) -> Field:
    """Return a field that Salesforce alone writes."""
    return Field(name, type_, write="", **more)


_BEFORE: Final = (
    _made("Id", "id", length=18, look_up=True),
    _made("IsDeleted", "boolean", default=False),
)
_AFTER: Final = (
    _made("CreatedDate", "datetime"),
    _made("CreatedById", "reference", length=18, references=("User",)),
    _made("LastModifiedDate", "datetime"),
    _made("LastModifiedById", "reference", length=18, references=("User",)),
    _made("SystemModstamp", "datetime"),
)


def _lookup(name: str, *to: str, **more: Any) -> Field:
    return Field(name, "reference", 18, references=to, **more)


def _picklist(name: str, *values: str, **more: Any) -> Field:
    return Field(name, "picklist", values=values, **more)


OWNER_CHANGES: Final = ("Owner", "ownerAccepted", "ownerAssignment", "ownerEscalated")
_OWNER: Final = _lookup("OwnerId", "Group", "User")
_CASE: Final = _kind(
    "Case",
    "500",
    _made("CaseNumber", length=30, look_up=True),
    _lookup("ContactId", "Contact"),
    _lookup("AccountId", "Account"),
    _lookup("ParentId", "Case"),
    Field("SuppliedName", length=80),
    Field("SuppliedEmail", "email", length=80),
    _picklist("Type", "Question", "Problem"),
    _picklist("Status", "New", "Working", "Escalated", "Closed", default="New"),
    _picklist("Reason", "Complex functionality", "Feedback"),
    _picklist("Origin", "Phone", "Email", "Web"),
    Field("Subject"),
    _picklist("Priority", "High", "Medium", "Low", default="Medium"),
    Field("Description", "textarea", 32_000, filterable=False),
    _made("IsClosed", "boolean", default=False),
    _made("ClosedDate", "datetime"),
    _OWNER,
    Field("Genesys_Assigned_At__c", "datetime"),
    Field("Genesys_Conversation_Id__c", length=36, external=True, look_up=True),
)
_USER: Final = _kind(
    "User",
    "005",
    Field("Username", length=80, required=True, unique=True, look_up=True),
    Field("FirstName", length=40),
    Field("LastName", length=80, required=True),
    _made("Name", length=121),
    Field("Email", "email", length=128, required=True, look_up=True),
    Field("FederationIdentifier", length=512, look_up=True, unique=True, case_sensitive=True),
    Field("Alias", length=8),
    Field("IsActive", "boolean", default=True),
    _picklist("UserType", "Standard", default="Standard"),
    write="cu",
)
_GROUP: Final = _kind(
    "Group",
    "00G",
    Field("Name", length=40, required=True),
    Field("DeveloperName", length=80),
    _picklist("Type", "Queue", "Regular", default="Queue"),
    Field("Email", "email", length=255),
    _made("QueueRoutingConfigId", "reference", references=("QueueRoutingConfig",)),
)
_QUEUE: Final = _kind("QueueSobject", "03g", _lookup("QueueId", "Group"), Field("SobjectType"))
_TASK: Final = _kind(
    "Task",
    "00T",
    _lookup("WhoId", "Contact", "Lead"),
    _lookup("WhatId", "Account", "Case", "DCM_Hold__c"),
    Field("Subject", "combobox"),
    Field("ActivityDate", "date"),
    _picklist("Status", "Not Started", "In Progress", "Completed", default="Not Started"),
    _picklist("Priority", "High", "Normal", "Low", default="Normal"),
    _lookup("OwnerId", "User", "Group"),
    Field("Description", "textarea", 32_000, filterable=False),
    _made("IsClosed", "boolean", default=False),
    Field("CallDurationInSeconds", "int"),
    _picklist("CallType", "Internal", "Inbound", "Outbound"),
    Field("CallDisposition"),
    Field("CallObject"),
    _picklist("TaskSubtype", "Task", "Email", "Call", default="Task", write="c", restricted=True),
    _made("CompletedDateTime", "datetime"),
)
_EMAIL: Final = _kind(
    "EmailMessage",
    "02s",
    _lookup("ParentId", "Case"),
    Field("Subject", length=3000),
    Field("FromAddress", "email", length=1000),
    Field("ToAddress", length=4000),
    Field("TextBody", "textarea", 131_072, filterable=False),
    Field("MessageIdentifier"),
    Field("ThreadIdentifier"),
    Field("Incoming", "boolean", default=False, write="c"),
    Field("MessageDate", "datetime"),
    _picklist("Status", "0", "1", "2", "3", default="0"),
)
_HISTORY: Final = _kind(
    "CaseHistory",
    "017",
    _lookup("CaseId", "Case"),
    _picklist("Field", "created", *OWNER_CHANGES, restricted=True),
    _picklist("DataType", "Text", "EntityId", "DateTime", restricted=True),
    Field("OldValue", "anyType", filterable=False),
    Field("NewValue", "anyType", filterable=False),
    write="",
)
_FIELD_DEFINITION: Final = _kind(
    "FieldDefinition",
    "4fe",
    _made("DurableId"),
    _made("EntityDefinitionId"),
    _made("QualifiedApiName"),
    _made("IsFieldHistoryTracked", "boolean", default=False),
    write="",
)
_ROUTING: Final = _kind(
    "PendingServiceRouting",
    "0JR",
    _lookup("WorkItemId", "Case"),
    _lookup("GroupId", "Group"),
    _lookup("QueueId", "Group"),
    _picklist("RoutingType", "QueueBased", default="QueueBased"),
    Field("IsReadyForRouting", "boolean", default=True),
)
_HOLD: Final = _kind(
    "DCM_Hold__c",
    "a00",
    _made("Name", length=80, look_up=True),
    _OWNER,
    Field("Key__c", length=64, external=True, look_up=True, unique=True, case_sensitive=True),
    _lookup("Case__c", "Case"),
    Field("Conversation_Id__c", length=36),
    Field("Session_Id__c", length=100),
    _lookup("Agent__c", "User"),
    Field("Agent_Name__c"),
    Field("Media_Type__c", length=40),
    Field("Queue__c"),
    Field("Started_At__c", "datetime"),
    Field("Ended_At__c", "datetime"),
    Field("Duration_Seconds__c", "double", 15, 3),
    Field("Interrupted_By__c", "textarea", 32_000, filterable=False),
    Field("Interrupted_Seconds__c", "double", 15, 3),
    _picklist("State__c", "open", "ended", "final", "withdrawn", restricted=True),
)
_ACCOUNT: Final = _kind("Account", "001", Field("Name", required=True), _OWNER)
_ORGANIZATION: Final = _kind(
    "Organization", "00D", _made("Name"), _made("IsSandbox", "boolean", default=False), write=""
)
STANDARD: Final = (
    *(_CASE, _USER, _GROUP, _QUEUE, _TASK, _EMAIL),
    *(_HISTORY, _FIELD_DEFINITION, _ROUTING, _HOLD, _ACCOUNT, _ORGANIZATION),
)


def kinds() -> dict[str, Kind]:
    """Return the kinds of a new organisation, by name in small letters: its own to change."""
    made = (Kind(k.name, k.prefix, dict(k.fields), k.write) for k in STANDARD)
    return {kind.name.lower(): kind for kind in made}


def describe(kind: Kind) -> dict[str, Any]:
    """Return what a describe tells of a kind and its fields."""
    custom = kind.name.endswith("__c")
    flags = {
        "createable": "c" in kind.write,
        "updateable": "u" in kind.write,
        "deletable": "d" in kind.write,
        "queryable": True,
        "custom": custom,
    }
    told = {"name": kind.name, "label": kind.name, "keyPrefix": kind.prefix} | flags
    return told | {"fields": [_field(each) for each in kind.fields.values()]}


def _field(each: Field) -> dict[str, Any]:
    number = each.type in ("double", "int")
    values = [{"value": v, "label": v, "active": True, "defaultValue": v == each.default}
              for v in each.values]  # fmt: skip
    return {
        "name": each.name,
        "label": each.name,
        "type": each.type,
        "length": 0 if number or each.type in ("datetime", "date", "boolean") else each.length,
        "precision": each.length if each.type == "double" else 0,
        "scale": each.scale,
        "nillable": not each.required and each.name != "Id" and each.type != "boolean",
        "defaultedOnCreate": each.default is not None,
        "createable": "c" in each.write,
        "updateable": "u" in each.write,
        "filterable": each.filterable,
        "externalId": each.external,
        "idLookup": each.look_up,
        "unique": each.unique,
        "caseSensitive": each.case_sensitive,
        "referenceTo": list(each.references),
        "relationshipName": each.relation or None,
        "picklistValues": values,
        "restrictedPicklist": each.restricted,
        "custom": each.name.endswith("__c"),
    }
