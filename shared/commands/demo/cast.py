"""Who takes part in the made-up ledger: nobody who exists, under addresses that nobody has.

https://www.rfc-editor.org/rfc/rfc2606#section-3
"""

from __future__ import annotations

from dataclasses import dataclass, field

FORECAST, FIRMWARE, MAP = "tideline/forecast", "tideline/buoy-firmware", "tideline/harbour-map"
HANDBOOK, WEBSITE, SALINITY = "tideline/handbook", "tideline/website", "nordlys-lab/salinity"
# What the map was called until it was renamed.
PIER_MAP = "tideline/pier-map"


@dataclass(frozen=True)
class Member:
    """Somebody who writes commits: for which repositories, in which weeks, and how many.

    Of those who take part in a repository in a week, each is chosen in proportion to `share`.
    """

    name: str
    email: str
    repositories: tuple[str, ...]
    share: int
    weeks: range = field(default=range(200))


@dataclass(frozen=True)
class Tool:
    """An agent: as it stands in a `Co-authored-by` trailer, and in an `Assisted-by` one."""

    name: str
    email: str
    trailer: str


# Forty people. Two of them stand here twice, with another address from some week on.
PEOPLE = (
    Member("Ana Sofía Marín", "ana.marin@example.org", (FORECAST, HANDBOOK), 14, range(41)),
    Member("Ana Sofía Marín", "ana@marin.example.com", (FORECAST, WEBSITE), 14, range(41, 200)),
    Member("Kofi Adjei", "8120455+kofi-adj@users.noreply.github.com", (FIRMWARE,), 9, range(66)),
    Member(
        "Kofi Adjei", "8120455+kofiadjei@users.noreply.github.com", (FIRMWARE,), 9, range(66, 200)
    ),
    Member("山本 さくら", "sakura.yamamoto@example.com", (FORECAST, SALINITY), 11),
    Member("Łukasz Wójt", "lukasz.wojt@example.org", (FIRMWARE, FORECAST), 10),
    Member("Nguyễn Thị Hải Yến", "haiyen@example.com", (MAP,), 12),
    Member("Ólafur Bragason", "olafur@nordlys.example.org", (SALINITY,), 13),
    Member("Priyanka Deshmukh", "priyanka.d@example.com", (FORECAST, HANDBOOK), 8, range(9, 200)),
    Member("Zoë Brûlé", "zoe.brule@example.org", (MAP, WEBSITE), 8, range(4, 200)),
    Member("Tendai Moyo", "tendai@example.com", (FIRMWARE,), 6, range(15, 200)),
    Member("Ольга Ветрова", "olga.vetrova@example.org", (SALINITY, FORECAST), 7, range(90)),
    Member("محمد الساحلي", "m.sahli@example.com", (MAP,), 7, range(22, 200)),
    Member("Ayşe Gündoğdu", "ayse.g@example.org", (FORECAST,), 6, range(30, 200)),
    Member("김하늘", "haneul.kim@example.com", (WEBSITE, MAP), 7, range(48, 200)),
    Member("Mateus Figueiredo", "mateusf@example.org", (FIRMWARE, HANDBOOK), 5),
    Member("Siobhán Ní Dhuibhir", "siobhan@example.com", (HANDBOOK,), 9),
    Member("Jürgen Weißmüller", "jürgen@example.org", (FORECAST, FIRMWARE), 4, range(74)),
    Member("शालिनी राव", "shalini.rao@example.com", (SALINITY,), 5, range(18, 200)),
    Member("Emeka Okonjo", "emeka.okonjo@example.org", (WEBSITE,), 6, range(60, 200)),
    Member("Chiara Bellandi", "chiara.b@example.com", (MAP, HANDBOOK), 4, range(12, 95)),
    Member("Đorđe Vuković", "djordje@example.org", (FIRMWARE,), 4, range(35, 200)),
    Member("Ingrid Sørbø", "ingrid.sorbo@nordlys.example.org", (SALINITY, HANDBOOK), 5),
    Member("Tomáš Řezáč", "tomas.rezac@example.com", (FORECAST,), 3, range(50, 200)),
    Member("Lupe Quispe Mamani", "lupe.qm@example.org", (HANDBOOK, MAP), 3, range(26, 200)),
    Member("Wanjiru Kamau", "wanjiru@example.com", (FORECAST, WEBSITE), 5, range(71, 200)),
    Member("Eliška Dvořáková", "4417731+eliskad@users.noreply.github.com", (MAP,), 3),
    Member("陳柏翰", "pohan.chen@example.org", (FIRMWARE,), 4, range(80, 200)),
    Member("Rūta Kalniņa", "ruta.kalnina@example.com", (WEBSITE, HANDBOOK), 3, range(84, 200)),
    Member("Gwenaëlle Le Goff", "gwen.legoff@example.org", (SALINITY, MAP), 3, range(40, 88)),
    Member("Isaac Tauiliili", "isaac.t@example.com", (FIRMWARE, FORECAST), 2, range(20, 60)),
    Member("Noor van der Veen", "noor@example.org", (WEBSITE,), 4, range(79, 200)),
    Member("Θεοδώρα Ξενάκη", "theodora.x@example.com", (SALINITY,), 2, range(64, 200)),
    Member("Bjarni Hauksson", "bjarni@nordlys.example.org", (SALINITY,), 2, range(52)),
    Member("Adaeze Nwosu", "adaeze.nwosu@example.org", (FORECAST, MAP), 2, range(55, 200)),
    Member("Pelle Ångström", "pelle@example.com", (FIRMWARE,), 1, range(8, 45)),
    Member("Soraya Haddad", "soraya.h@example.org", (HANDBOOK,), 2, range(91, 200)),
    Member("Iñaki Etxeberria", "inaki.etx@example.com", (MAP,), 1, range(33, 70)),
    Member("ณัฐพล ศรีสุข", "nattapon.s@example.org", (WEBSITE, FORECAST), 2, range(94, 200)),
    Member("Kahurangi Tamihana", "kahu@example.com", (HANDBOOK, MAP), 1, range(97, 200)),
    Member("Vera Lindqvist", "1093388+vlindqvist@users.noreply.github.com", (FORECAST,), 1),
    Member("Désirée Mbala", "d.mbala@example.org", (SALINITY,), 4, range(90, 200)),
)

UPDATES = Member("", "49699333+dependabot[bot]@users.noreply.github.com", (), 0)
RELEASES = Member("", "41898282+github-actions[bot]@users.noreply.github.com", (), 0)
# An agent that is given a task and writes commits by itself.
WORKER = Member("Copilot", "198982749+Copilot@users.noreply.github.com", (), 0, range(82, 200))

TOOLS = (
    Tool("Claude", "noreply@anthropic.com", "Claude:claude-opus-4-6"),
    Tool("Claude", "noreply@anthropic.com", "Claude:claude-sonnet-4-6"),
    Tool("Cursor Agent", "cursoragent@cursor.com", "Cursor"),
    Tool("Copilot", "198982749+Copilot@users.noreply.github.com", "GitHub Copilot"),
    Tool("Codex", "codex@openai.com", "Codex:gpt-5.3-codex"),
)
