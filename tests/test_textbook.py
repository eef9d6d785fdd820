"""The engine against results that can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from negotiate_abm.model import NegotiationModel

DEADLINE = 20  # the round of split-the-pie has turns 0 to 20


def seller_gives(turn: int, reservation: float, exponent: float) -> float:
    """Return the share the seller offers at a turn: from nothing up to its reservation."""
    return reservation * (turn / DEADLINE) ** (1.0 / exponent)


def buyer_asks(turn: int, reservation: float, exponent: float) -> float:
    """Return the share the buyer asks for at a turn: from everything down to its reservation."""
    return 1.0 - (1.0 - reservation) * (turn / DEADLINE) ** (1.0 / exponent)


def crossing(
    seller: float, buyer: float, seller_exponent: float, buyer_exponent: float
) -> tuple[int, float] | None:
    """Return the turn and share at which alternating offers first satisfy the other side."""
    for turn in range(DEADLINE + 1):
        asked = buyer_asks(min(turn + 1, DEADLINE), buyer, buyer_exponent)
        given_next = seller_gives(min(turn + 1, DEADLINE), seller, seller_exponent)
        if turn % 2 == 0:  # the buyer, the guest, opens
            share = buyer_asks(turn, buyer, buyer_exponent)
            if share <= given_next + 1e-12:
                return turn, share
        else:
            share = seller_gives(turn, seller, seller_exponent)
            if share >= asked - 1e-12:
                return turn, share
    return None


def played(**overrides: float) -> tuple[int, float] | None:
    """Return the turn and share at which the model's parties agree."""
    model = NegotiationModel("split-the-pie", runs=1, rng=1, overrides=overrides)
    for _ in range(DEADLINE + 1):
        model.step()
    log = model.log.frame()
    model.release()
    signed = log[log["kind"] == "agreed on issue"]
    if signed.empty:
        return None
    return int(signed["week"].iloc[0]) - 1, float(signed["amount"].iloc[0])


@settings(max_examples=25, deadline=None)
@given(
    seller=st.floats(0.55, 0.95),
    buyer=st.floats(0.05, 0.45),
    seller_exponent=st.floats(0.3, 3.0),
    buyer_exponent=st.floats(0.3, 3.0),
)
def test_the_pie_is_split_where_the_concession_curves_cross(
    seller, buyer, seller_exponent, buyer_exponent
):
    expected = crossing(seller, buyer, seller_exponent, buyer_exponent)
    found = played(
        **{
            "tables.pie.reservation.seller": -seller,
            "tables.pie.reservation.buyer": buyer,
            "countries.seller.tactic_exponent": seller_exponent,
            "countries.buyer.tactic_exponent": buyer_exponent,
        }
    )
    assert expected is not None
    assert found is not None
    assert found[0] == expected[0]
    assert found[1] == pytest.approx(expected[1], abs=1e-9)


def test_without_a_zone_of_agreement_the_pie_is_lost():
    assert (
        played(**{"tables.pie.reservation.seller": -0.3, "tables.pie.reservation.buyer": 0.6})
        is None
    )


def test_a_conceder_gets_less_than_a_boulware():
    tough = played(**{"countries.buyer.tactic_exponent": 0.2})
    soft = played(**{"countries.buyer.tactic_exponent": 5.0})
    assert tough is not None
    assert soft is not None
    assert tough[1] > soft[1]


def test_every_run_of_the_pie_is_the_same():
    model = NegotiationModel("split-the-pie", runs=8, rng=1)
    for _ in range(24):
        model.step()
    assert np.unique(model.tables["pie"].agreed).size == 1
