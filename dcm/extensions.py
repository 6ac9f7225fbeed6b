"""Importing extension code: once in each process, at the start."""

from collections.abc import Iterable
from importlib import import_module

from django.core.exceptions import ImproperlyConfigured

from conversations.events import ExtensionError


def load(packages: Iterable[str]) -> None:
    """Import the handlers of each package.

    Raises ImproperlyConfigured, naming the package and why, where one cannot be imported or
    registers a handler wrongly.
    """
    for package in packages:
        module = f"{package}.handlers"
        try:
            import_module(module)
        except ExtensionError as error:
            raise ImproperlyConfigured(f"DCM_EXTENSIONS names {package}: {error}") from error
        except Exception as error:
            lacks = isinstance(error, ModuleNotFoundError) and error.name == module
            why = "it has none" if lacks else f"{type(error).__name__}: {error}"
            raise ImproperlyConfigured(
                f"DCM_EXTENSIONS names {package}, and its module handlers cannot be imported: {why}"
            ) from error
