"""One conversation of one agent while a sweep passes over it: its state and its sums so far."""

from fractions import Fraction

from handling.domain.repair import UNENDED
from handling.domain.results import Handling, Leg, Spell
from handling.domain.sessions import ACW, HOLD, LIVE, NONE, PARKED


class Work:
    """A running account. counted is False for consult legs: they occupy and cost nothing.

    code is the state and, below it, the session it comes from: the lower, the stronger. codes has
    those of all sessions where there are several.
    """

    __slots__ = (
        "code",
        "codes",
        "concurrent",
        "conversation_id",
        "counted",
        "dropped",
        "edges",
        "first",
        "legs",
        "media_type",
        "odd",
        "owned_since",
        "owner",
        "parts",
        "shared",
        "since",
        "spell_since",
        "spells",
        "spent",
        "switched",
        "twin",
    )

    def __init__(self, conversation_id: str, counted: bool, code: int) -> None:  # noqa: FBT001
        self.conversation_id = conversation_id
        self.counted = counted
        self.media_type = ""
        self.first = UNENDED
        self.code = code
        self.codes: dict[int, int] | None = None
        self.twin: Work | None = None  # the other account of the conversation: consult, counted
        self.since = self.owned_since = self.spell_since = 0
        self.owner: str | None = None  # who interrupts it now
        self.spent = [0] * (NONE + 1)
        self.switched = self.concurrent = self.dropped = 0
        self.shared = self.odd = 0  # whole milliseconds of each stretch, and odd ones of some
        self.parts: int | Fraction = 0  # what whole milliseconds leave, exactly
        self.legs: list[Leg] = []
        self.spells: list[Spell] = []
        self.edges: list[int] = []  # where gross time starts and ends, in turn

    def tell(self, media_type: str, first: int, dropped: int) -> None:
        """Tell of one session; the medium is that of the earliest."""
        self.dropped += dropped
        if not self.media_type or first < self.first:
            self.media_type, self.first = media_type, first

    def belong_to(self, owner: str | None, at: int, *, provisional: bool = False) -> None:
        """End the leg of one interrupter and begin that of the next; None: nobody interrupts.

        What begins at the very cut has no length and is not told.
        """
        if self.owner is None:
            self.spell_since = at
        elif self.owned_since < at:
            self.legs.append(Leg(self.owner, self.owned_since, at, provisional))
        if owner is None and self.spell_since < at:
            self.spells.append(Spell(self.spell_since, at))
        self.owner = owner
        self.owned_since = at

    def resume(self, at: int) -> None:
        """Note how long after its last spell the hold that ends now went over into work."""
        if self.spells and self.spells[-1].end >= self.since:
            last = self.spells[-1]
            self.spells[-1] = Spell(last.start, last.end, at - last.end)

    def handling(self, agent_id: str, *, provisional: bool) -> Handling:
        spent = self.spent
        return Handling(  # by position: half the time
            agent_id,
            self.conversation_id,
            self.media_type,
            spent[LIVE],
            spent[ACW],
            spent[HOLD],
            sum([leg[2] - leg[1] for leg in self.legs]) if self.legs else 0,
            self.switched,
            self.concurrent,
            spent[PARKED],
            self.shared + self.odd,
            self.shared,
            self.parts,
            tuple(self.legs),
            tuple(self.spells),
            tuple(self.edges),
            self.dropped,
            provisional,
        )
