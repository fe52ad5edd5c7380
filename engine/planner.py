"""Fills what a score leaves open: read from the prompt first, then chosen to suit the style.

What the user gave is kept exactly. The same prompt, score and seed give the same plan. `plan` is
pure and fast, so that the window can show it while the user types; `plan_for` also reads, once,
the settings of a file that is played over.
"""

from __future__ import annotations

import math
from random import Random

from engine import prompt_reader
from engine.accompaniment import score_of
from engine.api import GenerationRequest
from engine.ensemble import Wanted, choose_players
from engine.instruments import Instrument, instruments_in
from engine.instruments import known as known_instrument
from engine.score import BARS, TEMPO_BPM, Chord, Key, Mode, Score, Stem
from engine.styles import STYLES, Style, named_styles, parse_style
from engine.styles import style as style_by_id
from engine.theory import estimate_key, lies_in, progression

_LOOPS = (1, 2, 4, 8, 16)
_PACE_SHARE = {"slow": (0.0, 0.25), "medium": (0.35, 0.65), "fast": (0.75, 1.0)}


def plan(prompt: str, given: Score, duration_s: float, seed: int) -> Score:
    """A complete score for `prompt`: every part that `given` leaves open is filled.

    `bars` covers `duration_s` (as far as `engine.score.BARS` allows); a loop has 1, 2, 4, 8 or 16,
    whichever is nearest to it. Chords are 4 or 8 long unless given. A stem decides whether there
    are drums. Deterministic in all four arguments. Raises `InvalidRequest` for a style or an
    instrument that is unknown.
    """
    rng = Random(f"plan/{seed}")
    read = _read(prompt)
    known = given.filled_by(read)
    style = choose_style(prompt, known, rng)
    tempo = known.tempo_bpm or _tempo(prompt, style, rng)
    beats = known.beats_per_bar or style.beats_per_bar
    key = known.key or _key(prompt, known.chords, style, rng)
    chords = known.chords or _chords(key, style, rng)
    loop, stem = known.loop or False, known.stem or Stem.MIX
    bars = known.bars or (_loop_bars if loop else _bars)(duration_s, tempo, beats)
    drums = _drums(given, read, stem, style)
    players = given.instruments
    if players is None:
        players = choose_players(style, _wanted(prompt, drums, stem), rng)
    for name in players:
        known_instrument(name)
    return Score(tempo, beats, key, chords, bars, drums, stem, loop, style.id, players)


def plan_for(request: GenerationRequest) -> Score:
    """The plan of a request. An open seed plans like seed 0, so that what the window shows
    before is what is generated after. What it is written over decides before the prompt does."""
    given = request.score
    if request.over:
        given = given.filled_by(score_of(request.over))
    return plan(request.prompt, given, request.duration_s, request.seed or 0)


def _read(prompt: str) -> Score:
    tempo = prompt_reader.tempo_in(prompt)
    if tempo is not None:
        tempo = min(max(tempo, TEMPO_BPM[0]), TEMPO_BPM[1])
    return Score(
        tempo_bpm=tempo,
        beats_per_bar=prompt_reader.beats_per_bar_in(prompt),
        key=prompt_reader.key_in(prompt),
        drums=prompt_reader.drums_in(prompt),
        bars=prompt_reader.bars_in(prompt),
        stem=prompt_reader.stem_in(prompt),
        loop=prompt_reader.loop_in(prompt),
    )


def _wanted(prompt: str, drums: bool, stem: Stem) -> Wanted:
    return Wanted(
        instruments_in(prompt_reader.without_refused(prompt)),
        instruments_in(prompt_reader.refused_in(prompt)),
        prompt_reader.alone_in(prompt),
        drums,
        stem,
    )


def choose_style(prompt: str, known: Score, rng: Random) -> Style:
    """The style that is given or that `prompt` names, or the one that its words, metre and tempo
    suit best. Raises `InvalidRequest` for one that is unknown."""
    if known.style is not None:
        return style_by_id(parse_style(known.style))
    named = named_styles(prompt)
    if named:
        return named[0]
    words = prompt.lower()
    instruments = instruments_in(prompt)
    points = [_suits(style, words, instruments, known) for style in STYLES]
    best = max(points)
    return rng.choice([s for s, p in zip(STYLES, points, strict=True) if p == best])


def _suits(style: Style, words: str, instruments: tuple[Instrument, ...], known: Score) -> float:
    points = 2.0 * sum(mood in words for mood in style.moods)
    points += sum(each in style.instruments for each in instruments)
    if known.beats_per_bar is not None:
        points += 1.5 * ((known.beats_per_bar == 3) == (style.beats_per_bar == 3))
    else:
        points -= 0.5 * (style.beats_per_bar == 3)
    if known.tempo_bpm is not None:
        points += style.tempo_bpm[0] <= known.tempo_bpm <= style.tempo_bpm[1]
    return points


def _tempo(prompt: str, style: Style, rng: Random) -> float:
    """Near the style's typical tempo, or in the part of its range that "slow", "fast" ask for."""
    low, high = style.tempo_bpm
    pace = prompt_reader.pace_in(prompt)
    if pace is None:
        near = rng.gauss(style.typical_bpm, (high - low) / 10)
        return float(round(min(max(near, low), high)))
    first, last = _PACE_SHARE[pace]
    return float(round(low + (high - low) * rng.uniform(first, last)))


def _key(prompt: str, chords: tuple[Chord, ...] | None, style: Style, rng: Random) -> Key:
    if chords:
        return estimate_key(chords)
    minor = rng.random() < style.minor_share
    mode = prompt_reader.mode_in(prompt) or (Mode.MINOR if minor else Mode.MAJOR)
    return Key(rng.randrange(12), mode)


def _chords(key: Key, style: Style, rng: Random) -> tuple[Chord, ...]:
    """One of the style's progressions, by preference one that stays inside the key."""
    choices = [progression(numerals, key) for numerals in style.progressions(key.mode)]
    inside = [chords for chords in choices if all(lies_in(chord, key) for chord in chords)]
    chords = rng.choice(inside or choices)
    held = style.bars_per_chord if len(chords) * style.bars_per_chord <= 8 else 1
    return tuple(chord for chord in chords for _ in range(held))


def _bars(duration_s: float, tempo_bpm: float, beats_per_bar: int) -> int:
    exact = duration_s * tempo_bpm / 60.0 / beats_per_bar
    return min(max(math.ceil(exact - 1e-9), BARS[0]), BARS[1])


def _drums(given: Score, read: Score, stem: Stem, style: Style) -> bool:
    if given.drums is not None:
        return given.drums
    if stem is not Stem.MIX:  # "bass for a drum and bass track" has none
        return stem is Stem.DRUMS
    return style.drum_share >= 0.5 if read.drums is None else read.drums


def _loop_bars(duration_s: float, tempo_bpm: float, beats_per_bar: int) -> int:
    """The nearest by ratio: what is half as long is as far as what is twice as long."""
    exact = duration_s * tempo_bpm / 60.0 / beats_per_bar
    return min(_LOOPS, key=lambda bars: abs(math.log2(bars / exact)))
