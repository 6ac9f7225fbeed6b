"""Readings that events ordered, in the admin."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from conversations.admin import MirrorAdmin
from integrations.genesys import orders
from integrations.models import Wanted


@admin.register(Wanted)
class WantedAdmin(MirrorAdmin):
    """Conversations to be read again because events told of them, and why some never were."""

    list_display = ("genesys_id", "ordered_at", "due_at", "attempts", "given_up_at", "reason")
    list_filter = (("given_up_at", admin.EmptyFieldListFilter), "urgent")
    search_fields = ("genesys_id__exact",)
    search_help_text = "The whole id of a conversation"
    ordering = ("due_at", "pk")
    actions = ("read_again",)

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("integrations.change_wanted")

    @admin.action(description="Read again now", permissions=["retry"])
    def read_again(self, request: HttpRequest, chosen: QuerySet[Wanted, Wanted]) -> None:
        """Start the readings of the chosen rows from the beginning."""
        pks = list(chosen.values_list("pk", flat=True))
        count = orders.retry(pks=pks, now=timezone.now())
        for row in chosen:
            self.log_change(request, row, "Ordered to be read again")
        messages.success(request, f"{count} will be read again within seconds")
