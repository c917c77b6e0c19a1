"""Loop flows are taken off exactly, and buses come after those that supply them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from parkopt.carbon.loops import Lines


def test_opposite_directions_leave_their_difference_and_both_losses():
    sent, arrived = [100, 60], [98, 59]
    assert Lines([(0, 1), (1, 0)], 2).untangle(sent, arrived) == (0, 1)
    assert (sent, arrived) == ([41, 1], [39, 0])


def test_a_loop_over_three_buses_is_cancelled_by_its_smallest_flow():
    sent, arrived = [50, 40, 30], [50, 40, 30]
    assert Lines([(0, 1), (1, 2), (2, 0)], 3).untangle(sent, arrived) == (0, 1, 2)
    assert (sent, arrived) == ([20, 10, 0], [20, 10, 0])


def test_a_direction_over_which_nothing_arrives_joins_nothing():
    sent, arrived = [5, 9], [0, 9]
    assert Lines([(0, 1), (1, 0)], 2).untangle(sent, arrived) == (1, 0)
    assert (sent, arrived) == ([5, 9], [0, 9])


def test_a_line_from_a_bus_to_itself_is_all_loss():
    sent, arrived = [10], [8]
    assert Lines([(0, 0)], 1).untangle(sent, arrived) == (0,)
    assert (sent, arrived) == ([2], [0])


WIRES = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 9), st.integers(0, 9)), max_size=12)


@given(wires=WIRES)
def test_balances_and_losses_stay_and_no_bus_comes_before_its_supplier(wires):
    lines = Lines([(a, b) for a, b, _, _ in wires], 5)
    before_in, before_out = [w[2] for w in wires], [w[2] + w[3] for w in wires]
    sent, arrived = list(before_out), list(before_in)
    order = lines.untangle(sent, arrived)
    assert sorted(order) == [0, 1, 2, 3, 4]
    for wire, (start, end, _, loss) in enumerate(wires):
        assert sent[wire] - arrived[wire] == loss
        assert 0 <= arrived[wire] <= before_in[wire]
        assert not arrived[wire] or order.index(start) < order.index(end)
    for bus in range(5):
        net = [
            sum((b == bus) * i - (a == bus) * o for (a, b, _, _), i, o in zip(wires, into, out, strict=True))
            for into, out in ((before_in, before_out), (arrived, sent))
        ]
        assert net[0] == net[1]
    assert lines.untangle(list(sent), list(arrived)) == order
