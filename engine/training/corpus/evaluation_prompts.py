"""The 24 requests that a model is evaluated on, written by hand and never trained on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class EvaluationPrompt:
    """A prompt with the truth it asks for, for measuring what comes back."""

    text: str
    style: str
    tempo_bpm: float
    drums: bool
    instruments: tuple[str, ...]


def evaluation_prompts() -> tuple[EvaluationPrompt, ...]:
    """24 fixed prompts over all styles, in wordings of their own; 15 with drums, 9 without."""
    return tuple(EvaluationPrompt(*row) for row in _EVALUATION)


_EVALUATION: tuple[tuple[str, str, float, bool, tuple[str, ...]], ...] = (
    ("slow lo-fi hip hop with electric piano and drums, 75 bpm",
     "lofi", 75, True, ("electric piano",)),
    ("Lo-fi study music on piano and upright bass, no drums, 82 bpm",
     "lofi", 82, False, ("piano", "upright bass")),
    ("Sunrise house: bright piano stabs, synth bass and a four-on-the-floor beat, 124 bpm",
     "house", 124, True, ("bright piano", "synth bass")),
    ("A hypnotic techno night, synth bass and electronic drums, 132 bpm",
     "techno", 132, True, ("synth bass",)),
    ("rolling drum and bass, warm pad, deep synth bass, breakbeat drums, 174 bpm",
     "drum-and-bass", 174, True, ("warm pad", "deep synth bass")),
    ("menacing trap with music box and 808 drums at 142 bpm",
     "trap", 142, True, ("music box",)),
    ("dusty boom bap: piano, electric bass, hard drums. 90 bpm",
     "boom-bap", 90, True, ("piano", "electric bass")),
    ("tight funk with clavinet, slap bass, brass section and drums, 108 bpm",
     "funk", 108, True, ("clavinet", "slap bass", "brass section")),
    ("glittering disco, strings, electric bass and drums, 118 bpm",
     "disco", 118, True, ("strings", "electric bass")),
    ("loud rock band: overdriven guitar, picked bass, big drums, 128 bpm",
     "rock", 128, True, ("overdriven guitar", "picked bass")),
    ("Swinging jazz quartet with tenor sax, piano, upright bass and drums, 140 bpm",
     "jazz", 140, True, ("tenor sax", "piano", "upright bass")),
    ("late-night jazz duo, vibraphone and upright bass, without drums, 112 bpm",
     "jazz", 112, False, ("vibraphone", "upright bass")),
    ("breezy bossa nova, nylon guitar and flute, soft brushed drums, 126 bpm",
     "bossa-nova", 126, True, ("nylon guitar", "flute")),
    ("heavy roots reggae with organ, electric bass and drums, 76 bpm",
     "reggae", 76, True, ("organ", "electric bass")),
    ("neon synthwave drive: polysynth, saw lead, electronic drums, 100 bpm",
     "synthwave", 100, True, ("polysynth", "saw lead")),
    ("floating ambient of warm pad and crystal synth, no drums, 66 bpm",
     "ambient", 66, False, ("warm pad", "crystal synth")),
    ("A graceful classical duet for violin and piano, no percussion, 96 bpm",
     "classical", 96, False, ("violin", "piano")),
    ("solo harpsichord in the baroque manner, 104 bpm",
     "classical", 104, False, ("harpsichord",)),
    ("heroic film score, strings, french horn and pounding drums, 92 bpm",
     "cinematic", 92, True, ("strings", "french horn")),
    ("an elegant waltz for accordion and upright bass, no drums, 144 bpm",
     "waltz", 144, False, ("accordion", "upright bass")),
    ("slow-burning blues with clean guitar, harmonica, bass and drums, 88 bpm",
     "blues", 88, True, ("clean guitar", "harmonica")),
    ("honest folk song, acoustic guitar and violin, no drums, 104 bpm",
     "folk", 104, False, ("acoustic guitar", "violin")),
    ("hopeful ballad on solo piano, pop, 92 bpm",
     "pop", 92, False, ("piano",)),
    ("romantic piano alone, classical, 80 bpm, without drums",
     "classical", 80, False, ("piano",)),
)  # fmt: skip
