"""Requests and sounds of every kind, for the property tests."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from engine.api import (
    INSTRUMENTS,
    STYLES,
    Chord,
    GenerationRequest,
    Key,
    Limits,
    Mode,
    Projection,
    Refinement,
    SamplerName,
    ScheduleName,
    Score,
    Stem,
)
from engine.score import BARS, BEATS_PER_BAR, QUALITIES, TEMPO_BPM

any_text = st.text(st.characters(), max_size=300)  # lone surrogates and nulls included

players = st.sampled_from([each.name for each in INSTRUMENTS])
scores = st.builds(
    Score,
    tempo_bpm=st.none() | st.floats(*TEMPO_BPM),
    beats_per_bar=st.none() | st.integers(*BEATS_PER_BAR),
    key=st.none() | st.builds(Key, st.integers(0, 11), st.sampled_from(Mode)),
    chords=st.none()
    | st.lists(st.builds(Chord, st.integers(0, 11), st.sampled_from(list(QUALITIES)))).map(tuple),
    bars=st.none() | st.integers(*BARS),
    drums=st.none() | st.booleans(),
    style=st.none() | st.sampled_from([each.id for each in STYLES]),
    instruments=st.none() | st.lists(players, unique=True, max_size=5).map(tuple),
    stem=st.none() | st.sampled_from(Stem),
    loop=st.none() | st.booleans(),
)

refinements = st.builds(
    Refinement,
    rescale=st.floats(*Limits.RESCALE),
    projection=st.none()
    | st.builds(
        Projection,
        eta=st.floats(*Limits.ETA),
        momentum=st.floats(*Limits.MOMENTUM),
        threshold=st.floats(*Limits.THRESHOLD),
    ),
    interval=st.none() | st.tuples(st.floats(0, 9), st.floats(10, 1_000)),
)

requests = st.builds(
    GenerationRequest,
    prompt=any_text.filter(str.strip),
    negative_prompt=any_text,
    duration_s=st.floats(*Limits.DURATION_S),
    steps=st.integers(*Limits.STEPS),
    guidance=st.floats(*Limits.GUIDANCE),
    refinement=refinements,
    sampler=st.sampled_from(SamplerName),
    schedule=st.sampled_from(ScheduleName),
    score=scores,
    seed=st.none() | st.integers(*Limits.SEED),
    model=st.text(max_size=20),
    over=any_text,
    previews=st.booleans(),
)

sounds = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 3000), st.integers(1, 2)),
    elements=st.floats(-1, 1, width=32),
    fill=st.floats(-1, 1, width=32),
)
