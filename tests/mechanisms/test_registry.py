"""Registry: strategies by name, and what is said when one is unknown or misbehaves."""

from collections.abc import Callable, Collection
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from negotiate_abm.errors import NegotiateError, StrategyError
from negotiate_abm.mechanisms.numerics import FloatArray
from negotiate_abm.mechanisms.registry import Registry
from negotiate_abm.mechanisms.retaliation import FeudView, retaliation_strategies
from negotiate_abm.mechanisms.tactics import BargainingView, tactics

lawful = settings(max_examples=60, deadline=None)
SEEN = len(fields(BargainingView))


def view_of(runs: int) -> BargainingView:
    return BargainingView(*np.random.default_rng(runs).random((SEEN, runs)))


def registry_with(rule: Callable[[Any], Any], one_run: bool = False) -> Registry[BargainingView]:
    registry: Registry[BargainingView] = Registry("tactic")
    registry.register("odd", one_run=one_run)(rule)
    return registry


def split_the_difference(view: BargainingView) -> Any:
    return 0.5 * (view.best + view.reservation)


def always(answer: object) -> Callable[[Any], Any]:
    return lambda _: answer


def rule_called(name: str, module: str) -> Callable[[Any], Any]:
    def rule(view: BargainingView) -> Any:
        return view.best

    rule.__qualname__, rule.__module__ = name, module
    return rule


def test_a_registered_rule_is_found_by_its_name_and_called_on_the_view() -> None:
    registry: Registry[BargainingView] = Registry("tactic")
    decorated = registry.register("halfway")(split_the_difference)
    view = view_of(4)
    assert decorated is split_the_difference
    assert registry["halfway"](view).tolist() == split_the_difference(view).tolist()
    assert registry["halfway"].name == "halfway"


def test_a_registry_knows_what_it_holds() -> None:
    registry: Registry[BargainingView] = Registry("tactic")
    for name in ("b", "a", "c"):
        registry.register(name)(split_the_difference)
    assert registry.names() == ["a", "b", "c"]
    assert "a" in registry
    assert "d" not in registry


def test_a_misspelt_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(StrategyError, match=r"got tactic 'bolware'.*Did you mean 'boulware'"):
        tactics["bolware"]
    with pytest.raises(
        StrategyError, match=r"your own, register it first; .*--strategies FILE\.py"
    ):
        tactics["last_minute"]
    with pytest.raises(StrategyError, match=r"retaliation strategy.*Did you mean 'tit_for_tat'"):
        retaliation_strategies["tit4tat"]


def test_a_name_like_no_other_is_answered_with_all() -> None:
    registry = registry_with(split_the_difference)
    with pytest.raises(StrategyError, match=r"expected a registered one\. Valid names: odd"):
        registry["xyzzy"]
    with pytest.raises(StrategyError, match="There are no valid names here"):
        Registry("tactic")["xyzzy"]


def test_a_strategy_error_is_one_of_the_packages_own() -> None:
    assert issubclass(StrategyError, NegotiateError)


def test_a_name_taken_by_another_rule_is_refused_and_the_first_stays() -> None:
    registry = registry_with(split_the_difference)
    with pytest.raises(StrategyError, match=r"tactic 'odd' is already registered.*another_rule"):
        registry.register("odd")(rule_called("another_rule", __name__))
    assert registry["odd"].rule is split_the_difference


def test_a_file_that_is_run_again_replaces_its_own_rule() -> None:
    registry = registry_with(rule_called("mine", "my_file"))
    again = rule_called("mine", "my_file")
    registry.register("odd")(again)
    assert registry["odd"].rule is again


def test_a_rule_of_the_same_name_from_another_file_is_another_rule() -> None:
    registry = registry_with(rule_called("grim", "negotiate_abm.mechanisms.retaliation"))
    with pytest.raises(StrategyError, match="already registered"):
        registry.register("odd")(rule_called("grim", "my_file"))


WRONG_ANSWERS: dict[str, Callable[[Any], Any]] = {
    "too few": lambda view: view.best[:-1],
    "too many": lambda view: np.append(view.best, 0.5),
    "a column for each run": lambda view: view.best[:, None],
    "not a number": lambda view: np.full_like(view.best, np.nan),
    "one not a number": lambda view: np.where(view.best == view.best[0], np.nan, 0.5),
    "infinite": lambda view: view.best + np.inf,
    "text": always("hold firm"),
    "texts": lambda view: ["hold"] * view.best.size,
    "nothing": always(None),
    "a ragged list": always([[1.0], [1.0, 2.0]]),
}


@pytest.mark.parametrize("runs", [1, 3])
@pytest.mark.parametrize("answer", WRONG_ANSWERS)
def test_a_rule_that_answers_wrongly_is_told_what_was_expected(answer: str, runs: int) -> None:
    registry = registry_with(WRONG_ANSWERS[answer])
    with pytest.raises(StrategyError, match="tactic 'odd' returned") as refusal:
        registry["odd"](view_of(runs))
    message = str(refusal.value)
    assert f"one finite number for each of {runs} runs" in message
    assert "one_run=True" in message


UNWRITABLE = 10**5000  # Python writes out no more than 4300 digits


@pytest.mark.parametrize(
    ("answer", "one_run", "told"),
    [
        ("hold firm", False, "'hold firm'"),
        (None, False, "None"),
        (None, True, "None"),
        (np.float64(np.nan), True, "nan"),
        (np.float64(0.5), False, "0.5"),
        ("hold", True, "'hold'"),
        ([1.0, 2.0], True, "[1.0, 2.0]"),
        ([[1.0], [1.0, 2.0]], False, "values of shape ?"),
        ([None] * 500, False, "None in some run"),
        ([0.5] * 499 + [np.inf], False, "inf in some run"),
        (np.zeros((500, 2)), False, "values of shape (500, 2)"),
        (UNWRITABLE, True, "a value of type int"),
        ({n: n for n in range(500)}, False, "{0: 0, 1: 1, 2: 2, 3: 3, ...}"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_message_shows_in_brief_the_answer_that_was_given(
    answer: object, one_run: bool, told: str
) -> None:
    with pytest.raises(StrategyError) as refusal:
        registry_with(always(answer), one_run)["odd"](view_of(500))
    assert str(refusal.value).startswith(f"tactic 'odd' returned {told}; expected one finite ")
    assert len(str(refusal.value)) < 300


@pytest.mark.parametrize("one_run", [True, False])
def test_a_rule_that_returns_nothing_is_asked_whether_it_forgot(one_run: bool) -> None:
    with pytest.raises(StrategyError, match=r"Did you forget to return a number\?"):
        registry_with(always(None), one_run)["odd"](view_of(3))


@pytest.mark.parametrize("runs", [1, 3])
def test_one_number_for_all_runs_is_refused_whatever_the_block(runs: int) -> None:
    with pytest.raises(StrategyError, match="expected one finite number"):
        registry_with(always(0.5))["odd"](view_of(runs))


def test_a_number_written_as_text_is_refused() -> None:
    with pytest.raises(StrategyError, match="expected one finite number"):
        registry_with(lambda view: ["0.5"] * view.best.size)["odd"](view_of(3))


@pytest.mark.parametrize("answer", [np.nan, "hold", None, [1.0, 2.0]])
def test_a_rule_for_one_run_that_answers_wrongly_is_told_too(answer: object) -> None:
    registry = registry_with(always(answer), one_run=True)
    with pytest.raises(StrategyError, match="each of 3 runs"):
        registry["odd"](view_of(3))


def divides_by_the_clock(view: BargainingView) -> float:
    return float(view.best) / (view.clock - view.clock)


@pytest.mark.parametrize(
    ("rule", "one_run", "cause"),
    [
        (divides_by_the_clock, True, ZeroDivisionError),
        (lambda view: view.patience, False, AttributeError),
    ],
)
def test_a_rule_that_breaks_down_is_named_with_what_broke_it(
    rule: Callable[[Any], Any], one_run: bool, cause: type[Exception]
) -> None:
    with pytest.raises(StrategyError, match="tactic 'odd' raised") as refusal:
        registry_with(rule, one_run)["odd"](view_of(3))
    assert cause.__name__ in str(refusal.value)
    assert "a number for each of 3 runs" in str(refusal.value)
    assert isinstance(refusal.value.__cause__, cause)


def test_whole_numbers_and_truth_values_are_numbers() -> None:
    view = view_of(3)
    for rule, expected in (
        (always(np.array([1, 2, 3])), [1.0, 2.0, 3.0]),
        (lambda view: view.best > 2.0, [0.0, 0.0, 0.0]),
        (always([0.5, 1, True]), [0.5, 1.0, 1.0]),
    ):
        found = registry_with(rule)["odd"](view)
        assert found.dtype == np.float64
        assert found.tolist() == expected


def test_an_answer_in_a_strange_layout_is_made_contiguous() -> None:
    found = registry_with(lambda view: view.best[::-1])["odd"](view_of(4))
    assert found.flags.c_contiguous
    assert found.tolist() == view_of(4).best[::-1].tolist()


def holds_then_drops(view: BargainingView) -> float:
    if view.clock < 0.8:
        return float(view.best)
    return float(view.reservation)


@lawful
@given(st.lists(st.tuples(*[st.floats(0.0, 1.0)] * SEEN), min_size=1, max_size=8))
def test_a_rule_for_one_run_answers_as_the_rule_for_many(runs: list[tuple[float, ...]]) -> None:
    view = BargainingView(*np.ascontiguousarray(np.array(runs).T))
    found = registry_with(holds_then_drops, one_run=True)["odd"](view)
    assert found.tolist() == np.where(view.clock < 0.8, view.best, view.reservation).tolist()


def plain_generous(view: FeudView) -> float:
    if view.provoked and view.draw >= view.generosity:
        return 1.0
    return 0.0


@lawful
@given(
    st.lists(
        st.tuples(st.sampled_from([0.0, 1.0]), st.floats(0.0, 1.0), st.floats(0.0, 1.0)),
        min_size=1,
        max_size=8,
    )
)
def test_generous_tit_for_tat_in_plain_python_is_the_packages_own(
    runs: list[tuple[float, float, float]],
) -> None:
    provoked, generosity, draw = np.ascontiguousarray(np.array(runs).T)
    zero = np.zeros_like(draw)
    view = FeudView(zero, provoked, provoked, generosity, zero, draw)
    registry: Registry[FeudView] = Registry("retaliation strategy")
    registry.register("plain", one_run=True)(plain_generous)
    expected = retaliation_strategies["generous_tit_for_tat"](view)
    assert registry["plain"](view).tolist() == expected.tolist()


def test_a_rule_sees_all_runs_at_once_unless_it_says_otherwise() -> None:
    seen: list[BargainingView] = []
    registry: Registry[BargainingView] = Registry("tactic")

    @registry.register("watch")
    def watch(view: BargainingView) -> FloatArray:
        seen.append(view)
        return view.best

    view = view_of(3)
    registry["watch"](view)
    assert len(seen) == 1
    assert seen[0] is view


def test_a_rule_for_one_run_sees_plain_numbers_by_their_names() -> None:
    seen: list[BargainingView] = []

    def watch(view: BargainingView) -> float:
        seen.append(view)
        return 0.0

    view = view_of(3)
    registry_with(watch, one_run=True)["odd"](view)
    assert [type(one.clock) for one in seen] == [float] * 3
    assert [one.clock for one in seen] == view.clock.tolist()
    assert [one.exponent for one in seen] == view.exponent.tolist()


def test_a_rule_that_calls_another_is_told_what_the_other_did_wrong() -> None:
    inner = registry_with(WRONG_ANSWERS["text"])["odd"]
    with pytest.raises(StrategyError, match=r"^tactic 'odd' returned 'hold firm'; expected"):
        registry_with(inner)["odd"](view_of(2))


# -- which of its owner's numbers a strategy reads ------------------------------------------


def test_a_rule_that_does_not_say_what_it_reads_may_read_everything() -> None:
    assert registry_with(split_the_difference)["odd"].reads is None


@pytest.mark.parametrize("reads", [(), ["imitation"], {"imitation", "tactic_exponent"}])
def test_a_rule_reads_what_it_says_it_reads(reads: Collection[str]) -> None:
    registry: Registry[BargainingView] = Registry("tactic")
    registry.register("odd", reads=reads)(split_the_difference)
    assert registry["odd"].reads == frozenset(reads)


@pytest.mark.parametrize(
    ("reads", "draws"), [(None, True), ((), False), (["imitation"], False), (["draw"], True)]
)
def test_chance_is_drawn_for_a_rule_unless_it_says_that_it_leaves_nothing_to_chance(
    reads: Collection[str] | None, draws: bool
) -> None:
    registry: Registry[BargainingView] = Registry("tactic")
    registry.register("odd", reads=reads)(split_the_difference)
    assert registry["odd"].draws is draws


def test_one_name_is_not_taken_for_a_collection_of_letters() -> None:
    registry: Registry[BargainingView] = Registry("tactic")
    with pytest.raises(StrategyError, match=r"tactic 'odd' got reads='pace'.*reads=\('pace',\)"):
        registry.register("odd", reads="pace")
    assert "odd" not in registry


# What a country may be given, or has drawn for it, and the field of the view that holds it.
OPTIONAL: dict[Registry[Any], dict[str, str]] = {
    tactics: {"tactic_exponent": "exponent", "imitation": "imitation", "draw": "draw"},
    retaliation_strategies: {
        "generosity": "generosity",
        "escalation": "escalation",
        "draw": "draw",
    },
}
BUILT_IN = [
    (registry, name)
    for registry in OPTIONAL
    for name in registry.names()
    if registry[name].rule.__module__.startswith("negotiate_abm.")
]


@pytest.mark.parametrize(("registry", "name"), BUILT_IN, ids=[name for _, name in BUILT_IN])
def test_the_packages_own_read_what_they_declare_and_nothing_else(
    registry: Registry[Any], name: str
) -> None:
    view_type: type[Any] = BargainingView if registry is tactics else FeudView
    columns = {
        f.name: column
        for f, column in zip(
            fields(view_type),
            np.random.default_rng(1).random((len(fields(view_type)), 200)),
            strict=True,
        )
    }
    columns |= {"reservation": np.zeros(200), "best": np.ones(200)} if registry is tactics else {}
    before = registry[name](view_type(**columns))
    moves_it: set[str] = set()
    for number, field in OPTIONAL[registry].items():
        otherwise = registry[name](view_type(**columns | {field: 1.0 - columns[field]}))
        if otherwise.tolist() != before.tolist():
            moves_it.add(number)
    assert registry[name].reads == frozenset(moves_it)
