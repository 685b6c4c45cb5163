"""Reports of the benchmarks: a self-contained HTML page, CSV, JSON and a terminal table."""

import datetime as dt
import io
import json
import os
import platform
import re
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from matplotlib import rc_context
from matplotlib.figure import Figure

from benchmarks.figures import INK

PACKAGES = ("skae", "scikit-learn", "keras", "tensorflow", "numpy", "pandas", "matplotlib")
TEMPLATES = Path(__file__).parent / "templates"
WIDE = 6  # inches; wider figures take a line for themselves


@dataclass(frozen=True)
class Column:
    """How one column of a table is shown.

    Parameters
    ----------
    key : str
        Column of the frame.
    label : str
        Heading.
    format : str, default="{}"
        Format of a cell.
    help : str, default=""
        What the column means, shown under the table.
    best : {"high", "low"} or None, default=None
        Which value of a group is marked.
    """

    key: str
    label: str
    format: str = "{}"
    help: str = ""
    best: str | None = None

    def text(self, value):
        """Return the cell as it is shown; a dash for a missing value."""
        return "–" if pd.isna(value) else self.format.format(value)

    def is_number(self, frame):
        """Return whether the column holds numbers in `frame`."""
        return pd.api.types.is_numeric_dtype(frame[self.key])


@dataclass(frozen=True)
class Cell:
    """One value of a table: as it is shown, in full precision, and whether it is the best."""

    text: str
    value: object
    best: bool


@dataclass(frozen=True, eq=False)
class Table:
    """A frame of results, saved as `<key>.csv`; the best values within `best_within` are marked."""

    key: str
    title: str
    caption: str
    frame: pd.DataFrame
    columns: tuple[Column, ...]
    best_within: str | None = None

    def rows(self):
        """Return the rows as lists of cells."""
        best = {column.key: self._best(column) for column in self.columns}
        return [
            [
                Cell(column.text(row[column.key]), row[column.key], best[column.key][index])
                for column in self.columns
            ]
            for index, row in self.frame.iterrows()
        ]

    def terminal(self):
        """Return the table as aligned lines of text."""
        shown = {c.label: [c.text(value) for value in self.frame[c.key]] for c in self.columns}
        return pd.DataFrame(shown).to_string(index=False)

    def _best(self, column):
        if column.best is None:
            return pd.Series(False, index=self.frame.index)
        values = self.frame[column.key]
        groups = values.groupby(self.frame[self.best_within])
        extreme = groups.transform("max" if column.best == "high" else "min")
        return (values == extreme) & (groups.transform("count") > 1)


@dataclass(frozen=True, eq=False)
class Picture:
    """Panels side by side under one caption; `pixels` says that they show images in grey."""

    key: str
    title: str
    caption: str
    panels: tuple[tuple[str, Figure], ...]
    pixels: bool = False


@dataclass(frozen=True)
class Fact:
    """A headline number, beside the number that it is to be compared with."""

    label: str
    value: str
    comparison: str


@dataclass(frozen=True)
class Claim:
    """A sentence that the run checked."""

    text: str
    holds: bool


@dataclass(frozen=True, eq=False)
class Report:
    """What one benchmark has to say, in the order in which it is read."""

    benchmark: str
    title: str
    question: str
    answer: str
    command: str
    seed: int
    wall_time_s: float
    settings: dict[str, str]
    facts: tuple[Fact, ...]
    claims: tuple[Claim, ...]
    blocks: tuple[Table | Picture, ...]
    raw: dict[str, pd.DataFrame] = field(default_factory=dict)

    @property
    def tables(self):
        """The tables among the blocks."""
        return [block for block in self.blocks if isinstance(block, Table)]

    def frames(self):
        """Return every frame of numbers by name: those of the tables, then the raw ones."""
        return {table.key: table.frame for table in self.tables} | self.raw

    def terminal(self):
        """Return what a terminal shows: the tables, the answer and the claims."""
        tables = [f"{table.title}\n{table.terminal()}" for table in self.tables]
        claims = [f"{'holds' if c.holds else 'DOES NOT HOLD'}: {c.text}" for c in self.claims]
        return "\n\n".join(["", self.title, *tables, self.answer, *claims])


def write(report, directory):
    """Write the page, one CSV a table, and everything that is a number as JSON.

    Parameters
    ----------
    report : Report
        What to write.
    directory : Path
        Folder of the report, made if it is not there.

    Returns
    -------
    Path
        The page, `index.html`.
    """
    directory.mkdir(parents=True, exist_ok=True)
    environment = describe_environment()
    for name, frame in report.frames().items():
        frame.to_csv(directory / f"{name}.csv", index=False)
    record = json.dumps(_record(report, environment), indent=2, ensure_ascii=False)
    (directory / "report.json").write_text(record + "\n", encoding="utf-8")
    page = directory / "index.html"
    page.write_text(render(report, environment), encoding="utf-8")
    return page


def publish(report, directory, *, check):
    """Write the report, show its words in the terminal and say where it lies.

    Parameters
    ----------
    report : Report
        What to write.
    directory : Path
        Folder of the report.
    check : bool
        Whether the claims have to hold.

    Returns
    -------
    int
        Exit status: 1 if a claim had to hold and does not.
    """
    page = write(report, directory)
    print(report.terminal())
    print(f"\nReport: {page}")
    return int(check and not all(claim.holds for claim in report.claims))


def render(report, environment):
    """Return the page as one string of HTML without outside parts.

    Parameters
    ----------
    report : Report
        What to show.
    environment : dict of str to str
        What it ran on, from `describe_environment`.

    Returns
    -------
    str
    """
    templates = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.tests["table"] = lambda block: isinstance(block, Table)
    templates.filters["svg"] = inline_svg
    return templates.get_template("report.html.j2").render(report=report, environment=environment)


def describe_environment():
    """Return date, versions and machine, as a report states them.

    Returns
    -------
    dict of str to str
    """
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    versions = {package: _version(package) for package in PACKAGES}
    return {
        "date": now,
        "python": platform.python_version(),
        **versions,
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPU cores",
    }


def inline_svg(figure, key, label):
    """Return a figure as SVG to stand inside HTML, its ink in the colour of the page's text.

    Parameters
    ----------
    figure : Figure
        Drawn with `figures.INK` as ink.
    key : str
        Prefix that keeps ids apart from those of the page's other figures.
    label : str
        Text for those who do not see it.

    Returns
    -------
    Markup
    """
    buffer = io.StringIO()
    with rc_context({"svg.fonttype": "path", "svg.hashsalt": key}):
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(buffer, format="svg", transparent=True, dpi=200, metadata=nothing)
    drawing = re.search(
        r'<svg [^>]*(viewBox="[^"]*")[^>]*>(.*)</svg>', buffer.getvalue(), re.DOTALL
    )
    body = re.sub(r"<metadata>.*?</metadata>", "", drawing[2], flags=re.DOTALL)
    body = re.sub(r'\bid="|href="#|url\(#', lambda match: f"{match[0]}{key}-", body)
    shape = "wide" if figure.get_figwidth() > WIDE else "plain"
    opening = Markup('<svg class="{}" role="img" aria-label="{}" ').format(shape, label)
    return opening + Markup(f"{drawing[1]}>{body.replace(INK, 'currentColor')}</svg>")


def _record(report, environment):
    return {
        "benchmark": report.benchmark,
        "title": report.title,
        "command": report.command,
        "seed": report.seed,
        "wall_time_s": report.wall_time_s,
        "environment": environment,
        "settings": report.settings,
        "claims": [{"text": claim.text, "holds": claim.holds} for claim in report.claims],
        "tables": {
            name: json.loads(frame.to_json(orient="records", double_precision=15))
            for name, frame in report.frames().items()
        },
    }


def _version(package):
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"
