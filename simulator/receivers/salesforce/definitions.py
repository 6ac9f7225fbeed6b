"""What an organisation tells of its fields by a query, beyond what a describe does."""

from typing import TYPE_CHECKING, Final

from simulator.receivers.salesforce.objects import Field, Kind
from simulator.receivers.salesforce.tables import Table

if TYPE_CHECKING:
    from simulator.receivers.salesforce.org import Org

FIELD_DEFINITION: Final = "FieldDefinition"


def table(org: "Org", kind: Kind) -> Table:
    """Return a row for each field of each object, as all is set up now."""
    made = Table(kind)
    for each in org.kinds.values():
        for field in each.fields.values():
            of, name = each.name, _name_in_history(field)
            tracked = of == "Case" and name in org.tracked
            row = {"Id": f"{of}.{name}", "IsDeleted": False, "DurableId": f"{of}.{name}"}
            row |= {"EntityDefinitionId": of, "QualifiedApiName": field.name}
            made.put(row | {"IsFieldHistoryTracked": tracked})
    return made


def _name_in_history(field: Field) -> str:
    """Return a field's name as history has it: OwnerId is Owner there."""
    return field.relation or field.name
