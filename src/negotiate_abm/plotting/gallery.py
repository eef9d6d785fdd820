"""The gallery: the figures of a result, one method each."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from negotiate_abm.errors import RunError, nearest
from negotiate_abm.files import check_new_file, write_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from negotiate_abm.result import Result


class Plots:
    """The figures of a result. Each returns a Matplotlib figure, drawn without a window.

    A figure that the scenario has nothing for raises `RunError`: provinces where there are
    none, threats where nobody watches.
    """

    def __init__(self, result: Result) -> None:
        self._result = result

    def concessions(self, table: str | None = None) -> Figure:
        """Return concession trajectories by issue: offered, agreed and in force.

        Parameters
        ----------
        table : str, optional
            Whose issues; by default those of the focal table, or all where there is none.

        Raises
        ------
        RunError
            If the scenario has no such table.
        """
        from negotiate_abm.plotting.concessions import concessions

        return self._of_this_world(
            concessions(self._result.trajectories, self._result.scenario, self._table(table))
        )

    def dance(self, run: int | None = None, table: str | None = None) -> Figure:
        """Return both sides' offers in one run, in the space of their gains.

        Beside the Pareto frontier and the points of Nash and of Kalai and Smorodinsky.

        Parameters
        ----------
        run : int, optional
            Its number; by default the typical run's.
        table : str, optional
            By default the focal one, or the first where there is none.

        Raises
        ------
        RunError
            If the result has no such run, or the scenario no such table.
        """
        from negotiate_abm.plotting.dance import dance

        result = self._result
        which = self._table(table) or next(iter(result.scenario.tables))
        number = result.typical_run() if run is None else run
        return self._of_this_world(dance(result.weekly(number), number, which))

    def trade(self, table: str | None = None) -> Figure:
        """Return duties in force and the trade that flows under them, week by week.

        Parameters
        ----------
        table : str, optional
            As in `concessions`.

        Raises
        ------
        RunError
            If no duty is on that table.
        """
        from negotiate_abm.plotting.trade import trade

        which, scenario = self._table(table), self._result.scenario
        issues = scenario.issues.values()
        self._need(
            any(i.duty is not None and which in (None, i.table) for i in issues),
            "trade",
            "a table with a duty",
        )
        return self._of_this_world(trade(self._result.trajectories, scenario, which))

    def provinces(self) -> Figure:
        """Return pressure by province beside its support for a deal, and approval.

        Raises
        ------
        RunError
            If the scenario has no provinces.
        """
        from negotiate_abm.plotting.provinces import provinces

        self._need(bool(self._result.scenario.provinces), "provinces", "provinces")
        return self._of_this_world(provinces(self._result.trajectories, self._result.scenario))

    def threats(self) -> Figure:
        """Return how often threats, punishments and answers come by week, and relief.

        Raises
        ------
        RunError
            If nobody watches a table of the scenario.
        """
        from negotiate_abm.plotting.threats import threats

        scenario = self._result.scenario
        self._need(any(t.watchers for t in scenario.tables.values()), "threats", "a watcher")
        return self._of_this_world(
            threats(self._result.trajectories, self._result.events, scenario)
        )

    def trust(self) -> Figure:
        """Return trust by pair of countries, watchers' credibility, and leverage by table."""
        from negotiate_abm.plotting.trust import trust

        return self._of_this_world(trust(self._result.trajectories, self._result.scenario))

    def outcomes(self, table: str | None = None) -> Figure:
        """Return outcomes at the end with intervals, and the joint test.

        Parameters
        ----------
        table : str, optional
            As in `concessions`.
        """
        from negotiate_abm.plotting.outcomes import outcomes

        return self._of_this_world(
            outcomes(self._result.outcomes, self._result.scenario, self._table(table))
        )

    def all(self, run: int | None = None) -> Iterator[tuple[str, Figure]]:
        """Yield every figure that the scenario has something for, by its method's name.

        Parameters
        ----------
        run : int, optional
            Whose dance; by default the typical run's.
        """
        for name in FIGURES:
            try:
                figure = self.dance(run) if name == "dance" else getattr(self, name)()
            except _NoFigureError:
                continue
            yield name, figure

    def save(
        self,
        figure: str,
        file: str | Path | None = None,
        run: int | None = None,
        table: str | None = None,
    ) -> Path:
        """Draw a figure by its name and write it to a new file.

        Parameters
        ----------
        figure : str
            One of the methods above.
        file : str or Path, optional
            Its ending says the format: .png, .pdf or .svg; by default the figure's name in .png.
        run, table : optional
            As the figure takes them; it is an error to give one that it does not take.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        RunError, ResultError
            If there is no such figure, run or table, or if the file exists or cannot be written.
        """
        if figure not in FIGURES:
            raise RunError(
                f"figure: got '{figure}'; expected one of {', '.join(FIGURES)}. "
                f"{nearest(figure, FIGURES)}"
            )
        target = Path(f"{figure}.png" if file is None else file)
        check_new_file(target, FORMATS)
        draw = getattr(self, figure)
        given = {k: v for k, v in (("run", run), ("table", table)) if v is not None}
        for name in given.keys() - inspect.signature(draw).parameters.keys():
            raise RunError(f"{name}: got one for {figure}, which takes none. Leave it out.")
        write_whole(
            target, lambda part: draw(**given).savefig(part, dpi=DPI, format=target.suffix[1:])
        )
        return target

    def __getattr__(self, name: str) -> Any:
        """Say which figures there are."""
        raise AttributeError(
            f"plot.{name}: got no figure of that name; expected one of {', '.join(FIGURES)}. "
            f"{nearest(name, FIGURES)}"
        )

    def _of_this_world(self, figure: Figure) -> Figure:
        """Return a figure under a title that says what is changed from the case."""
        from negotiate_abm.plotting.style import TITLE, wrapped

        changes = self._result.changes()
        if changes:
            told = wrapped(f"with {'; '.join(changes)}", figure.get_figwidth() - 1.0)
            figure.suptitle(f"{figure.get_suptitle()}\n{told}", fontsize=TITLE)
        return figure

    def _table(self, table: str | None) -> str | None:
        """Return the table asked for, or the focal one."""
        scenario = self._result.scenario
        if table is None:
            return scenario.focal_table
        if table not in scenario.tables:
            raise RunError(
                f"table: got '{table}'; expected a table of the scenario. "
                f"{nearest(table, scenario.tables)}"
            )
        return table

    def _need(self, there: bool, figure: str, what: str) -> None:
        if not there:
            raise _NoFigureError(
                f"{figure}: got a scenario with nothing to draw there; expected {what}. "
                f"Choose another figure: {', '.join(FIGURES)}."
            )


class _NoFigureError(RunError):
    """A figure that the scenario has nothing for."""


# In the order in which a reader wants them.
FORMATS = (".png", ".pdf", ".svg")
DPI = 150
FIGURES = ("outcomes", "concessions", "dance", "threats", "trade", "provinces", "trust")
