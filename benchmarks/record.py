"""One record a measurement: what was found, by which command, on which commit and machine."""

import datetime as dt
import json
import os
import pickle
import platform
import re
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from tqdm import tqdm

from benchmarks import BenchmarkError, columns

RESULTS = Path(__file__).parent / "results"
PACKAGES = ("skae", "keras", "tensorflow", "jax", "torch", "scikit-learn", "numpy", "pyod")
_IMPORTED = time.perf_counter()  # the start of a script
DIGITS = 6  # significant ones that a record keeps


class NotMeasuredError(BenchmarkError):
    """A record was asked for that is not there."""


@dataclass(eq=False)
class Record:
    """What one question found of one thing; `name` is "question/thing".

    `figures` are the numbers that sentences may quote, `claims` say which sentences the run checked
    and whether they hold, `origin` is filled in at the end of a run. `pictures`, by what they show,
    are on its page only.
    """

    name: str
    title: str
    answer: str
    figures: dict[str, float] = field(default_factory=dict)
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    claims: dict[str, bool] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    note: str = ""
    origin: dict[str, object] = field(default_factory=dict)
    pictures: dict[str, Figure] = field(default_factory=dict)

    @property
    def table(self):
        return next(iter(self.tables.values()))

    @property
    def short_tables(self):
        """Those that are short enough to be read."""
        return {name: table for name, table in self.tables.items() if len(table) <= 100}

    def __str__(self):
        parts = ["", self.title]
        for name, table in self.short_tables.items():
            parts.append(f"{name}\n{columns.shown(table).to_string(index=False)}")
        parts.append(self.answer)
        for claim, holds in self.claims.items():
            parts.append(f"{'holds' if holds else 'DOES NOT HOLD'}: {claim}")
        return "\n\n".join(parts)

    def to_json(self):
        """Return the record as text, one row of a table a line."""
        content = {key: value for key, value in vars(self).items() if key != "pictures"}
        content["tables"] = "@"
        lines = [f"{json.dumps(key)}: {_text(value)}" for key, value in content.items()]
        tables = ",\n".join(f"{json.dumps(k)}: {_rows(t)}" for k, t in self.tables.items())
        return "{\n" + ",\n".join(lines).replace('"@"', f"{{\n{tables}\n}}") + "\n}\n"

    def save(self, folder):
        """Write the record into its question's folder and return the path."""
        path = folder / f"{self.name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.to_json(), encoding="utf-8")
        return path


def load(name, folder=RESULTS):
    path = folder / f"{name}.json"
    if not path.is_file():
        raise NotMeasuredError(
            f"Expected a record out of {', '.join(names(folder))}; received {name!r}."
        )
    content = json.loads(path.read_text(encoding="utf-8"))
    content["tables"] = {
        key: pd.DataFrame(table["rows"], columns=table["columns"])
        for key, table in content["tables"].items()
    }
    return Record(**content)


def matching(pattern):
    """Return the records whose names match, of which there is at least one."""
    if not (found := names(pattern=pattern)):
        raise NotMeasuredError(f"Expected records {pattern}; received none.")
    return [load(name) for name in found]


def names(folder=RESULTS, pattern="*/*"):
    found = sorted(folder.glob(f"{pattern}.json"))
    return [path.relative_to(folder).with_suffix("").as_posix() for path in found]


def origin(command, seeds, seconds):
    """Return where a record comes from: commit, time, command, seeds, machine and versions."""
    return {
        "commit": _commit(),
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "command": command,
        "seeds": list(seeds),
        "seconds": round(seconds, 1),
        "processor": f"{_processor()}, {len(os.sched_getaffinity(0))} cores",
        "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES if version(name)},
    }


def finish(one, module, seeds):
    """Print and save among the results what a script of its own has measured, with its origin."""
    command = repeatable(module, sys.argv[1:])
    one.origin = origin(command, seeds, time.perf_counter() - _IMPORTED)
    print(one, one.save(RESULTS), sep="\n\n")


def repeatable(module, words):
    """Return the command that measures the same, wherever it is told to write."""
    where = words.index("--output") if "--output" in words else len(words)
    kept = [*words[:where], *words[where + 2 :]]
    kept = [word for word in kept if word not in ("--resume", "--check", "--record")]
    return shlex.join(["python", "-m", module, *kept])


def version(package):
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


class Parts:
    """The parts of a run that are measured already, one file each, so that it can be resumed.

    What was saved from another source (seed, size of the run) counts as not there.
    """

    def __init__(self, folder, source, *, resumes):
        self._folder, self._source, self._resumes = folder, source, resumes
        self._progress = tqdm(unit="part", delay=0.1)

    def load(self, name):
        path = self._path(name)
        if not self._resumes:
            path.unlink(missing_ok=True)
        if not path.is_file():
            return None
        source, saved = pickle.loads(path.read_bytes())
        return saved if source == self._source else None

    def save(self, name, state):
        """Save at once: whoever is stopped meanwhile keeps the old file or the new one whole."""
        self._folder.mkdir(parents=True, exist_ok=True)
        beside = self._path(name).with_suffix(".new")
        beside.write_bytes(pickle.dumps((self._source, state)))
        os.replace(beside, self._path(name))
        return state

    def __call__(self, name, measure, *arguments):
        """Return what was saved, or ``measure(*arguments)``, saved."""
        self._progress.set_description_str(name)
        saved = self.load(name)
        saved = self.save(name, measure(*arguments)) if saved is None else saved
        self._progress.update()
        return saved

    def close(self):
        """End the line of the progress."""
        self._progress.close()

    def _path(self, name):
        return self._folder / f"{name.replace('/', '-')}.pkl"


def _text(value):
    return json.dumps(_plain(value), ensure_ascii=False)


def _rows(frame):
    rows = ",\n".join(_text(list(row)) for row in frame.itertuples(index=False))
    return f'{{"columns": {_text(list(frame.columns))}, "rows": [\n{rows}]}}'


def _plain(value):
    """Return a value of Python's own types, floats rounded; NaN becomes null."""
    text = json.dumps(value, default=np.generic.item)
    return json.loads(text, parse_float=_rounded, parse_constant=lambda name: None)


def _rounded(number):
    return float(f"{float(number):.{DIGITS}g}")


@cache
def _commit():
    """Return the commit that is measured, with a + if code was changed since."""

    def git(*words):
        command = ["git", "-C", RESULTS.parent.parent, *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        changed = git("status", "-s", "-uno", "--", "skae", "benchmarks", ":!benchmarks/results")
        return git("rev-parse", "--short=10", "HEAD") + "+" * bool(changed)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _processor():
    """Return the model that Linux names, or else the architecture."""
    model = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    return model[1] if model else platform.machine()
