"""The inbox in the admin: who may send us events, what came, and what became of it."""

from typing import Any, Final

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import ModelForm, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from conversations.admin import MirrorAdmin
from integrations.inbox import claims, examples, sources
from integrations.inbox.wakeup import WAKE_UP
from integrations.models import GenesysEvent, InboxItem, Source, SourceKey

HOOKS: Final = {Source.Kind.GENESYS: "hooks:genesys", Source.Kind.EVENTBRIDGE: "hooks:eventbridge"}
MOST_SHOWN: Final = 4_000
PERSONAL: Final = "conversations.view_personal_data"


class SourceForm(ModelForm[Source]):
    """What an administrator says of a sender."""

    class Meta:
        model = Source
        fields = ("name", "kind", "authentication", "active")
        help_texts = {
            "name": "What you call it, such as “Genesys triggers”. A sender that signs has it in"
            " its URL.",
            "kind": "Who posts: it decides the URL, and how a body is read.",
            "authentication": "Genesys data actions and EventBridge can only send a token. Sign"
            " where the sender is a program of yours.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        by_hand = [(kind.value, str(kind.label)) for kind in HOOKS]
        proofs = Source.Authentication
        self._offer("kind", by_hand)
        self._offer(
            "authentication", [(p.value, str(p.label)) for p in (proofs.BEARER, proofs.HMAC)]
        )

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        if name in self.fields:  # an existing one shows it only
            self.fields[name].choices = choices  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        if "/" in name:
            raise ValidationError("Leave out the slash: the name may stand in a URL.")
        return name

    def clean(self) -> dict[str, Any] | None:
        given = super().clean() or self.cleaned_data
        signs = given.get("authentication") == Source.Authentication.HMAC
        if signs and given.get("kind") == Source.Kind.EVENTBRIDGE:
            self.add_error("authentication", "EventBridge cannot sign: choose the bearer token.")
        return given


class KeyInline(admin.TabularInline[SourceKey, Source]):
    """The keys of a source, which nobody can read any more."""

    model = SourceKey
    fields = readonly_fields = ("begins_with", "created_at", "expires_at", "state")
    ordering = ("-pk",)
    extra = 0
    can_delete = False
    verbose_name_plural = "keys"

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="begins with")
    def begins_with(self, key: SourceKey) -> str:
        return f"{key.hint}…"

    @admin.display(description="state")
    def state(self, key: SourceKey) -> str | SafeString:
        if key.expires_at and key.expires_at <= timezone.now():
            return "ended"
        url = reverse("admin:integrations_source_revoke", args=[key.source_id, key.pk])
        return format_html('valid · <a href="{}">Revoke</a>', url)


@admin.register(Source)
class SourceAdmin(admin.ModelAdmin[Source]):
    """Who may send us events. Its keys are made on a page of their own and shown there once."""

    form = SourceForm
    list_display = ("name", "kind", "authentication", "active", "keys_valid", "last_received_at")
    list_filter = ("kind", "active")
    search_fields = ("name",)
    ordering = ("name",)
    change_form_template = "admin/integrations/source/change_form.html"

    class Media:
        css = {"all": ["dcm/admin.css"]}

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return [KeyInline] if obj else []  # a new one goes on to its key by itself

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        given = ("name", "kind", "authentication", "active")
        return (*given, "created_at", "last_received_at") if obj else given

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        told = ("kind", "authentication", "created_at", "last_received_at")
        return told if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        sent = obj is not None and InboxItem.objects.filter(source=obj).exists()
        return not sent and super().has_delete_permission(request, obj)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {}  # switching one off is what is wanted; deleting many is not

    def save_model(
        self, request: HttpRequest, obj: Source, form: ModelForm[Any], change: Any
    ) -> None:
        if not change:
            obj.created_at = timezone.now()
        super().save_model(request, obj, form, change)
        sources.KEYS.forget()

    def response_add(
        self, request: HttpRequest, obj: Source, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Go on to the key at once: without one a source is of no use."""
        messages.success(request, f"{obj.name} is set up. It needs a key now.")
        return HttpResponseRedirect(reverse("admin:integrations_source_key", args=[obj.pk]))

    @admin.display(description="valid keys")
    def keys_valid(self, source: Source) -> int:
        return len(sources.valid_keys(source_id=source.pk, now=timezone.now()))

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        mine = [
            path("<int:pk>/key/", wrap(self.key), name="integrations_source_key"),
            path(
                "<int:pk>/revoke/<int:key_id>/",
                wrap(self.revoke),
                name="integrations_source_revoke",
            ),
        ]
        return [*mine, *super().get_urls()]

    def key(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask whether to make a key; then make it, and show it this once."""
        source = self._source(request, pk)
        now = timezone.now()
        valid = sources.valid_keys(source_id=pk, now=now)
        newest = str(valid[-1].pk) if valid else ""
        hint = f"{valid[-1].hint}…" if valid else ""
        page = self._page(request, source, keys=valid, newest=newest, newest_hint=hint)
        if request.method != "POST":
            return TemplateResponse(request, "admin/integrations/source/key.html", page)
        if request.POST.get("newest", "") != newest:  # sent twice, or somebody else was quicker
            messages.warning(request, "A key was made meanwhile. Look, then decide again.")
            return HttpResponseRedirect(request.path)
        key = sources.new_key(source_id=pk, now=now)
        self.log_change(request, source, "Made a new key.")
        url = request.build_absolute_uri(reverse(HOOKS[Source.Kind(source.kind)]))
        page |= {"key": key, "example": examples.of(source, url=url, key=key)}
        page["signs"] = source.authentication == Source.Authentication.HMAC
        page["key_header"] = settings.HOOK_KEY_HEADER
        return TemplateResponse(request, "admin/integrations/source/key_made.html", page)

    def revoke(self, request: HttpRequest, pk: int, key_id: int) -> HttpResponse:
        """Ask whether to end a key; then end it."""
        source = self._source(request, pk)
        key = source.keys.filter(pk=key_id).first()
        if key is None:
            raise Http404
        if request.method != "POST":
            page = self._page(request, source, key=key)
            return TemplateResponse(request, "admin/integrations/source/revoke.html", page)
        if sources.revoke(key_id=key.pk, now=timezone.now()):
            self.log_change(request, source, f"Revoked the key that begins with {key.hint}.")
            messages.success(request, f"{key.hint}… is refused from now on.")
        return HttpResponseRedirect(reverse("admin:integrations_source_change", args=[pk]))

    def _source(self, request: HttpRequest, pk: int) -> Source:
        """Return a source that sends by HTTP, to somebody who may change it."""
        source = Source.objects.filter(pk=pk, kind__in=HOOKS).first()
        if source is None:
            raise Http404
        if not self.has_change_permission(request, source):
            raise PermissionDenied
        return source

    def _page(self, request: HttpRequest, source: Source, **more: Any) -> dict[str, Any]:
        context = self.admin_site.each_context(request)
        return {**context, "opts": self.opts, "original": source, "title": source.name, **more}


@admin.register(SourceKey)
class SourceKeyAdmin(MirrorAdmin):
    """Every key there is and when it ends; it is made and revoked on the page of its source."""

    list_display = ("__str__", "source", "created_at", "expires_at")
    list_filter = ("source",)
    list_select_related = ("source",)
    search_fields = ("hint__startswith", "source__name")
    search_help_text = "How a key begins, or the name of its source"
    ordering = ("-pk",)
    fields = ("source", "hint", "created_at", "expires_at")


@admin.register(InboxItem)
class InboxItemAdmin(MirrorAdmin):
    """What was sent to us. What could not be read waits here for an administrator."""

    list_display = ("pk", "received_at", "source", "state", "why", "attempts", "processed_at")
    list_filter = ("state", "source")
    list_select_related = ("source",)
    search_fields = ("sender_id__exact",)
    search_help_text = "The whole id that the sender gave it"
    ordering = ("-pk",)
    actions = ("replay",)

    class Media:
        css = {"all": ["dcm/admin.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any, Any]:
        return super().get_queryset(request).defer("body")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        told = ("source", "state", "reason", "attempts", "received_at", "processed_at")
        times = ("due_at", "leased_until", "sender_id")
        return (*told, *times, "content") if request.user.has_perm(PERSONAL) else (*told, *times)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.get_fields(request, obj)

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("integrations.change_inboxitem")

    @admin.display(description="reason")
    def why(self, item: InboxItem) -> str:
        return Truncator(item.reason).chars(90)

    @admin.display(description="body")
    def content(self, item: InboxItem) -> SafeString:
        text = bytes(item.body[:MOST_SHOWN]).decode(errors="replace")
        cut = f"\n… {len(item.body):,} bytes in all" if len(item.body) > MOST_SHOWN else ""
        return format_html('<pre class="dcm-body">{}{}</pre>', text.replace("\0", "␀"), cut)

    @admin.action(description="Replay: work through it anew", permissions=["replay"])
    def replay(self, request: HttpRequest, queryset: QuerySet[InboxItem]) -> None:
        """Send quarantined items through again, with all their attempts before them."""
        chosen = list(queryset.filter(state=InboxItem.State.QUARANTINED))
        count = claims.replay(pks=[item.pk for item in chosen], now=timezone.now())
        for item in chosen:
            self.log_change(request, item, "Replayed.")
        if not count:
            messages.warning(request, "None of them is quarantined: there is nothing to replay.")
            return
        WAKE_UP.tell()
        messages.success(request, f"{count} will be worked through anew within seconds.")


@admin.register(GenesysEvent)
class GenesysEventAdmin(MirrorAdmin):
    """Which events of Genesys are known."""

    list_display = ("topic", "conversation_id", "at", "heard_at", "source")
    list_filter = ("source",)
    list_select_related = ("source",)
    search_fields = ("conversation_id__exact",)
    search_help_text = "The whole id of a conversation"
    ordering = ("-heard_at", "-pk")


__all__ = ["GenesysEventAdmin", "InboxItemAdmin", "SourceAdmin", "SourceKeyAdmin"]
