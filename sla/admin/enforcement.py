"""Force disconnect in the admin: what it does, tried dry, switched live with the password."""

from datetime import datetime, timedelta
from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import authenticate
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.debug import sensitive_post_parameters

from conversations.models import Queue
from sla.admin.base import ReadOnly
from sla.admin.fields import DurationField
from sla.admin.forms import Seen
from sla.admin.keeping import Choosing
from sla.admin.viewing import InWords
from sla.forcing import candidates, switching
from sla.forcing.minding import ahead_of
from sla.models import Enforcement, EnforcementEntry, ForcedEnd, TimeUnit
from sla.models.enforcement import HOUR_S

MAY_ENABLE: Final = "sla.enable_enforcement"
UNSAVED: Final = "Shown once it is saved."


WRITTEN: Final = (
    *("policy", "mode", "action", "after_s", "unit", "only_waiting", "queue_ids"),
    "per_hour",
)


class EnforcementForm(Seen):
    """What an administrator says. Live is no choice here: it has a page of its own."""

    watched = WRITTEN
    queue_ids = forms.MultipleChoiceField(
        label="Only in these queues",
        required=False,
        help_text="None chosen: it never does anything.",
    )

    after_s = DurationField(
        label="After", help_text="Untouched for so long, such as 48 h. At least an hour."
    )

    class Meta:
        model = Enforcement
        fields = WRITTEN
        help_texts = {
            "mode": "Begin with a dry run: look at what would be ended, then switch it live on its"
            " own page. Changing anything else begins the dry run anew.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        modes = Enforcement.Mode
        offered = [modes.OFF, modes.DRY_RUN]
        if self.instance.mode == modes.LIVE:
            offered.append(modes.LIVE)
        if not self.instance.pk:  # nothing is chosen for whoever takes work away from people
            for name, field in (("action", Enforcement.Action), ("unit", TimeUnit)):
                named = [(value, str(label)) for value, label in field.choices]
                self._offer(name, [("", "Choose"), *named])
                self.initial[name] = ""
        self._offer("mode", [(mode.value, str(mode.label)) for mode in offered])
        known = Queue.objects.filter(deleted=False).order_by("name", "pk")
        chosen = {one: one for one in self.instance.queue_ids}
        self._offer("queue_ids", list((chosen | {q.genesys_id: str(q) for q in known}).items()))

    def clean_after_s(self) -> int:
        """Refuse less than an hour, in the words in which it is written."""
        seconds: int = self.cleaned_data["after_s"]
        if seconds < HOUR_S:
            raise forms.ValidationError("That is too short: write 1 h or more.")
        return seconds

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        if name in self.fields:
            self.fields[name].choices = choices  # type: ignore[attr-defined]


@admin.register(Enforcement)
class EnforcementAdmin(InWords, Choosing, admin.ModelAdmin[Enforcement]):
    """The only thing here that takes something away from somebody in Genesys Cloud."""

    form = EnforcementForm
    in_words = ("after_s", "queue_ids")
    list_display = (
        "policy",
        "mode_shown",
        "what_it_does",
        "would_have",
        "enabled_by",
        "enabled_at",
    )
    list_filter = ("mode", "action")
    list_select_related = ("policy", "enabled_by")
    ordering = ("policy__position", "pk")
    actions = ("switch_off",)
    change_form_template = "admin/sla/enforcement/change_form.html"
    readonly_fields = (
        *("what_it_does", "mind", "dry_run_since", "seen_at", "would_have"),
        *("enabled_by", "enabled_at"),
    )
    fieldsets = (
        (None, {"fields": ("policy", "mode", "what_it_does", "mind", "seen")}),
        ("What is ended", {"fields": ("action", "after_s", "unit", "only_waiting")}),
        ("How far it may go", {"fields": ("queue_ids", "per_hour")}),
        (
            "How it stands",
            {"fields": ("dry_run_since", "seen_at", "would_have", "enabled_by", "enabled_at")},
        ),
    )

    class Media:
        css = {"all": ["dcm/admin.css"]}

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {
            name: told
            for name, told in super().get_actions(request).items()
            if name in self.actions
        }

    def save_model(self, request: HttpRequest, obj: Enforcement, form: Any, change: Any) -> None:
        asked = obj.mode
        changed = form.changed_data if change else [*form.fields]
        actor, now = request.user.get_username(), timezone.now()
        switching.change(one=obj, changed=changed, actor=actor, now=now)
        if asked != obj.mode:
            messages.warning(
                request, "Its terms have changed: it is in dry run, not live any more."
            )
        if obj.mode != Enforcement.Mode.OFF and (told := ahead_of(obj, now)):
            messages.warning(request, f"Mind: {told}")

    def delete_model(self, request: HttpRequest, obj: Enforcement) -> None:
        switching.forget(one=obj, actor=request.user.get_username(), now=timezone.now())
        super().delete_model(request, obj)

    @admin.action(description="Switch off", permissions=["change"])
    def switch_off(self, request: HttpRequest, rows: QuerySet[Enforcement]) -> None:
        pks = list(rows.values_list("pk", flat=True))
        actor = request.user.get_username()
        count = switching.switch_off(pks=pks, actor=actor, now=timezone.now())
        messages.success(request, f"{count} switched off: nothing more is ended.")

    # -- columns -----------------------------------------------------------------------------
    @admin.display(description="mode", ordering="mode")
    def mode_shown(self, one: Enforcement) -> str:
        return one.get_mode_display().partition(":")[0]

    @admin.display(description="what it does")
    def what_it_does(self, one: Enforcement) -> str:
        return switching.terms_said(one) if one.pk else UNSAVED

    @admin.display(description="mind")
    def mind(self, one: Enforcement) -> str | SafeString:
        if not one.pk:
            return UNSAVED
        told = ahead_of(one, timezone.now())
        return format_html('<strong class="dcm-bad">{}</strong>', told) if told else "Nothing."

    @admin.display(description="the dry run would have ended")
    def would_have(self, one: Enforcement) -> str | SafeString:
        if not one.pk:
            return UNSAVED
        count = switching.tried(one).filter(state=ForcedEnd.State.WOULD_HAVE).count()
        url = reverse("admin:sla_forcedend_changelist")
        query = f"enforcement__id__exact={one.pk}&dry_run__exact=1&state__exact=would_have"
        return format_html('<a href="{}?{}">{}</a>', url, query, count)

    # -- going live --------------------------------------------------------------------------
    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        live = path("<int:pk>/enable/", wrap(self.enable), name="sla_enforcement_enable")
        return [live, *super().get_urls()]

    @method_decorator(sensitive_post_parameters("password"))
    def enable(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Say what going live means, ask for the password, and switch it live."""
        one = self.get_object(request, str(pk))
        if one is None:
            raise Http404
        if not (self.has_change_permission(request, one) and request.user.has_perm(MAY_ENABLE)):
            raise PermissionDenied
        now, error = timezone.now(), ""
        if request.method == "POST":
            error = self._enable(request, one, now)
            if not error:
                url = reverse("admin:sla_enforcement_change", args=[one.pk])
                return HttpResponseRedirect(url)
        page = {**self.admin_site.each_context(request), "opts": self.opts, "original": one}
        page |= {"title": f"Switch live: {one.policy}", "error": error, **_shown(one, now)}
        return TemplateResponse(request, "admin/sla/enforcement/enable.html", page)

    def _enable(self, request: HttpRequest, one: Enforcement, now: datetime) -> str:
        """Switch it live; return what is wrong, "" where nothing is."""
        name, password = request.user.get_username(), request.POST.get("password", "")
        known = authenticate(request, username=name, password=password)
        if known is None or known.pk != request.user.pk:
            return "This is not your password."
        try:
            live = switching.enable(pk=one.pk, by=known, now=now)
        except switching.NotYetError as error:
            return str(error)
        self.log_change(request, live, f"Switched live. {switching.terms_said(live)}")
        messages.success(request, f"{live.policy} is live: agents are taken off what they forget.")
        return ""


def _shown(one: Enforcement, now: datetime) -> dict[str, Any]:
    rows = switching.tried(one)
    return {
        "why_not": switching.why_not_yet(one, now=now),
        "terms": switching.terms_said(one),
        "mind": ahead_of(one, now),
        "would_have": rows.filter(state=ForcedEnd.State.WOULD_HAVE).count(),
        "at_once": candidates.due_now(one, now=now),
    }


@admin.register(ForcedEnd)
class ForcedEndAdmin(ReadOnly):
    """What was ended, what would have been, what was not and why."""

    list_display = (
        *("planned_at", "state_shown", "reason", "action", "untouched", "policy"),
        "conversation",
    )
    list_filter = (
        "state",
        "dry_run",
        "action",
        "policy",
        ("enforcement", admin.RelatedOnlyFieldListFilter),
    )
    list_select_related = ("conversation",)
    search_fields = ("=conversation__genesys_id", "=session_id", "=user_id")
    search_help_text = "The whole id of a conversation, a session or an agent"
    date_hierarchy = "planned_at"
    ordering = ("-pk",)

    @admin.display(description="state", ordering="state")
    def state_shown(self, row: ForcedEnd) -> str:
        told = row.get_state_display().partition(" (")[0].partition(":")[0]
        return f"{told} (dry run)" if row.dry_run else told

    @admin.display(description="untouched for", ordering="round_at")
    def untouched(self, row: ForcedEnd) -> str:
        hours = ((row.acted_at or row.planned_at) - row.round_at) / timedelta(hours=1)
        return f"{hours:.1f} h"


@admin.register(EnforcementEntry)
class EnforcementEntryAdmin(ReadOnly):
    """Who changed what about force disconnect, and when."""

    list_display = ("at", "policy", "actor", "action", "note")
    list_filter = ("action", "policy")
    search_fields = ("actor", "policy")
    date_hierarchy = "at"
    ordering = ("-pk",)
