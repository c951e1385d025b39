"""Which new passwords are taken: long enough, and none that a guesser tries first. No rules of composition."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from domain.refusals import Refusal
from domain.sentences import Sentence

SHORTEST: Final = 10
LONGEST: Final = 128
_SHORTEST_OWN_NAME: Final = 4
_FEWEST_DIFFERENT: Final = 4
_LONGEST_UNIT: Final = 5

# Words that many people build a password on, alone or with a year, digits and a sign behind or before it.
_COMMON_WORDS: Final = """
abc abcd abcde abcdef access account admin administrator adobe airport alexander amanda america andrea andrew angel
anthony apple arsenal asdf asdfgh asdfghjkl ashley august austin autumn azerty babygirl banana barcelona baseball
basketball batman beautiful benjamin biteme blink bonjour boston brandon bubbles buster butterfly changeme changeit
changethis charlie cheese chelsea chicago chicken chocolate chris christian christopher company computer contrasena
cookie corvette cowboys customer dallas daniel default demo dexter diamond dolphin donald dragon eagles elizabeth
england family flower football forever foobar freedom friday friend friends fuckyou george ginger google guest hallo
harley hello helloworld hockey hottie hunter iloveu iloveyou internet jackson january jasmine jennifer jessica jesus
jordan joshua justin killer kitty lakers letmein letmeinnow liverpool login london lovely loveme lovers maggie mama
manager march marina martin master matrix matthew member merlin michael michelle midnight monday monkey monster
morgan mustang myspace naruto nicole ninja nothing november october office oliver orange pass passord passphrase
passw0rd passwd passwort password passwords patrick peanut pepper phoenix pokemon portal princess private purple
qazwsx qazwsxedc qwer qwerty qwertyui qwertyuiop qwertz qwertzuiop ranger rainbow rachel raiders richard robert rocky
root samantha samsung sample scooter secret secure security september service shadow shannon silver slipknot snoopy
soccer sophie spider spiderman spring starwars steelers student summer sunday sunshine superman superuser support
supersecret sweety system taylor telecom temporary test tester testing thomas thunder tigger tinkerbell trustme
trustno unknown user username victoria walter welcome welcomeback whatever william winter wizard yankees yellow zxcvbn
zxcvbnm
"""
_COMMON: Final = frozenset(_COMMON_WORDS.split())
_LEET: Final = str.maketrans("01345$@!7", "oieassait")
_RUNS: Final = (
    "0123456789",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
    "qazwsxedcrfvtgbyhnujm",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
)


class PasswordTooShort(Refusal):
    message = Sentence("Use at least %(shortest)s characters. Several words are easy to remember.", shortest=SHORTEST)


class PasswordTooLong(Refusal):
    message = Sentence("Use at most %(longest)s characters.", longest=LONGEST)


class PasswordTooCommon(Refusal):
    message = "This password is among the first that are guessed. Use several words that do not belong together."


class PasswordHoldsOwnName(Refusal):
    message = "Leave your name and e-mail address out of the password."


def check_new_password(password: str, *, own_names: Iterable[str] = ()) -> None:
    """Refuse a password that is too short, too long, common, or built on the person's own names.

    ``own_names``: e-mail address, first and last name, company. Of an address the part before the @ counts, and each
    word of four letters or more.
    """
    if len(password) < SHORTEST:
        raise PasswordTooShort
    if len(password) > LONGEST:
        raise PasswordTooLong
    folded = _folded(password)
    if _is_repetition(password) or _is_common(folded):
        raise PasswordTooCommon
    if any(word in folded for name in own_names for word in _words_of(name)):
        raise PasswordHoldsOwnName


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def _words_of(name: str) -> list[str]:
    """The words of a name that nobody should build a password on."""
    local = _folded(name).partition("@")[0]
    words = [local, *re.split(r"[\W_]+", local)]
    return [word for word in words if len(word) >= _SHORTEST_OWN_NAME]


def _is_common(folded: str) -> bool:
    if len(set(folded)) < _FEWEST_DIFFERENT or _is_repetition(folded) or _is_run(folded):
        return True
    core = folded.strip("0123456789 !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
    around = folded.replace(core, "", 1) if core else folded
    if not core or (len(core) < _SHORTEST_OWN_NAME and _is_run(re.sub(r"\D", "", around))):
        return _is_run(re.sub(r"\D", "", folded)) or _is_repetition(re.sub(r"\D", "", folded))
    spellings = {core, core.translate(_LEET), re.sub(r"[\W\d_]+", "", folded.translate(_LEET))}
    return any(_is_made_of_common_words(spelling) for spelling in spellings)


def _is_repetition(text: str) -> bool:
    """A short unit over and over: abcabcabcabc. What is left over at the end may be a part of it."""
    return any(
        text == (text[:size] * (len(text) // size + 1))[: len(text)]
        for size in range(1, min(_LONGEST_UNIT, len(text) // 2) + 1)
    )


def _is_run(text: str) -> bool:
    """A stretch of the alphabet, the digits or a keyboard, forwards or backwards, also going round."""
    return len(text) > 2 and any(text in 3 * run or text in 3 * run[::-1] for run in _RUNS)


def _is_made_of_common_words(text: str) -> bool:
    """One common word, or the same one several times: passwordpassword. Two different words are already a choice."""
    bare = re.sub(r"[\W\d_]+", "", text)
    return bare in _COMMON or any(
        bare == bare[:size] * (len(bare) // size) and bare[:size] in _COMMON
        for size in range(3, len(bare) // 2 + 1)
        if len(bare) % size == 0
    )
