"""Rows that may be deleted only while nothing depends on them; else their page says what does."""

from abc import abstractmethod
from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import BaseModelAdmin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse


class Choosing(BaseModelAdmin[Any]):
    """Rows that name others, without the button beside a choice that would delete what it names."""

    def formfield_for_dbfield(self, db_field: Any, request: Any, **options: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **options)
        if field and hasattr(field.widget, "can_delete_related"):
            field.widget.can_delete_related = False
        return field


class Keeping(admin.ModelAdmin[Any]):
    """Rows with versions or history, which go with them where they may be deleted at all."""

    # Tables that are shown and never edited, by their names in words: they go with the row.
    goes_along: tuple[str, ...] = ()

    @abstractmethod
    def why_kept(self, row: Any) -> str:
        """Return why a row may not be deleted, as a sentence; "" where it may."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may = super().has_delete_permission(request, obj)
        return may and (obj is None or not self.why_kept(obj))

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Say what keeps a row, to whom might delete it otherwise."""
        row = self.get_object(request, object_id)
        might = row is not None and super().has_delete_permission(request)
        if row is not None and might and (why := self.why_kept(row)):
            messages.error(request, f"{row}: {why}")
            return HttpResponseRedirect(
                reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[row.pk])
            )
        return super().delete_view(request, object_id, extra_context)

    def get_deleted_objects(
        self, objs: Iterable[Model], request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Return what a deletion would take along, and what forbids it."""
        rows = list(objs)
        with_it, counted, forbidden, protected = super().get_deleted_objects(rows, request)
        kept = [f"{row}: {why}" for row in rows if (why := self.why_kept(row))]
        forbidden -= {*self.goes_along}
        if kept and self.has_delete_permission(request):  # why is told beside it
            forbidden.discard(str(self.opts.verbose_name))
        return with_it, counted, forbidden, [*protected, *kept]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show why there is no button to delete it."""
        row = self.get_object(request, object_id) if object_id else None
        might = row is not None and super().has_delete_permission(request)
        mine = {"kept": self.why_kept(row) if might else ""}
        return super().changeform_view(request, object_id, form_url, mine | (extra_context or {}))
