"""Five days of HR's life: what the export says each morning. Each step is told in HR's own words.

Rule: the story only edits the export; what follows from it is Joinery's, and is read back, never asserted here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Final

from joinery.app.demo.company import BERLIN, DOMAIN, LONDON, MELBOURNE, NEW_YORK, OSAKA, Company, Row, Site, address

#: the people of the story, by the part they play
CAST: Final[Mapping[str, str]] = {
    "seasonal": "000901",
    "married": "000902",
    "promoted": "000903",
    "melbourne": "000904",
    "contractor": "C-0042",
    "employee": "000942",
    "address_owner": "000905",
    "loop_a": "000906",
    "loop_b": "000907",
    "lost_manager": "000908",
    "dismissed": "000909",
    "learner": "000951",
    "boston": "000952",
    "osaka": "000953",
    "future": "000954",
    "mononym": "000955",
    "double": "000956",
    "newest": "000957",
    "newest_berlin": "000958",
    "hr": "000900",
}
#: how many of them are there on day 1
VETERANS: Final = 11
NOBODY: Final = "009999"


class Story:
    """The days in order. `days[n](company)` edits the export and says what HR did."""

    def __init__(self, company: Company, first: date) -> None:
        self.company = company
        self.first = first
        self.days: tuple[Callable[[], list[str]], ...] = (self._one, self._two, self._three, self._four, self._five)

    def on(self, day: int) -> date:
        """The date of day 1 … 5."""
        return self.first + timedelta(days=day - 1)

    def _one(self) -> list[str]:
        care, sales = self.company.heads["Care"], self.company.heads["Sales"]
        self._veteran("hr", "Philippa", "Stonecroft", LONDON, care, job="HR Partner")
        self._veteran("seasonal", "Marisol", "Quintero-Vale", LONDON, care, contract="Seasonal", last_day=self.on(1))
        self._veteran("married", "Ines", "Abara", BERLIN, sales)
        self._veteran("promoted", "Tomasz", "Wilga", LONDON, sales)
        self._veteran("melbourne", "Bronte", "Callowhill", MELBOURNE, care)
        self._veteran("contractor", "Jonas", "Feldkamp", BERLIN, sales, contract="Contractor")
        self._veteran("address_owner", "Ruth", "Menon-Clarke", LONDON, care)
        self._veteran("loop_a", "Saoirse", "Blackwood", LONDON, care, level="Manager", job="Care Lead")
        self._veteran("loop_b", "Anselm", "Brightwater", BERLIN, care, level="Manager", job="Care Lead")
        self._veteran("lost_manager", "Αγγελική", "Παππά", LONDON, care, email="angeliki.pappa")
        self._veteran("dismissed", "Corwin", "Ashgrove", NEW_YORK, sales)
        return [
            f"sends its whole list for the first time: {len(self.company.people)} people, five sites.",
            "Nobody may notice: no course for people who have worked here for years, and no mail.",
        ]

    def _two(self) -> list[str]:
        care, sales = self.company.heads["Care"], self.company.heads["Sales"]
        self._joiner("learner", "Amara", "Okonjo-Reyes", LONDON, care)
        self._joiner("boston", "Delphine", "Rousselet", NEW_YORK, sales)
        self._joiner("osaka", "さくら", "中村", OSAKA, sales, email="sakura.nakamura")
        self._joiner("future", "Олена", "Коваленко", BERLIN, sales, email="olena.kovalenko", starts=self.on(4))
        married, promoted = self._who("married"), self._who("promoted")
        married.family, married.email = "Abara-Lindholm", f"ines.abara-lindholm@{DOMAIN}"
        promoted.job, promoted.level = "Sales Lead", "Manager"
        self._who("seasonal").status = "Terminated"
        return [
            "adds three new colleagues (London, New York, Osaka) and one who starts on day 4.",
            "Ines Abara married: new name, new address. Tomasz Wilga now leads people.",
            "Marisol's season ended yesterday.",
        ]

    def _three(self) -> list[str]:
        today, care = self.on(3), self.company.heads["Care"]
        self._who("melbourne").last_day = today
        season = self._who("seasonal")
        season.status, season.last_day, season.hired = "Active", None, today
        old = self._who("contractor")
        old.status, old.last_day = "Terminated", self.on(2)
        new = self._veteran("employee", old.given, old.family, old.site, old.manager)
        new.hired, new.previous, new.job, new.department = old.hired, old.number, old.job, old.department
        self._joiner("mononym", "Suharti", "", MELBOURNE, care)
        owner = self._who("address_owner")
        self._joiner("double", "Ravi", "Menon-Clarke", LONDON, care, email=owner.email.partition("@")[0])
        return [
            "Bronte in Melbourne leaves today. Marisol is back for another season, under her old number.",
            "Jonas, contractor C-0042, becomes employee 000942 (the column 'Previous number' says so).",
            "New: Suharti, who has one name, and Ravi, whose address somebody else has already.",
        ]

    def _four(self) -> list[str]:
        self._who("double").email = f"ravi.menon-clarke@{DOMAIN}"
        self._who("future").status = "Active"
        self._who("lost_manager").manager = NOBODY
        first, second = self._who("loop_a"), self._who("loop_b")
        first.manager, second.manager = second.number, first.number
        return [
            "corrects Ravi's address. Olena starts, as announced on day 2.",
            f"Two slips: a manager number that nobody has ({NOBODY}), and two people who manage each other.",
        ]

    def _five(self) -> list[str]:
        sales, logistics = self.company.heads["Sales"], self.company.heads["Logistics"]
        moved = [
            row for row in self.company.people.values() if row.department == "Logistics" and row.number != logistics
        ]
        for row in moved:
            row.manager = sales
        self._joiner("newest", "Leocadia", "Fairweather", LONDON, self.company.heads["Care"])
        self._joiner("newest_berlin", "Matthis", "Ohlendorf", BERLIN, self.company.heads["Finance"])
        gone = self._who("dismissed")
        gone.status, gone.last_day = "Terminated", self.on(5)
        return [
            f"gives {len(moved)} people of Logistics the head of Sales as manager, in one go. A mistake? Perhaps.",
            "Two people start, and one is dismissed with immediate effect.",
        ]

    def _who(self, part: str) -> Row:
        return self.company.people[CAST[part]]

    def _veteran(
        self,
        part: str,
        given: str,
        family: str,
        site: Site,
        manager: str,
        **more: object,
    ) -> Row:
        return self._person(part, (given, family), site, manager, self.first - timedelta(days=900), **more)

    def _joiner(  # noqa: PLR0913 a person has many facts
        self,
        part: str,
        given: str,
        family: str,
        site: Site,
        manager: str,
        *,
        email: str = "",
        starts: date | None = None,
    ) -> Row:
        day = starts or self._day_of(part)
        status = "Pre-hire" if starts else "Active"
        return self._person(part, (given, family), site, manager, day, email=email, status=status)

    def _day_of(self, part: str) -> date:
        return self.on({"mononym": 3, "double": 3, "newest": 5, "newest_berlin": 5}.get(part, 2))

    def _person(self, part: str, name: tuple[str, str], site: Site, manager: str, hired: date, **more: object) -> Row:
        head = self.company.people[manager]
        email = f"{more.pop('email', '')}@{DOMAIN}"
        row = Row(
            number=CAST[part],
            given=name[0],
            family=name[1],
            email=email if not email.startswith("@") else address(*name),
            hired=hired,
            job=str(more.pop("job", "Adviser")),
            department=head.department,
            site=site,
            manager=manager,
            **more,  # type: ignore[arg-type]
        )
        return self.company.add(row)
