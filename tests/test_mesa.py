"""A Mesa model like any other: agents, data collector, browser page, and let go of when done."""

from __future__ import annotations

import gc
import inspect
import weakref

import mesa
import numpy as np
import pandas as pd
import pytest

from negotiate_abm import NegotiationModel
from negotiate_abm.agents.country import Country
from negotiate_abm.agents.province import Province
from negotiate_abm.errors import RunError
from tests.worlds import FEATURES, random_world

WEEKS = 6


def test_countries_and_provinces_are_mesa_agents():
    model = NegotiationModel(runs=3)
    assert {type(agent) for agent in model.agents} == {Country, Province}
    assert len(model.agents_by_type[Country]) == 3
    assert len({agent.unique_id for agent in model.agents}) == len(model.agents)


def test_the_names_we_use_are_not_names_that_mesa_reserves():
    ours = set(vars(NegotiationModel(runs=1))) - set(vars(mesa.Model()))
    for kind, base, allowed in (
        (NegotiationModel, mesa.Model, {"step"}),
        (Country, mesa.Agent, set()),
        (Province, mesa.Agent, set()),
    ):
        inherited = {name for name in dir(base) if not name.startswith("__")}
        put_there_by_mesa = set(vars(type("Bare", (base,), {})))
        defined = {name for name in vars(kind) if not name.startswith("__")} - put_there_by_mesa
        assert not (defined & inherited) - allowed
    assert not ours & {name for name, _ in inspect.getmembers(mesa.Model)}
    reserved = {"scenario", "observe", "notify", "batch", "suppress", "time"}
    assert not ours & (reserved | {"run_for", "run_until"})
    country = NegotiationModel(runs=1).countries["canada"]
    assert not set(vars(country)) & {"scenario", "observe", "notify"}


@pytest.mark.parametrize("runs", [1, 4])
def test_the_data_collector_gets_scalars_that_pandas_can_use(runs):
    model = NegotiationModel(runs=runs, rng=3, collect=True)
    for _ in range(WEEKS):
        model.step()
    frame = model.datacollector.get_model_vars_dataframe()
    assert len(frame) == WEEKS
    assert all(pd.api.types.is_float_dtype(kind) for kind in frame.dtypes)
    held = model.tables["canada_china"].in_force
    issue = model.tables["canada_china"].issues.index("canola_seed")
    assert frame["in_force canola_seed"].iloc[-1] == held[:, issue].mean()
    assert frame["pressure alberta"].iloc[-1] == model.provinces["alberta"].pressure.mean()
    assert frame["trust canada china"].between(0, 1).all()


def test_a_users_own_reporter_works_too():
    model = NegotiationModel(runs=2, rng=3)
    collector = mesa.DataCollector(
        model_reporters={"relief": lambda m: float(m.relief("canada").mean())},
        agent_reporters={"name": "name"},
    )
    model.step()
    collector.collect(model)
    assert list(collector.get_model_vars_dataframe().columns) == ["relief"]
    assert "canada" in set(collector.get_agent_vars_dataframe()["name"])


@pytest.mark.filterwarnings("ignore")
def test_the_model_plays_on_a_solara_page():
    solara = pytest.importorskip("solara")
    from mesa.visualization import SolaraViz, make_plot_component

    def page() -> object:
        model = NegotiationModel(runs=2, rng=3, collect=True)
        model.step()
        return SolaraViz(
            model,
            components=[make_plot_component(["in_force canola_seed", "pressure alberta"])],
            model_params={"runs": 2, "rng": 3, "collect": True},
            name="Talks",
        )

    box, context = solara.render(solara.component(page)(), handle_error=False)
    assert box.children
    context.close()


def test_stepping_through_mesa_keeps_our_own_week():
    model = NegotiationModel(runs=2, rng=3)
    for week in range(1, 4):
        model.step()
        assert model.week == week


def test_models_that_are_released_are_forgotten():
    kept = []
    for first in range(50):
        model = NegotiationModel("split-the-pie", runs=4, first_run=first)
        model.step()
        kept.append(weakref.ref(model))
        model.release()
        del model
    gc.collect()
    assert sum(reference() is not None for reference in kept) == 0


def test_memory_stays_flat_over_thirty_blocks():
    import tracemalloc

    # A small world that has everything: what is traced is slow.
    scenario = random_world(seed=4, issues=3, features=FEATURES)
    runs = 100

    def play(block: int) -> None:
        model = NegotiationModel(scenario, runs=runs, first_run=runs * block)
        model.step()
        model.release()

    for block in range(5):
        play(block)
    gc.collect()
    tracemalloc.start()
    play(5)
    gc.collect()
    settled, _ = tracemalloc.get_traced_memory()
    for block in range(6, 36):
        play(block)
    gc.collect()
    later, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    model = NegotiationModel(scenario, runs=runs)
    assert later - settled < sum(values.nbytes for values in model.parameters.values.values())


@pytest.mark.parametrize("rng", [-1, 2**63, 1.5, "7", True])
def test_a_seed_that_is_no_whole_number_is_refused(rng):
    with pytest.raises(RunError, match="seed: got"):
        NegotiationModel(rng=rng)


def test_without_a_seed_one_is_drawn_and_recorded():
    one, other = NegotiationModel(rng=None), NegotiationModel(rng=None)
    assert one.rng_seed != other.rng_seed
    again = NegotiationModel(rng=one.rng_seed)
    values = one.parameters.values
    assert all(np.array_equal(values[k], again.parameters[k]) for k in values)


@pytest.mark.parametrize("bad", [{"runs": 0}, {"runs": -3}, {"runs": 10**9}, {"first_run": -1}])
def test_a_block_of_no_runs_or_far_too_many_is_refused(bad):
    with pytest.raises(RunError, match="got"):
        NegotiationModel(**bad)
