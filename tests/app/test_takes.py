"""The takes as state: saved behind the window's back, undone by name, never lost to a full disk."""

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import shiboken6
from pytestqt.qtbot import QtBot

from app.library import Library, LibraryError, Take, TakeState
from app.state import take_storage
from app.state.takes import Takes
from engine.api import Clip, GenerationRequest
from engine.audio import atomic
from tests.fakes import clip as fake_clip

OpenTakes = Callable[[], Takes]


def clip(prompt: str = "slow jazz", seed: int = 1) -> Clip:
    return fake_clip(GenerationRequest(prompt, seed=seed), clip_s=0.2)


def states(takes: Takes) -> list[TakeState]:
    return [take.state for take in takes.visible()]


def settle(qtbot: QtBot, takes: Takes) -> None:
    """Let the disk finish and its answers arrive."""
    takes.wait_until_saved()
    qtbot.waitUntil(lambda: TakeState.SAVING not in states(takes))


@pytest.fixture
def open_takes(qtbot: QtBot, tmp_path: Path) -> Iterator[OpenTakes]:
    opened: list[Takes] = []

    def make() -> Takes:
        takes = Takes(tmp_path)
        opened.append(takes)
        with qtbot.waitSignal(takes.opened):
            pass
        return takes

    yield make
    for takes in opened:
        takes.close()


@pytest.fixture
def takes(open_takes: OpenTakes) -> Takes:
    return open_takes()


def test_a_take_is_listed_at_once_and_saved_behind(
    qtbot: QtBot, takes: Takes, open_takes: OpenTakes
) -> None:
    take = takes.add(clip())
    assert takes.visible() == [take]
    assert take.state is TakeState.SAVING
    settle(qtbot, takes)
    (saved,) = takes.visible()
    assert saved.state is TakeState.SAVED
    assert any(saved.thumbnail)
    takes.close()
    assert open_takes().visible() == [saved]


def test_closing_finishes_what_is_being_saved(takes: Takes, open_takes: OpenTakes) -> None:
    ids = [takes.add(clip(seed=seed)).id for seed in range(5)]
    takes.close()
    assert [take.id for take in open_takes().visible()] == ids[::-1]


def test_selecting_reads_the_sound(qtbot: QtBot, takes: Takes, open_takes: OpenTakes) -> None:
    take, sound = takes.add(clip()), clip()
    takes.close()
    again = open_takes()
    with qtbot.waitSignal(again.clip_ready) as ready:
        again.select(take.id)
    read = ready.args[1]
    np.testing.assert_array_equal(read.audio, sound.audio)
    assert again.current is not None
    assert again.use_settings(again.current) == sound.request


def test_deleting_names_itself_and_is_undone(
    qtbot: QtBot, takes: Takes, open_takes: OpenTakes
) -> None:
    takes.add(clip("older"))
    newer = takes.add(clip("a prompt that goes on for far longer than any menu could show"))
    settle(qtbot, takes)
    takes.select(newer.id)
    takes.remove(newer.id)
    assert takes.undo.undoText() == "Delete “a prompt that goes on for far l…”"
    assert takes.current == takes.visible()[0]  # the neighbour
    takes.undo.undo()
    assert takes.current is not None
    assert takes.current.id == newer.id
    takes.undo.redo()
    takes.close()
    assert [take.request.prompt for take in open_takes().visible()] == ["older"]


def test_a_take_deleted_while_it_is_saved_comes_back(
    qtbot: QtBot, takes: Takes, open_takes: OpenTakes
) -> None:
    take = takes.add(clip())
    takes.remove(take.id)
    takes.undo.undo()
    settle(qtbot, takes)
    takes.close()
    assert [again.id for again in open_takes().visible()] == [take.id]


def test_stars_are_undone_and_kept(qtbot: QtBot, takes: Takes, open_takes: OpenTakes) -> None:
    take = takes.add(clip())
    takes.star(take.id, True)  # while it is being saved
    settle(qtbot, takes)
    assert takes.visible()[0].starred
    assert takes.undo.undoText() == "Star “slow jazz”"
    takes.undo.undo()
    assert not takes.visible()[0].starred
    takes.undo.redo()
    takes.close()
    assert open_takes().visible()[0].starred


@pytest.mark.parametrize(
    ("text", "found"),
    [("", 3), ("jazz", 2), ("JAZZ slow", 1), ("  ", 3), ("77", 1), ("polka", 0), ("fÜr", 1)],
)
def test_search_finds_words_in_any_order(takes: Takes, text: str, found: int) -> None:
    for prompt, seed in (("Slow jazz", 1), ("fast jazz", 77), ("ein Lied für Elise", 3)):
        takes.add(clip(prompt, seed))
    takes.set_search(text)
    assert len(takes.visible()) == found


def test_only_starred_ones(takes: Takes) -> None:
    first, _ = takes.add(clip()), takes.add(clip())
    takes.star(first.id, True)
    takes.set_starred_only(True)
    assert [take.id for take in takes.visible()] == [first.id]


def full_disk(descriptor: int) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_keeps_the_take_in_memory_until_it_can_be_saved(
    qtbot: QtBot, takes: Takes, monkeypatch: pytest.MonkeyPatch, open_takes: OpenTakes
) -> None:
    with monkeypatch.context() as broken, qtbot.waitSignal(takes.notice) as notice:
        broken.setattr(atomic.os, "fsync", full_disk)
        take = takes.add(clip())
        takes.wait_until_saved()
    assert "disk is full" in notice.args[0]
    assert notice.args[1]
    assert states(takes) == [TakeState.UNSAVED]
    monkeypatch.setattr(take_storage, "CACHE_BYTES", 0)  # even where memory is short
    takes.add(clip())
    with qtbot.waitSignal(takes.clip_ready):
        takes.load(take.id)
    takes.remove(take.id)
    takes.undo.undo()
    takes.retry_unsaved()
    settle(qtbot, takes)
    takes.close()
    assert take.id in [again.id for again in open_takes().visible()]


def test_a_library_that_cannot_be_opened_keeps_takes_in_memory(
    qtbot: QtBot, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    takes = Takes(tmp_path / "file")
    with qtbot.waitSignal(takes.notice) as notice:
        pass
    assert "cannot be used" in notice.args[0]
    with qtbot.waitSignal(takes.notice):
        take = takes.add(clip())
    assert states(takes) == [TakeState.UNSAVED]
    with qtbot.waitSignal(takes.clip_ready):
        takes.load(take.id)
    (tmp_path / "file").unlink()  # the obstacle goes, without a restart
    takes.retry_unsaved()
    settle(qtbot, takes)
    assert states(takes) == [TakeState.SAVED]
    takes.close()


def test_a_file_removed_from_outside_is_marked(
    qtbot: QtBot, tmp_path: Path, takes: Takes, open_takes: OpenTakes
) -> None:
    take = takes.add(clip())
    takes.close()
    again = open_takes()
    (tmp_path / "takes" / take.file_name).unlink()
    with qtbot.waitSignal(again.notice):
        again.select(take.id)
    assert states(again) == [TakeState.MISSING]


def test_a_refused_deletion_brings_the_take_back(
    qtbot: QtBot, takes: Takes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Library, id: str) -> None:
        raise LibraryError("The take could not be deleted: the disk fails.", "Try again.")

    monkeypatch.setattr(Library, "delete", refuse)
    take = takes.add(clip())
    settle(qtbot, takes)
    with qtbot.waitSignal(takes.notice):
        takes.remove(take.id)
    assert [again.id for again in takes.visible()] == [take.id]


def test_memory_holds_the_recent_clips_only() -> None:
    cache = take_storage.ClipCache()
    sound = Clip(np.zeros((2**20, 2), np.float32), 44_100, GenerationRequest("8 MiB"))
    for number in range(40):
        cache.put(str(number), sound, keep=number == 0)
    held = [number for number in range(40) if cache.get(str(number)) is not None]
    assert held == [0, *range(37, 40)]  # 32 MiB, of which what is not on disk yet takes 8
    cache.release("0")
    cache.put("40", sound)
    assert cache.get("37") is None or cache.get("0") is None


def test_a_dragged_file_has_a_good_name(qtbot: QtBot, takes: Takes) -> None:
    take: Take = takes.add(clip())
    settle(qtbot, takes)
    path = takes.file_to_drag(take.id)
    assert path is not None
    assert path.name == "slow-jazz-1.wav"


def test_a_stack_that_is_gone_offers_no_undo(qtbot: QtBot, takes: Takes) -> None:
    takes.add(clip())
    settle(qtbot, takes)
    takes.remove(takes.visible()[0].id)
    assert takes.can_undo_removal
    shiboken6.delete(takes.undo)
    assert not takes.can_undo_removal
