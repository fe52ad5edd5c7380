"""Rendered sound: levels, exactness, and what librosa hears against what the score says."""

from dataclasses import replace
from pathlib import Path

import librosa
import numpy as np
import pytest

from engine.errors import EngineError
from engine.training.corpus.composer import compose
from engine.training.corpus.dataset import render_many, render_seed
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


def test_many_come_in_order_and_alike_from_any_number_of_processes() -> None:
    alone = list(render_many(range(3), workers=0, duration_s=2.0))
    together = list(render_many(range(3), workers=2, duration_s=2.0))
    for (piece, audio), (same_piece, same_audio) in zip(alone, together, strict=True):
        assert piece == same_piece
        np.testing.assert_array_equal(audio, same_audio)
    np.testing.assert_array_equal(render_seed(2, 2.0)[1], alone[2][1])
