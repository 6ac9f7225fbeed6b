"""Backtests in the admin: what a draft came to, and the conversations behind each number."""

from collections import Counter
from typing import Any, Final

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from conversations.models import Conversation
from sla.admin.base import ReadOnly
from sla.backtest import mirror_from
from sla.backtest_report import queue_name, report
from sla.domain.tally import MOST_NAMED, Behind, Pair, Side, Tally, What
from sla.models import Backtest

MOVED: Final = "moved"
PAGES: Final = "admin/sla/backtest"


@admin.register(Backtest)
class BacktestAdmin(ReadOnly):
    """Drafts that were tried. Whoever asked sees his own; others need to be allowed to."""

    list_display = ("about", "since", "until", "state", "asked_by", "asked_at")
    list_filter = ("state",)
    list_select_related = ("asked_by",)
    ordering = ("-asked_at", "-pk")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        mine = obj is not None and obj.asked_by_id == request.user.pk
        return mine or super().has_view_permission(request, obj)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        mine = path("<int:pk>/conversations/", wrap(self.behind), name="sla_backtest_conversations")
        return [mine, *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        row = self._row(request, object_id)
        page = self._page(request, row)
        page["progress"] = f"{row.done:,} of {row.total:,} conversations"
        if row.state == Backtest.State.DONE:
            days = (row.until - row.since).days
            page["mirror_from"] = mirror_from(row.since)
            page["report"] = report(Tally.of_json(row.result), days=days)
        return TemplateResponse(request, f"{PAGES}/result.html", page)

    def behind(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the conversations behind a number, and how often each counts on either side."""
        row = self._row(request, str(pk))
        what = request.GET.get("what", "")
        if what not in {MOVED, *What} or row.state != Backtest.State.DONE:
            raise Http404
        day, queue_id = request.GET.get("day", ""), request.GET.get("queue")
        tally = Tally.of_json(row.result)
        if what == MOVED:
            sides = [tally.moved, Behind()]
        else:
            sides = [
                tally.behind(side, What(what), day=day, queue_id=queue_id)
                for side in (Side.TODAY, Side.DRAFT)
            ]
        page = self._page(request, row)
        page |= {"what": _WORDS.get(what, what), "counted": what != MOVED}
        page["where"] = ", ".join(filter(None, (day, queue_name(queue_id or ""))))
        page |= _found(what, *sides)
        return TemplateResponse(request, f"{PAGES}/conversations.html", page)

    def _row(self, request: HttpRequest, pk: str) -> Backtest:
        row = self.get_object(request, pk)
        if row is None:
            raise Http404
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        assert isinstance(row, Backtest)
        return row

    def _page(self, request: HttpRequest, row: Backtest) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Tried: {row.about}",
            "row": row,
        }


_WORDS: Final = {MOVED: "to which another policy would apply", What.KEPT: "promises kept"}


def _found(what: str, today: Behind, draft: Behind) -> dict[str, Any]:
    """Return the conversations to show, the ones that differ in front, and what is left out."""
    before, after = Counter(today.pks), Counter(draft.pks)
    pairs = {pk: Pair(before[pk], after[pk]) for pk in before | after}
    shown = sorted(pairs, key=lambda pk: (pairs[pk].difference == 0, pk))[:MOST_NAMED]
    rows = Conversation.objects.in_bulk(shown)
    found = [(rows[pk], pairs[pk]) for pk in shown if pk in rows]
    more = today.number + draft.number - sum(sum(pairs[pk]) for pk in shown)
    said = f"{len(found):,} conversation{'' if len(found) == 1 else 's'}"
    left_out = f", and {more:,} more {what} of both sides in others" if more else ""
    return {"found": found, "said": f"{said}{left_out}."}
