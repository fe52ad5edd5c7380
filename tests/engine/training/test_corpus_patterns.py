"""Grooves, voicings, bass lines and melodies against theory and common practice."""

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.instruments import instrument
from engine.score import QUALITIES, Chord, Key, Mode, parse_chords
from engine.styles import STYLES, Style, style
from engine.theory import scale_over
from engine.training.corpus.bass import bass_line, walking_bass
from engine.training.corpus.drums import PERCUSSION, drum_part
from engine.training.corpus.harmony import comping, pad, voice_lead, voicings
from engine.training.corpus.levels import LOUDNESS_LUFS, volume_for
from engine.training.corpus.melody import _reflected, melody
from engine.training.corpus.mix import KIT_NAMES, part_for
from engine.training.corpus.motifs import (
    SHAPES,
    Motif,
    contour,
    developed,
    fragment,
    inverted,
    new_ending,
    ornamented,
    sequenced,
)
from engine.training.corpus.patterns import FILLS, GROOVES, RHYTHMS, groove_for
from engine.training.corpus.performance import perform
from engine.training.corpus.piece import Section
from engine.training.corpus.sketch import Event, Sketch, tokens

chords = st.builds(Chord, st.integers(0, 11), st.sampled_from(sorted(QUALITIES)))


def sketch_for(of: Style, names: str = "Am F C G", bpm: float = 120.0) -> Sketch:
    bars = parse_chords(names) * 4
    length_s = len(bars) * of.beats_per_bar * 60.0 / bpm
    return Sketch(of, bpm, of.beats_per_bar, Key(9, Mode.MINOR), bars, length_s)


METRES = [(of, of.beats_per_bar) for of in STYLES] + [(of, 3) for of in STYLES if of.triple_share]


@pytest.mark.parametrize(("of", "beats"), METRES, ids=lambda each: getattr(each, "id", each))
def test_a_groove_is_well_formed(of: Style, beats: int) -> None:
    groove, width = groove_for(of.groove, beats), 4 * beats
    for pattern in groove.drums:
        assert set(pattern) <= set(PERCUSSION)
        assert all(
            len(line) % width == 0 and set(line) <= set("Xxogr.") for line in pattern.values()
        )
    for line in groove.bass:
        assert len(line) % width == 0, line
        assert set(line) <= set("R3578Ag-."), line
    for line in groove.chords:
        assert len(line) % width == 0, line
        assert set(line) <= set("Xxo0123456789-."), line
    assert groove.fill in {*FILLS, "none"}
    assert all(len(cell) == width for cell in RHYTHMS[groove.melody])
    assert set(of.kits) <= set(KIT_NAMES)


def test_fills_and_rhythms_are_well_formed() -> None:
    assert all(
        len(line) == 8 for fills in FILLS.values() for fill in fills for line in fill.values()
    )
    for name, cells in RHYTHMS.items():
        assert {len(cell) for cell in cells} == {12 if name.startswith("triple") else 16}


@pytest.mark.parametrize(
    ("of", "instruments", "steps"),
    [
        ("house", ("kick",), {0, 4, 8, 12}), ("techno", ("kick",), {0, 4, 8, 12}),
        ("disco", ("kick",), {0, 4, 8, 12}), ("house", ("clap", "snare"), {4, 12}),
        ("rock", ("snare",), {4, 12}), ("boom-bap", ("snare",), {4, 12}),
        ("pop", ("snare", "clap"), {4, 12}), ("jazz", ("pedal",), {4, 12}),
        ("trap", ("clap", "snare"), {8}), ("reggae", ("rim", "snare"), {8}),
        ("jazz", ("ride",), {0, 4, 8, 12}), ("waltz", ("kick",), {0}),
    ],
)  # fmt: skip
def test_grooves_hold_what_makes_their_style(
    of: str, instruments: tuple[str, ...], steps: set[int]
) -> None:
    for pattern in groove_for(of, style(of).beats_per_bar).drums:
        struck = {
            step
            for name in instruments
            for step, character in enumerate(pattern.get(name, ""))
            if character in "Xx"
        }
        assert steps <= struck, pattern


def test_the_bossa_clave_is_three_and_two() -> None:
    rims = [pattern["rim"] for pattern in GROOVES["bossa-nova"].drums]
    for rim in rims:
        halves = [rim[:16].count("x"), rim[16:].count("x")]
        assert sorted(halves) == [2, 3]


def test_swing_moves_off_beats_and_leaves_beats() -> None:
    def starts(style_id: str) -> list[float]:
        sketch = sketch_for(style(style_id), bpm=60.0)
        events = [Event(step, 1, 60 + i, 90) for i, step in enumerate((0, 2, 4, 6))]
        return [note.start_s for note in perform(events, sketch, 0, Random(1), looseness=0.0)]

    assert starts("rock") == pytest.approx([0, 0.5, 1, 1.5])
    assert starts("jazz") == pytest.approx([0, 0.65, 1, 1.65])


def test_a_repeated_pitch_is_let_go_before_it_sounds_again() -> None:
    sketch = sketch_for(style("rock"))
    notes = perform([Event(0, 8, 60, 90), Event(4, 8, 60, 90)], sketch, 0, Random(1))
    assert notes[0].start_s + notes[0].duration_s < notes[1].start_s


def test_held_tokens_grow() -> None:
    assert tokens("R--5.-g.") == [(0, 3, "R"), (3, 1, "5"), (6, 1, "g")]


@given(chords)
def test_voicings_hold_the_chord_in_range(chord: Chord) -> None:
    found = voicings(chord, 50, 77)
    assert len(found) >= 2
    for voicing in found:
        assert all(50 <= pitch <= 77 for pitch in voicing)
        assert list(voicing) == sorted(set(voicing))
        assert {pitch % 12 for pitch in voicing} <= set(chord.pitch_classes)
        assert len({pitch % 12 for pitch in voicing}) >= min(4, len(chord.pitch_classes))


def test_voices_move_less_than_root_positions_would() -> None:
    cycle = parse_chords("Dm7 G7 Cmaj7 Fmaj7 Bm7b5 E7 Am7 A7")
    led = voice_lead(cycle, 50, 77)
    moved = [abs(sum(b) - sum(a)) / len(a) for a, b in pairwise(led)]
    assert max(moved) <= 4
    common = [len(set(a) & set(b)) for a, b in pairwise(led)]
    assert sum(common) / len(common) >= 1


@pytest.mark.parametrize("of", STYLES, ids=lambda of: of.id)
@pytest.mark.parametrize("seed", [1, 2])
def test_chord_parts_play_chord_tones(of: Style, seed: int) -> None:
    sketch = sketch_for(of, "Am7 Fmaj7 C G7")
    for program in of.chords:
        for event in comping(sketch, instrument(program), Random(seed), has_bass=True):
            chord = sketch.chords[int(event.step) // sketch.steps_per_bar]
            assert event.pitch % 12 in chord.pitch_classes
            assert 40 <= event.pitch <= 96
    for program in of.pad:
        for event in pad(sketch, instrument(program), Random(seed)):
            chord = sketch.chords[int(event.step) // sketch.steps_per_bar]
            assert event.pitch % 12 in chord.pitch_classes


@pytest.mark.parametrize("of", STYLES, ids=lambda of: of.id)
def test_bass_lines_state_the_root_first(of: Style) -> None:
    sketch = sketch_for(of, "Am7 Fmaj7 C G7")
    for program in of.bass:
        played_by = instrument(program)
        first: dict[int, int] = {}
        for event in bass_line(sketch, played_by, Random(4)):
            assert 24 <= event.pitch <= played_by.high
            first.setdefault(int(event.step) // sketch.steps_per_bar, event.pitch)
        for bar, pitch in first.items():
            assert pitch % 12 == sketch.chords[bar].root


@pytest.mark.parametrize("of", STYLES, ids=lambda of: of.id)
@pytest.mark.parametrize("seed", range(4))
def test_melodies_keep_to_scale_range_and_beat(of: Style, seed: int) -> None:
    sketch = sketch_for(of, "Am Dm E7 Am")
    played_by = instrument(of.lead[seed % len(of.lead)])
    line = melody(sketch, played_by, Random(seed))
    assert len(line) >= sketch.bars // 2
    on_strong_beats = []
    for event in line:
        bar, step = divmod(int(event.step), sketch.steps_per_bar)
        chord = sketch.chords[bar]
        assert event.pitch % 12 in scale_over(chord, sketch.key)
        assert min(played_by.low, 57) <= event.pitch <= played_by.high
        if step == 0:
            on_strong_beats.append(event.pitch % 12 in chord.pitch_classes)
    assert all(on_strong_beats)
    leaps = [abs(b.pitch - a.pitch) for a, b in pairwise(line)]
    assert sum(leap <= 5 for leap in leaps) / len(leaps) > 0.6
    assert max(leaps) <= 16


@pytest.mark.parametrize("of", STYLES, ids=lambda of: of.id)
def test_melodies_repeat_their_motif(of: Style) -> None:
    sketch = sketch_for(of)
    line = melody(sketch, instrument(of.lead[0]), Random(7))
    two_bars = 2 * sketch.steps_per_bar
    rhythms = [
        tuple(e.step % two_bars for e in line if e.step // two_bars == unit)
        for unit in range(sketch.bars // 2)
    ]
    assert len(set(rhythms)) < len(rhythms)


def test_every_sound_has_a_measured_level_that_its_volume_can_reach() -> None:
    for each in STYLES:
        by_role = {"drums": each.kits, "bass": each.bass, "chords": each.chords,
                   "lead": each.lead, "pad": each.pad}  # fmt: skip
        for role, programs in by_role.items():
            assert set(programs) <= set(LOUDNESS_LUFS[role]), (each.id, role)
            assert all(30 < volume_for(role, program) <= 127 for program in programs)


@pytest.mark.parametrize("beats", [3, 4])
def test_a_walking_bass_steps_once_a_beat_into_the_next_root(beats: int) -> None:
    of = style("jazz")
    bars = parse_chords("Dm7 G7 Cmaj7 A7") * 4
    sketch = Sketch(of, 120.0, beats, Key(0, Mode.MAJOR), bars, len(bars) * beats / 2)
    for seed in range(10):
        line = [e for e in walking_bass(sketch, instrument(32), Random(seed)) if e.length > 1]
        for bar, chord in enumerate(bars):
            here = line[bar * beats : (bar + 1) * beats]
            assert [e.step for e in here] == [4 * (bar * beats + beat) for beat in range(beats)]
            assert here[0].pitch % 12 == chord.root
            if bar + 1 < len(bars):
                assert abs(line[(bar + 1) * beats].pitch - here[-1].pitch) == 1
        leaps = [abs(b.pitch - a.pitch) for a, b in pairwise(line)]
        assert max(leaps) <= 12
        assert sum(leap <= 5 for leap in leaps) / len(leaps) > 0.7


def test_motifs_keep_what_the_operation_says() -> None:
    rng = Random(2)
    rhythm = ((0, 0, 4), (0, 4, 4), (0, 8, 8), (1, 0, 4), (1, 4, 12))
    motif = Motif(rhythm, (0, 1, 2, 1, 0))
    assert sequenced(motif, 2) == Motif(rhythm, motif.contour, shift=2)
    assert inverted(motif).contour == (0, -1, -2, -1, 0)
    assert inverted(inverted(motif)) == motif
    assert fragment(motif).rhythm == rhythm[:3]
    ending = new_ending(motif, rng)
    assert ending.rhythm == rhythm
    assert ending.contour[:2] == motif.contour[:2]
    for _ in range(20):
        grown = ornamented(motif, rng)
        assert len(grown.rhythm) == len(grown.contour) == 6
        assert sum(length for *_, length in grown.rhythm) == 32
        again = developed(motif, rng)
        assert len(again.rhythm) == len(again.contour)


@pytest.mark.parametrize("shape", SHAPES)
def test_contours_step_more_than_they_leap_and_turn_back(shape: str) -> None:
    steps = 0
    for seed in range(30):
        line = contour(12, Random(seed), shape)
        moves = [b - a for a, b in pairwise(line)]
        assert line[0] == 0
        assert max(map(abs, moves)) <= 3
        steps += sum(abs(move) <= 1 for move in moves)
        for leap, after in pairwise(moves):
            assert abs(leap) <= 2 or leap * after <= 0
    assert steps / (30 * 11) > 0.7


def test_a_line_turns_back_at_the_edge_of_its_range() -> None:
    assert [_reflected(i, 4) for i in range(-3, 7)] == [3, 2, 1, 0, 1, 2, 3, 2, 1, 0]
    assert _reflected(50, 4) == 0


def test_builds_grow_and_double_their_rate() -> None:
    of = style("house")
    sections = (Section("build", 0, 4, ("drums",)),)
    chords = parse_chords("Am F C G")
    sketch = Sketch(of, 120.0, 4, Key(9, Mode.MINOR), chords, 8.0, sections)
    roll = [e for e in drum_part(sketch, 24, Random(1)) if e.pitch == PERCUSSION["snare"]]
    on_beats = [e.velocity for e in roll if e.step % 4 == 0]
    assert on_beats == sorted(on_beats)
    assert len([e for e in roll if e.step >= 32]) == 2 * len([e for e in roll if e.step < 32])


def test_thin_sections_leave_out_part_of_the_kit() -> None:
    of = style("rock")
    struck = {}
    for name in ("groove", "intro", "break"):
        sections = (Section(name, 0, 4, ("drums",)),)
        sketch = Sketch(of, 120.0, 4, Key(9, Mode.MINOR), parse_chords("Am F C G"), 8.0, sections)
        struck[name] = {event.pitch for event in drum_part(sketch, 0, Random(1))}
    assert PERCUSSION["snare"] in struck["groove"]
    assert PERCUSSION["snare"] not in struck["intro"]
    assert not {PERCUSSION["snare"], PERCUSSION["kick"]} & struck["break"]


def test_players_are_uneven_as_their_style_is_and_machines_are_not() -> None:
    def spread(style_id: str) -> float:
        sketch = sketch_for(style(style_id))
        events = [Event(4 * i, 1, 60 + i % 12, 90) for i in range(60)]
        notes = perform(events, sketch, 0, Random(1))
        return max(
            abs(n.start_s - e.step * sketch.step_s) for n, e in zip(notes, events, strict=True)
        )

    assert spread("techno") < 0.003 < spread("classical") <= 0.012


def test_lazy_backbeats_lie_behind_and_kicks_do_not() -> None:
    sketch = sketch_for(style("lofi"))
    events = [Event(8 * i + 4 * k, 1, (36, 38)[k], 100) for i in range(30) for k in (0, 1)]
    notes = perform(events, sketch, 9, Random(1))
    late = {36: 0.0, 38: 0.0}
    for event in events:
        note = min(notes, key=lambda n: abs(n.start_s - event.step * sketch.step_s))
        late[event.pitch] += (note.start_s - event.step * sketch.step_s) / 30
    assert late[38] == pytest.approx(0.012, abs=0.004)
    assert late[36] == pytest.approx(0, abs=0.004)


def test_the_orchestra_sits_where_it_sits_and_bands_spread() -> None:
    assert part_for("lead", 40, 1, "classical").pan < 64 < part_for("bass", 42, 1, "classical").pan
    left, right = (part_for("chords", 0, side, "pop").pan for side in (1, -1))
    assert left + right == 128
    assert part_for("bass", 33, 1, "pop").pan == part_for("drums", 0, 1, "pop").pan == 64
    assert part_for("pad", 89, 1, "ambient").reverb > part_for("pad", 89, 1, "funk").reverb
