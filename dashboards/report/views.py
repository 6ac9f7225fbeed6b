"""The SLA report."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from dashboards import zones
from dashboards.export import attachment
from dashboards.frame import frame
from dashboards.page import answer, for_readers
from dashboards.report import page as one
from dashboards.report.query import Query

DAY = timedelta(days=1)


@require_safe
@for_readers
def report(request: HttpRequest) -> HttpResponse:
    """Show how many promises were kept, and the waits behind each number."""
    now = timezone.now()
    seen = frame(request, now=now)
    today = now.astimezone(zones.of_centre()).date()
    query = Query.of(request.GET.dict(), today=today)
    name, bom = f"sla-{query.start}-{query.end}", "bom" in request.GET
    if request.GET.get("format") == "waits":
        return attachment(one.csv_waits(query), name=f"{name}-waits", bom=bom)
    page = one.page(query, now=now, zone=seen.zone)
    if request.GET.get("format") == "csv":
        return attachment(one.csv_rows(page), name=name, bom=bom)
    presets = [
        ("Today", today, today),
        ("Yesterday", today - DAY, today - DAY),
        ("7 days", today - 6 * DAY, today),
        ("28 days", today - 27 * DAY, today),
    ]
    context = {"section": "report", "page": page, "presets": presets}
    return answer(request, "dashboards/report.html", context, frame=seen)
