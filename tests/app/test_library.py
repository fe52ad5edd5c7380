"""The library: what is saved stays, what a crash or a hand left is set right."""

import concurrent.futures
import contextlib
import multiprocessing
import os
import resource
import sqlite3
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.library import THUMBNAIL_SHAPE, Library, LibraryError, Take, TakeState, new_take
from app.library import database as index
from app.library import repair as repairs
from app.library.take import time_of
from engine.api import Clip, GenerationRequest
from engine.audio.files import FileFormat, read_settings, write
from engine.errors import AudioFileError

RATE = 44_100


def clip(prompt: str = "slow jazz", seed: int = 1, seconds: float = 0.2) -> Clip:
    audio = np.random.default_rng(seed).normal(0, 0.4, (round(seconds * RATE), 2))
    return Clip(
        audio.astype(np.float32), RATE, GenerationRequest(prompt, seed=seed), 1.5, ("a notice",)
    )


def saved(library: Library, sound: Clip | None = None) -> Take:
    sound = sound or clip()
    return library.save(new_take(sound), sound)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with contextlib.closing(Library(tmp_path)) as opened:
        yield opened


@contextlib.contextmanager
def reopened(library: Library) -> Iterator[Library]:
    library.close()
    with contextlib.closing(Library(library.folder)) as again:
        yield again


def test_a_take_comes_back_after_a_restart(library: Library) -> None:
    sound = clip("慢爵士 🎷")
    take = saved(library, sound)
    with reopened(library) as again:
        assert again.all() == [take]
        assert again.repairs == repairs.Repairs()
        back = again.clip(take)
    np.testing.assert_array_equal(back.audio, sound.audio)
    assert (back.request, back.elapsed_s, back.notices) == (sound.request, 1.5, ("a notice",))
    assert len(take.thumbnail) == np.prod(THUMBNAIL_SHAPE)


def test_thumbnails_show_the_music() -> None:
    time_s = np.arange(RATE) / RATE
    audio = (np.sin(2 * np.pi * 440 * time_s) * (time_s < 0.5)).astype(np.float32)[:, None]
    sound = Clip(audio, RATE, GenerationRequest("a tone, then silence"))
    with tempfile.TemporaryDirectory() as folder, contextlib.closing(Library(Path(folder))) as lib:
        shades = np.frombuffer(saved(lib, sound).thumbnail, np.uint8).reshape(THUMBNAIL_SHAPE)
    assert shades[:, :45].max() == 255
    assert shades[:, 52:].max() == 0
    assert shades[:, 20].argmax() < THUMBNAIL_SHAPE[0] // 3  # 440 Hz lies low


def test_ids_tell_the_time_and_sort_by_it() -> None:
    first, second = new_take(clip()), new_take(clip())
    assert first.id < second.id
    assert first.created_at <= second.created_at
    for name in ("notes", "20260101T000000000000-xyz", "x-0011aabb"):
        with pytest.raises(ValueError, match=r"id|format|hex|fromhex"):
            time_of(name)


def test_stars_stay(library: Library) -> None:
    take = saved(library)
    library.star(take.id, True)
    with reopened(library) as again:
        assert again.all() == [replace(take, starred=True)]


def test_deleting_can_be_undone_and_lasts(library: Library) -> None:
    kept, gone = saved(library), saved(library)
    library.delete(kept.id)
    library.restore(kept.id)
    library.delete(gone.id)
    assert library.all() == [kept]
    with reopened(library) as again:
        assert again.all() == [kept]
        again.restore(gone.id)  # within a day even after a restart
        assert again.clip(gone).request == gone.request


def test_the_trash_is_purged_at_a_later_start(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = saved(library)
    library.delete(take.id)
    monkeypatch.setattr(repairs, "TRASH_KEEPS_S", 0.0)
    with reopened(library):
        assert not list((library.folder / "trash").iterdir())


def test_a_file_without_a_row_is_adopted(library: Library) -> None:
    take, sound = new_take(clip("saved just before the crash")), clip("saved just before the crash")
    path = library.folder / "takes" / take.file_name
    write(path, sound.audio, RATE, FileFormat.WAV_FLOAT, sound.request)
    with reopened(library) as again:
        (adopted,) = again.all()
        assert (adopted.id, adopted.request, adopted.frames) == (take.id, take.request, take.frames)
        assert any(adopted.thumbnail)
        assert again.repairs.adopted == 1
        assert "One take" in again.messages()[0][0] or "one take" in again.messages()[0][0]


def test_temporary_files_are_swept_and_strangers_left_alone(library: Library) -> None:
    folder = library.folder / "takes"
    (folder / ".undertone-dead.part").write_bytes(b"half")
    (folder / "my own song.wav").write_bytes(b"mine")
    with reopened(library) as again:
        assert [path.name for path in folder.iterdir()] == ["my own song.wav"]
        assert again.messages() == []


def test_a_missing_file_is_marked_told_once_and_forgiven(library: Library) -> None:
    take = saved(library)
    path = library.folder / "takes" / take.file_name
    path.rename(library.folder / "elsewhere.wav")
    with reopened(library) as again:
        assert again.all() == [replace(take, state=TakeState.MISSING)]
        assert "no longer in the folder" in again.messages()[0][0]
        with pytest.raises(AudioFileError, match="does not exist"):
            again.clip(take)
        again.delete(take.id)  # also without a file
        again.restore(take.id)
        with reopened(again) as third:
            assert third.messages() == []
            (library.folder / "elsewhere.wav").rename(path)
            with reopened(third) as fourth:
                assert fourth.all() == [take]


@pytest.mark.parametrize("deleted", [True, False])
def test_a_move_cut_short_is_finished(library: Library, deleted: bool) -> None:
    take = saved(library)
    places = [library.folder / "takes" / take.file_name, library.folder / "trash" / take.file_name]
    if deleted:  # the row says deleted, the file is still among the takes
        library.delete(take.id)
        places.reverse()
    places[0].rename(places[1])
    with reopened(library) as again:
        assert again.all() == ([] if deleted else [take])
        assert places[0].exists()
        assert not places[1].exists()


def test_a_damaged_index_is_rebuilt_from_the_files(library: Library) -> None:
    takes = [saved(library, clip(seed=seed)) for seed in range(3)]
    library.close()
    path = library.folder / "library.sqlite"
    path.write_bytes(b"\xff" * 8192)
    with contextlib.closing(Library(library.folder)) as again:
        assert [take.request for take in again.all()] == [take.request for take in takes]
        assert again.repairs.rebuilt
        assert list(library.folder.glob("library-damaged-*.sqlite"))


def test_a_damaged_row_is_replaced_from_its_file(library: Library) -> None:
    take = saved(library)
    library.close()
    with contextlib.closing(sqlite3.connect(library.folder / "library.sqlite")) as raw, raw:
        raw.execute("UPDATE takes SET request = 'nonsense'")
    with contextlib.closing(Library(library.folder)) as again:
        assert [found.request for found in again.all()] == [take.request]


def test_a_damaged_file_is_named(library: Library) -> None:
    name = new_take(clip()).file_name
    (library.folder / "takes" / name).write_bytes(b"RIFF")
    with reopened(library) as again:
        assert again.all() == []
        assert again.repairs.unreadable == (name,)


def test_a_newer_index_is_left_alone(library: Library) -> None:
    library.close()
    path = library.folder / "library.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA user_version = 99")
    with pytest.raises(LibraryError, match="newer version"):
        Library(library.folder)
    assert path.exists()


def test_every_migration_step_runs_from_an_empty_index(tmp_path: Path) -> None:
    with contextlib.closing(index.connect(tmp_path / "new.sqlite")) as database:
        assert database.execute("PRAGMA user_version").fetchone()[0] == len(index.MIGRATIONS)
        assert database.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert database.execute("PRAGMA synchronous").fetchone()[0] == 2  # FULL


def test_a_full_disk_loses_nothing_and_can_be_tried_again(library: Library) -> None:
    sound = clip()
    take = new_take(sound)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(AudioFileError, match="disk is full"):
            library.save(take, sound)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not list((library.folder / "takes").iterdir())
    library.save(take, sound)
    assert [found.id for found in library.all()] == [take.id]


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX permissions")
def test_a_read_only_folder_can_still_be_listed() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with contextlib.closing(Library(folder)) as library:
            take = saved(library)
        with as_ordinary_user(folder), contextlib.closing(Library(folder)) as library:
            assert not library.writable
            assert library.all() == [take]
            assert len(library.clip(take).audio)
            for change in (library.delete, library.restore, lambda id: library.star(id, True)):
                with pytest.raises(LibraryError, match="cannot be written"):
                    change(take.id)
            with pytest.raises(LibraryError, match="folder of your own"):
                saved(library)
            assert "cannot be written" in library.messages()[0][0]


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX permissions")
def test_a_folder_that_cannot_be_made_says_so() -> None:
    with tempfile.TemporaryDirectory() as name, as_ordinary_user(Path(name)):
        with pytest.raises(LibraryError, match="cannot be used") as caught:
            Library(Path(name) / "new")
        assert "stay in memory" in caught.value.remedy


@contextlib.contextmanager
def as_ordinary_user(folder: Path) -> Iterator[None]:
    """`folder` and all in it are readable only, for a user who is not root."""
    inside = [folder, *folder.rglob("*")]
    for path in inside:
        path.chmod(0o555 if path.is_dir() else 0o444)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65_534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        for path in inside:
            path.chmod(0o755 if path.is_dir() else 0o644)


def test_a_copy_to_drag_is_whole_and_well_named(library: Library) -> None:
    take = saved(library)
    path = library.copy_to_drag(take)
    assert path.name == "slow-jazz-1.wav"
    assert read_settings(path) == take.request
    path.unlink()
    assert (
        library.copy_to_drag(take).read_bytes()
        == (library.folder / "takes" / take.file_name).read_bytes()
    )


def _work_in(folder: Path, seed: int) -> list[str]:
    """Open the shared library, save and star some takes, open it again in between."""
    ids = []
    for i in range(5):
        with contextlib.closing(Library(folder)) as library:
            take = saved(library, clip(seed=100 * seed + i, seconds=0.05))
            library.star(take.id, i % 2 == 0)
            ids.append(take.id)
    return ids


def test_two_processes_share_a_library(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=spawn) as pool:
        halves = list(pool.map(_work_in, [tmp_path / "shared"] * 2, [1, 2]))
    with contextlib.closing(Library(tmp_path / "shared")) as library:
        takes = {take.id: take for take in library.all()}
        assert set(takes) == {id for half in halves for id in half}
        assert all(
            takes[id].starred == (i % 2 == 0) for half in halves for i, id in enumerate(half)
        )
        assert library.repairs == repairs.Repairs()
        assert library._database.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
