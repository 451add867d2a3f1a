"""The Huffman codes of Layer III, as tables to look up.

What belongs here: the codes (ISO/IEC 11172-3, table B.7) and how they become look-up tables.
What does not: reading bits (`spectrum`).

A code is given by its symbols in the order of their code words and by the lengths of those: as
every code is complete, that is all there is to know. A pair's symbol is two hexadecimal digits, x
and y; a length is one digit to the base 32. Sign bits follow a code word, and are looked up with
it: one look-up gives both values, signed, and how many bits they took.
"""

import numpy as np
from numpy.typing import NDArray

PAIRS = {
    1: (
        "11011000",
        "3321",
    ),
    2: (
        "220212212011011000",
        "665553331",
    ),
    3: (
        "220212212010110100",
        "665553222",
    ),
    5: (
        "33233231130330221221022011011000",
        "8876777766663331",
    ),
    6: (
        "33032332301331220212212001111000",
        "7766655554443233",
    ),
    7: (
        "554554533544255215510534504333244214414004233203133130221221022011011000",
        "aaaa99998899899887778888777765664331",
    ),
    8: (
        "555445533544255205155134435033244214410440233213310330220220122111011000",
        "bba9aa999889999888788888888666442332",
    ),
    9: (
        "554535535405442552155134435004244233401441233213310330220212212011011000",
        "998899888877788777766665566554443333",
    ),
    10: (
        "7767765775664774566537734655546327726407706245350653441771362625521551344316616005502442"
        "3304144140233203133130221221022011011000",
        "bbbbbbaaaaaaabba99aa99aa9aa8899aa99aa888999999888888777766664331",
    ),
    11: (
        "7767767566477457555665377346455435532772640771177036636044255205156226061661513450433324"
        "4214410440233213310330222112022011011000",
        "aaaaaaabbaa999aaaa8899788888999987887788899888888776677654553332",
    ),
    12: (
        "7767765775664774655637735527724664177107703663455444060526626116603553255215513443500424"
        "4214334123324003301331221221022000110110",
        "aa99999998899888888998888899777888888777788777666677655544554333",
    ),
    13: (
        "fefcfdedffefdfeecfdebffbcedcafe9ecddfacdbeeb9ff9eabddb8ff8ccae9e8e7f7ef7daadbccbf66fe85f"
        "9dd9f5e7acbb4ff4cae6f33f8dd82ff26e9c0fc95eab7dd74ec8d63eb99baa1ff1f0bae5e48c6de3e22e0e1e"
        "e1e05dd57cc74d8bb8d49aa96cc63dd37b2dd21db75cc5997ac3a7974bd10dd08aa84cc46bb63c2cc25bb589"
        "1cc1980cc0b46aa6793bb3885a2ba569a47887947776b21bb10bb0964a3aa359952aa21aa10a68a086499339"
        "5885672992577538836647745665731991099048847246642882183727177155077036634554266235810880"
        "166106605344255205155134435024423314410440233213310330221221022011011000",
        "jjihgggggggggghhffggffffffffffggfggeeffffeeeeeeeeeeeffedeeddeedeedeedeeddeecccddddddcddc"
        "cddddddddddddccddccccddddcddcbccccccccbbbbccbbccbccccbbccbccbccbccaaabbbbbbbbaaaabbabbab"
        "bbbaabbaabbbbbb99aaaaabb999aa99aaaaaaaaaa8999999aa999889999998788887777766664431",
    ),
    15: (
        "ffeffedfeefdcffcdeedbffbceecddaffabeebcddc9ff9eabddb8ff8cc9ee97ff7addabc6fae0fcbf68ee85f"
        "9df57ee7accabbd98d4ff43ff3d8e62ff26ef01ff19cc95eabbae57dd74ee48cc83e6dd6e39bb92eaae21ee1"
        "0ee05dd57cc74d8bd4b89aa96cc63dd3d22d0d1d7bb7d15cd0c58aa84cc46bb6990c3cc37aa7a6c00bc22c5b"
        "b51c8998c14bb46a3b79b397882b5ab2a51bb1b069964aa478873aa359952aa21aa10aa06886499439937709"
        "5885296776929119904884577538836647288218817408805665377346277264175571077036634554266216"
        "066035615344255215510550344324423341140423324003133130221221022011011000",
        "ddddcddddddcddcccccccccccccccccccccccddbbccccbbbbbbccbbbbbbbbccbbbbbbbbbbbbbbbbbbbbbbbbb"
        "ccbbbbbbabbbbbbaabbaaaabbaaaaaaabbaaaaabb9aaaaaaaaaaaa9aaaa9aa9aaaaaaaa9999999aa999999aa"
        "99999989999999999888899999999888888998888888998788777788777776776677666555553443",
    ),
    16: (
        "effedffdcffcbffbaffa9ff9f88f7ff76ff6ff5ff54ff4f3f03fceecdddee9ead9eeedebbecddcdbaeccadda"
        "7eaccac97d5ebdf22f0f1ff19ebccb8ee89de7bb8dd86ee69cabbae5d74ee48cc83e6dd69bb9aae1d4b8a97b"
        "b7d0e30ee05dd57cc74d8b9a6cc63d5cc50d8aa8994cb67a3c5b891cc09879e22e1ed32dd2d13b97881dc46b"
        "c3a72cc2b5c10c4bb46aa6b35aa52bb21bb10bb069964aa47887a33a592a9568a1867794495767a21a0aa039"
        "9358852992760919919048847538836628824774188180085637736546277264550717717036634554266216"
        "610660533544255251150534435024423314410440233213310330221221022011011000",
        "bbbbbbbbabbbbaaaaa8aa9999aghhffggeffeeffeeffffeffed89988deeeeeeeeeeddeeeedeedddeeeeddeed"
        "eecddddddddddddddcddddddcddccddbcccccccddbccccbccccccccbccbbbbccccccccbccbccbccbccbaabbb"
        "bbbaabbaabbbbbbbbabbaaabbaabbaabba99aaaaaa999aa9aa998999999998899887788766664431",
    ),
    24: (
        "effedffdcffcbffbfaaf9ff9f88f7ff76ff65ff54ff43ff32ff2f11ff00feedeedceecddbeebcddcaeeabddb"
        "cc9ee9addabccb8ee89dd97ee7acffcabb8dd80ee00de66e9cc95ebae5ab7dd7e48cc84e2e3e6dd6e39bb9aa"
        "e21ee15dd57cc74d8bb8d49aa96cc63dd32dd21d7bb7d15cc58aa8994cc46bb6d00c3cc37aa72cc25bb51c89"
        "98c14bc00b3bb00a1ab46aa67997a00990b3882b5ab2a51bb16996a44a78873aa359952aa2a1688677499439"
        "9358852967769219914884577538836628821847748108805665170770733727724664557136634554266216"
        "610660355344255215055051344324423314410440233213310330221221022011011000",
        "888888887887788777777777777889bbbbbbbbbbbbbbbbbbbbbbbbbbbb4bbbbccbabbaaaabbaaaabbaaaaaaa"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaabbaaaaaaaaaaaaabbabba9aaaabba99aa9aaaa99aa99999999999999"
        "9999999999999999999999aa999aa899888888888888899888888997887777788776677655664444",
    ),
}
"""Codes of pairs by their number; 17 to 23 are as 16, and 25 to 31 as 24, with more `LINBITS`."""

QUADS = (
    (
        "bfde75963ac21480",
        "6666665555544441",
    ),
    (
        "fedcba9876543210",
        "4444444444444444",
    ),
)
"""The two codes of four values that are 0 or 1; a symbol's highest bit is the first value."""

LINBITS = np.array([0] * 16 + [1, 2, 3, 4, 6, 8, 10, 13, 4, 5, 6, 7, 8, 9, 11, 13], np.int64)
"""How many bits more a value has that is 15, by the number of the code."""

FIRST_BITS = 10
"""Bits of the first look-up; the few longer code words take a second one."""
QUAD_BITS = 10

ESCAPED = 1 << 16
"""An entry whose values are not complete: without signs, and with LINBITS to be read."""

Entries = NDArray[np.int32]
_Words = list[tuple[int, int, int]]


def look_up_pairs() -> tuple[Entries, NDArray[np.int64]]:
    """All codes of pairs in one table, and where each code starts in it (-1: there is none).

    An entry holds x + 15 in its bits 0 to 4, y + 15 in 5 to 9, and in 10 to 15 how many bits
    they took. A negative entry -(16 * place + bits) leads on: look `bits` more bits up there.
    """
    roots = np.full(32, -1, np.int64)
    table: list[Entries] = []
    size = 0
    for number, (symbols, lengths) in PAIRS.items():
        words = _pair_words(symbols, lengths, escapes=number in (16, 24))
        part = _fill_table(words, size)
        roots[number : number + 8 if number in (16, 24) else number + 1] = size
        table.append(part)
        size += len(part)
    return np.concatenate(table), roots


def look_up_quads() -> Entries:
    """Both codes of four, one after the other, 2 ** QUAD_BITS entries each.

    An entry holds two bits a value (0, 1 for +1, 2 for -1), the first value lowest, and in its
    bits 8 to 11 how many bits they took.
    """
    table = np.zeros((2, 1 << QUAD_BITS), np.int32)
    for row, (symbols, lengths) in zip(table, QUADS, strict=True):
        for code, length, symbol in _code_words([int(s, 16) for s in symbols], lengths):
            used = [i for i in range(4) if symbol & 8 >> i]
            for signs in range(1 << len(used)):
                entry = total = length + len(used)
                entry <<= 8
                for place, i in enumerate(used):
                    negative = signs >> (len(used) - 1 - place) & 1
                    entry |= (1 + negative) << 2 * i
                start = (code << len(used) | signs) << (QUAD_BITS - total)
                row[start : start + (1 << QUAD_BITS - total)] = entry
    return table.reshape(-1)


def _code_words(symbols: list[int], lengths: str) -> _Words:
    """(code word, its length, symbol) of a complete code in order."""
    code, before, words = 0, 0, []
    for symbol, digit in zip(symbols, lengths, strict=True):
        length = int(digit, 32)
        code = code << (length - before) if length >= before else code >> (before - length)
        words.append((code, length, symbol))
        code, before = code + 1, length
    return words


def _pair_words(symbols: str, lengths: str, escapes: bool) -> _Words:
    """(code word with its signs, its length, entry) of all pairs."""
    values = [int(symbols[i : i + 2], 16) for i in range(0, len(symbols), 2)]
    words = []
    for code, length, symbol in _code_words(values, lengths):
        x, y = symbol >> 4, symbol & 15
        if escapes and 15 in (x, y):
            words.append((code, length, ESCAPED | length << 10 | (y + 15) << 5 | (x + 15)))
            continue
        num_signs = (x > 0) + (y > 0)
        total = length + num_signs
        for signs in range(1 << num_signs):
            left = -x if x and signs >> (num_signs - 1) else x
            right = -y if y and signs & 1 else y
            entry = total << 10 | (right + 15) << 5 | (left + 15)
            words.append((code << num_signs | signs, total, entry))
    return words


def _fill_table(words: _Words, start: int) -> Entries:
    """A first table of FIRST_BITS, and behind it those that it leads to."""
    first = np.zeros(1 << FIRST_BITS, np.int32)
    longer: dict[int, _Words] = {}
    for code, length, entry in words:
        if length <= FIRST_BITS:
            place = code << (FIRST_BITS - length)
            first[place : place + (1 << FIRST_BITS - length)] = entry
        else:
            rest = length - FIRST_BITS
            longer.setdefault(code >> rest, []).append((code & ((1 << rest) - 1), rest, entry))
    parts, size = [first], len(first)
    for prefix, rests in longer.items():
        bits = max(length for _, length, _ in rests)
        second = np.zeros(1 << bits, np.int32)
        for code, length, entry in rests:
            place = code << (bits - length)
            second[place : place + (1 << bits - length)] = entry
        first[prefix] = -(16 * (start + size) + bits)
        parts.append(second)
        size += len(second)
    return np.concatenate(parts)
