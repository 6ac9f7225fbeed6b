"""What pages of the admin say of destinations and messages: filters, counts, bodies to be read."""

import json
from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from integrations.models import Attempt, Delivery, Destination
from integrations.outbox import forms, registry
from sla.models import Rung


class KindFilter(admin.SimpleListFilter):
    """Of which kind a destination is, by the kind's label."""

    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        found = Destination.objects.order_by("kind").values_list("kind", flat=True).distinct()
        return [(name, registry.label_of(name)) for name in found]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


class StoppedFilter(admin.SimpleListFilter):
    """Whether a destination was stopped because it refuses us for good."""

    title = "stopped"
    parameter_name = "stopped"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Yes"), ("no", "No")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.value():
            return queryset
        return queryset.filter(disabled_at__isnull=self.value() == "no")


class TopicFilter(admin.SimpleListFilter):
    """Which Common Event a delivery tells of."""

    title = "Common Event"
    parameter_name = "topic"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name.value, label) for name, label in forms.LABELS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(topic=self.value()) if self.value() else queryset


def goes_with(destinations: Sequence[Destination]) -> dict[str, int]:
    """Count what is deleted together with destinations, by what people call it."""
    deliveries = Delivery.objects.filter(destination__in=destinations)
    tries = Attempt.objects.filter(delivery__in=deliveries)
    counts = {_plural(Destination): len(destinations), _plural(Attempt): tries.count()}
    for relation in Destination._meta.related_objects:
        model = relation.related_model
        rows = model._default_manager.filter(**{f"{relation.field.name}__in": destinations})
        counts[_plural(model)] = rows.count()
    rungs = Rung.objects.filter(destination_id__in=[row.pk for row in destinations])
    counts["rungs that will tell the administrators instead"] = rungs.count()
    return {name: count for name, count in counts.items() if count}


def _plural(model: Any) -> str:
    return str(model._meta.verbose_name_plural)


def pretty(body: str) -> str:
    """Return a body as people read it: JSON on lines of its own, all else as it is."""
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except ValueError:
        return body
