"""The grooves in three beats: the waltz, and how other styles sound in 3/4."""

from __future__ import annotations

from engine.training.corpus.groove import Groove

TRIPLE_GROOVES: dict[str, Groove] = {
    "waltz": Groove(
        drums=({"kick": "x...........", "snare": "....o...o...", "hat": "....g...g..."},
               {"kick": "x...........", "pedal": "....x...x...", "ride": "x...o...o..."}),
        bass=("R---........", "R-----------", "R---....5---R---....3---"),
        chords=("....x-..x-..", "....x---x---", "0-1-2-1-2-1-", "x-----------"),
        melody="triple", fill="none", crash=False,
    ),
    "jazz": Groove(
        drums=(
            {"ride": "x...x.x.x...", "pedal": "....x...x...", "kick": "g...........",
             "snare": "......g....."},
            {"ride": "x...x...x.x.", "pedal": "....x.......", "snare": "....g.....o."},
        ),
        bass=("R---3---5---", "R---5---A---", "R-------5---"),
        chords=("x-....x-....", "....x-..x-..", "..x-....x---"),
        melody="triple swinging", fill="soft", crash=False, walking=True, ghosts=0.3,
    ),
    "ambient": Groove(
        drums=({"kick": "o...........", "ride": "g...........", "shaker": "g...g...g..."},),
        bass=("R-----------", "R-------5---"),
        chords=("0---1---2---", "x-----------", "0-1-2-3-2-1-"),
        melody="triple", fill="none", pentatonic=True, crash=False, strum=True,
    ),
    "classical": Groove(
        drums=({"kick": "x...........", "snare": "....o...o.oo"},),
        bass=("R-------5---", "R---3---5---", "R-----------"),
        chords=("....x---x---", "0-2-1-2-1-2-", "012101210121", "x---x---x---"),
        melody="triple", fill="none", crash=False,
    ),
    "cinematic": Groove(
        drums=(
            {"kick": "X.......x...", "tom_low": "..x.x.x.x.xx"},
            {"kick": "X...........", "snare": "oogooogooogo"},
        ),
        bass=("R-----------", "R-R-R-R-R-R-", "R---R---R---"),
        chords=("0.0.1.0.0.1.", "x-----------", "012101210121"),
        melody="triple", fill="toms",
    ),
    "folk": Groove(
        drums=({"kick": "x...........", "snare": "....o...o...", "tambourine": "....x...x..."},
               {"kick": "x.....x.....", "tambourine": "..o.x.o.x.o."}),
        bass=("R-------....", "R---....5---", "R-------5-A-"),
        chords=("x---x-x-x-x-", "0-2-1-2-1-2-", "x---x-o-x-o-"),
        melody="triple", fill="soft", strum=True, crash=False,
    ),
    "blues": Groove(
        drums=({"kick": "x...........", "snare": "....x...x...", "ride": "x.x.x.x.x.x."},),
        bass=("R---3---5---", "R-R-3-3-5-A-"),
        chords=("x-x-x-x-x-x-", "....x-..x-..", "x---....x-x-"),
        melody="triple swinging", fill="none", pentatonic=True,
    ),
    "lofi": Groove(
        drums=({"kick": "x.....x.....", "snare": "....x...x...", "hat": "x.o.x.o.x.o."},
               {"kick": "x.......o...", "rim": "....x.......", "hat": "o.o.o.o.o.oo"}),
        bass=("R-------5-..", "R-----R-5-A-"),
        chords=("x-----------", "x-----x-----", "0-1-2-3-2-1-"),
        melody="triple", fill="soft", pentatonic=True, crash=False, ghosts=0.3,
    ),
    "pop": Groove(
        drums=({"kick": "x.....x.....", "snare": "....X...X...", "hat": "x.o.x.o.x.o."},
               {"kick": "x.......x...", "snare": "....X.......", "hat": "x.x.x.x.x.x."}),
        bass=("R-----R-5---", "R-R-R-R-R-A-"),
        chords=("x---x---x---", "0-1-2-1-2-1-", "x-----x-x---"),
        melody="triple", fill="toms", strum=True,
    ),
}  # fmt: skip
