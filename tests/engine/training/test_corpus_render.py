"""Rendered sound: levels, exactness, and what librosa hears against what the score says."""

import json
from dataclasses import replace
from pathlib import Path

import librosa
import numpy as np
import pytest
import soundfile

from engine.errors import EngineError
from engine.training.corpus.arrangement import part_for
from engine.training.corpus.composer import compose
from engine.training.corpus.dataset import listen, render_many, render_seed
from engine.training.corpus.piece import Piece
from engine.training.corpus.render import (
    PEAK,
    SAMPLE_RATE,
    SOUNDFONT_VARIABLE,
    Audio,
    Renderer,
    TinySynthesizer,
    find_soundfont,
    level,
)


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer()


@pytest.mark.parametrize("style_id", ["house", "jazz", "ambient", "rock"])
def test_sound_is_exact_in_length_and_sensible_in_level(renderer: Renderer, style_id: str) -> None:
    audio = renderer.render(compose(2, style=style_id, duration_s=6.123))
    assert audio.dtype == np.float32
    assert audio.shape == (round(6.123 * SAMPLE_RATE), 2)
    assert np.isfinite(audio).all()
    assert np.abs(audio).max() <= PEAK
    rms_db = 10 * np.log10(np.mean(np.square(audio)))
    assert -22 < rms_db < -15


def test_rendering_is_reproducible(renderer: Renderer) -> None:
    piece = compose(3, duration_s=4.0)
    first = renderer.render(piece)
    renderer.render(compose(4, duration_s=4.0))
    np.testing.assert_array_equal(renderer.render(piece), first)
    np.testing.assert_array_equal(Renderer().render(piece), first)


def test_silence_stays_silent(renderer: Renderer) -> None:
    piece = replace(compose(3, duration_s=1.0), notes=())
    assert not renderer.render(piece).any()


def test_levelling_reaches_its_target_and_rounds_peaks() -> None:
    tone = np.sin(np.arange(44_100) * 0.05).astype(np.float32)[:, None] * np.ones(
        (1, 2), np.float32
    )
    assert np.sqrt(np.mean(level(0.01 * tone) ** 2)) == pytest.approx(10 ** (-16 / 20), rel=1e-3)
    spiky = 0.01 * tone
    spiky[1000] = 0.9
    assert np.abs(level(spiky)).max() <= PEAK


def test_a_missing_soundfont_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SOUNDFONT_VARIABLE, "/nowhere/at-all.sf2")
    with pytest.raises(EngineError) as caught:
        Renderer()
    assert "Install" in caught.value.remedy


def test_a_broken_soundfont_is_an_engine_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.sf2"
    broken.write_bytes(b"RIFF not a soundfont")
    monkeypatch.setenv(SOUNDFONT_VARIABLE, str(broken))
    with pytest.raises(EngineError):
        Renderer()


def test_the_second_synthesizer_plays_the_same_music(renderer: Renderer) -> None:
    small = Renderer(TinySynthesizer(find_soundfont(("FluidR3Mono_GM.sf3",))))
    piece = compose(6, style="pop", drums=False, duration_s=6.0)
    audio = small.render(piece)
    np.testing.assert_array_equal(small.render(piece), audio)
    ours, theirs = (_chroma(sound) for sound in (renderer.render(piece), audio))
    assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.7


def _chroma(audio: Audio) -> np.ndarray:
    mono = librosa.resample(audio.mean(1), orig_sr=SAMPLE_RATE, target_sr=22_050)
    return librosa.feature.chroma_stft(y=mono, sr=22_050, n_fft=4096, hop_length=1024)


def test_measured_tempo_is_the_scores(renderer: Renderer) -> None:
    heard = []
    for seed, style_id in enumerate(("house", "techno", "rock", "pop", "disco", "synthwave")):
        piece = compose(seed, style=style_id, drums=True, duration_s=12.0)
        mono = renderer.render(piece).mean(1)[::2]
        bpm = float(librosa.feature.tempo(y=mono, sr=SAMPLE_RATE // 2, hop_length=256)[0])
        octaves = np.log2(bpm / (piece.score.tempo_bpm or 1.0))
        heard.append(abs(octaves - round(octaves)) < np.log2(1.04))
    assert sum(heard) >= 4


@pytest.mark.parametrize("style_id", ["house", "funk", "classical"])
def test_measured_onsets_are_the_notes(renderer: Renderer, style_id: str) -> None:
    piece = compose(8, style=style_id, duration_s=8.0)
    mono = renderer.render(piece).mean(1)
    found = librosa.onset.onset_detect(y=mono, sr=SAMPLE_RATE, hop_length=256, units="time")
    starts = np.array([note.start_s for note in piece.notes])
    distance_s = np.abs(found[:, None] - starts[None]).min(1)
    assert len(found) > 8
    assert np.mean(distance_s < 0.04) > 0.8


@pytest.mark.parametrize("seed", [1, 2])
def test_measured_chroma_is_the_chords(renderer: Renderer, seed: int) -> None:
    piece = _duo(seed)
    chroma, bar_s = _chroma(renderer.render(piece)), piece.score.seconds_per_bar or 1.0
    frames = np.arange(chroma.shape[1]) * 1024 / 22_050
    inside, outside = [], []
    for bar in range(int(piece.duration_s / bar_s)):
        here = chroma[:, (frames > (bar + 0.2) * bar_s) & (frames < (bar + 0.95) * bar_s)].mean(1)
        chord = piece.score.chord_at(bar)
        assert chord
        tones = np.isin(np.arange(12), chord.pitch_classes)
        inside.append(here[tones].mean())
        outside.append(here[~tones].mean())
    assert np.mean(inside) > 1.8 * np.mean(outside)


def _duo(seed: int) -> Piece:
    parts = (part_for("chords", 0), part_for("bass", 32))
    return compose(seed, style="pop", duration_s=10.0, parts=parts)


def test_many_come_in_order_and_alike_from_any_number_of_processes() -> None:
    alone = list(render_many(range(3), workers=0, duration_s=2.0))
    together = list(render_many(range(3), workers=2, duration_s=2.0))
    for (piece, audio), (same_piece, same_audio) in zip(alone, together, strict=True):
        assert piece == same_piece
        np.testing.assert_array_equal(audio, same_audio)
    np.testing.assert_array_equal(render_seed(2, 2.0)[1], alone[2][1])


def test_examples_to_listen_to(tmp_path: Path) -> None:
    paths = listen(2, tmp_path / "new", duration_s=1.0)
    assert len(paths) == 2
    for path in paths:
        audio, rate = soundfile.read(path)
        assert (len(audio), rate) == (SAMPLE_RATE, SAMPLE_RATE)
        truth = json.loads(path.with_suffix(".json").read_text())
        assert truth["prompt"]
        assert truth["style"] in path.name
