"""Names that could be mistaken for those of staff."""

import re
import unicodedata

from accounts.models import User
from core.models import SiteSettings

RESERVED_WORDS = [
    *("admin", "administrator", "moderator", "staff", "support"),
    *("администратор", "модератор", "администрация", "редакция"),
    *("ադմինիստրատոր", "մոդերատոր", "խմբագրություն"),
]
# Letters and digits that look like Latin letters, in lower or in upper case.
_LOOKALIKES = str.maketrans(
    "авекмнорстухіјѕһԁԛԝαβεζηικμνορτυχօսհոց0135|lı", "abekmhopctyxijshdqwabezhikmnoptyxouhngoiesiii"
)
# A few hundred at most: staff are appointed by hand.
MAX_STAFF = 500
LONG_WORD = 9


def skeleton(name: str) -> str:
    """Return a form of `name` that is the same for names that look the same: without case, marks and punctuation."""
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold()).translate(_LOOKALIKES)
    return "".join(character for character in text if character.isalnum()).replace("rn", "m")


def imitates_staff(name: str) -> bool:
    """Return whether the name looks like one of staff or of the site, or contains a title such as admin."""
    whole, words = skeleton(name), {skeleton(word) for word in [name, *re.split(r"[\W_]+", name)]} - {""}
    reserved = {skeleton(word) for word in [*RESERVED_WORDS, SiteSettings.current().name]}
    # A long word also where the name is split differently; short ones are part of other names.
    if words & reserved or any(word in whole for word in reserved if len(word) >= LONG_WORD):
        return True
    staff = User.objects.filter(is_staff=True).values_list("username", "display_name")[:MAX_STAFF]
    return whole in {skeleton(other) for names in staff for other in names if other}
