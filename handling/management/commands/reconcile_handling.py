"""Set our gross handle time beside Genesys's tHandle, session by session."""

import json
from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from chrono.instants import to_ms
from handling import mirror
from handling.domain.reconcile import Comparison, compare


class Command(BaseCommand):
    help = (
        "Compare the gross handle time of each agent session in the mirror with Genesys's tHandle "
        "and explain each difference. The exit code is 1 where one remains unexplained."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="Write one JSON object.")

    def handle(self, **options: Any) -> None:
        as_of = to_ms(timezone.now())
        equal = 0
        different: list[Comparison] = []
        for record in mirror.sessions_with_handle_time():
            found = compare(record, as_of=as_of)
            if found is not None and found.difference:
                different.append(found)
            elif found is not None:
                equal += 1
        (self._write_json if options["json"] else self._write_text)(equal, different)
        unexplained = sum(1 for found in different if found.unexplained)
        if unexplained:
            raise CommandError(f"{unexplained} differences are unexplained")

    def _write_text(self, equal: int, different: list[Comparison]) -> None:
        for found in different:
            self.stdout.write(
                f"{found.conversation_id} session {found.session_id}: computed "
                f"{found.computed} ms, tHandle {found.reported} ms, {found.difference:+} ms"
            )
            for reason in found.reasons:
                self.stdout.write(
                    f"  {reason.milliseconds:+} ms {reason.segment_type}: {reason.cause}"
                )
            if found.unexplained:
                self.stdout.write(f"  {found.unexplained:+} ms unexplained")
        total = equal + len(different)
        self.stdout.write(f"{equal} of {total} sessions with tHandle agree to the millisecond")
        causes = Counter(reason.cause for found in different for reason in found.reasons)
        for cause, count in causes.most_common():
            self.stdout.write(f"{count} differ: {cause}")

    def _write_json(self, equal: int, different: list[Comparison]) -> None:
        rows = [
            {
                "conversation_id": found.conversation_id,
                "session_id": found.session_id,
                "computed_ms": found.computed,
                "t_handle_ms": found.reported,
                "unexplained_ms": found.unexplained,
                "reasons": [
                    {
                        "segment_type": reason.segment_type,
                        "cause": reason.cause.name.lower(),
                        "ms": reason.milliseconds,
                    }
                    for reason in found.reasons
                ],
            }
            for found in different
        ]
        self.stdout.write(json.dumps({"equal": equal, "different": rows}, indent=1))
