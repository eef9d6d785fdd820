"""What happened in one run, happening by happening: dated sentences that stand alone.

A story picks from them; a page that shows the run week by week can show them as they come.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from negotiate_abm.narration.beats import Beat
from negotiate_abm.narration.delivery import Delivery
from negotiate_abm.narration.record import Record
from negotiate_abm.narration.rounds import Rounds
from negotiate_abm.narration.threats import Threats
from negotiate_abm.narration.voice import Voice

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


class Chronicle:
    """The happenings of one run.

    Parameters
    ----------
    voice : Voice
        With the run's model at its start.
    trajectories : xarray.Dataset
        Of that run alone, without the dimension run.
    log : pandas.DataFrame
        Its rows of the log of events.
    """

    def __init__(self, voice: Voice, trajectories: xr.Dataset, log: pd.DataFrame) -> None:
        self.record = Record(voice, trajectories, log)

    def beats(self) -> list[Beat]:
        """Return everything worth a sentence, in order of time."""
        found: list[Beat] = []
        for table in self.record.scenario.tables:
            found += Rounds(self.record, table).beats()
        found += Threats(self.record).beats()
        found += Delivery(self.record, found).beats()
        return sorted(found, key=lambda beat: beat.week)
