"""The shared time axis: zooming, scrolling, and the pixels that three views agree on."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.state.time_axis import LEFT_MARGIN_PX, RIGHT_MARGIN_PX, SHORTEST_VIEW_S, TimeAxis
from app.timeline.ticks import bars_between_labels, beats, format_time, second_ticks


@pytest.fixture
def axis() -> TimeAxis:
    axis = TimeAxis()
    axis.set_duration(10.0)
    return axis


def test_a_new_take_is_shown_whole(axis: TimeAxis) -> None:
    assert (axis.start_s, axis.end_s) == (0.0, 10.0)
    assert axis.is_fitted


def test_the_same_length_keeps_the_zoom(axis: TimeAxis) -> None:
    axis.show(2.0, 4.0)
    axis.set_duration(10.0)
    assert (axis.start_s, axis.end_s) == (2.0, 4.0)
    axis.set_duration(9.0)
    assert axis.is_fitted


def test_zooming_keeps_the_moment_under_the_pointer(axis: TimeAxis) -> None:
    before = axis.to_px(3.0, 1000)
    axis.zoom(2.0, 3.0)
    assert axis.span_s == pytest.approx(5.0)
    assert axis.to_px(3.0, 1000) == pytest.approx(before)


def test_the_margins_are_the_views_ends(axis: TimeAxis) -> None:
    assert axis.to_px(0.0, 1000) == LEFT_MARGIN_PX
    assert axis.to_px(10.0, 1000) == 1000 - RIGHT_MARGIN_PX
    assert axis.to_time(-50.0, 1000) == 0.0
    assert axis.to_time(5000.0, 1000) == 10.0


def test_zoom_to_the_region_and_back(axis: TimeAxis) -> None:
    axis.show(1.0, 9.0)
    axis.zoom_to_region((4.0, 5.0))
    assert (axis.start_s, axis.end_s) == (4.0, 5.0)
    axis.zoom_to_region((4.0, 5.0))
    assert (axis.start_s, axis.end_s) == (1.0, 9.0)


def test_the_page_turns_only_when_the_playhead_leaves_the_view(axis: TimeAxis) -> None:
    axis.follow(20.0)
    assert axis.is_fitted
    axis.show(2.0, 4.0)
    axis.follow(3.9)
    assert axis.start_s == 2.0
    axis.follow(4.1)
    assert (axis.start_s, axis.end_s) == pytest.approx((4.1, 6.1))


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("zoom"), st.floats(0.1, 10.0), st.floats(-5.0, 15.0)),
            st.tuples(st.just("show"), st.floats(-5.0, 15.0), st.floats(-5.0, 15.0)),
            st.tuples(st.just("scroll"), st.floats(-20.0, 20.0), st.just(0.0)),
        ),
        max_size=12,
    )
)
def test_no_gesture_leaves_the_take(gestures: list[tuple[str, float, float]]) -> None:
    axis = TimeAxis()
    axis.set_duration(10.0)
    for name, one, two in gestures:
        getattr(axis, name)(*((one,) if name == "scroll" else (one, two)))
        assert 0.0 <= axis.start_s < axis.end_s <= 10.0
        assert axis.span_s >= SHORTEST_VIEW_S - 1e-9


def test_the_cursor_is_none_outside_the_take(axis: TimeAxis) -> None:
    axis.set_cursor(3.0)
    assert axis.cursor_s == 3.0
    axis.set_cursor(11.0)
    assert axis.cursor_s is None


def test_nothing_is_loaded_at_first() -> None:
    axis = TimeAxis()
    axis.zoom(2.0)
    axis.fit()
    assert axis.span_s == 0.0
    assert axis.to_time(300.0, 1000) == 0.0


@pytest.mark.parametrize(
    ("time_s", "decimals", "text"),
    [(0.0, 1, "0:00.0"), (63.24, 1, "1:03.2"), (59.96, 1, "1:00.0"), (61.0, 0, "1:01")],
)
def test_times_are_written_alike(time_s: float, decimals: int, text: str) -> None:
    assert format_time(time_s, decimals) == text


def test_second_ticks_are_round_and_far_enough_apart() -> None:
    ticks = second_ticks(0.0, 10.0, 800.0)
    assert [label for _, label in ticks] == [f"0:{second:02}" for second in range(11)]
    close = second_ticks(3.0, 3.5, 800.0)
    gaps = [second - first for (first, _), (second, _) in itertools.pairwise(close)]
    assert min(gaps) * 1600 >= 72
    assert second_ticks(0.0, 0.0, 800.0) == []


def test_beats_and_bars_follow_the_tempo(axis: TimeAxis) -> None:
    axis.set_meter(120.0, 3)
    assert axis.meter is not None
    assert axis.meter.bar_s == pytest.approx(1.5)
    assert beats(axis.meter, 1.0, 2.0).tolist() == [2, 3, 4]
    assert bars_between_labels(axis.meter, px_per_s=10.0) == 4
    axis.set_meter(None, 4)
    assert axis.meter is None
