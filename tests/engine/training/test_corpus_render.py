"""Rendered sound: levels, exactness, and what librosa hears against what the score says."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import librosa
import numpy as np
import pytest

from engine.audio.spectrogram import log_mel
from engine.errors import EngineError
from engine.training.corpus.composer import compose
from engine.training.corpus.dataset import render_many, render_seed
from engine.training.corpus.mix import part_for
from engine.training.corpus.piece import Note
from engine.training.corpus.render import (
    PEAK,
    SAMPLE_RATE,
    SOUNDFONT_VARIABLE,
    Audio,
    Renderer,
    TinySynthesizer,
    find_soundfont,
    level,
    wrapped,
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


def test_opening_a_synthesizer_prints_nothing() -> None:
    code = "from engine.training.corpus.render import open_synthesizer; open_synthesizer()"
    environment = os.environ | {"CI": "true"}  # there pyfluidsynth tells where it found its library
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, check=True, capture_output=True
    )
    assert done.stdout == b""


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


def test_many_come_in_order_and_alike_from_any_number_of_processes() -> None:
    alone = list(render_many(range(3), workers=0, duration_s=2.0))
    together = list(render_many(range(3), workers=2, duration_s=2.0))
    for (piece, audio), (same_piece, same_audio) in zip(alone, together, strict=True):
        assert piece == same_piece
        np.testing.assert_array_equal(audio, same_audio)
    np.testing.assert_array_equal(render_seed(2, 2.0)[1], alone[2][1])


def test_a_loop_is_what_is_heard_when_it_has_gone_round(renderer: Renderer) -> None:
    loop = compose(4, style="ambient", parts=(part_for("pad", 48),), loop_bars=1)
    length_s, rounds = loop.duration_s, 6
    notes = tuple(
        replace(note, start_s=note.start_s + i * length_s)
        for i in range(rounds)
        for note in loop.notes
    )
    unrolled = replace(loop, notes=notes, duration_s=rounds * length_s, loop=False)
    whole = renderer.render_raw(unrolled)
    fifth = whole[4 * len(whole) // rounds : 5 * len(whole) // rounds]
    wrapping, cut = (renderer.render_raw(each) for each in (loop, replace(loop, loop=False)))
    assert _alike(wrapping, fifth) > 0.97
    began, wrapped_on, cold = (
        float(np.square(x[: SAMPLE_RATE // 200]).mean()) for x in (fifth, wrapping, cut)
    )
    assert wrapped_on == pytest.approx(began, rel=0.5)
    assert cold < 0.2 * began


def _alike(a: Audio, b: Audio) -> float:
    """Correlation of two log-mel pictures."""
    pictures = [np.maximum(log_mel(x[: len(b)], SAMPLE_RATE).level_db, -90).ravel() for x in (a, b)]
    return float(np.corrcoef(*pictures)[0, 1])


@pytest.mark.parametrize("style_id", ["ambient", "classical", "house", "drum-and-bass", "lofi"])
@pytest.mark.parametrize("bars", [1, 4])
def test_loops_have_no_seam(renderer: Renderer, style_id: str, bars: int) -> None:
    loop = compose(6, style=style_id, loop_bars=bars)
    audio = renderer.render(loop)
    assert len(audio) == round(loop.duration_s * SAMPLE_RATE)
    step = np.abs(np.diff(audio, axis=0)).max(1)
    seam = np.abs(audio[0] - audio[-1]).max()
    assert seam <= np.percentile(step, 99.5)


def test_wrapping_folds_what_lies_outside_back_in() -> None:
    sound = np.arange(1.0, 13.0, dtype=np.float32)[:, None] * np.ones((1, 2), np.float32)
    np.testing.assert_array_equal(wrapped(sound, 4)[:, 0], [1 + 5 + 9, 2 + 6 + 10, 18 + 3, 24])
    np.testing.assert_array_equal(
        wrapped(sound, 8, lead=2)[:, 0], [3 + 11, 4 + 12, 5, 6, 7, 8, 10, 12]
    )
    short = wrapped(sound[:3], 4, lead=1)[:, 0]
    np.testing.assert_array_equal(short, [2, 3, 0, 1])


def test_late_instruments_sound_in_time(renderer: Renderer) -> None:
    """A picked bass, whose sample speaks 25 ms late, is heard within 10 ms of its notes."""
    part = replace(part_for("bass", 34), reverb=0)
    notes = tuple(Note(0.25 + 0.5 * i, 0.3, 40 + i, 100, part.channel) for i in range(4))
    piece = replace(compose(1, duration_s=2.5), parts=(part,), notes=notes)
    for anticipated, late in ((True, False), (False, True)):
        sound = renderer.render_raw(piece, anticipated).mean(1)
        for note in notes:
            around = sound[int((note.start_s - 0.1) * SAMPLE_RATE) :][: SAMPLE_RATE // 4]
            level = np.sqrt(np.convolve(around**2, np.ones(132) / 132, "valid"))
            begins_s = np.argmax(level > 0.2 * level.max()) / SAMPLE_RATE - 0.1 + 0.0015
            assert (abs(begins_s) > 0.012) == late
