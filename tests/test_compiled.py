"""Compiled code is made once, and every process begins with a copy of its own."""

from __future__ import annotations

from pathlib import Path

from tests.compiled import own_cache


def test_a_process_begins_with_what_was_compiled(tmp_path: Path) -> None:
    assert not own_cache("early", tmp_path).exists()  # it will compile for itself
    (tmp_path / "numba").mkdir()
    (tmp_path / "numba" / "code").write_text("compiled")
    own = own_cache("late", tmp_path)
    assert (own / "code").read_text() == "compiled"
    (own / "code").write_text("its own")
    assert (own_cache("late", tmp_path) / "code").read_text() == "its own"
    assert (tmp_path / "numba" / "code").read_text() == "compiled"
