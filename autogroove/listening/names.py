"""Who a name means, whatever was written around it.

What belongs here: keys of songs, artists and albums: equal for names that say the same.
What does not: whether two tracks that say the same are one recording (`recordings`).

A key is "" where a name says nothing: "Track 01", "Intro", "Unknown Artist". Words are looked for
where versions are named, which is in brackets or behind a dash, never in the title itself: "Live
and Let Die" stays what it is.
"""

import re
import unicodedata
from functools import lru_cache

_VERSIONS = re.compile(
    r"\b(?:live|vivo|directo|unplugged|concert|concierto|konzert|koncert|konsert|in diretta"
    r"|en (?:direct|public)|canlı|élőben|livenä|elävänä|na żywo|naživo|živě|živo|uživo|sessions?"
    r"|концерт\w*|вживую|живьем|живьём|re-?master\w*|remastr\w*|remast[eé]ri[sz]\w*|geremaster\w*"
    r"|rimasterizz\w*|ремастер\w*|explicit|clean|official|lyrics?|bonus(?: track)?|deluxe|mono"
    r"|stereo"
    r"|(?:album|single|radio|studio|lp|full|original|mono|stereo|explicit|clean)[ -]?"
    r"(?:version|versione|versión|versão|fassung|edit|mix|cut)"
    r"|version (?:originale|album|single|studio|radio)"
    r"|anniversary|edition|edición|edição|édition|edizione|expanded)\b"
    r"|リマスター|ライブ|ライヴ|리마스터|라이브|重制|重製|重置版|现场|現場|演唱会|演唱會"
)
_OTHERS = re.compile(
    r"\b(?:remix\w*|rmx|(?<!original )(?<!stereo )(?<!mono )(?<!album )(?<!radio )mix"
    r"|instrumental\w*|karaoke|acoustic|acoustique|ac[uú]stic[oa]|akustisch|reprise|cover|dub|rework|bootleg|mashup"
    r"|demo|a cappella|acapella|part|parte|teil|pt|vol|no|nr|ремикс)\b|リミックス|カラオケ"
)
"""These make another recording of what they stand behind."""

_GUEST_BRACKET = re.compile(
    r"\s*(?:(?:feat|ft|featuring|with|con|com|avec|mit|met|med)\b\.?\s*\S|w/|при уч(?:астии|\.))",
    re.IGNORECASE,
)
_GUEST_TAIL = re.compile(
    r"\s(?:feat\b\.?|ft\b\.?|featuring\b|при уч(?:астии|\.))\s[^()\[\]{}]*", re.IGNORECASE
)
_BRACKETS = re.compile(r"\(([^()]*)\)|\[([^\[\]]*)\]|\{([^{}]*)\}|【([^【】]*)】")
_DASH = re.compile(r"\s[-–—]\s")
_YEAR = re.compile(r"(?:19|20)\d\d")
_DISC = re.compile(r"\b(?:dis[ck]|cd|dvd|lp|disque|disco|диск) ?\d+$")
_NUMBERED = re.compile(
    r"(?:audio ?)?(?:track|titel|titre|piste|pista|traccia|faixa|spar|spor|nummer|raita|stopa"
    r"|sciezka|дорожка|трек|トラック|트랙|曲目|音轨|音軌) ?\d*|\d{1,3}"
)
_PLACE = re.compile(r"^(?:the |[ivx]+ )| (?:\d+|[ivx]+)$")
"""What a title that says nothing may begin or end with."""


def _spell(text: str) -> str:
    """Words of letters and digits without case and Latin accents; of marks only, those."""
    parts = unicodedata.normalize("NFKD", text.casefold().replace("&", " and "))
    kept = (
        letter if letter.isalnum() or unicodedata.category(letter)[0] == "M" else " "
        for letter in parts
        if not ("\u0300" <= letter <= "\u036f" or letter in "'’‘`´ʼ")
    )
    return " ".join("".join(kept).split()) or " ".join(text.casefold().split())


def _spell_all(phrases: str) -> frozenset[str]:
    return frozenset(_spell(phrase) for phrase in phrases.split(","))


_SAY_NOTHING = _spell_all("""
    intro, introduction, introducción, introduzione, introdução, introduktion, einleitung, outro,
    interlude, interludio, interlúdio, intermezzo, intermission, intermède, entracte, zwischenspiel,
    prelude, prélude, preludio, prelúdio, präludium, prolog, prologue, prólogo, prologo, epilog,
    epilogue, épilogue, epílogo, epilogo, skit, untitled, unknown, silence, opening, ending,
    finale, theme, overture, ouverture, hidden track, bonus track, jam, no title, n/a, null, none,
    ohne titel, sans titre, sin título, senza titolo, sem título, utan titel, uden titel,
    zonder titel, bez názvu, bez tytułu, без названия, вступление, интро, 無題, 无题, イントロ,
    前奏, 间奏, 인트로,
    allegro, andante, adagio, largo, presto, scherzo, menuetto, minuet, rondo, moderato, vivace,
    allegretto, lento, larghetto, aria, recitativo, chorale, sonata, fugue, toccata
""")
_NOBODY = _spell_all("""
    unknown, unknown artist, unbekannt, unbekannter interpret, unbekannter künstler, inconnu,
    artiste inconnu, desconocido, artista desconocido, artista desconhecido, artista sconosciuto,
    onbekend, onbekende artiest, okänd artist, ukjent artist, ukendt kunstner, tuntematon esittäjä,
    nieznany wykonawca, neznámý interpret, ismeretlen előadó, bilinmeyen sanatçı,
    неизвестный исполнитель, неизвестный, 不明なアーティスト, 未知艺术家, 未知藝人,
    알 수 없는 아티스트, 알 수 없는 음악가, various, various artists, va, v.a.,
    verschiedene, verschiedene interpreten, verschiedene künstler, varios, varios artistas,
    vários artistas, artistes divers,
    artistes variés, artisti vari, autori vari, aa.vv., diverse, diverse artiesten,
    diverse artister, blandade artister, различные исполнители, разные исполнители, różni wykonawcy,
    soundtrack, ost, original soundtrack, n/a, null, none
""")
_NO_ALBUM = _spell_all("""
    unknown, unknown album, unbekannt, unbekanntes album, album inconnu, álbum desconocido,
    álbum desconhecido, album sconosciuto, onbekend album, okänt album, ukjent album, ukendt album,
    nieznany album, неизвестный альбом, 不明なアルバム, 未知专辑, 未知專輯, 알 수 없는 앨범,
    untitled, single, singles, non-album tracks, no album, album, misc, n/a, null, none
""")


@lru_cache(maxsize=1 << 16)
def name_song(title: str) -> str:
    """The key of a title without what versions, years and guests add.

    >>> name_song("Don’t Stop (feat. Guest) [Remastered 2009]") == name_song("Don't stop - Live")
    True
    >>> name_song("Track 07")
    ''
    """
    words = _spell(_strip_versions(title))
    if words in _SAY_NOTHING or _PLACE.sub("", words) in _SAY_NOTHING or _NUMBERED.fullmatch(words):
        return ""
    return words.replace(" ", "")


@lru_cache(maxsize=1 << 16)
def name_artist(artist: str) -> str:
    """The key of the artist who is named first; guests are left out.

    >>> name_artist("The Band feat. Guest") == name_artist("Band, The")
    True
    """
    named = _BRACKETS.sub(_drop_guest, artist)
    words = _spell(_GUEST_TAIL.sub(" ", named))
    if words in _NOBODY:
        return ""
    bare = words.removeprefix("the ").removesuffix(" the")
    return (bare or words).replace(" ", "")


@lru_cache(maxsize=1 << 16)
def name_album(album: str) -> str:
    """The key of an album, whichever its edition or disc.

    >>> name_album("Blue (Deluxe Edition) [Disc 2]") == name_album("Blue")
    True
    """
    words = _spell(_strip_versions(_BRACKETS.sub(_drop_disc, album)))
    words = _DISC.sub("", words).strip() or words
    return "" if words in _NO_ALBUM else words.replace(" ", "")


def spell_title(title: str) -> str:
    """A title as it is written, but for case, accents and punctuation."""
    return _spell(title).replace(" ", "")


def _strip_versions(title: str) -> str:
    title = unicodedata.normalize("NFKC", title)
    left = _BRACKETS.sub(_drop_version, title)
    left = _GUEST_TAIL.sub(" ", left)
    head, *tails = _DASH.split(left)
    while tails and (_is_version(tails[-1]) or not tails[-1].strip()):
        tails.pop()
    left = " - ".join([head, *tails])
    return left if _spell(left) else title


def _drop_version(found: re.Match[str]) -> str:
    inside = next((group for group in found.groups() if group is not None), "")
    is_left_out = _is_version(inside) or _GUEST_BRACKET.match(inside)
    return " " if is_left_out else found.group()


def _drop_guest(found: re.Match[str]) -> str:
    inside = next((group for group in found.groups() if group is not None), "")
    return " " if _GUEST_BRACKET.match(inside) else found.group()


def _drop_disc(found: re.Match[str]) -> str:
    inside = next((group for group in found.groups() if group is not None), "")
    return " " if _DISC.fullmatch(_spell(inside)) else found.group()


def _is_version(words: str) -> bool:
    folded = words.casefold()
    if _YEAR.fullmatch(folded.strip()):
        return True
    return bool(_VERSIONS.search(folded)) and not _OTHERS.search(folded)
