"""Which names, e-mail addresses and passwords are taken, and when two of them are the same."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from vtonlab.errors import BadDetail, Text

SHORTEST_NAME: Final = 3
LONGEST_NAME: Final = 32
LONGEST_KEY: Final = 64
LONGEST_EMAIL: Final = 254
SHORTEST_PASSWORD: Final = 10
"""Wherever a password is chosen but on the wardrobe interface, whose older clients allow 6."""
SHORTEST_WARDROBE_PASSWORD: Final = 6
MOST_PASSWORD_BYTES: Final = 1024

VISIBLE: Final = frozenset("LMNPS")
"""Unicode's letters, marks, numbers, punctuation and symbols (UAX #44, general category)."""

BLANK: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef\u180b-\u180f]"
)
"""Letters, marks and symbols that show nothing: fillers, variation selectors, the empty Braille cell."""

OURS: Final = re.compile(r"(default-user|guest)-[0-9a-f]{8}")
"""Names the program gives."""


def fold(text: str) -> str:
    """``text`` by which two are the same: compatibility forms, case and width do not count (NFKC_Casefold, UAX #31).

    >>> fold("Ｌｉｎ"), fold("STRASSE") == fold("Straße")
    ('lin', True)
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def key_of(username: str) -> str:
    """The key by which a name is looked for, whatever was typed; what can be nobody's finds nobody."""
    return fold(username.strip()).encode("utf-8", "replace").decode()


def read_username(text: str) -> tuple[str, str]:
    """The name as it is shown, and its key. Raises ``BadDetail``.

    >>> read_username(" Mei "), read_username("王小明")
    (('Mei', 'mei'), ('王小明', '王小明'))
    """
    name = unicodedata.normalize("NFC", text.strip(" "))
    key = fold(name)
    if not SHORTEST_NAME <= len(name) <= LONGEST_NAME:
        reason = Text("a user name has 3 to 32 characters", "用户名需要 3 到 32 个字符")
        raise BadDetail(part="username", reason=reason)
    if not _is_visible(name) or len(key) > LONGEST_KEY:
        reason = Text(
            "a user name has letters, digits and signs that can be seen, and single spaces between them",
            "用户名只能包含可见的文字、数字和符号，中间可有单个空格",
        )
        raise BadDetail(part="username", reason=reason)
    if OURS.fullmatch(key):
        reason = Text("this user name is kept for the program", "该用户名由程序保留")
        raise BadDetail(part="username", reason=reason)
    return name, key


def read_email(text: str | None) -> tuple[str, str] | None:
    """The address as it is shown, and its key; None where none is given. Loosely checked: only a letter that arrives
    would prove it. Raises ``BadDetail``."""
    if text is None or not text.strip():
        return None
    email = unicodedata.normalize("NFC", text.strip())
    before, at, after = email.rpartition("@")
    if not (before and at and after) or len(email) > LONGEST_EMAIL or " " in email or not _is_visible(email):
        raise BadDetail(part="email", reason=Text("this is no e-mail address", "邮箱地址格式不正确"))
    key = fold(email)
    if len(key) > LONGEST_EMAIL:
        raise BadDetail(part="email", reason=Text("this e-mail address is too long", "邮箱地址太长"))
    return email, key


def read_password(text: str, shortest: int = SHORTEST_PASSWORD) -> str:
    """The password as it is hashed: NFKC, so that every keyboard gives the same (NIST SP 800-63B 3.1.1.2).

    Raises ``BadDetail`` for one shorter than ``shortest`` characters or longer than 1,024 bytes.
    """
    password = normalize_password(text)
    if password is None:
        raise BadDetail(part="password", reason=Text("a password has at most 1,024 bytes", "密码最长 1024 字节"))
    if len(password) < shortest:
        reason = Text("a password has at least {shortest} characters", "密码至少需要 {shortest} 个字符")
        if shortest < SHORTEST_PASSWORD:
            reason = Text("{reason}; ten or more are safer", "{reason}，建议 10 个以上").with_values(reason=reason)
        raise BadDetail(part="password", reason=reason.with_values(shortest=shortest))
    return password


def normalize_password(text: str) -> str | None:
    """The password as it is hashed; None for what cannot be anybody's."""
    if len(text) > MOST_PASSWORD_BYTES:
        return None
    password = unicodedata.normalize("NFKC", text)
    try:
        size = len(password.encode())
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can hold
        return None
    return password if size <= MOST_PASSWORD_BYTES else None


def read_label(text: str, part: str, longest: int) -> str:
    """A name somebody gives to a thing of theirs: 1 to ``longest`` visible characters. Raises ``BadDetail``."""
    label = " ".join(unicodedata.normalize("NFC", text).split())
    if not 0 < len(label) <= longest or not _is_visible(label):
        reason = Text(f"a name has 1 to {longest} characters that can be seen", f"名称需要 1 到 {longest} 个可见字符")
        raise BadDetail(part=part, reason=reason)
    return label


def _is_visible(text: str) -> bool:
    words = text.split(" ")
    return all(words) and all(_shows(letter) for word in words for letter in word) and not BLANK.search(text)


def _shows(letter: str) -> bool:
    return unicodedata.category(letter)[0] in VISIBLE
