"""Bialek's example of four buses (Tracing the flow of electricity, 1996), by both loss policies, in Wh for its MW.

By hand. Bus 1 has G1 alone. Bus 2: 59 of G1 and 114 of G2 make 173. Bus 4: 112 of G1, and 171 with 59/173 of G1.
Gross flows (no line loses, loads bear all): 174 pass bus 2, 115 + 174 = 289 reach bus 4, of which G2 has 114; 200/283
of it is the load there. Net flows: what of the generation reaches the loads.
"""

from __future__ import annotations

import numpy as np
import pytest

from parkopt.carbon.network import Draw, Wire
from parkopt.carbon.trace_network import open_carbon_ug, trace_network
from tests.carbon.networks import composition, ints, network, supply

MW = 1_000_000
G2_OF_BUS_4 = 171 * 114 / 173 / 283


def traced_by(losses):
    flows = {"1-2": ("b1", "b2", 60, 59), "1-3": ("b1", "b3", 225, 218), "1-4": ("b1", "b4", 115, 112)}
    flows |= {"2-4": ("b2", "b4", 173, 171), "4-3": ("b4", "b3", 83, 82)}
    own = network(
        {"G1": supply([400 * MW], 1000, "b1"), "G2": supply([114 * MW], 1000, "b2")},
        {"L3": [Draw("b3", ints(300 * MW))], "L4": [Draw("b4", ints(200 * MW))]},
        wires={name: Wire(a, b, ints(sent * MW), ints(got * MW)) for name, (a, b, sent, got) in flows.items()},
        most=0,
        buses=("b1", "b2", "b3", "b4"),
    )
    return own, trace_network(own, {}, losses=losses, storage="pool")


def test_net_shares_where_losses_are_an_account_of_their_own():
    _, traced = traced_by("account")
    assert traced.labels == ("G1", "G2")
    l4 = 200 * np.array([1 - G2_OF_BUS_4, G2_OF_BUS_4])
    l3 = np.array([218 + 82 * (1 - G2_OF_BUS_4), 82 * G2_OF_BUS_4])
    assert traced.wh[:, :, 0] / MW == pytest.approx(np.array([l3, l4]), abs=1e-5)
    assert traced.wh[:, :, 0].sum(axis=0) / MW == pytest.approx([387.716, 112.284], abs=1e-3)
    assert np.array_equal(traced.ug, traced.wh * 1000)
    lost = dict(zip(traced.others, traced.other_wh.sum(axis=(1, 2)) / MW, strict=True))
    assert lost == {"unaccounted": 0, "1-2:loss": 1, "1-3:loss": 7, "1-4:loss": 3, "2-4:loss": 2, "4-3:loss": 1}


def test_gross_shares_where_losses_weigh_on_who_is_supplied():
    _, traced = traced_by("downstream")
    gross = traced.ug[:, :, 0] / 1000 / MW
    g1, g2 = 175 / 283, 114 / 283
    assert gross == pytest.approx(np.array([[225 + 83 * g1, 83 * g2], [200 * g1, 200 * g2]]), abs=1e-5)
    assert gross.sum(axis=1) == pytest.approx([309.76, 204.24], abs=5e-3)
    assert gross.sum(axis=0) == pytest.approx([400, 114])
    assert traced.other_ug.sum() == 0
    assert traced.other_wh.sum() == 14 * MW
    assert open_carbon_ug(traced, 0, {}) == 0
    assert np.array_equal(traced.wh, traced_by("account")[1].wh)


@pytest.mark.parametrize("losses", ["account", "downstream"])
def test_both_agree_with_the_linear_solve(losses):
    own, traced = traced_by(losses)
    names, shares = composition(own, traced, 0, losses)
    for row, (bus, load) in enumerate([("b3", 300), ("b4", 200)]):
        solved = shares[names.index(bus)] * load * MW
        found = traced.wh[row, :, 0] if losses == "account" else traced.ug[row, :, 0] / 1000
        assert np.abs(found - solved).max() <= len(traced.labels) * 2
