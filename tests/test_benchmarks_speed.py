"""What the comparisons of speed and of defaults owe to their readers."""

import os

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("jinja2", reason="the benchmarks need the extra `benchmarks`")
pytest.importorskip("tqdm", reason="the benchmarks need the extra `benchmarks`")

from benchmarks.__main__ import main
from benchmarks.losses import loss_of
from benchmarks.report import render
from benchmarks.speed import job, tasks
from benchmarks.speed.claims import claims, flatness, slope_and_intercept
from benchmarks.speed.contestants import CONTESTANTS, KerasOnTensorFlow, PyTorch, ScikitLearn, Skae
from benchmarks.speed.contests import CONTESTS, FULL, QUICK, RACES
from benchmarks.speed.page import describe
from benchmarks.speed.tasks import Search, Task
from benchmarks.workers import Worker

SMALL = Task(data="digits", rows=200, batch_size=32, epochs=1, units=(8,))


def study(**frames):
    return job.Study(CONTESTS, frames, {"skae": "0"}, {"PyTorch": "left at home"}, quick=False)


def races(seconds, losses):
    return pd.DataFrame(
        {"contest": "dense32-mse", "contestant": name, "round": 0, "seconds": s, "loss": loss}
        for (name, s), loss in zip(seconds.items(), losses, strict=True)
    )


@pytest.mark.parametrize("contestant", [Skae(), KerasOnTensorFlow(), ScikitLearn(), PyTorch()])
def test_every_contestant_trains_and_reconstructs(contestant):
    if contestant.excuse(quick=False):
        pytest.skip(contestant.excuse(quick=False))
    X = tasks.training_rows("digits", 200)
    before = np.square(X).mean()
    task = Task(data="digits", rows=200, batch_size=8, epochs=8, units=(32,), code=16)
    assert loss_of("mse", X, contestant.train(task, X, 0)) < 0.8 * before


def test_losses_are_those_of_the_formulas():
    X = tasks.training_rows("digits", 1797)

    def half(rows):
        return np.full(rows.shape, 0.5)

    assert loss_of("mse", X, half) == pytest.approx(np.square(X - 0.5).mean(), rel=1e-6)
    assert loss_of("bce", X, half) == pytest.approx(np.log(2))
    assert loss_of("mse", X, lambda rows: rows) == 0


def test_only_able_contestants_enter():
    assert ScikitLearn().can(SMALL)
    assert not ScikitLearn().can(RACES["dense32-bce"].task)
    assert not ScikitLearn().can(RACES["conv"].task)
    skae = Skae()
    assert all(race.entrants([skae]) == [skae] for race in RACES.values())


def test_rounds_take_turns_and_everyone_warms_up():
    steps = list(job._steps(("dense32-mse",), [Skae(), ScikitLearn()], 3, True, 0))
    assert [step.worker for step in steps] == [Skae.name, ScikitLearn.name] * 4
    assert [step.frame for step in steps] == [None] * 2 + ["races"] * 6
    warm_up, race = steps[0].arguments[1], steps[2].arguments[1]
    assert warm_up.units != race.units


def test_a_full_run_covers_every_contest():
    steps = list(job._steps(CONTESTS, list(CONTESTANTS), 1, False, 0))
    measured = {step.tags.get("contest", step.frame) for step in steps}
    assert {*RACES, "transform", "quality", "scaling", "peaks", "threads"} <= measured


def test_worker_is_another_process_with_its_environment():
    worker = Worker({"SKAE_TEST": "set"})
    try:
        assert worker(os.getpid) != os.getpid()
        assert worker(os.getenv, "SKAE_TEST") == "set"
    finally:
        worker.close()
    assert "SKAE_TEST" not in os.environ


def test_claims_hold_training_less_against_the_winner():
    seconds = {"skae": 1.0, "Keras on TensorFlow": 5.0, "MLPRegressor": 1.4}
    faster, as_good = claims(study(races=races(seconds, (0.05, 0.05, 0.05))))
    assert faster.holds
    assert as_good.holds
    *_, as_good = claims(study(races=races(seconds, (0.06, 0.05, 0.05))))
    assert not as_good.holds
    seconds["Keras on TensorFlow"] = 1.5
    faster, _ = claims(study(races=races(seconds, (0.05, 0.05, 0.05))))
    assert not faster.holds


def test_flatness_and_slope_are_what_they_say():
    costs = pd.DataFrame({"panel": "rows", "rows": [1000, 10_000, 100_000], "seconds": [9, 1, 20]})
    assert flatness(costs) == pytest.approx(2)
    peaks = pd.DataFrame({"float32_mb": [100, 200], "lift_mb": [150, 250]})
    assert slope_and_intercept(peaks) == pytest.approx((1, 50))


def test_page_shows_ratios_and_who_was_absent():
    seconds = {"skae": 1.0, "Keras on TensorFlow": 5.0}
    told = describe(
        study(races=races(seconds, (0.05, 0.05))),
        claims=(),
        command="the command",
        seed=0,
        wall_time_s=1.0,
    )
    page = render(told, {"python": "3"})
    assert "5.0×" in page
    assert "left at home" in page
    assert "the command" in page


def test_a_quick_run_claims_nothing_and_says_so(capsys):
    assert main(["speed", "--quick", "--check"]) == 1
    assert "Expected --check without --quick" in capsys.readouterr().err


def test_quick_is_smaller_in_everything():
    assert QUICK.transformed < FULL.transformed
    assert QUICK.fits < FULL.fits
    for race in RACES.values():
        small, large = race.quick, race.task
        if isinstance(large, Search):
            small, large = small.task, large.task
        assert small.rows * small.epochs < large.rows * large.epochs


@pytest.mark.slow
def test_defaults_are_held_against_pca(tmp_path):
    command = ["defaults", "--data", "iris", "--settings", "default", "--output", str(tmp_path)]
    assert main(command) == 0
    runs = pd.read_csv(tmp_path / "runs.csv")
    assert set(runs["components"]) == {2}
    assert set(runs["scaling"]) == {"raw", "standardized"}
    settings = pd.read_csv(tmp_path / "settings.csv")
    assert settings["r2_gain"].item() == pytest.approx(runs["r2_gain"].mean())
