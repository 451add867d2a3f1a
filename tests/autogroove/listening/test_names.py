"""What names say: the same song, another one, or nothing."""

import pytest

from autogroove.listening.names import name_album, name_artist, name_song

SAY_THE_SAME = [
    ("Song", "Song (Remastered 2009)"),
    ("Song", "Song - 2011 Remaster"),
    ("Song", "SONG [Live at Wembley, 1986]"),
    ("Song", "Song (feat. Guest)"),
    ("Song", "Song ft. Guest & Others [Deluxe Edition]"),
    ("Song", "Song (Radio Edit)"),
    ("Song", "Song (Mono) (Bonus Track)"),
    ("Song", "Song (Original Mix)"),
    ("Song", "Song（ライブ）"),
    ("Canción", "Canción (en vivo)"),
    ("Canción", "Cancion - Remasterizada 2012"),
    ("Canção", "Canção - Ao Vivo em Lisboa"),
    ("Chanson", "Chanson (en public)"),
    ("Chanson", "Chanson (remasterisée)"),
    ("Canzone", "Canzone (dal vivo, con Ospite)"),
    ("Lied", "Lied (Live im Konzert)"),
    ("Låt", "Låt (live från Globen, med Gäst)"),
    ("Песня", "Песня (концерт в Москве)"),
    ("Песня", "Песня [ремастеринг 2010]"),
    ("歌", "歌【リマスター】"),
    ("Don't Stop", "Don’t stop"),
    ("Rock & Roll", "Rock and Roll"),
    ("Ágætis byrjun", "Agaetis byrjun".replace("ae", "æ")),
]
SAY_ANOTHER = [
    ("Song", "Song (X Remix)"),
    ("Song", "Song (X Remix) [Remastered]"),
    ("Song", "Song (Instrumental)"),
    ("Song", "Song - Acoustic"),
    ("Song (Part 1)", "Song (Part 2)"),
    ("Song", "Song (Karaoke Version)"),
    ("Live and Let Die", "And Let Die"),
    ("Long Live", "Long"),
    ("Song 1", "Song 2"),
    ("1979", "1984"),
    ("Concerto No. 1 - Live", "Concerto No. 2 - Live"),
]
SAY_NOTHING = [
    "", "Intro", "INTRO (Live)", "Interlude III", "Outro", "Skit 2", "Untitled", "Track 01",
    "Piste 3", "AudioTrack 07", "Titel 12", "Pista 4", "Дорожка 5", "トラック 1", "07",
    "Sans titre", "II. Allegro", "[untitled]",
]  # fmt: skip


@pytest.mark.parametrize(("plain", "other"), SAY_THE_SAME)
def test_versions_say_the_same(plain: str, other: str) -> None:
    assert name_song(plain) == name_song(other) != ""


@pytest.mark.parametrize(("first", "second"), SAY_ANOTHER)
def test_other_songs_say_another(first: str, second: str) -> None:
    assert name_song(first) != name_song(second)


@pytest.mark.parametrize("title", SAY_NOTHING)
def test_some_titles_say_nothing(title: str) -> None:
    assert name_song(title) == ""


@pytest.mark.parametrize("title", ["(Live)", "???", "!!!", "Live", "[Deluxe]"])
def test_a_title_of_nothing_else_is_kept(title: str) -> None:
    assert name_song(title) != ""


def test_an_artist_is_the_one_named_first() -> None:
    for artist in ("The Band", "Band, The", "band feat. Guest", "Band (ft. Guest)", "BAND"):
        assert name_artist(artist) == name_artist("Band")
    assert name_artist("The The") != ""
    for nobody in ("", "Unknown Artist", "<unknown>", "Unbekannter Künstler", "Artiste inconnu"):
        assert name_artist(nobody) == ""
    for many in ("Various Artists", "VA", "Verschiedene Interpreten", "Неизвестный исполнитель"):
        assert name_artist(many) == ""


def test_an_album_is_one_whatever_its_edition() -> None:
    for album in ("Blue (Deluxe Edition)", "Blue [Disc 2]", "Blue CD1", "BLUE (2009 Remaster)"):
        assert name_album(album) == name_album("Blue")
    assert name_album("Live at Leeds") != name_album("Leeds")
    assert name_album("Unbekanntes Album") == name_album("Unknown Album") == ""
