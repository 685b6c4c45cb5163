"""What `benchmarks.anomaly` has measured so far, kept in files so that a long study can go on."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

RUNS, ALARMS, EXAMPLES = "runs.csv", "alarms.csv", "examples"


@dataclass(eq=False)
class Example:
    """Scores of every method on one problem.

    Parameters
    ----------
    name : str
        Of the problem.
    seed : int
        Of its split.
    is_anomaly : ndarray of shape (n_test,), bool
        Which of its test rows are anomalies.
    threshold : float or None
        Of skae's detector, on its anomaly scores; None as long as it was not measured.
    scores : dict of str to ndarray of shape (n_test,)
        Anomaly scores by method.
    """

    name: str
    seed: int
    is_anomaly: np.ndarray
    threshold: float | None = None
    scores: dict[str, np.ndarray] = field(default_factory=dict)


class Record:
    """Runs, false alarms and examples, in memory and in a folder.

    Parameters
    ----------
    folder : Path
        Where they are kept.
    resume : bool
        Whether to begin with what the folder holds.
    """

    def __init__(self, folder, *, resume):
        self._folder = folder
        self.runs = _read(folder / RUNS) if resume else []
        self.alarms = _read(folder / ALARMS) if resume else []
        self.examples = _read_examples(folder / EXAMPLES) if resume else {}
        self._done = {
            (run["problem"], run["group"], run["method"], run["seed"]) for run in self.runs
        }

    def has(self, problem, method, seed):
        """Return whether a method was measured on a problem."""
        return (problem.name, problem.group, method, seed) in self._done

    def example(self, problem, seed):
        """Return the example of the problem's group, None if it is another problem or seed."""
        example = self.examples.setdefault(
            problem.group, Example(problem.name, seed, problem.is_anomaly)
        )
        return example if (example.name, example.seed) == (problem.name, seed) else None

    def add(self, run, alarms):
        """Keep one run and its false alarms."""
        self.runs.append(run)
        self.alarms += alarms
        self._done.add((run["problem"], run["group"], run["method"], run["seed"]))

    def save(self):
        """Write everything."""
        (self._folder / EXAMPLES).mkdir(parents=True, exist_ok=True)
        _write(self.runs, self._folder / RUNS)
        _write(self.alarms, self._folder / ALARMS)
        for group, example in self.examples.items():
            np.savez_compressed(
                self._folder / EXAMPLES / f"{group}.npz",
                name=example.name,
                seed=example.seed,
                is_anomaly=example.is_anomaly,
                threshold=np.nan if example.threshold is None else example.threshold,
                methods=list(example.scores),
                scores=np.array(list(example.scores.values())),
            )


def _read(path):
    try:
        return pd.read_csv(path).to_dict("records")
    except (FileNotFoundError, pd.errors.EmptyDataError):
        return []


def _write(records, path):
    """Replace the file at once, so that whoever is stopped meanwhile loses nothing."""
    unfinished = path.with_suffix(".unfinished")
    pd.DataFrame(records).to_csv(unfinished, index=False)
    unfinished.replace(path)


def _read_examples(folder):
    examples = {}
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as arrays:
            threshold = float(arrays["threshold"])
            examples[path.stem] = Example(
                str(arrays["name"]),
                int(arrays["seed"]),
                arrays["is_anomaly"],
                None if np.isnan(threshold) else threshold,
                dict(zip(arrays["methods"].tolist(), arrays["scores"], strict=True)),
            )
    return examples
