"""What commands that people watch have in common: lines seen at once, and a question."""

from django.core.management.base import BaseCommand, CommandError


class TalkingCommand(BaseCommand):
    """A command that somebody watches, be it through a pipe."""

    def _tell(self, line: str) -> None:
        """Write a line that is seen at once."""
        self.stdout.write(line)
        self.stdout.flush()

    def _says_yes(self, question: str, *, unasked: str) -> bool:
        """Ask for a yes. Raises CommandError where nobody is there; unasked is the option then."""
        self.stdout.write(f"{question}: ", ending="")
        self.stdout.flush()
        try:
            return input().strip().casefold() == "yes"
        except EOFError:
            raise CommandError(f"nobody is there to say yes: use {unasked}") from None
