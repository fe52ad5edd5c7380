"""A tiny model on disk and loaded, shared by the engine's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.models.registry import Registry


@pytest.fixture(scope="session")
def tiny_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models' root with one loadable model, "house". Not to be changed by a test."""
    from tests.engine.tiny_model import write_tiny_model

    root = tmp_path_factory.mktemp("models")
    write_tiny_model(root)
    return root


@pytest.fixture(scope="session")
def tiny_registry(tiny_root: Path) -> Registry:
    """Loads the tiny model once and hands it out again, so that tests stay fast."""
    from tests.engine.tiny_model import KeepingRegistry

    return KeepingRegistry((tiny_root,))
