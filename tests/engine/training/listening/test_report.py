"""The whole report on makers that are known: the composer keeps every bar, noise misses them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from engine.api import GenerationRequest
from engine.cli import main
from engine.device import choose
from engine.models.registry import Registry
from engine.score import Score, Stem
from engine.training.asking import Sampling
from engine.training.corpus.render import Renderer
from engine.training.listening import asked, judge
from engine.training.listening.choices import ALL, COLUMNS, compare, head, line
from engine.training.listening.findings import Size, most_lost
from engine.training.listening.heard import Sound
from engine.training.listening.report import Report, report_on
from engine.training.listening.rows import Row, table
from engine.training.listening.store import Store
from engine.training.listening.studio import Maker, Studio, render_name, score_from, score_json
from tests.engine.tiny_model import write_tiny_model

pytestmark = pytest.mark.xdist_group("report")  # one worker teaches and asks, not each

SIZE = Size(mixes=6, stems=4, loops=2, seeds=3, lessons=24, memory=2)
STYLES = ("techno", "jazz", "ambient", "folk")


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """Four styles in place of twenty, so that few lessons teach them."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (asked, judge):
            patch.setattr(module, "STYLE_ROUND", STYLES)
        yield Studio(Store(tmp_path_factory.mktemp("store")), workers=0)


@cache
def composer() -> Maker:
    """A model that could not be better: it has the very pieces played, each of them once."""
    renderer, played = Renderer(), dict[str, Sound]()
    questions = (*asked.mixes(SIZE.mixes), *asked.stems(SIZE.stems), *asked.loops(SIZE.loops))
    pieces = {text: each.piece for each in questions for text in (each.text, each.plain)}
    seeds = {piece.seed: piece for piece in asked.many_seeds(SIZE.seeds).pieces}

    def generate(request: GenerationRequest) -> tuple[Sound, Score]:
        assert request.seed is not None
        piece = seeds.get(request.seed) or pieces[request.prompt]
        name = render_name(piece)
        if name not in played:
            played[name] = renderer.render(piece)
        return played[name], replace(piece.score, loop=piece.loop)

    return Maker("composer", generate)


def noise() -> Maker:
    rng = np.random.default_rng(0)

    def generate(request: GenerationRequest) -> tuple[Sound, Score]:
        score = Score(100.0, 4, None, None, 4, False).filled_by(request.score)
        return rng.normal(0, 0.1, (441_000, 2)).astype(np.float32), score

    return Maker("noise", generate)


@pytest.fixture(scope="module")
def of_composer(studio: Studio) -> Report:
    return report_on(composer(), studio, SIZE, other=composer(), speed=lambda: 0.4)


def by_name(report: Report) -> dict[str, Row]:
    return {row.figure.name: row for row in report.rows}


def test_the_composer_keeps_every_bar(of_composer: Report) -> None:
    assert [row.figure.name for row in of_composer.rows if row.figure.kept is False] == []
    rows = by_name(of_composer)
    for name in judge.FIGURES:
        assert rows[name].figure.value == rows[name].real
    assert sum(row.figure.kept is True for row in of_composer.rows) >= 13


def test_noise_misses_what_it_cannot_keep(studio: Studio) -> None:
    report = report_on(noise(), studio, SIZE, against=noise(), speed=lambda: 0.6)
    missed = {row.figure.name for row in report.rows if row.figure.kept is False}
    assert missed >= {
        judge.TEMPO, judge.GRID, judge.KEY, judge.STYLE, judge.INSTRUMENTS,
        "loops: length exact to the sample", "Fréchet distance to other renders",
        "10 s in 8 steps, warm, previews on",
    }  # fmt: skip
    assert "against" in next(table(report.rows))
    json.dumps(report.to_json(), allow_nan=False)


def test_the_report_is_told_as_text_page_and_json(of_composer: Report) -> None:
    text = of_composer.text()
    assert "kept" in text
    assert "MISSED" not in text
    page = of_composer.page()
    assert page.count("data:image/png;base64,") == 2 * (SIZE.mixes + SIZE.stems + SIZE.loops)
    assert "asked: " in page
    told = json.loads(json.dumps(of_composer.to_json(), allow_nan=False))
    assert len(told["each"]) == SIZE.mixes


def test_choices_are_told_beside_what_renders_get(of_composer: Report, tmp_path: Path) -> None:
    write_tiny_model(tmp_path, "mine")
    model = Registry((tmp_path,)).load("mine", choose("cpu"))
    makers = {2.0: composer(), 3.0: noise()}
    real, good, bad = compare(
        [Sampling(8, 2.0, ALL), Sampling(8, 3.0, ALL)],
        lambda way: makers[way.guidance or 0],
        model,
        of_composer.questions,
    )
    told = {
        name: [read(each.found) for each in (real, good, bad)] for name, read in COLUMNS.items()
    }
    assert all(values[0] == values[1] for values in told.values())
    assert told["key"][2] < told["key"][1]
    assert told["Fréchet"][2] > told["Fréchet"][1]
    assert [each.passes for each in (real, good, bad)] == [None, 16, 16]
    assert len(line(bad)) == len(head())


def test_renders_are_kept_and_damaged_ones_made_again(studio: Studio) -> None:
    piece = asked.mixes(1)[0].piece
    (first,) = studio.play([piece])
    for file in studio.store.folder.iterdir():
        before = file.read_bytes()
        file.write_bytes(before[:40])
    (again,) = studio.play([piece])
    assert np.array_equal(first.heard.picture, again.heard.picture)


def test_a_score_comes_back_from_json_as_it_was() -> None:
    for each in (*asked.stems(2), *asked.loops(1), *asked.mixes(2)):
        assert score_from(json.loads(json.dumps(score_json(each.given)))) == each.given
    assert score_from(score_json(Score(stem=Stem.BASS, loop=True))).stem is Stem.BASS


def test_the_row_that_loses_most_is_named() -> None:
    even = dict.fromkeys(judge.FIGURES, 1.0)
    worse = even | {judge.KEY: 0.5}
    loss = most_lost([even] * 8, [worse] * 8)
    assert (loss.name, loss.points, loss.error) == (judge.KEY, 50.0, 0.0)


def test_bad_words_get_a_clear_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["evaluate", "--cache", str(tmp_path), "--against", str(tmp_path / "nowhere")]
    assert main(words) != 0
    assert "nowhere" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
