"""The mirror in the admin: to look at, never to edit. Genesys Cloud is where it changes."""

from typing import Any, ClassVar, Final

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Model, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.functional import cached_property

from conversations import models

COUNTED: Final = 10_000

admin.site.site_header = "DCM for Genesys Cloud"
admin.site.site_title = "DCM admin"
admin.site.index_title = "DCM: set up and look up"


class CappedPaginator(Paginator[Any]):
    """Counts up to COUNTED rows: counting millions takes seconds, and nobody pages so far."""

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        assert isinstance(rows, QuerySet)
        return rows.order_by()[:COUNTED].count()


class ReadOnlyMixin:
    """Rows to look at. personal_fields are hidden without the permission to view such data."""

    personal_fields: ClassVar[tuple[str, ...]] = ()

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        may_see = request.user.has_perm("conversations.view_personal_data")
        return () if may_see else self.personal_fields


class Named:
    """A list column that shows the name for a Genesys id, looked up in the list's own query."""

    def __init__(self, column: str, table: type[Model]) -> None:
        self.column = self.admin_order_field = column
        self.table = table
        self.short_description = str(table._meta.verbose_name)
        self.__name__ = self.short_description

    def __call__(self, row: Any) -> str:
        return str(getattr(row, f"{self.column}_name") or getattr(row, self.column) or "-")

    def lookup(self) -> Subquery:
        found = self.table._default_manager.filter(genesys_id=OuterRef(self.column))
        return Subquery(found.values_list("name")[:1])


AGENT: Final = Named("user_id", models.Agent)
QUEUE: Final = Named("queue_id", models.Queue)
DIVISION: Final = Named("division_id", models.Division)


class MirrorAdmin(ReadOnlyMixin, admin.ModelAdmin[Any]):
    """A table of the mirror, however long it is."""

    show_full_result_count = False
    paginator = CappedPaginator
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any, Any]:
        named = [column for column in self.list_display if isinstance(column, Named)]
        rows: QuerySet[Any, Any] = super().get_queryset(request)
        lookups = {f"{column.column}_name": column.lookup() for column in named}
        annotated: QuerySet[Any, Any] = rows.annotate(**lookups)
        return annotated


class LeafAdmin(MirrorAdmin):
    """A table below the session: found by the id of its conversation."""

    search_fields = ("session__conversation__genesys_id__exact",)
    search_help_text = "The whole id of a conversation"
    list_select_related = ("session__conversation",)


class BelowConversationAdmin(MirrorAdmin):
    """A table below the conversation: found by its id."""

    search_fields = ("conversation__genesys_id__exact",)
    search_help_text = "The whole id of a conversation"
    list_select_related = ("conversation",)


class ReadOnlyInline(ReadOnlyMixin, admin.TabularInline[Any, Any]):
    extra = 0
    show_change_link = True


class ParticipantInline(ReadOnlyInline):
    model = models.Participant
    fields = ("purpose", "user_id", "genesys_id", "ordinal")
    ordering = ("ordinal", "pk")


class SessionInline(ReadOnlyInline):
    model = models.Session
    fields = ("purpose", "user_id", "media_type", "direction", "started_at", "ended_at")
    ordering = ("started_at", "pk")


class SegmentInline(ReadOnlyInline):
    model = models.Segment
    fields = ("ordinal", "segment_type", "started_at", "ended_at", "queue_id", "disconnect_type")
    ordering = ("ordinal",)


@admin.register(models.Conversation)
class ConversationAdmin(MirrorAdmin):
    list_display = (
        "genesys_id",
        "media_type",
        "originating_direction",
        "started_at",
        "ended_at",
        QUEUE,
        AGENT,
    )
    list_filter = ("media_type", "originating_direction", ("ended_at", admin.EmptyFieldListFilter))
    search_fields = ("genesys_id__startswith", "external_tag__exact")
    search_help_text = "The id of a conversation or its start, or an external tag"
    date_hierarchy = "started_at"
    inlines = (ParticipantInline, SessionInline)


@admin.register(models.Participant)
class ParticipantAdmin(BelowConversationAdmin):
    list_display = ("genesys_id", "purpose", AGENT, "conversation")
    list_filter = ("purpose",)
    personal_fields = ("name", "external_contact_id", "attributes")


@admin.register(models.Session)
class SessionAdmin(BelowConversationAdmin):
    list_display = (
        "genesys_id",
        "purpose",
        "media_type",
        AGENT,
        "started_at",
        "ended_at",
        "conversation",
    )
    list_filter = ("media_type", "purpose")
    personal_fields = ("ani", "dnis", "address_from", "address_to")
    inlines = (SegmentInline,)


@admin.register(models.Segment)
class SegmentAdmin(LeafAdmin):
    list_display = ("segment_type", "started_at", "ended_at", "session", "session__conversation")
    list_filter = ("segment_type",)
    personal_fields = ("subject", "wrap_up_note")


@admin.register(models.Metric)
class MetricAdmin(LeafAdmin):
    list_display = ("name", "value", "emitted_at", "session", "session__conversation")


@admin.register(models.Survey)
class SurveyAdmin(BelowConversationAdmin):
    list_display = ("genesys_id", "status", "form_name", "total_score", "event_time", AGENT)
    list_filter = ("status",)


@admin.register(models.Evaluation)
class EvaluationAdmin(BelowConversationAdmin):
    list_display = ("genesys_id", "status", "form_name", "total_score", "event_time", AGENT)
    list_filter = ("status", "released")


@admin.register(models.Resolution)
class ResolutionAdmin(BelowConversationAdmin):
    list_display = ("conversation", "event_time", "next_contact_avoided")


@admin.register(models.Message)
class MessageAdmin(BelowConversationAdmin):
    list_display = ("sent_at", "sender", "conversation")
    list_filter = ("sender",)


@admin.register(models.PresenceSpan)
class PresenceSpanAdmin(MirrorAdmin):
    """What agents were; the whole id of a user finds the rows."""

    list_display = (AGENT, "kind", "value", "started_at", "ended_at", "settled")
    list_filter = ("kind", "value", "settled")
    search_fields = ("user_id__exact",)
    search_help_text = "The whole id of a user"
    date_hierarchy = "started_at"


@admin.register(models.CommonEvent)
class CommonEventAdmin(BelowConversationAdmin):
    list_display = ("name", "at", "recorded_at", "conversation")
    list_filter = ("name",)


@admin.register(models.SessionState)
class SessionStateAdmin(MirrorAdmin):
    """What events proved of sessions before analytics showed it."""

    list_display = ("state", "since", "session_id", "conversation_id", AGENT, "heard_at", "told")
    list_filter = ("state", "told")
    search_fields = ("conversation_id__exact", "session_id__exact")
    search_help_text = "The whole id of a conversation or a session"
    ordering = ("-heard_at", "-pk")


@admin.register(models.RoutingNote)
class RoutingNoteAdmin(MirrorAdmin):
    """Priority and utilization label of conversations, as events told them last."""

    list_display = ("conversation_id", "priority", "label", "at")
    search_fields = ("conversation_id__exact",)
    search_help_text = "The whole id of a conversation"
    ordering = ("-at", "-pk")


@admin.register(models.Change)
class ChangeAdmin(BelowConversationAdmin):
    list_display = ("conversation", "recorded_at", "window_start", "window_end")


@admin.register(models.Audience)
class AudienceAdmin(MirrorAdmin):
    """Who is to be told of Common Events: destinations, extensions."""

    list_display = ("name",)
    search_fields = ("name",)
    ordering = ("name",)


@admin.register(models.HandlerFailure)
class HandlerFailureAdmin(MirrorAdmin):
    """Extension code that failed in transactions. Deleting a row says that it is seen to."""

    list_display = ("handler", "count", "error", "place", "since", "failed_at", "key")
    search_fields = ("handler",)
    ordering = ("handler",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("conversations.delete_handlerfailure")


@admin.register(models.RawSnapshot)
class RawSnapshotAdmin(BelowConversationAdmin):
    list_display = ("conversation", "observed_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any, Any]:
        return super().get_queryset(request).defer("body")


class NamedAdmin(MirrorAdmin):
    """A table of the directory."""

    search_fields = ("name", "genesys_id__exact")
    ordering = ("name", "pk")


@admin.register(models.Division)
class DivisionAdmin(NamedAdmin):
    list_display = ("name", "genesys_id")


@admin.register(models.WrapUpCode)
class WrapUpCodeAdmin(NamedAdmin):
    list_display = ("name", "genesys_id", DIVISION)


@admin.register(models.Queue)
class QueueAdmin(NamedAdmin):
    list_display = ("name", "genesys_id", DIVISION, "deleted")
    list_filter = ("deleted",)


@admin.register(models.Agent)
class AgentAdmin(NamedAdmin):
    list_display = ("name", "genesys_id", DIVISION, "state")
    list_filter = ("state",)
