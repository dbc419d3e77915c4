"""Company names without what lawyers add: “Acme, Inc.” and “ACME GmbH & Co. KG” are one name."""

import re
import unicodedata
from typing import Any

from django.db import models

# Legal forms as single words, once dots and slashes are gone.
_LEGAL = frozenset(
    """
    inc incorporated corp corporation co company llc llp lp ltd limited plc pllc pc
    gmbh mbh ug ag kg kgaa ohg gbr ev eg se ek
    sa sas sarl sasu snc sci spa srl srls sl slu sau sl scl
    bv nv vof cv bvba sprl
    ab as asa aps oy oyj hb kb
    kk kabushiki kaisha yk pte pty bhd sdn pvt private
    sro zrt kft nyrt doo dd spzoo zoo
    ltda eireli sapi sab rl
    jsc ooo oao zao pjsc oo
    """.split()
)
# Words that only mean something between or before legal forms.
_JOINING = frozenset({"and", "und", "et", "y", "e", "sp", "z", "o", "c", "de"})
_DOTS = re.compile(r"(?<=\w)[./](?=\w|$|\s|,)")
_NOT_WORD = re.compile(r"[\W_]+")


def name_key(name: str) -> str:
    """The name in one spelling, without accents, punctuation and legal form.

    Never empty for a name with letters: “Company Ltd.” stays “company ltd”.
    """
    marks = unicodedata.normalize("NFKD", name.casefold())
    bare = "".join(character for character in marks if not unicodedata.combining(character))
    words = _NOT_WORD.sub(" ", _DOTS.sub("", bare.replace("&", " and "))).split()
    if len(words) > 1 and words[0] == "the":
        words = words[1:]
    kept = list(words)
    while len(kept) > 1 and (kept[-1] in _LEGAL or (kept[-1] in _JOINING and kept != words)):
        kept.pop()
    key = " ".join(kept)
    return (key if len(key) > 1 else " ".join(words))[:120]


class NameKey(models.CharField):
    """Keeps the key of the row's name, also where rows are created in bulk."""

    def __init__(self, **options: Any) -> None:
        options.update(max_length=120, editable=False, default="", db_index=True)
        super().__init__(**options)

    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()
        for option in ("max_length", "editable", "default", "db_index"):
            options.pop(option, None)
        return name, path, args, options

    def pre_save(self, model_instance: Any, add: bool) -> str:
        key = name_key(model_instance.name)
        setattr(model_instance, self.attname, key)
        return key
