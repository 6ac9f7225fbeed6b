"""Made-up customers."""

from dataclasses import dataclass
from random import Random
from typing import Final

from simulator.world.organization import new_id

_FIRST: Final = (
    "Anna", "Ben", "Chris", "Dana", "Emil", "Farah", "Gina", "Hans", "Ida", "Jan", "Kim", "Lars",
    "Mona", "Noor", "Otto", "Pia", "Ralf", "Sara", "Tom", "Ute", "Vito", "Wanda", "Yusuf", "Zita",
)  # fmt: skip
_LAST: Final = (
    "Acker", "Berg", "Conti", "Dietz", "Ebner", "Falk", "Gruber", "Haas", "Ilic", "Jung", "Kern",
    "Lorenz", "Maier", "Nagel", "Oster", "Pohl", "Reuter", "Sommer", "Thoma", "Ulrich", "Winter",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody who contacts the centre; number makes the addresses unique."""

    id: str
    name: str
    number: int

    @property
    def email(self) -> str:
        return f"{self.name.lower().replace(' ', '.')}{self.number}@customer.example"

    @property
    def phone(self) -> str:
        return f"+491555{self.number:07d}"

    def address(self, media: str, message_type: str = "") -> str:
        """Return where the customer is reached on a medium."""
        if media == "email":
            return self.email
        if media in {"voice", "callback"} or message_type in {"whatsapp", "sms"}:
            return self.phone
        return self.id


def meet(draw: Random) -> Customer:
    """Make up somebody."""
    name = f"{draw.choice(_FIRST)} {draw.choice(_LAST)}"
    return Customer(new_id(draw), name, draw.randrange(10_000_000))
