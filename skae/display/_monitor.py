"""Capital and p-values of a drift monitor."""

from typing import Self

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from skae.display._axes import single_axes
from skae.display._classes import BLUE, GREY, ORANGE


class MonitorDisplay:
    """Capital of a ConformalMonitor over time, with the alarm level and the p-values.

    Parameters
    ----------
    p_values : array-like of shape (n_seen,)
        Conformal p-value of each sample.
    log10_capital : array-like of shape (n_seen,)
        Base-10 logarithm of the capital after each sample.
    level : float
        Base-10 logarithm of the capital at which an alarm is raised.

    Attributes
    ----------
    figure_ : Figure
    ax_ : Axes
    line_ : Line2D
        The capital.
    points_ : PathCollection
        Base-10 logarithms of the p-values.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import numpy as np
    >>> from sklearn.decomposition import PCA
    >>> from skae import ConformalMonitor, ReconstructionOutlierDetector
    >>> from skae.display import MonitorDisplay
    >>> rng = np.random.default_rng(0)
    >>> detector = ReconstructionOutlierDetector(PCA(2), random_state=0)
    >>> monitor = ConformalMonitor(detector.fit(rng.normal(size=(500, 5))), random_state=0)
    >>> display = MonitorDisplay.from_monitor(monitor.update(rng.normal(size=(200, 5))))
    >>> bool(display.frame()["log10_capital"].max() < display.level)
    True
    >>> plt.close(display.figure_)
    """

    def __init__(self, p_values: ArrayLike, log10_capital: ArrayLike, *, level: float):
        self.p_values = p_values
        self.log10_capital = log10_capital
        self.level = level

    @classmethod
    def from_monitor(cls, monitor, *, ax: Axes | None = None) -> Self:
        """Draw the capital and the p-values of a monitor.

        Parameters
        ----------
        monitor : ConformalMonitor
            After ``update``.
        ax : Axes, default=None
            Axes to draw on. None makes a new figure.

        Returns
        -------
        display : MonitorDisplay

        Raises
        ------
        TypeError
            If ``ax`` is not Matplotlib axes.
        """
        seen = monitor.frame()
        level = -np.log10(monitor.false_alarm_probability)
        return cls(seen["p_value"], seen["log10_capital"], level=level).plot(ax)

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw the capital, the alarm level and the p-values.

        Parameters
        ----------
        ax : Axes, default=None
            Axes to draw on. None makes a new figure.

        Returns
        -------
        self : object

        Raises
        ------
        TypeError
            If ``ax`` is not Matplotlib axes.
        """
        frame = self.frame()
        self.ax_ = single_axes(ax, (6, 3.4))
        self.figure_ = self.ax_.figure
        log10_p_values = np.log10(frame["p_value"])
        self.points_ = self.ax_.scatter(
            frame.index, log10_p_values, s=4, color=GREY, alpha=0.5, label="p-value of a row"
        )
        (self.line_,) = self.ax_.plot(frame["log10_capital"], color=BLUE, label="capital")
        self.ax_.axhline(self.level, color=ORANGE, ls="--", label="level of alarm")
        alarms = frame.index[frame["alarm"]]
        if len(alarms):
            self.ax_.axvline(alarms[0], color=ORANGE, label=f"alarm at row {alarms[0]}")
        self.ax_.set(xlabel="rows seen", ylabel="decimal logarithm")
        self.ax_.legend(fontsize="small")
        return self

    def frame(self) -> pd.DataFrame:
        """Return the numbers, one row per sample.

        Returns
        -------
        frame : DataFrame
            Columns "p_value", "log10_capital" and "alarm", which is True from the alarm on.
        """
        capital = np.asarray(self.log10_capital, dtype=float)
        alarm = np.maximum.accumulate(capital >= self.level) if len(capital) else capital > 0
        return pd.DataFrame(
            {"p_value": np.asarray(self.p_values), "log10_capital": capital, "alarm": alarm}
        )
