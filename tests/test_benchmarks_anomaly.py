"""What the anomaly benchmark keeps, sums up and shows."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.__main__ import main
from benchmarks.anomaly import job
from benchmarks.anomaly.problems import problems
from benchmarks.anomaly.record import Record

# A quick study has few rows to calibrate with, which the detector warns of.
pytestmark = pytest.mark.filterwarnings("ignore:Expected at least 19 calibration rows:UserWarning")

SCALING = {"rows": 10, "seconds": 1.0, "us_per_row": 1.0, "rows_mb": 1.0, "memory_mb": 1.0}
NAMES = ["PCA residual", "LOF"]


@pytest.fixture
def quick_study(tmp_path, monkeypatch):
    """Return a function that runs a small study into one folder."""
    monkeypatch.setattr(job, "costs_of_scoring", lambda **_: pd.DataFrame([SCALING]))
    arguments = ["anomaly", "--quick", "--rows", "60", "--output", str(tmp_path), "--methods"]
    return lambda *more: main([*arguments, *more])


def test_training_rows_are_normal_and_labels_say_what_is_not():
    for problem in problems("digits", seed=0, rows=60, quick=True):
        assert problem.X_train.shape == (60, 64)
        assert len(problem.is_anomaly) == len(problem.X_test)
        assert 0.8 < problem.is_anomaly.mean() < 1
        distances = np.linalg.norm(problem.X_test - problem.X_train.mean(axis=0), axis=1)
        assert distances[problem.is_anomaly].mean() > distances[~problem.is_anomaly].mean()


def test_excess_is_counted_in_deviations_of_the_mean_over_seeds():
    alarm = {"group": "g", "problem": "p", "method": "m", "promised": 0.1, "deviation": 0.02}
    rates = [{"seed": s, "measured": m, "by_training_error": 0.5} for s, m in enumerate((0.1, 0.2))]
    study = job.Study(None, pd.DataFrame([alarm | rate for rate in rates]), {}, None)
    (means,) = study.alarm_means.to_dict("records")
    assert means["measured"] == pytest.approx(0.15)
    assert means["excess"] == pytest.approx(0.05 / (0.02 / np.sqrt(2)))
    assert means["training_excess"] == pytest.approx(0.4 / (0.02 / np.sqrt(2)))


def test_page_holds_every_method_and_a_resumed_study_measures_only_what_is_missing(
    quick_study, tmp_path, monkeypatch
):
    assert quick_study(NAMES[0]) == 0
    measured = []
    measure = job._measure
    monkeypatch.setattr(job, "_measure", lambda *args: measured.append(args[0]) or measure(*args))
    assert quick_study(*NAMES, "--resume") == 0
    assert measured == [NAMES[1]] * 3
    runs = pd.read_csv(tmp_path / "runs.csv")
    assert runs.groupby("method").size().to_dict() == dict.fromkeys(NAMES, 3)
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert all(name in page for name in NAMES)
    assert Record(tmp_path, resume=True).examples["digits"].scores.keys() == set(NAMES)
