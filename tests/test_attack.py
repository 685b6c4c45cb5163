"""Fits in any order, in threads and after interrupts give bit for bit what each gives alone.

``pytest -m exhaustive tests/test_attack.py`` takes several hundred configurations, and half an hour
of two cores.
"""

import json
import pickle
import random
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import pytest
from sklearn.base import clone

from skae import clear_compiled_programs
from tests import attack

pytestmark = pytest.mark.filterwarnings("ignore")

PAIRS_AT_ONCE = 50
parts = pytest.mark.parametrize(
    ("n_pairs", "first"),
    [
        pytest.param(3, 0, marks=pytest.mark.slow),
        *(
            pytest.param(PAIRS_AT_ONCE, part * PAIRS_AT_ONCE, marks=pytest.mark.exhaustive)
            for part in range(6)
        ),
    ],
)


@cache
def alone(n_pairs, first):
    """Return what configurations give in another process, each where nothing was compiled."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.attack", str(n_pairs), str(first)],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def shuffled(n_pairs, first, n_times=2):
    """Return configurations, each several times, and what they give alone, in random order."""
    expected = list(zip(attack.configurations(n_pairs, first), alone(n_pairs, first), strict=True))
    return random.Random(first).sample(n_times * expected, n_times * len(expected))


def wrong(expected, got):
    return [
        (chosen, result)
        for (chosen, alone), result in zip(expected, got, strict=True)
        if result != alone
    ]


@parts
def test_in_any_order(n_pairs, first):
    clear_compiled_programs()
    expected = shuffled(n_pairs, first)
    assert wrong(expected, [attack.outcome(chosen) for chosen, _ in expected]) == []


@parts
def test_in_eight_threads(n_pairs, first):
    clear_compiled_programs()
    expected = shuffled(n_pairs, first)
    fitted = attack.fitted(dict.fromkeys(attack.OPTIONS, 0))
    over = threading.Event()

    def pickle_and_clone():
        while not over.is_set():
            twin = pickle.loads(pickle.dumps(clone(fitted).fit(attack.X)))
            assert attack.digest(twin) == attack.digest(fitted)

    with ThreadPoolExecutor(9) as threads:
        pickling = threads.submit(pickle_and_clone)
        got = list(threads.map(attack.outcome, [chosen for chosen, _ in expected]))
        over.set()
    assert pickling.exception() is None
    assert wrong(expected, got) == []


def _interrupt(signal_number, frame):
    raise KeyboardInterrupt


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="the system has no such timers")
@pytest.mark.parametrize(
    ("n_pairs", "first", "n_interrupts"),
    [
        pytest.param(2, 0, 4, marks=pytest.mark.slow),
        *(pytest.param(25, 1000 + i, 25, marks=pytest.mark.exhaustive) for i in range(4)),
    ],
)
def test_after_interrupts(n_pairs, first, n_interrupts):
    rng = random.Random(first)
    expected = shuffled(n_pairs, first, n_times=1)
    handler = signal.signal(signal.SIGALRM, _interrupt)
    try:
        for _ in range(n_interrupts):
            _interrupt_a_fit(rng, *rng.choice(expected))
            some = rng.sample(expected, 2)
            assert wrong(some, [attack.outcome(chosen) for chosen, _ in some]) == []
    finally:
        signal.signal(signal.SIGALRM, handler)


def _interrupt_a_fit(rng, chosen, alone):
    """Interrupt a fit, half of them where nothing is compiled; then it gives what it gives."""
    if rng.random() < 0.5:
        clear_compiled_programs()
    long = attack.made(chosen).set_params(epochs=10_000, early_stopping=False)
    assert not _is_interrupted(long, rng) or not hasattr(long, "model_")
    assert attack.outcome(chosen) == alone
    if len(alone) == attack.DIGEST_SIZE:
        fitted = attack.fitted(chosen).set_params(warm_start=True, epochs=10_000)
        before = attack.digest(fitted)
        assert not _is_interrupted(fitted, rng) or attack.digest(fitted) == before


def _is_interrupted(autoencoder, rng):
    """Interrupt a fit at a random moment; tell whether it raised, or kept what it had."""
    try:
        try:
            signal.setitimer(signal.ITIMER_REAL, rng.uniform(0.001, 1.0))
            autoencoder.fit(attack.X)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except (KeyboardInterrupt, RuntimeError, TypeError, ValueError):
        return True
    return False


def test_interrupts_in_compiled_code_are_interrupts(monkeypatch):
    """As TensorFlow reports those that come while it calls Python."""

    def interrupted(*_):
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt as interrupt:
            raise SystemError("returned a result with an exception set") from interrupt

    autoencoder = attack.made(dict.fromkeys(attack.OPTIONS, 0))
    monkeypatch.setattr(type(autoencoder), "_prepared", interrupted)
    with pytest.raises(KeyboardInterrupt):
        autoencoder.fit(attack.X)
