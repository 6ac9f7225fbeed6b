"""Destinations in the admin: whom we tell, how that goes, trying it, stopping and enabling."""

import secrets as random
import time
from typing import Any, Final

import msgspec
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from integrations import seal
from integrations.models import Delivery, Destination
from integrations.outbox import announce, forms, outcomes, registry, samples, secrets, showing
from integrations.outbox.kinds import Kind
from integrations.outbox.wakeup import WAKE_UP

COUNTED: Final = {
    "waiting": Q(deliveries__state=Delivery.State.WAITING),
    "given_up": Q(deliveries__state=Delivery.State.DEAD),
    "shown": Q(deliveries__state=Delivery.State.SHOWN),
}


@admin.register(Destination)
class DestinationAdmin(admin.ModelAdmin[Destination]):
    """Whom we tell. Its kind is chosen first, since that decides what is to be filled in."""

    list_display = ("name", "kind_shown", "mode", "health", "waiting", "given_up", "delivered_at")
    list_filter = (showing.KindFilter, "mode", showing.StoppedFilter)
    search_fields = ("name",)
    ordering = ("name",)
    change_form_template = "admin/integrations/destination/change_form.html"

    class Media:
        css = {"all": ["dcm/admin.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any, Any]:
        counts = {f"{name}_count": Count("deliveries", filter=q) for name, q in COUNTED.items()}
        rows: QuerySet[Any, Any] = super().get_queryset(request).annotate(**counts)
        return rows

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {}  # deleting many is not what anybody wants

    def get_form(
        self,
        request: HttpRequest,
        obj: Any = None,
        change: Any = False,  # noqa: FBT002 - Django's signature
        **kwargs: Any,
    ) -> Any:
        kind = _kind(obj.kind if obj else request.GET.get("kind", ""))
        return forms.form_for(kind)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        kind = _kind(obj.kind if obj else request.GET.get("kind", ""))
        own = list(kind.form.base_fields)
        seen = ("seen",) if obj is None or self.has_change_permission(request, obj) else ()
        return (
            (None, {"fields": ("name", "mode", *seen)}),
            (kind.label, {"fields": own, "description": f"{kind.about} {_promise(kind)}"}),
            ("What it is told", {"fields": ("topics", "queue_ids", "media_types")}),
        )

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        if request.GET.get("kind") not in registry.KINDS:
            page = self._page(request, None, kinds=forms.kinds_offered())
            return TemplateResponse(request, "admin/integrations/destination/kinds.html", page)
        return super().add_view(request, form_url, extra_context)

    def save_model(
        self, request: HttpRequest, obj: Destination, form: ModelForm[Any], change: Any
    ) -> None:
        assert isinstance(form, forms.DestinationForm)
        form.fill()
        if not change:
            obj.created_at = timezone.now()
        obj.save(update_fields=forms.COLUMNS if change else None)
        announce.listen(obj)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[Any], list[Any]]:
        """Count what goes with it, however much that is: who may delete it may delete that."""
        may = all(self.has_delete_permission(request, row) for row in objs)
        lacking = set() if may else {self.opts.verbose_name}
        return [str(row) for row in objs], showing.goes_with(objs), lacking, []

    def delete_model(self, request: HttpRequest, obj: Destination) -> None:
        announce.forget(obj)
        super().delete_model(request, obj)

    def response_add(
        self, request: HttpRequest, obj: Destination, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Go on to the test: whoever has set something up wants to see it work."""
        messages.success(request, f"{obj.name} is set up, in {obj.get_mode_display().lower()}.")
        return HttpResponseRedirect(reverse("admin:integrations_destination_test", args=[obj.pk]))

    # -- columns -----------------------------------------------------------------------------
    @admin.display(description="kind", ordering="kind")
    def kind_shown(self, row: Destination) -> str:
        return registry.label_of(row.kind)

    @admin.display(description="how it does")
    def health(self, row: Any) -> str | SafeString:
        if row.disabled_at:
            told = Truncator(row.disabled_reason).chars(80)
            return format_html('<strong class="dcm-bad">stopped: {}</strong>', told)
        if row.failures:
            told = Truncator(row.failed_reason).chars(80)
            return format_html('<span class="dcm-bad">failing: {}</span>', told)
        if row.mode == Destination.Mode.SHADOW:
            return self._in_shadow(row)
        return "all right" if row.delivered_at else "nothing sent yet"

    def _in_shadow(self, row: Any) -> str | SafeString:
        if not row.shown_count:
            return "shadow, nothing rendered yet"
        link = _listed(row, f"{row.shown_count} rendered", Delivery.State.SHOWN)
        return format_html("shadow, {}", link)

    @admin.display(description="waiting")
    def waiting(self, row: Any) -> SafeString:
        return _listed(row, row.waiting_count, Delivery.State.WAITING)

    @admin.display(description="given up")
    def given_up(self, row: Any) -> SafeString:
        return _listed(row, row.given_up_count, Delivery.State.DEAD)

    # -- pages of its own ----------------------------------------------------------------------
    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        mine = [
            path("<int:pk>/test/", wrap(self.test), name="integrations_destination_test"),
            path("<int:pk>/enable/", wrap(self.enable), name="integrations_destination_enable"),
        ]
        return [*mine, *super().get_urls()]

    def test(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show a message as it would go out; send it where asked to."""
        row = self._row(request, pk)
        if not request.user.has_perm("integrations.send_test"):
            raise PermissionDenied
        kind = _kind(row.kind)
        told = request.POST if request.method == "POST" else request.GET
        topic = told.get("topic") or next(iter(row.topics), kind.topics[0])
        page = self._page(request, row, kind=kind, topic=topic)
        page["topics"] = [(name, forms.label_of(name)) for name in kind.topics]
        page |= _tested(kind, row, topic, send=request.method == "POST")
        if request.method == "POST":
            self.log_change(request, row, "Sent a test.")
        return TemplateResponse(request, "admin/integrations/destination/test.html", page)

    def enable(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask whether a destination that was stopped is mended; then let it be sent to again."""
        row = self._row(request, pk)
        if request.method != "POST":
            page = self._page(request, row)
            return TemplateResponse(request, "admin/integrations/destination/enable.html", page)
        outcomes.enable(destination_id=row.pk, now=timezone.now())
        WAKE_UP.tell()
        self.log_change(request, row, "Enabled again.")
        messages.success(request, f"{row.name} is sent to again: what waited goes out now.")
        return HttpResponseRedirect(reverse("admin:integrations_destination_change", args=[row.pk]))

    def _row(self, request: HttpRequest, pk: int) -> Destination:
        row = self.get_object(request, str(pk))
        if row is None:
            raise Http404
        if not self.has_change_permission(request, row):
            raise PermissionDenied
        return row

    def _page(self, request: HttpRequest, row: Destination | None, **more: Any) -> dict[str, Any]:
        title = row.name if row else "Add destination"
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
            "original": row,
            **more,
        }


def _kind(name: str) -> Kind[Any]:
    if name not in registry.KINDS:
        raise Http404(f"there is no kind of destination called {name}")
    return registry.kind(name)


def _promise(kind: Kind[Any]) -> str:
    """Say what becomes of a message whose answer nobody heard."""
    if kind.reads_back:
        return "Where an answer is lost, it is looked up before anything is sent again."
    return (
        "Where an answer is lost, the same message goes out again under the same id: it may"
        " arrive twice."
    )


def _tested(kind: Kind[Any], row: Destination, topic: str, *, send: bool) -> dict[str, Any]:
    """Return a sample as it would go out, and how sending it went. Never what they answered."""
    sample = samples.sample(topic, test_id=f"test_{random.token_hex(8)}", now=timezone.now())
    try:
        settings = kind.settings_of(row, secrets.of(row))
        rendered = kind.render(settings, sample)
    except (seal.SealBrokenError, msgspec.ValidationError) as error:
        return {"broken": str(error)}
    if not send:
        return {"rendered": rendered, "body": showing.pretty(rendered.body)}
    began = time.monotonic()
    outcome = kind.test(settings, sample)
    took_ms = round((time.monotonic() - began) * 1000)
    shown = showing.pretty(rendered.body)
    return {"rendered": rendered, "body": shown, "outcome": outcome, "took_ms": took_ms}


def _listed(row: Destination, told: int | str, state: Delivery.State) -> SafeString:
    url = reverse("admin:integrations_delivery_changelist")
    query = f"destination__id__exact={row.pk}&state__exact={state.value}"
    return format_html('<a href="{}?{}">{}</a>', url, query, told)
