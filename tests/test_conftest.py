"""What all tests count on is so."""

from __future__ import annotations

import os
import sys

import pytest
import torch


@pytest.mark.xdist_group("one")
@pytest.mark.skipif("PYTEST_XDIST_WORKER" not in os.environ, reason="one process has no groups")
def test_groups_of_tests_keep_to_one_worker(request: pytest.FixtureRequest) -> None:
    """xdist knows a group by what it writes behind a test's name; pytest 9.2 does not let it."""
    assert request.node.nodeid.endswith("@one")


def test_a_test_process_has_one_torch_thread() -> None:
    assert torch.get_num_threads() == 1


@pytest.mark.xdist_group("denormals")
def test_a_test_may_flush_denormals() -> None:
    torch.set_flush_denormal(True)
    smallest = sys.float_info.min
    assert smallest / 2 == 0


@pytest.mark.xdist_group("denormals")
def test_the_next_one_has_them_again() -> None:
    smallest = sys.float_info.min
    assert smallest / 2 > 0
