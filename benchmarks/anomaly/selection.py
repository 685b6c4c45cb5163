"""Which norm of scores ranks best on 20 tables, chosen each time on the other 19.

Every score is fitted once a table; norms of them then cost little. Run with
``python -m benchmarks.anomaly.selection --seeds 0 1 2``.
"""

import argparse
import itertools
import warnings
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

import skae
from benchmarks import datasets, start_keras
from benchmarks.anomaly.problems import TABLES, half_of_the_normal, seventy_percent
from benchmarks.record import Parts, Record, finish

MOST_ROWS = 2000
FAMILIES = (
    {"residual": skae.ResidualDistance(), "path": skae.HiddenPath()},
    {"row": skae.RowDistance()},
    {
        "neighbor of 256": skae.NeighborDistance(),
        "neighbor of 512": skae.NeighborDistance(n_landmarks=512),
    },
    {"isolation": skae.Isolation()},
)
PROTOCOLS = {"normal rows": half_of_the_normal, "anomalies left in": seventy_percent}
ORDERS = (1, 2, 4)


@dataclass(frozen=True)
class Norm:
    """A candidate: scores, the one of twice the weight if any, and the order p."""

    names: tuple[str, ...]
    doubled: str | None = None
    p: int = 1

    def __str__(self):
        terms = [f"2 {name}" if name == self.doubled else name for name in self.names]
        return " + ".join(terms) + (f", p = {self.p}" if len(terms) > 1 else "")

    def ranked(self, values):
        """Return what ranks rows as the norm does."""
        weights = [1 + (name == self.doubled) for name in self.names]
        return values[list(self.names)].to_numpy() ** self.p @ weights

    def without(self, name):
        """Return the norm of the other scores."""
        names = tuple(one for one in self.names if one != name)
        doubled = None if len(names) == 1 or self.doubled == name else self.doubled
        return Norm(names, doubled, self.p if len(names) > 1 else 1)


def candidates():
    """Return all norms of at most one score of each family."""
    found = []
    for chosen in itertools.product(*[[*family, None] for family in FAMILIES]):
        names = tuple(name for name in chosen if name)
        found += [Norm(names)] if len(names) == 1 else []
        found += itertools.starmap(
            Norm, itertools.product([names], (None, *names), ORDERS) if len(names) > 1 else []
        )
    return found


CANDIDATES = {str(norm): norm for norm in candidates()}


def aurocs(table, protocol, seed):
    """Return the AUROC of every candidate on a table."""
    data = datasets.load(f"{datasets.ANOMALIES}{table}")
    is_anomaly = data.y == 1
    rng = np.random.RandomState(seed)
    train, test = PROTOCOLS[protocol](is_anomaly, seed)
    train = rng.permutation(train)[:MOST_ROWS]
    test = np.concatenate(
        [rng.permutation(test[is_anomaly[test] == kind])[:MOST_ROWS] for kind in (False, True)]
    )
    terms = [term for family in FAMILIES for term in family.items()]
    detector = skae.ReconstructionOutlierDetector(
        score=skae.ScoreEnsemble(terms), calibration_size=1, random_state=seed
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # one calibration row
        detector.fit(data.X[train])
    values = pd.DataFrame(detector.score_terms(data.X[test]), columns=[name for name, _ in terms])
    return {
        name: roc_auc_score(is_anomaly[test], norm.ranked(values))
        for name, norm in CANDIDATES.items()
    }


def choice(found):
    """Return the norm of most scores of those within one standard error of the best.

    This is the one-standard-error rule of Breiman et al. (1984), with the error of the difference
    to the best one over tables; of several it is the best one.
    """
    by_table = found.groupby("table").mean()
    means = by_table.mean()
    differences = by_table.sub(by_table[means.idxmax()], axis=0)
    are_level = differences.mean() >= -differences.sem()
    n_terms = means.index.str.count(r"\+")
    return means[are_level & (n_terms == n_terms[are_level].max())].idxmax()


def best_of(found):
    """Return the norm of the highest mean."""
    return found.mean().idxmax()


def left_out(found, choose):
    """Return what is chosen without each table, and its AUROC there, by protocol."""
    rows = []
    for table in found.index.unique("table"):
        chosen = choose(found.drop(table, level="table"))
        on_it = found.loc[table].groupby("protocol")[chosen].mean()
        rows.append({"table": table, "chosen": chosen, **on_it})
    return pd.DataFrame(rows)


def main():
    """Measure every candidate, choose with each table left out, and write the record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--tables", nargs="+", default=list(TABLES))
    parser.add_argument("--resume", action="store_true", help="measure only what is missing")
    arguments = parser.parse_args()
    start_keras()
    cases = itertools.product(arguments.tables, PROTOCOLS, arguments.seeds)
    folder = Path("reports", "selection")
    with closing(Parts(folder, CANDIDATES, resumes=arguments.resume)) as parts:
        rows = {case: parts("-".join(map(str, case)), aurocs, *case) for case in cases}
    found = pd.DataFrame(rows).T.rename_axis(["table", "protocol", "seed"])
    means = found.groupby("protocol").mean().T.rename_axis("norm")
    means = means.loc[means.sum(axis=1).sort_values(ascending=False).index]
    plain, chosen = left_out(found, best_of), left_out(found, choice)
    best = choice(found)
    names = CANDIDATES[best].names
    without = [str(CANDIDATES[best].without(name)) for name in names]
    shown = means.loc[[*names, *without, best]].reset_index()
    shown["norm"] = [*names, *(f"without {name}" for name in names), best]
    by_table = found[[*names, best]].groupby(["table", "protocol"]).mean().reset_index()
    kinds = {
        "chosen": means.loc[best],
        "best": means.iloc[0],
        "chosen on the others": chosen[list(PROTOCOLS)].mean(),
        "best on the others": plain[list(PROTOCOLS)].mean(),
    }
    figures = {
        f"{what}, {name}": float(values[name])
        for name in PROTOCOLS
        for what, values in kinds.items()
    }
    found = Record(
        "anomaly/selection",
        f"Norms of scores on {len(arguments.tables)} tables",
        f"{best} is chosen over all tables.",
        figures=figures,
        settings={"chosen": best},
        tables={
            "norms": means.reset_index(),
            "left out": chosen,
            "parts": shown,
            "parts by table": by_table,
        },
    )
    finish(found, "benchmarks.anomaly.selection", arguments.seeds)


if __name__ == "__main__":
    main()
