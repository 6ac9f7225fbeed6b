"""An organisation: its records, who may come in, and what people do in it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from simulator.receivers.salesforce import definitions, objects, records
from simulator.receivers.salesforce.auth import Auth
from simulator.receivers.salesforce.bulk import Job
from simulator.receivers.salesforce.errors import not_found
from simulator.receivers.salesforce.ids import Ids
from simulator.receivers.salesforce.limits import Limits
from simulator.receivers.salesforce.objects import Field, Kind
from simulator.receivers.salesforce.records import By
from simulator.receivers.salesforce.tables import Row, Table
from simulator.receivers.salesforce.trouble import Trouble
from simulator.receivers.salesforce.values import told

PAGE = 2_000  # records of one answer to a query


@dataclass(slots=True)
class Org:
    """A Salesforce organisation. What the server does and what a test does takes turns: `lock`.

    tracked are the fields of Case that history is kept of, as an administrator chooses them.
    assignment is the active assignment rule: it tells the owner of a case, or None. omni_queues
    are those that Omni-Channel routes from. validates says whether the optional rule is active.
    """

    clock: Callable[[], datetime]
    ids: Ids = field(default_factory=Ids)
    kinds: dict[str, Kind] = field(default_factory=objects.kinds)
    tables: dict[str, Table] = field(default_factory=dict)
    faults: Trouble = field(default_factory=Trouble)
    limits: Limits = field(default_factory=Limits)
    auth: Auth = field(init=False)
    assignment: Callable[[Row], str | None] = lambda _: None
    omni_queues: set[str] = field(default_factory=set)
    validates: bool = False
    tracked: set[str] = field(default_factory=lambda: {"Owner", "Status"})
    page: int = PAGE
    catch_up: Callable[[], None] | None = None  # before somebody looks: what happened meanwhile
    passwords: dict[tuple[str, str], str] = field(default_factory=dict)  # users, by SOAP's login
    cursors: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    id: str = ""
    integration: str = ""  # the user as whom DCM comes in
    admin: str = ""  # who does what nobody else is named for
    default_owner: str = ""
    lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        self.id = self.ids.make("00D")
        self.auth = Auth(self.id, self.now)
        self.admin = Ids().make("005")  # the first user's, who makes himself
        self.user("Ada Admin", "admin@acme.example")
        self.write("Organization", {"Name": "Acme"}, self.admin)
        self.integration = self.user("DCM Integration", "dcm@acme.example")
        self.default_owner = self.queue("Unassigned")

    def now(self) -> datetime:
        return self.clock()

    def kind(self, name: str) -> Kind:
        """Return a kind of records. Raises SalesforceError (404) where there is none to see."""
        kind = self.kinds.get(name.lower())
        if kind is None or kind.hidden:
            raise not_found()
        return kind

    def kind_of(self, id_: str) -> Kind | None:
        """Return what kind of record an id belongs to."""
        return next((k for k in self.kinds.values() if k.prefix == id_[:3]), None)

    def table(self, kind: Kind) -> Table:
        """Return the rows of a kind."""
        if kind.name == definitions.FIELD_DEFINITION:
            return definitions.table(self, kind)
        return self.tables.setdefault(kind.name, Table(kind))

    def name_of(self, id_: str) -> str:
        """Return the name of a user or queue."""
        kind = self.kind_of(id_)
        return str(self.table(kind).rows[id_]["Name"]) if kind else id_

    def write(self, name: str, values: dict[str, Any], by: str) -> str:
        """Store a row that nobody could write by the API. Return its id."""
        kind, at = self.kind(name), self.now().replace(microsecond=0)
        row: Row = {f.name: f.default for f in kind.fields.values()} | values
        row |= {"Id": self.ids.make(kind.prefix), "SystemModstamp": at}
        for what in ("Created", "LastModified"):
            row |= {f"{what}Date": at, f"{what}ById": by}
        self.table(kind).put(row)
        return str(row["Id"])

    def copy(self) -> dict[str, dict[str, Row]]:
        """Return all rows as they are now, for `put_back`."""
        return {name: table.copy() for name, table in self.tables.items()}

    def put_back(self, copied: dict[str, dict[str, Row]]) -> None:
        """Let all rows be as they were when they were copied."""
        for name, table in self.tables.items():
            table.put_back(copied.get(name, {}))

    # What people do.

    def user(self, name: str, username: str, *, active: bool = True, **fields: Any) -> str:
        """Add a user and return its id: Email is the username where none is given."""
        first, _, last = name.rpartition(" ")
        given = {"FirstName": first, "LastName": last, "Username": username, "Email": username}
        return self.make("User", **(given | {"IsActive": active} | fields))

    def queue(self, name: str, *, omni: bool = False) -> str:
        """Add a queue that may own cases and return its id."""
        with self.lock:
            id_ = self.make("Group", Name=name, DeveloperName=name.replace(" ", "_"))
            self.make("QueueSobject", QueueId=id_, SobjectType="Case")
            if omni:
                self.omni_queues.add(id_)
            return id_

    def case(self, subject: str = "Where is my order?", **fields: Any) -> str:
        """Add a case and return its id. OwnerId is the default owner where none is given."""
        return self.make("Case", **({"Subject": subject, "OwnerId": self.default_owner} | fields))

    def make(self, name: str, *, by: str = "", **fields: Any) -> str:
        """Create a record as a person does and return its id. Raises SalesforceError."""
        with self.lock:
            return records.create(self, self.kind(name), fields, self._person(by))

    def change(self, name: str, id_: str, *, by: str = "", **fields: Any) -> None:
        """Change a record as a person does. Raises SalesforceError."""
        with self.lock:
            records.update(self, self.kind(name), id_, fields, self._person(by))

    def accept(self, case: str, user: str) -> None:
        """Let a user take a case out of its queue."""
        with self.lock:
            by = By(user, accepts=True, checked=False)
            records.update(self, self.kind("Case"), case, {"OwnerId": user}, by)

    def assign(self, case: str, *, by: str = "") -> None:
        """Let a person save a case with "Assign using active assignment rules" ticked."""
        with self.lock:
            who = By(by or self.admin, assigns=True, checked=False)
            records.update(self, self.kind("Case"), case, {}, who)

    def remove(self, name: str, id_: str, *, by: str = "") -> None:
        """Put a record into the bin."""
        with self.lock:
            records.delete(self, self.kind(name), id_, self._person(by))

    def rows(self, name: str, **equal: Any) -> list[dict[str, Any]]:
        """Return the records that are not deleted and have these values, as an answer tells them.

        First made first. Values are given as the answer would tell them.
        """
        with self.lock:
            kind = self.kinds[name.lower()]
            rows = [r for r in self.table(kind).rows.values() if not r["IsDeleted"]]
            shown = [{f.name: told(f, r.get(f.name)) for f in kind.fields.values()} for r in rows]
        return [r for r in shown if all(r[key] == value for key, value in equal.items())]

    def row(self, name: str, id_: str) -> dict[str, Any]:
        """Return one record as an answer tells it. Raises LookupError where there is none."""
        return self.rows(name, Id=id_)[0]

    # How it is set up.

    def redefine(self, name: str, fields: dict[str, Field | None]) -> None:
        """Add fields to a kind, replace them, or take them away (None)."""
        with self.lock:
            kind = self.kinds[name.lower()]
            for each, definition in fields.items():
                kind.fields.pop(each.lower(), None)
                if definition:
                    kind.fields[each.lower()] = definition
                for row in self.table(kind).rows.values():
                    row.setdefault(each, definition.default if definition else None)

    def hide(self, name: str, *, hidden: bool = True) -> None:
        """Let a kind be there for nobody who comes by the API, as without the permission set."""
        with self.lock:
            self.kinds[name.lower()].hidden = hidden

    def _person(self, by: str) -> By:
        return By(by or self.admin, checked=False)
