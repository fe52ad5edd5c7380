"""The mel scale, the picture's levels and its axis, against tones with known answers."""

import librosa
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.audio.spectrogram import (
    FLOOR_DB,
    FrequencyScale,
    hz_to_mel,
    log_mel,
    mel_frequencies,
    mel_to_hz,
    pooled,
)


def tone(freq_hz: float, sample_rate: int, seconds: float = 1.0) -> np.ndarray:
    time_s = np.arange(int(seconds * sample_rate)) / sample_rate
    return np.sin(2 * np.pi * freq_hz * time_s).astype(np.float32)[:, None]


@given(st.floats(0, 96_000))
def test_mels_and_hertz_are_inverse(hz: float) -> None:
    assert mel_to_hz(hz_to_mel(hz)) == pytest.approx(hz, rel=1e-9, abs=1e-9)


def test_the_mel_scale_is_slaneys() -> None:
    hz = np.array([0.0, 60.0, 440.0, 999.0, 1000.0, 1001.0, 6400.0, 20_000.0])
    np.testing.assert_allclose(hz_to_mel(hz), librosa.hz_to_mel(hz), rtol=1e-9)


@pytest.mark.parametrize("sample_rate", [16_000, 44_100, 48_000])
@pytest.mark.parametrize("freq_hz", [55.0, 440.0, 997.0, 3520.0, 7500.0])
def test_a_full_scale_tone_reads_0_db_in_its_band(freq_hz: float, sample_rate: int) -> None:
    picture = log_mel(tone(freq_hz, sample_rate), sample_rate)
    column = picture.level_db[:, picture.level_db.shape[1] // 2]
    centres = mel_frequencies(len(column), picture.low_hz, picture.high_hz)
    loudest = int(column.argmax())
    band = slice(max(loudest - 2, 0), loudest + 3)
    assert centres[band][0] <= freq_hz <= centres[band][-1]
    assert -4.0 < column.max() < 0.1


def test_ten_decibels_less_reads_ten_decibels_less() -> None:
    loud = log_mel(tone(440, 44_100), 44_100).level_db.max()
    quiet = log_mel(tone(440, 44_100) * 10**-0.5, 44_100).level_db.max()
    assert loud - quiet == pytest.approx(10.0, abs=1e-3)


def test_a_click_lands_in_the_column_of_its_time() -> None:
    audio = np.zeros((44_100, 2), np.float32)
    audio[33_075] = 1.0  # at 0.75 s
    level_db = log_mel(audio, 44_100, columns=100).level_db
    assert abs(int(level_db.max(axis=0).argmax()) - 75) <= 1


@pytest.mark.parametrize("frames", [1, 100, 2048, 44_100, 300_001])
def test_columns_tile_clips_of_any_length(frames: int) -> None:
    picture = log_mel(np.zeros((frames, 2), np.float32), 44_100, mels=32)
    assert picture.duration_s == frames / 44_100
    assert picture.level_db.shape == (32, max(1, round(frames / 44_100 / 0.0116)))
    assert np.all(picture.level_db == FLOOR_DB)


def test_chunks_do_not_show() -> None:
    audio = np.random.default_rng(0).normal(0, 0.1, (200_000, 1)).astype(np.float32)
    whole = log_mel(audio, 44_100, columns=600).level_db
    # Column 255 closes the first chunk; alone, at the same centre, it must read the same.
    centre = round(255.5 * len(audio) / 600)
    alone = log_mel(audio[centre - 2048 : centre + 2048], 44_100, columns=1).level_db
    np.testing.assert_allclose(whole[:, 255], alone[:, 0], atol=0.5)


def test_audio_of_the_wrong_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="frames, channels"):
        log_mel(np.zeros(100, np.float32), 44_100)


@given(st.floats(0, 1))
def test_the_axis_and_its_inverse_agree(height: float) -> None:
    scale = FrequencyScale(30.0, 20_000.0)
    assert scale.transform(scale.inverse(height)) == pytest.approx(height, abs=1e-9)


def test_ticks_are_round_rising_and_apart() -> None:
    scale = FrequencyScale(30.0, 20_000.0)
    ticks = scale.ticks(min_gap=0.08)
    heights = [float(scale.transform(hz)) for hz, _ in ticks]
    assert (1000.0, "1 kHz") in ticks
    assert np.diff(heights).min() >= 0.08
    assert len(ticks) >= 5


def test_pooling_keeps_the_loudest() -> None:
    level_db = np.full((8, 100), -80.0, np.float32)
    level_db[5, 77] = -3.0
    small = pooled(level_db, (4, 10))
    assert small.shape == (4, 10)
    assert np.argwhere(small == -3.0).tolist() == [[2, 7]]
    assert pooled(level_db, (16, 10)).shape == (16, 10)
