"""Whole pieces, loops and stems: what the composer says about them is so."""

from collections import Counter
from itertools import pairwise

import pytest

from engine.styles import STYLES, style
from engine.theory import SCALES
from engine.training.corpus.clips import clip_for, over_for
from engine.training.corpus.composer import LOOP_BARS, compose
from engine.training.corpus.form import FORMS
from engine.training.corpus.performance import FEELS
from engine.training.corpus.piece import DRUM_CHANNEL, MIX, ROLES, Piece
from engine.training.corpus.progressions import TASTES

PIECES = [compose(seed) for seed in range(300)]
CLIPS = [clip_for(seed) for seed in range(1_000, 1_300)]
SOME = [*PIECES[:40], *CLIPS[:40]]


@pytest.mark.parametrize("piece", SOME, ids=lambda p: f"{p.style}-{p.seed}")
def test_notes_are_playable_and_inside_the_piece(piece: Piece) -> None:
    last_end: dict[tuple[int, int], float] = {}
    for note in piece.notes:
        assert 0 <= note.start_s < note.start_s + note.duration_s <= piece.duration_s + 1e-9
        assert 20 <= note.pitch <= 108
        assert 1 <= note.velocity <= 127
        assert note.start_s >= last_end.get((note.channel, note.pitch), 0.0)
        last_end[note.channel, note.pitch] = note.start_s + note.duration_s
    assert [n.start_s for n in piece.notes] == sorted(n.start_s for n in piece.notes)
    assert {n.channel for n in piece.notes} == {p.channel for p in piece.parts}
    assert (DRUM_CHANNEL in {n.channel for n in piece.notes}) == piece.has_drums


@pytest.mark.parametrize("piece", SOME, ids=lambda p: f"{p.style}-{p.seed}")
def test_the_score_is_exact(piece: Piece) -> None:
    score, of = piece.score, style(piece.style)
    assert score.tempo_bpm
    assert score.seconds_per_bar
    assert score.chords
    assert score.bars
    assert of.tempo_bpm[0] <= score.tempo_bpm <= of.tempo_bpm[1]
    assert score.beats_per_bar in {of.beats_per_bar, 3}
    assert len(score.chords) == score.bars
    whole_s = score.bars * score.seconds_per_bar
    assert whole_s >= piece.duration_s - 1e-9
    assert piece.duration_s > whole_s - score.seconds_per_bar
    assert piece.loop <= (whole_s == pytest.approx(piece.duration_s))
    assert piece.mode in SCALES


@pytest.mark.parametrize("piece", SOME, ids=lambda p: f"{p.style}-{p.seed}")
def test_chords_sound_in_their_bar(piece: Piece) -> None:
    bar_s = piece.score.seconds_per_bar or 1.0
    inside = total = 0.0
    for note in (*piece.part_notes("chords"), *piece.part_notes("pad")):
        chord = piece.score.chord_at(int((note.start_s + 0.014) / bar_s))
        assert chord
        total += 1
        inside += note.pitch % 12 in chord.pitch_classes
    assert total == 0 or inside / total > 0.99


@pytest.mark.parametrize("piece", SOME, ids=lambda p: f"{p.style}-{p.seed}")
def test_drums_and_bass_lie_on_the_swung_grid(piece: Piece) -> None:
    of, swing = style(piece.style), piece.swing
    step_s = 15.0 / (piece.score.tempo_bpm or 1.0)
    pair = 2 * of.swing_steps
    inner = [i * swing / 0.5 for i in range(of.swing_steps)]
    outer = [pair * swing + i * (1 - swing) / 0.5 for i in range(of.swing_steps)]
    grid = [*inner, *outer, pair]
    halves = [(a + b) / 2 for a, b in pairwise(grid)]  # rolls
    late_s = FEELS[of.id].late_s if of.id in FEELS else 0.0
    for note in (*piece.part_notes("drums"), *piece.part_notes("bass")):
        place = note.start_s / step_s % pair
        assert min(abs(place - g) for g in grid + halves) * step_s < 0.0121 + late_s


@pytest.mark.parametrize("piece", SOME, ids=lambda p: f"{p.style}-{p.seed}")
def test_parts_play_in_their_sections_and_nowhere_else(piece: Piece) -> None:
    bar_s = piece.score.seconds_per_bar or 1.0
    assert sum(section.bars for section in piece.sections) == piece.score.bars
    everyone = {part.role for part in piece.parts}
    for section in piece.sections:
        start_s, end_s = section.first_bar * bar_s, section.end_bar * bar_s
        assert set(section.roles) <= everyone
        for role in everyone:
            sounding = [
                note
                for note in piece.part_notes(role)
                if note.start_s + note.duration_s > start_s + 0.03 and note.start_s < end_s - 0.03
            ]
            if role not in section.roles:
                assert not sounding, (section, role)
            elif section.bars >= 3 and end_s <= piece.duration_s:
                assert sounding, (section, role)


def test_thin_sections_keep_most_of_the_players_and_are_short() -> None:
    for piece in PIECES:
        for section in piece.sections:
            if len(section.roles) < len(piece.parts):
                assert 2 * len(section.roles) >= len({part.role for part in piece.parts})
                assert section.bars * (piece.score.seconds_per_bar or 1.0) < 10.0
    names = Counter(section.name for piece in PIECES for section in piece.sections)
    assert min(names[name] for name in ("intro", "build", "break", "verse", "drop")) >= 10
    formed = sum(piece.sections[0].name != "groove" or len(piece.sections) > 3 for piece in PIECES)
    assert 0.15 < formed / len(PIECES) < 0.5


def test_nothing_begins_twice() -> None:
    for seed in range(40):
        names = [section.name for section in compose(seed, duration_s=120.0).sections]
        assert "intro" not in names[1:]
        assert len(set(names)) >= 3 or set(names) == {"groove"}


def test_energy_is_heard_in_velocities() -> None:
    formed = [p for p in PIECES if {"break", "drop"} <= {s.name for s in p.sections}]
    assert formed
    for piece in formed:
        bar_s = piece.score.seconds_per_bar or 1.0
        force: dict[str, list[int]] = {"break": [], "drop": []}
        for note in piece.part_notes("chords"):
            for section in piece.sections:
                if section.first_bar <= note.start_s / bar_s < section.end_bar:
                    force.setdefault(section.name, []).append(note.velocity)
        if force["break"] and force["drop"]:
            loud, soft = (sum(force[n]) / len(force[n]) for n in ("drop", "break"))
            assert loud > soft


def test_one_seed_gives_one_piece_and_two_give_two() -> None:
    assert compose(11) == compose(11)
    assert clip_for(11) == clip_for(11)
    assert len({piece.notes for piece in PIECES}) == len(PIECES)


def test_length_changes_nothing_else() -> None:
    for seed in range(60):
        long, short = clip_for(seed, 24.0), clip_for(seed, 0.01)
        for name in ("style", "parts", "mode", "swing", "stem", "loop", "instruments"):
            assert getattr(long, name) == getattr(short, name)
        assert long.score.tempo_bpm == short.score.tempo_bpm
        assert long.score.key == short.score.key


def test_what_is_asked_is_composed() -> None:
    piece = compose(5, style="house", tempo_bpm=123.4, drums=False, duration_s=7.5)
    assert (piece.style, piece.score.tempo_bpm, piece.has_drums) == ("house", 123.4, False)
    assert piece.duration_s == 7.5
    assert compose(5, style="classical", drums=True).has_drums
    assert compose(5, style="jazz", beats_per_bar=3).score.beats_per_bar == 3
    with pytest.raises(KeyError):
        compose(5, style="polka")
    with pytest.raises(KeyError):
        compose(5, style="techno", beats_per_bar=3)


@pytest.mark.parametrize("bars", LOOP_BARS)
def test_a_loop_has_its_bars_and_everyone_in_them(bars: int) -> None:
    for seed, of in enumerate(STYLES):
        loop = compose(seed, style=of.id, loop_bars=bars)
        assert loop.loop
        assert loop.score.bars == bars == loop.truth()["bars"]
        assert loop.duration_s == pytest.approx(bars * (loop.score.seconds_per_bar or 0))
        assert {note.channel for note in loop.notes} == {part.channel for part in loop.parts}


def test_a_stem_is_its_part_of_the_mix() -> None:
    mix = next(piece for piece in PIECES if len(piece.parts) == 5)
    stems = [mix.alone(role) for role in ROLES]
    assert sorted(note for stem in stems for note in _sortable(stem)) == sorted(_sortable(mix))
    for role, stem in zip(ROLES, stems, strict=True):
        truth = stem.truth()
        assert truth["stem"] == role
        assert truth["drums"] == (role == "drums") == stem.has_drums
        assert set(truth["parts"]) == {role}
        assert stem.score.chords == mix.score.chords
    with pytest.raises(KeyError):
        stems[0].alone("bass")


def test_a_clip_is_written_over_other_parts_of_the_same_music() -> None:
    kinds = {"stem": 0, "mix": 0}
    for seed in range(1_000, 1_300):
        clip, over = clip_for(seed), over_for(seed)
        assert over == over_for(seed)
        if over is None:
            continue
        kinds["mix" if clip.stem == MIX else "stem"] += 1
        roles = {part.role for part in over.parts}
        assert (over.score.chords, over.score.tempo_bpm) == (
            clip.score.chords,
            clip.score.tempo_bpm,
        )
        assert {note.channel for note in over.notes} <= {part.channel for part in over.parts}
        if clip.stem == MIX:
            assert len(roles) == 1
            assert set(over.notes) < set(clip.notes)
        else:
            assert clip.stem not in roles
            assert not set(over.notes) & set(clip.notes)
    assert 40 < kinds["stem"] < 90
    assert 15 < kinds["mix"] < 45


def _sortable(piece: Piece) -> list[tuple[float, int, int]]:
    return [(note.start_s, note.channel, note.pitch) for note in piece.notes]


def test_the_corpus_is_varied() -> None:
    drumless = sum(not piece.has_drums for piece in PIECES) / len(PIECES)
    assert 0.3 < drumless < 0.45
    assert {piece.style for piece in PIECES} == {each.id for each in STYLES}
    assert len({piece.score.key for piece in PIECES}) == 24
    kinds = Counter(tuple(sorted({p.role for p in piece.parts})) for piece in PIECES)
    assert len(kinds) >= 9
    metres = Counter(piece.score.beats_per_bar for piece in PIECES)
    assert 0.06 < metres[3] / len(PIECES) < 0.2
    tempi = [piece.score.tempo_bpm or 0 for piece in PIECES]
    assert min(tempi) <= 62
    assert max(tempi) >= 178
    assert len({piece.mode for piece in PIECES}) >= 5
    assert len({piece.score.chords for piece in PIECES}) > 0.95 * len(PIECES)


def test_clips_are_mixes_stems_and_loops() -> None:
    stems = Counter(clip.stem for clip in CLIPS)
    assert set(stems) == {MIX, *ROLES}
    assert 0.65 < stems[MIX] / len(CLIPS) < 0.85
    loops = Counter(clip.score.bars for clip in CLIPS if clip.loop)
    assert set(loops) == set(LOOP_BARS)
    assert 0.15 < loops.total() / len(CLIPS) < 0.35
    for clip in CLIPS:
        resting = any(len(section.roles) < len(clip.parts) for section in clip.sections)
        solo = len({part.role for part in clip.parts}) == 1
        assert not (resting and solo), "a stem would be silent"


def test_every_style_has_taste_and_form() -> None:
    assert {each.id for each in STYLES} == set(TASTES) == set(FORMS)


def test_tempi_cover_the_range_of_their_style() -> None:
    tempi = [compose(seed, style="rock", duration_s=1).score.tempo_bpm or 0 for seed in range(200)]
    low, high = style("rock").tempo_bpm
    counts = Counter(min(int(4 * (t - low) / (high - low)), 3) for t in tempi)
    assert all(counts[quarter] > 30 for quarter in range(4))
