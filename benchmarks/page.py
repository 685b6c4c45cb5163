"""The page of a run: its records and their pictures, in one file of HTML."""

import base64
import io
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from matplotlib import rc_context
from matplotlib.figure import Figure

from benchmarks import columns

STYLE = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "svg.hashsalt": "the same run gives the same page",
}
TEMPLATES = Path(__file__).parent / "templates"


def write(records, folder, *, title, quick):
    """Write `index.html` and return its path."""
    templates = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.globals |= {"columns": columns, "address": address}
    page = templates.get_template("page.html.j2")
    path = folder / "index.html"
    path.write_text(page.render(title=title, records=records, quick=quick), encoding="utf-8")
    return path


@rc_context(STYLE)
def chart(frame, kind, x, y):
    """Draw one column against another as pandas does; `kind` is "line" or "barh"."""
    height = 3.4 if kind == "line" else 0.9 + 0.3 * len(frame)
    figure = Figure((5, height), layout="constrained")
    axes = frame.plot(kind=kind, x=x, y=y, ax=figure.subplots(), legend=False)
    across, up = (x, y) if kind == "line" else (y, x)
    axes.set(xlabel=columns.label(across), ylabel=columns.label(up))
    return figure


@rc_context(STYLE)
def address(figure):
    """Return a figure as an address that holds it."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    return "data:image/svg+xml;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
