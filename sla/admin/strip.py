"""A calendar's next days as its admin page shows them."""

from datetime import datetime

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from chrono.errors import HoursError
from chrono.zones import zone_named
from sla.models import Calendar
from sla.strip import SHOWN, lines


def strip(calendar: Calendar, now: datetime) -> str | SafeString:
    """Draw the next days as a table; say so where the hours cannot be read."""
    try:
        first = now.astimezone(zone_named(calendar.timezone)).date()
        shown = list(lines(calendar, first, SHOWN))
    except HoursError as error:
        return f"These hours cannot be read, so the clocks that keep them stand still: {error}"
    return format_html(
        '<table class="dcm-strip"><thead><tr><th scope="col">Day</th><th scope="col">Open</th>'
        '<th scope="col">In all</th><th scope="col">Why</th></tr></thead><tbody>{}</tbody></table>',
        format_html_join(
            "",
            '<tr class="{}"><th scope="row">{}</th><td>{}</td><td>{}</td><td>{}</td></tr>',
            (("dcm-open" if line.is_open else "dcm-shut", *line[:4]) for line in shown),
        ),
    )
