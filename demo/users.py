"""The users of the demonstration site. All of them are invented."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from demo.content import CONTENT

PASSWORD = "demo-demo-demo"  # noqa: S105 - public: the command prints it and serves on this machine only


@dataclass(frozen=True, kw_only=True)
class DemoUser:
    """An account. The command prints `description` for the accounts to log in as."""

    username: str
    name: str
    language: str = "en"
    biography: str = ""
    is_moderator: bool = False
    is_administrator: bool = False
    description: str = ""

    @property
    def email(self) -> str:
        return f"{self.username}@example.org"

    @property
    def avatar_path(self) -> Path:
        """The avatar, a file that some users have."""
        return CONTENT / "avatars" / f"{self.username}.webp"


AUTHORS = (
    DemoUser(
        username="lilit",
        name="Lilit Sahakyan",
        biography=(
            "I write about the things people do together without being asked: courtyards, kitchens, morning trains. "
            "Fifteen years in the same Yerevan flat, eleven of them on the house committee."
        ),
    ),
    DemoUser(
        username="davit",
        name="Davit Manukyan",
        biography=(
            "I count things and publish the tables. Street lamps, tomato prices, council minutes so far. "
            "If you find a mistake in one of my spreadsheets, I will thank you by name."
        ),
    ),
    DemoUser(
        username="mariam",
        name="Mariam Grigoryan",
        biography=(
            "Hydrologist in Dilijan. I measure snow, rivers and, when asked nicely, potato fields. "
            "Happy to lend instruments to schools."
        ),
    ),
    DemoUser(
        username="james",
        name="James Whitlock",
        biography=(
            "Taught English in Gyumri for a year and stayed for six. I am learning Armenian, chess and patience, "
            "in that order of success."
        ),
    ),
    DemoUser(
        username="oleg",
        name="Олег Воронцов",
        language="ru",
        biography=(
            "Инженер, двадцать лет чинил насосы и водомеры. Пишу о том, как устроены вещи, которые мы замечаем, "
            "только когда они ломаются."
        ),
    ),
    DemoUser(
        username="nina",
        name="Нина Карапетян",
        language="ru",
        biography=(
            "Библиотекарь. Собираю истории дворов, подъездов и маленьких пекарен. Верю, что лучший репортаж начинается "
            "со слов «а можно я у вас посижу?»."
        ),
    ),
    DemoUser(
        username="timur",
        name="Тимур Асланов",
        language="ru",
        biography=(
            "Учитель физкультуры и астроном-любитель. Днём хожу с секундомером, ночью с биноклем. "
            "Пишу коротко, считаю дважды."
        ),
    ),
    DemoUser(
        username="ani",
        name="Անի Պետրոսյան",
        language="hy",
        biography=(
            "Գրում եմ մարդկանց մասին, ովքեր իրենց գործը սիրում են. լարողներ, գրադարանավարներ, աստղեր հաշվողներ։ "
            "Ապրում եմ Գյումրիում, շատ եմ քայլում։"
        ),
    ),
    DemoUser(
        username="karen",
        name="Կարեն Հակոբյան",
        language="hy",
        biography=(
            "Ծրագրավորող և այգեպան։ Շաբաթվա ընթացքում գրում եմ կոդ, շաբաթ-կիրակի՝ հոդվածներ, "
            "իսկ արանքում ջրում եմ լոլիկը։"
        ),
    ),
    DemoUser(
        username="sona",
        name="Սոնա Մկրտչյան",
        language="hy",
        biography=("Տնտեսագետ, երկու որդու մայր, սիրողական ֆուտբոլի թիմի ավագ։ Սիրում եմ թվեր, որոնց հետևում մարդ կա։"),
    ),
)

# Their first articles wait for a moderator.
NEWCOMERS = (
    DemoUser(username="gayane", name="Gayane Ter-Avetisyan", biography="I keep bees and a diary."),
    DemoUser(username="pavel", name="Павел Кравцов", language="ru"),
    DemoUser(username="tigran", name="Տիգրան Սարգսյան", language="hy"),
)

READERS = tuple(
    DemoUser(username=username, name=name)
    for username, name in (
        ("anahit", "Anahit"),
        ("aram", "Aram Petrosyan"),
        ("arevik", "Arevik"),
        ("armen", "Armen K."),
        ("beatrice", "Beatrice Holm"),
        ("daniel", "Daniel"),
        ("elen", "Elen Avagyan"),
        ("eva", "Eva"),
        ("gor", "Gor"),
        ("hasmik", "Hasmik"),
        ("hrant", "Hrant Melikyan"),
        ("irina", "Ирина"),
        ("kostya", "Костя"),
        ("levon", "Levon"),
        ("maria", "Maria S."),
        ("narek", "Narek"),
        ("nune", "Nune"),
        ("ruben", "Ruben"),
        ("sasha", "Саша Белов"),
        ("siranush", "Siranush"),
        ("tatev", "Tatev"),
        ("thomas", "Thomas Reed"),
        ("vahe", "Vahe"),
        ("yulia", "Юлия"),
        ("zara", "Zara"),
    )
)

MODERATOR = DemoUser(
    username="moderator",
    name="Ruzanna Harutyunyan",
    is_moderator=True,
    description="works through the queue in the admin (/admin/)",
)
AUTHOR = DemoUser(
    username="author",
    name="Arpi Danielyan",
    biography="Retired cartographer. I still check where north is when I come out of the metro.",
    description="has an article in each state (/my/articles/)",
)
READER = DemoUser(username="reader", name="Sam Reader", description="reads and votes")
# Created last: if this account exists, the content is complete.
ADMINISTRATOR = DemoUser(
    username="admin",
    name="Administrator",
    is_administrator=True,
    description="has all permissions in the admin (/admin/)",
)

LOGINS = (ADMINISTRATOR, MODERATOR, AUTHOR, READER)
VOTERS = (*READERS, *AUTHORS, *NEWCOMERS, READER)
USERS = (MODERATOR, *AUTHORS, *NEWCOMERS, *READERS, AUTHOR, READER)
