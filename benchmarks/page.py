"""The page of a run: its records, and pictures beside them, in one file of HTML."""

import io
import re
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from matplotlib import rc_context
from matplotlib.figure import Figure

from benchmarks import columns
from benchmarks.record import Record

INK = "#010203"  # replaced by the colour of the page's text, light or dark
COLORS = ("#3f90da", "#e76300", "#94a4a2", "#ffa90e", "#bd1f01", "#832db6", "#92dadd", "#717581")
STYLE = {
    "font.size": 10,
    **dict.fromkeys(("text.color", "axes.edgecolor", "axes.labelcolor", "grid.color"), INK),
    **dict.fromkeys(("xtick.color", "ytick.color"), INK),
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.facecolor": "none",
    "grid.alpha": 0.15,
    "legend.frameon": False,
}
TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, eq=False)
class Picture:
    """Figures under one caption, by what they show; `pixels` says that these are grey images."""

    caption: str
    panels: dict[str, Figure]
    pixels: bool = False


@dataclass(frozen=True, eq=False)
class Finding:
    """A record, and the pictures that only its page has."""

    record: Record
    pictures: tuple[Picture, ...] = ()


def write(findings, folder, *, title, quick):
    """Write `index.html` and return its path."""
    templates = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.globals |= {"columns": columns, "shown": shown}
    templates.filters |= {"svg": inline_svg, "listed": listed}
    page = templates.get_template("page.html.j2")
    path = folder / "index.html"
    path.write_text(page.render(title=title, findings=findings, quick=quick), encoding="utf-8")
    return path


def shown(record):
    """Return names and tables that are short enough to be read."""
    return [(name, table) for name, table in record.tables.items() if len(table) <= 100]


def listed(value):
    """Return entries of a list or a dict as text."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {one}" for name, one in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else value


def terminal(record):
    """Return a record as lines of text."""
    tables = [f"{key}\n{columns.shown(t).to_string(index=False)}" for key, t in shown(record)]
    claims = [f"{'holds' if holds else 'DOES NOT HOLD'}: {c}" for c, holds in record.claims.items()]
    return "\n\n".join(["", record.title, *tables, record.answer, *claims])


@rc_context(STYLE)
def lines(frame, x, y, by, title):
    """Draw one column against another, one line for each value of a third."""
    figure = Figure((4.6, 3.4), layout="constrained")
    axes = figure.subplots()
    groups = [("", frame)] if by is None else frame.dropna(subset=y).groupby(by, sort=False)
    for color, (name, rows) in zip(COLORS * 3, groups, strict=False):
        axes.plot(rows[x], rows[y], "o-", ms=4, color=color, label=str(name))
    axes.set(xlabel=columns.label(x), title=title, xscale="log")
    axes.grid(axis="y")
    if by is not None:
        axes.legend()
    return figure


@rc_context(STYLE)
def bars(frame, name, value, title):
    """Draw one bar a row, the first on top, with its number."""
    figure = Figure((4.6, 0.9 + 0.34 * len(frame)), layout="constrained")
    axes = figure.subplots()
    colors = [COLORS[0] if "skae" in str(one) else COLORS[2] for one in frame[name]]
    drawn = axes.barh(frame[name].astype(str), frame[value], color=colors)
    axes.bar_label(drawn, [columns.text(value, one) for one in frame[value]], padding=4)
    axes.invert_yaxis()
    axes.margins(x=0.18)
    axes.set(title=title, xlabel=columns.label(value))
    return figure


def inline_svg(figure, key, label):
    """Return a figure as SVG to stand inside HTML, its ids made the page's own by `key`."""
    buffer = io.StringIO()
    with rc_context({"svg.fonttype": "path", "svg.hashsalt": key}):
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(buffer, format="svg", transparent=True, dpi=200, metadata=nothing)
    drawing = re.search(
        r'<svg [^>]*(viewBox="[^"]*")[^>]*>(.*)</svg>', buffer.getvalue(), re.DOTALL
    )
    body = re.sub(r"<metadata>.*?</metadata>", "", drawing[2], flags=re.DOTALL)
    body = re.sub(r'\bid="|href="#|url\(#', lambda match: f"{match[0]}{key}-", body)
    opening = Markup('<svg role="img" aria-label="{}" ').format(label)
    return opening + Markup(f"{drawing[1]}>{body.replace(INK, 'currentColor')}</svg>")
