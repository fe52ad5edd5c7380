"""The grooves in four beats, one a style, in the notation of `engine.training.corpus.groove`.

They are the common practice of each style (four on the floor, two-step, one-drop, bossa clave,
swing ride, Alberti bass), written down for this project.
"""

from __future__ import annotations

from engine.training.corpus.groove import Groove

_FOUR = "x...x...x...x..."
_BACKBEAT = "....x.......x..."
_OFF = "..x...x...x...x."
_EIGHTHS = "x.o.x.o.x.o.x.o."

GROOVES: dict[str, Groove] = {
    "house": Groove(
        drums=(
            {"kick": _FOUR, "clap": _BACKBEAT, "open": _OFF, "hat": "o..oo..oo..oo..o"},
            {"kick": _FOUR, "clap": _BACKBEAT, "open": _OFF, "shaker": "oogoogoogoogoogo"},
            {"kick": _FOUR, "snare": _BACKBEAT, "open": _OFF, "hat": "x.g.x.g.x.g.x.gg",
             "conga_high": "......o..o....o."},
        ),
        bass=("..R...R...R...R.", "R..R..8...R..R8.", "R.....R...R.8...", "..R-..R-..R5..R8"),
        chords=("x..x..x...x..x..", "..x...x...x...x.", "x--x--x---x--x--", "...x..x....x..x."),
        melody="syncopated", fill="snare",
    ),
    "techno": Groove(
        drums=(
            {"kick": "X...X...X...X...", "open": _OFF, "hat": "o.ooo.ooo.ooo.oo"},
            {"kick": "X...X...X...X...", "clap": _BACKBEAT, "hat": "gogogogogogogogo", "open": _OFF,
             "rim": "...o......o....."},
            {"kick": "X...X...X...X...", "ride": _OFF, "hat": "oooooooooooooooo",
             "tom_low": "......o..o......"},
        ),
        bass=(".RRR.RRR.RRR.RRR", "..R...R...R...R.", "R.RR8.R.RR.R8.R.", ".R.R.R.8.R.R.R.5"),
        chords=("x.....x.....x...", "...x.....x......", "0123012301230123", "x..x..x..x..x.x."),
        melody="riff", fill="snare", pentatonic=True,
    ),
    "drum-and-bass": Groove(
        drums=(
            {"kick": "x.........x.....", "snare": "....X..g.g..X..g", "hat": "x.x.x.x.x.x.x.x."},
            {"kick": "x..x......x.....", "snare": "....X.......X..g", "ride": "x.x.x.x.x.x.x.x."},
            {"kick": "x.x.......xx....", "snare": "....X..g.g..X...", "hat": "xoxoxoxoxoxoxoxo"},
        ),
        bass=("R-----------R-5-", "R-----R---------", "R---..R-..8-R---", "R--R--R-----3-5-"),
        chords=("x---------------", "x-----x---------", "..x-------x-----", "0.1.2.3.2.1.0.1."),
        melody="sparse", fill="breaks", ghosts=0.5,
    ),
    "trap": Groove(
        drums=(
            {"kick": "x.....x...x.....", "clap": "........X.......", "hat": "x.x.x.x.x.xrx.x."},
            {"kick": "x..x......x..x..", "clap": "........X.......", "hat": "x.x.xrx.x.x.x.rr",
             "open": "..............o."},
            {"kick": "x.........xx....", "snare": "........X.......", "hat": "xoxoxoxoxoxoxrrr"},
        ),
        bass=("R-----R---R-----", "R--R------R--R--", "R---------RR----", "R-------..R-8---"),
        chords=("0.1.2.1.0.1.2.1.", "x-------x-------", "0--1--2-0--1--2-", "x-----x-----x---"),
        melody="riff", fill="rolls", pentatonic=True, crash=False,
    ),
    "lofi": Groove(
        drums=(
            {"kick": "x......x.x......", "snare": _BACKBEAT, "hat": _EIGHTHS},
            {"kick": "x.....x...x.....", "snare": "....x..g....x...", "hat": "x.o.x.oox.o.x.o."},
            {"kick": "x..x......x.....", "rim": _BACKBEAT, "hat": "o.o.o.o.o.o.o.oo",
             "shaker": "g.g.g.g.g.g.g.g."},
        ),
        bass=("R------R-.5-....", "R-----..R--5----", "R---..8-R---..A-", "R--------.R-3-5-"),
        chords=("x-------x-------", "x------x--------", "x-----------x---", "..x-----..x-----",
                "0-1-2-3-2-1-----"),
        melody="flowing", fill="soft", pentatonic=True, crash=False, ghosts=0.3,
    ),
    "boom-bap": Groove(
        drums=(
            {"kick": "x..x......x.....", "snare": "....X.......X...", "hat": _EIGHTHS},
            {"kick": "x.....xx..x.....", "snare": "....X..g....X..g", "hat": "x.x.x.x.x.x.x.xo"},
            {"kick": "xx........x..x..", "snare": "....X.......X...", "hat": _EIGHTHS,
             "open": "......o........."},
        ),
        bass=("R..R......R.5...", "R.....RR..8.....", "R-......R-..7-A-", "RR....3...5..A.."),
        chords=("x-----x-........", "x---....x---....", "..x-......x-....", "0.1.2...0.1.3..."),
        melody="syncopated", fill="snare", pentatonic=True, ghosts=0.35,
    ),
    "funk": Groove(
        drums=(
            {"kick": "x.x.......x..x..", "snare": "....X..g.g..X..g", "hat": "xoxoxoxoxoxoxoxo"},
            {"kick": "x..x..x...x.....", "snare": "....X.g..g..X.g.", "hat": "x.x.x.x.x.x.x.xo",
             "open": "..............x."},
            {"kick": "x......x..x.....", "snare": "....X..g.gg.X..g", "hat": "x.xox.xox.xox.xo",
             "cowbell": "x...x...x...x..."},
        ),
        bass=("R..R..8...R.57.A", "R.g8..R.g.5.7.8.", "R..gR.8.g.R.3.5A", "R.R...8R..g57..A"),
        chords=("..x...xx..x..x..", "x..x..x.x..x..x.", "oxo.xo.xoxo.xo.x", "....x.......x..x"),
        melody="riff", fill="snare", pentatonic=True, ghosts=0.5,
    ),
    "disco": Groove(
        drums=(
            {"kick": _FOUR, "snare": _BACKBEAT, "open": _OFF, "hat": "x...x...x...x..."},
            {"kick": _FOUR, "snare": "....x.......x..o", "hat": "xoxoxoxoxoxoxoxo", "open": _OFF},
            {"kick": _FOUR, "clap": _BACKBEAT, "open": _OFF, "tambourine": "x.xxx.xxx.xxx.xx"},
        ),
        bass=("R.8.R.8.R.8.R.8.", "R.8.R.8.5.8.R.8A", "R..8..R.8.R.5.8.", "R.R8R.R8R.R8R.5A"),
        chords=("..x...x...x...x.", "x.xxx.xxx.xxx.xx", ".xx..xx..xx..xx.", "x--.x--.x.x.x--."),
        melody="flowing", fill="toms",
    ),
    "rock": Groove(
        drums=(
            {"kick": "x.......x.x.....", "snare": "....X.......X...", "hat": _EIGHTHS},
            {"kick": "x.x.......x...x.", "snare": "....X.......X...", "ride": "x.x.x.x.x.x.x.x."},
            {"kick": "x.....x.x.......", "snare": "....X.......X...", "open": "x...x...x...x..."},
        ),
        bass=("R.R.R.R.R.R.R.R.", "R...R.R.R...R.R.", "R-.RR-.RR-.RR-5A", "R---R---R-R-5-A-"),
        chords=("x-x-x-x-x-x-x-x-", "x-----x-x-------", "x---x-x---x-x---", "x-------x---x---"),
        melody="syncopated", fill="toms", pentatonic=True, strum=True, ghosts=0.2,
    ),
    "jazz": Groove(
        drums=(
            {"ride": "x...x.x.x...x.x.", "pedal": _BACKBEAT, "kick": "g...g...g...g...",
             "snare": "......g.......o."},
            {"ride": "x...x.x.x...x.x.", "pedal": _BACKBEAT, "snare": "..g.......o....."},
            {"ride": "x...x...x...x.x.", "pedal": _BACKBEAT, "kick": "g.......g.....o.",
             "rim": "............o..."},
        ),
        bass=("R---3---5---A---", "R---5---8---A---", "R---8---7---A---", "R---3---5--R-A--"),
        chords=("x-....x-........", "..x-........x-..", "......x-....x-..", "x---......x-....",
                "..x-..x-........"),
        melody="swinging", fill="soft", crash=False, ghosts=0.35, walking=True,
    ),
    "bossa-nova": Groove(
        drums=(
            {"kick": "x.....x.x.....x.", "rim": "x.....x.....x.......x.....x.....",
             "hat": _EIGHTHS},
            {"kick": "x.....x.x.....x.", "rim": "....x.....x.....x.....x.....x...",
             "shaker": "xgogxgogxgogxgog"},
        ),
        bass=("R-----5-5-----R-", "R-----R-5-----5-", "R-----5-8-----A-"),
        chords=("x---..x-..x-..x-..x---..x---x---", "..x-x---..x-..x-", "x-..x---..x-..x-",
                "0-12--0-12--0-12"),
        melody="flowing", fill="soft", crash=False,
    ),
    "reggae": Groove(
        drums=(
            {"kick": "........x.......", "rim": "........x.......", "hat": "x.o.x.o.x.o.x.oo"},
            {"kick": _FOUR, "rim": "........X.......", "hat": "xgo.xgo.xgo.xgo."},
            {"kick": "x.......x.......", "snare": "........X.......", "hat": _EIGHTHS,
             "open": "..............o."},
        ),
        bass=("R-..R-3-5-......", "R---..R-..5-3-R-", "..R-R-..5---8-5-", "R-R-..3-5-..5-3-"),
        chords=("..x...x...x...x.", "..xx..xx..xx..xx", "..x...x...x...xo"),
        melody="syncopated", fill="toms", pentatonic=True,
    ),
    "synthwave": Groove(
        drums=(
            {"kick": _FOUR, "snare": "....X.......X...", "hat": "x.o.x.o.x.o.x.o."},
            {"kick": "x.......x.......", "snare": "....X.......X...", "hat": "xoxoxoxoxoxoxoxo"},
            {"kick": "x..x..x...x.....", "snare": "....X.......X...", "hat": _EIGHTHS,
             "tom_mid": "..............oo"},
        ),
        bass=("RRRRRRRRRRRRRRRR", "R.RRR.RRR.RRR.RR", "R.R8R.R8R.R8R.R8", "R-R-R-R-R-R-8-R-"),
        chords=("0123210301232103", "x-------x-------", "x-----x-----x---", "0121012101210121"),
        melody="flowing", fill="toms",
    ),
    "ambient": Groove(
        drums=(
            {"kick": "o...............", "ride": "g.......g.......", "shaker": "g...g...g...g..."},
            {"tom_low": "o.........g.....", "ride": "....g.......g..."},
        ),
        bass=("R---------------", "R-------5-------", "R-----------8---"),
        chords=("0---1---2---3---", "x---------------", "0-----2-----1---", "0-1-2-3-4-3-2-1-"),
        melody="sparse", fill="none", pentatonic=True, crash=False, strum=True,
    ),
    "classical": Groove(
        drums=({"kick": "x.......x.......", "snare": "....x.oo....x.oo"},
               {"kick": "x...........o...", "snare": "..............oo"}),
        bass=("R-------5-------", "R---..3-5---....", "R---R---5---5---", "R-------3---5---"),
        chords=("0-2-1-2-0-2-1-2-", "0121012101210121", "x---x---x---x---", "0-1-2-3-2-1-2-1-",
                "..x-..x-..x-..x-"),
        melody="flowing", fill="none", crash=False,
    ),
    "cinematic": Groove(
        drums=(
            {"kick": "X...o...X...o...", "snare": "............o.oo",
             "tom_low": "x...x.x.x...x.x."},
            {"kick": "X.......X...x...", "snare": "oogooogooogooogo"},
            {"kick": "X.....x.X...x...", "tom_low": "....x.......x.xx"},
        ),
        bass=("R---------------", "R-R-R-R-R-R-R-R-", "R---R---R---R---", "R-------R-------"),
        chords=("0.0.1.0.0.0.1.0.", "x---------------", "x---x---x---x---", "0121012101210121"),
        melody="sparse", fill="toms",
    ),
    "blues": Groove(
        drums=(
            {"kick": "x.......x.....x.", "snare": "....X.......X...", "ride": "x.x.x.x.x.x.x.x."},
            {"kick": "x.....x.x.......", "snare": "....X.....g.X...", "hat": "x.o.x.o.x.o.x.o."},
        ),
        bass=("R---3---5---7---", "R-R-3-3-5-5-7-5-", "R---R---5---7-A-", "R-R-5-5-7-7-5-A-"),
        chords=("x-x-x-x-x-x-x-x-", "....x-......x-..", "..x-....x-..x-..", "x---......x-x---"),
        melody="swinging", fill="snare", pentatonic=True,
    ),
    "folk": Groove(
        drums=(
            {"kick": "x.......x.......", "snare": "..o.x.o...o.x.o.", "tambourine": _BACKBEAT},
            {"kick": _FOUR, "tambourine": _OFF},
        ),
        bass=("R---....5---....", "R-------5-------", "R---..R-5---..A-"),
        chords=("x---x-ox-ox-x-x-", "0-2-1-2-0-2-1-2-", "x---x-x---x-x-x-", "0-121-2-0-121-2-"),
        melody="flowing", fill="soft", strum=True, crash=False,
    ),
    "pop": Groove(
        drums=(
            {"kick": "x.......x.x.....", "snare": "....X.......X...", "hat": _EIGHTHS},
            {"kick": _FOUR, "clap": _BACKBEAT, "hat": "..x...x...x...x."},
            {"kick": "x..x..x...x.....", "snare": "....X.......X...", "hat": "x.x.x.x.x.x.x.x.",
             "shaker": "g.g.g.g.g.g.g.g."},
        ),
        bass=("R-R-R-R-R-R-R-R-", "R-----R-R-------", "R---..R-R---5-A-", "R--R--R-----R-5-"),
        chords=("x---x---x---x---", "x-----x-x-------", "0-1-2-1-0-1-2-1-", "x--x--x---x-x---"),
        melody="syncopated", fill="toms", strum=True,
    ),
}  # fmt: skip
