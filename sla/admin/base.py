"""What admin pages of SLA share: rows that are only shown, and rows on which clocks depend."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db import models
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone

from sla import recomputing


class ReadOnly(admin.ModelAdmin[Any]):
    """Rows that come from elsewhere: an edit would be overwritten."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


class Recomputing(admin.ModelAdmin[Any]):
    """Rows on which clocks depend: a change has open conversations computed anew."""

    def note(self, row: Any, now: datetime) -> None:
        """Keep a version of a row as it stands, where rows have versions."""

    def concerned(self, row: Any, changed: Collection[str]) -> bool:
        """Tell whether clocks or timers depend on a row, of which some fields have changed."""
        return True

    def tell_from(self, row: Any, now: datetime) -> None:
        """Say from when on is told what falls due by a row that has changed."""

    def save_model(
        self, request: HttpRequest, obj: models.Model, form: ModelForm[Any], change: Any
    ) -> None:
        now = timezone.now()
        if change:  # what it says until now may have no version yet
            self.note(type(obj)._default_manager.get(pk=obj.pk), now)
        super().save_model(request, obj, form, change)
        self.note(obj, now)

    def save_related(
        self, request: HttpRequest, form: ModelForm[Any], formsets: Any, change: Any
    ) -> None:
        super().save_related(request, form, formsets, change)
        row, changed = form.instance, form.changed_data
        differs = bool(changed) or any(formset.has_changed() for formset in formsets)
        if (differs or not change) and self.concerned(row, changed):
            now = timezone.now()
            self.tell_from(row, now)
            self._order(request, f"{self.opts.verbose_name} {row} was saved", now)

    def delete_model(self, request: HttpRequest, obj: models.Model) -> None:
        named, concerned = f"{self.opts.verbose_name} {obj} was deleted", self.concerned(obj, ())
        super().delete_model(request, obj)
        if concerned:
            self._order(request, named, timezone.now())

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        concerned = any(self.concerned(row, ()) for row in queryset)
        super().delete_queryset(request, queryset)
        if concerned:
            self._order(request, f"{self.opts.verbose_name_plural} were deleted", timezone.now())

    def _order(self, request: HttpRequest, cause: str, now: datetime) -> None:
        ordered = recomputing.order(cause=cause, now=now)
        if ordered.total:
            messages.info(
                request,
                f"The clocks of {ordered.total:,} open conversations are being computed anew. "
                "For ended ones run: manage.py recompute_sla",
            )
