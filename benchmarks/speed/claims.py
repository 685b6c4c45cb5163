"""What `benchmarks.speed` holds its run against."""

import numpy as np

from benchmarks.report import Claim
from benchmarks.speed.contestants import Skae
from benchmarks.speed.contests import KERAS, QUALITY, RACES

LOSS_TOLERANCE = 1.05
TIMES_SOONER = 10
TIMES_PCA, TIMES_PREDICT = 3, 50
FLAT, FLAT_FROM = 1.3, 10_000
MOST_GROWTH_MB = 20
MOST_COPIES = 1.1  # of the data in float32; 1, and what measuring is worth


def claims(study):
    """Yield the claims about the contests of a study.

    Parameters
    ----------
    study : speed.Study
        What was measured.

    Yields
    ------
    Claim
    """
    if "races" in study.frames:
        yield from _race_claims(study)
    claims_of = {
        "transform": _transform_claims,
        "quality": _quality_claims,
        "scaling": _scaling_claims,
        "growth": _growth_claims,
        "peaks": _peak_claims,
        "threads": _thread_claims,
    }
    for frame, about in claims_of.items():
        if frame in study.frames:
            yield from about(study)


def slope_and_intercept(peaks):
    """Return by how much a fit lifts the peak per MB of data in float32, and the fixed rest.

    Parameters
    ----------
    peaks : DataFrame
        Columns "float32_mb" and "lift_mb".

    Returns
    -------
    tuple of float
    """
    slope, intercept = np.polyfit(peaks["float32_mb"], peaks["lift_mb"], 1)
    return float(slope), float(intercept)


def flatness(scaling):
    """Return how many times slower the slowest row is than the fastest, over sets of all sizes.

    Parameters
    ----------
    scaling : DataFrame
        Columns "panel", "rows" and "seconds".

    Returns
    -------
    float
        Over sets of at least `FLAT_FROM` rows.
    """
    chosen = scaling[(scaling["panel"] == "rows") & (scaling["rows"] >= FLAT_FROM)]
    per_row = chosen["seconds"] / chosen["rows"]
    return float(per_row.max() / per_row.min())


def _race_claims(study):
    for name, results in study.results.groupby("contest", sort=False):
        results = results.set_index("contestant")
        for opponent, at_least in RACES[name].at_least.items():
            if opponent in results.index:
                yield Claim(
                    f"{name}: {opponent} takes at least {at_least:g} times as long as skae.",
                    bool(results.loc[opponent, "ratio"] >= at_least),
                )
        loss = results["best_loss"]
        yield Claim(
            f"{name}: skae's final loss, the best of the rounds, is at most "
            f"{LOSS_TOLERANCE - 1:.0%} above that of Keras by hand.",
            bool(loss[Skae.name] <= LOSS_TOLERANCE * loss[KERAS]),
        )


def _transform_claims(study):
    seconds = study.frames["transform"].set_index(["task", "method"])["seconds"]
    all_rows, one_row = seconds.index.get_level_values("task").unique()
    yield Claim(
        f"transform of {all_rows} through 784-32-2 takes at most {TIMES_PCA} times as long as "
        "PCA's.",
        bool(seconds[all_rows, "skae 784-32-2"] <= TIMES_PCA * seconds[all_rows, "PCA(2)"]),
    )
    predict = seconds[one_row, "the same model's predict"]
    yield Claim(
        f"transform of one row is at least {TIMES_PREDICT} times as fast as Model.predict.",
        bool(predict >= TIMES_PREDICT * seconds[one_row, "skae 784-32-2"]),
    )


def _quality_claims(study):
    (ours, _), (theirs, _) = QUALITY
    reached = study.quality.set_index("contestant")
    target = study.sizes.quality_target
    times_sooner = reached.loc[theirs.name, "seconds"] / reached.loc[ours.name, "seconds"]
    yield Claim(
        f"A test loss of {target:g} is reached at least {TIMES_SOONER} times sooner than by the "
        "published network and settings in Keras.",
        bool(reached.loc[ours.name, "loss"] <= target and times_sooner >= TIMES_SOONER),
    )


def _scaling_claims(study):
    yield Claim(
        f"From {FLAT_FROM:,} rows on, the time of an epoch per row is flat within {FLAT:g}×.",
        flatness(study.frames["scaling"]) <= FLAT,
    )


def _growth_claims(study):
    held = study.frames["growth"].set_index("fits")["resident_mb"]
    yield Claim(
        f"{held.index[-1]} fits grow the process by less than {MOST_GROWTH_MB} MB.",
        bool(held.iloc[-1] - held.iloc[0] < MOST_GROWTH_MB),
    )


def _peak_claims(study):
    peaks = study.frames["peaks"]
    slope, _ = slope_and_intercept(peaks[peaks["dtype"] == "float32"])
    yield Claim(
        "A fit holds the data once in float32 and a fixed amount: its peak grows by at most "
        f"{MOST_COPIES:g} MB per MB of data.",
        slope <= MOST_COPIES,
    )


def _thread_claims(study):
    threads = study.frames["threads"]
    yield Claim(
        f"{len(threads)} fits in as many threads give the codes that they give one after the "
        "other, exactly.",
        bool((threads["difference"] == 0).all()),
    )
