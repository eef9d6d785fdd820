"""What a negotiator takes the other side's values to be.

``perfect`` knows them. ``prior`` knows the public record: what the other would value at
the numbers a scenario states, without the draws that are private to a run. ``frequency``
starts there and learns from offers: what the other keeps asking for, and keeps refusing
to give, it must want (in the tradition of the frequency models that Tunali, Aydogan and
Sanchez-Anguix 2017 review, "Rethinking frequency opponent modeling in automated
negotiation").
"""

from __future__ import annotations

import numpy as np

from negotiate_abm.mechanisms.numerics import BoolArray, FloatArray


def insisted(fill: FloatArray, open_part: FloatArray, is_theirs: BoolArray) -> FloatArray:
    """Return how firmly an offer stands on each issue, in [0, 1], shape (runs, issues).

    Parameters
    ----------
    fill, open_part : arrays of shape (runs, issues, segments)
        The package offered, and how much of each segment is on the table.
    is_theirs : array of shape (issues,)
        Which issues the side that offers concedes: there it insists by what it withholds.
    """
    given = (fill * open_part).sum(axis=-1)
    on_the_table = open_part.sum(axis=-1)
    share = given / np.where(on_the_table > 0.0, on_the_table, 1.0)
    return np.where(on_the_table > 0.0, np.where(is_theirs, 1.0 - share, share), 0.0)


def learnt_values(prior: FloatArray, insistence: FloatArray) -> FloatArray:
    """Return prior values weighed by how often the other stood firm on each issue.

    Parameters
    ----------
    prior : array of shape (runs, issues, segments)
        Values by the public record, C$ billion a year.
    insistence : array of shape (runs, issues)
        Offers so far, each counted by how firmly it stood on the issue.
    """
    counts = 1.0 + insistence
    weight = counts / counts.mean(axis=-1)[:, None]
    return prior * weight[:, :, None]
