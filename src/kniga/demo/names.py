"""Names, numbers and addresses of people and companies that do not exist."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final

from kniga.clients.contact_services import ContactInput
from kniga.demo.words import Words
from kniga.platform.requisites import is_inn, is_ogrn

_LATIN: Final = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        "a b v g d e e zh z i y k l m n o p r s t u f kh ts ch sh sch - y - e yu ya".replace("-", "").split(" "),
        strict=True,
    )
)


@dataclass(frozen=True, slots=True)
class Person:
    """A made person; `latin` is the first name in Latin letters, for addresses."""

    first: str
    last: str
    latin: str

    @property
    def name(self) -> str:
        """First name and surname."""
        return f"{self.first} {self.last}"


class Names:
    """Deals out names from `words`, companies only once each; `dice` decides."""

    def __init__(self, words: Words, dice: Random) -> None:
        self._words = words
        self._dice = dice
        self._companies = [
            f"{first}{second}" if words.language == "ru" else f"{first} {second}"
            for first in words.company_first
            for second in words.company_second
        ]
        dice.shuffle(self._companies)
        self._numbers = 0

    def staff(self, count: int) -> list[Person]:
        """People of the department: every first name and surname once, so that addresses are short."""
        firsts = [(first, False) for first in self._words.men] + [(first, True) for first in self._words.women]
        surnames = list(self._words.surnames)
        self._dice.shuffle(firsts)
        self._dice.shuffle(surnames)
        pairs = list(zip(firsts, surnames, strict=False))[:count]
        return [Person(first, surname[is_woman], latin(first)) for (first, is_woman), surname in pairs]

    def person(self) -> Person:
        """Somebody at a client."""
        is_woman = self._dice.random() < 0.45
        first = self._dice.choice(self._words.women if is_woman else self._words.men)
        return Person(first, self._dice.choice(self._words.surnames)[is_woman], latin(first))

    def company(self) -> tuple[str, str]:
        """A company's name as it is written, and its domain; the supply is several hundred, then numbers follow."""
        if self._companies:
            plain = self._companies.pop()
        else:
            self._numbers += 1
            plain = f"{self._dice.choice(self._words.company_first)}-{self._numbers}"
        written = self._dice.choice(self._words.company_forms).format(plain)
        return written, latin(plain).replace(" ", "-") + ".example"

    def contact(self, domain: str) -> ContactInput:
        """A person at a company, with a phone and an address."""
        person = self.person()
        mail = f"{person.latin[0]}.{latin(person.last)}@{domain}"
        return ContactInput(
            name=person.name,
            position=self._dice.choice(self._words.positions),
            phones=(self.phone(),),
            emails=(mail,),
        )

    def phone(self) -> str:
        """A number that is given to nobody: Russian ones with 000 after the area code, British ones of the
        ranges Ofcom keeps for drama."""
        pattern = self._dice.choice(self._words.phones)
        digits = 10_000 if "04d" in pattern else 1000
        return pattern.format(self._dice.randrange(digits))

    def inn(self) -> str:
        """An INN with right control digits; no tax office has the code 00."""
        start = f"00{self._dice.randrange(10**7):07d}"
        return next(inn for digit in "0123456789" if is_inn(inn := start + digit))

    def ogrn(self) -> str:
        """An OGRN with the right control digit and the region 00."""
        start = f"1{self._dice.randrange(5, 26):02d}00{self._dice.randrange(10**7):07d}"
        return next(ogrn for digit in "0123456789" if is_ogrn(ogrn := start + digit))

    def address(self, region: str) -> str:
        """A street in a region."""
        return f"{region}, {self._dice.choice(self._words.streets)}, {self._dice.randrange(1, 90)}"


def latin(text: str) -> str:
    """`text` in lower-case Latin letters."""
    return "".join(_LATIN.get(letter, letter) for letter in text.lower())
