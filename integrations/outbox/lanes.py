"""Which deliveries of a destination are next: due, nobody's, and each the first of its lane.

Urgent ones go ahead of all others, from an index of their own that mostly is empty.
The oldest are looked at first, and most often that is enough. Where too many of them wait for
others, each lane is asked for its first by one step in the index of lanes: so a long lane costs no
more than a short one. Both statements are worded so that no planner can take another index: told
"no earlier row of this lane" PostgreSQL, with statistics of an hour ago, took 20 s for 20,000 rows.
And a lane is asked once, not for each of its rows: to its first PostgreSQL steps over what is dead.
Every delivery has a lane: see orders.lane_of.
"""

from datetime import datetime
from typing import Any, Final

from django.db import connection

from integrations import sql
from integrations.models import Delivery

LOOKED_AT: Final = 200
TABLE: Final = Delivery._meta.db_table
FREE: Final = "state = 'waiting' AND due_at <= %s AND (leased_until IS NULL OR leased_until <= %s)"

_LANES: Final = f"FROM {TABLE} c WHERE c.state = 'waiting' AND NOT (c.lane = '')"
_FIRST: Final = (
    f"WITH oldest AS (SELECT id, lane, due_at FROM {TABLE} "  # noqa: S608 - names of our own
    f"WHERE destination_id = %s AND {FREE}{{which}} ORDER BY due_at, id LIMIT %s), "
    f"heads AS (SELECT (SELECT c.id {_LANES} AND c.destination_id = %s AND c.lane >= l.lane "
    "ORDER BY c.lane, c.id LIMIT 1) AS id "
    "FROM (SELECT DISTINCT lane FROM oldest) l) "
    "SELECT id, (SELECT count(*) FROM oldest) FROM oldest "
    "WHERE id IN (SELECT id FROM heads) ORDER BY due_at, id LIMIT %s"
)
_OLDEST: Final = _FIRST.format(which="")
_URGENT: Final = _FIRST.format(which=" AND urgent")
_OF_EACH_LANE: Final = (
    "WITH RECURSIVE heads(id, lane) AS ("  # noqa: S608 - names of our own
    f"SELECT id, lane FROM (SELECT c.id, c.lane {_LANES} AND c.destination_id = %s "
    "ORDER BY c.lane, c.id LIMIT 1) one UNION ALL "
    f"SELECT b.id, b.lane FROM heads h JOIN {TABLE} b ON b.id = (SELECT c.id {_LANES} "
    "AND c.destination_id = %s AND c.lane > h.lane ORDER BY c.lane, c.id LIMIT 1)) "
    "SELECT id FROM (SELECT h.id, "
    f"(SELECT d.due_at FROM {TABLE} d WHERE d.id = h.id AND {FREE}) AS due_at FROM heads h) found "
    "WHERE due_at IS NOT NULL ORDER BY due_at, id LIMIT %s"
)


def first(destination_id: int, *, now: datetime, limit: int) -> list[int]:
    """Return the pks of up to `limit` deliveries that may be sent next.

    Urgent ones come first, of others those that have been due for longest. Where they are fewer,
    there are no others.
    """
    at, looked_at = sql.instant(now), max(LOOKED_AT, 2 * limit)
    asked = [destination_id, at, at, looked_at, destination_id, limit]
    urgent = _rows(_URGENT, asked)
    if len(urgent) == limit:
        return [row[0] for row in urgent]
    oldest = _rows(_OLDEST, asked)
    are_all_seen = bool(oldest) and oldest[0][1] < looked_at
    if len(oldest) < limit and not are_all_seen:
        oldest = _rows(_OF_EACH_LANE, [destination_id, destination_id, at, at, limit])
    return list(dict.fromkeys(row[0] for row in (*urgent, *oldest)))[:limit]


def _rows(statement: str, values: list[Any]) -> list[tuple[int, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows: list[tuple[int, ...]] = cursor.fetchall()
    return rows
