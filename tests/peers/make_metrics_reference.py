"""Makes reference/metrics/metrics.json: what other implementations measure of the same samples.

KID and the Frechet distance: torch-fidelity (and scikit-learn's kernel, scipy's sqrtm beside them). Precision, recall,
density, coverage: prdc, called once for each k. Nearest neighbours and the probe: scikit-learn. Entropy, KL and
Jensen-Shannon: scipy. Cross-entropy: torch. The samples are made by a few lines of arithmetic that
tests/support/numbers/samples.ts repeats, so that only the figures are kept.

    python make_metrics_reference.py [--check]
"""

import argparse
import contextlib
import io
import json
import sys
from pathlib import Path

import numpy as np
import scipy.linalg
import scipy.stats
import torch
from prdc import compute_prdc
from scipy.spatial.distance import cdist, jensenshannon
from sklearn.metrics.pairwise import polynomial_kernel
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors
from torch_fidelity.metric_fid import KEY_METRIC_FID, fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_kid import kernel_mmd

FILE = Path(__file__).parent / "reference" / "metrics" / "metrics.json"
ALLOWED = 1e-9  # of --check, relative for numbers above 1


class Stream:
    """A linear congruential generator (Numerical Recipes): exact in any language."""

    def __init__(self, seed: int):
        self.state = seed

    def uniform(self) -> float:
        self.state = (1664525 * self.state + 1013904223) % 2**32
        return self.state / 2**32

    def normal(self) -> float:
        """Nearly: twelve uniforms less 6, exact arithmetic and no logarithm."""
        return sum(self.uniform() for _ in range(12)) - 6


def correlated(seed: int, rows: int, columns: int, scale: float, shift: float) -> np.ndarray:
    """Rows of correlated values, each column with a deviation of its own, float32."""
    stream, out = Stream(seed), np.empty((rows, columns), np.float32)
    for i in range(rows):
        previous = 0.0
        for k in range(columns):
            previous = 0.5 * previous + scale * (0.25 + (k % 7) / 8) * stream.normal()
            out[i, k] = previous + shift
    return out


def clustered(seed: int, rows: int, columns: int, clusters: int, deviation: float) -> np.ndarray:
    """Rows around a few centres in turn: what a collapsed generator makes."""
    centres = correlated(seed, clusters, columns, 1, 0)
    noise = correlated(seed + 1, rows, columns, deviation, 0)
    return (centres[np.arange(rows) % clusters].astype(np.float64) + noise).astype(np.float32)


PAIRS = {
    "shifted": (correlated(1, 300, 64, 1, 0), correlated(2, 300, 64, 1.1, 0.15)),
    "same": (correlated(3, 300, 64, 1, 0), correlated(4, 300, 64, 1, 0)),
    "collapsed": (correlated(5, 300, 64, 1, 0), clustered(6, 300, 64, 3, 0.01)),
    "points": (correlated(7, 400, 2, 1, 0), correlated(8, 400, 2, 0.7, 0.3)),
    "wide": (correlated(9, 250, 192, 1, 0), correlated(10, 250, 192, 0.9, 0.05)),
}


def pair_figures(real: np.ndarray, fake: np.ndarray) -> dict:
    x, y = real.astype(np.float64), fake.astype(np.float64)
    kid = kernel_mmd(x, y, kid_kernel="poly", kid_kernel_poly_degree=3, kid_kernel_poly_gamma=None,
                     kid_kernel_poly_coef0=1)
    m = len(x)
    xx, yy, xy = (polynomial_kernel(a, b, degree=3, coef0=1) for a, b in ((x, x), (y, y), (x, y)))
    by_scikit = ((xx.sum() - np.trace(xx) + yy.sum() - np.trace(yy)) / (m * (m - 1)) - 2 * xy.mean())
    assert abs(kid - by_scikit) < 1e-9 * max(1, abs(kid)), (kid, by_scikit)

    statistics = [fid_features_to_statistics(torch.tensor(each)) for each in (x, y)]
    fid = fid_statistics_to_metric(*statistics, verbose=False)[KEY_METRIC_FID]
    (mx, cx), (my, cy) = ((each["mu"], each["sigma"]) for each in statistics)
    by_scipy = ((mx - my) ** 2).sum() + np.trace(cx + cy - 2 * scipy.linalg.sqrtm(cx @ cy).real)
    assert abs(fid - by_scipy) < 1e-5 * max(1, fid), (fid, by_scipy)

    with contextlib.redirect_stdout(io.StringIO()):
        three, five = compute_prdc(x, y, nearest_k=3), compute_prdc(x, y, nearest_k=5)
    nearest = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(x).kneighbors(y)[0].mean()
    half, labels = m // 2, np.repeat([0, 1], m // 2)
    probe = KNeighborsClassifier(n_neighbors=5, algorithm="brute").fit(np.concatenate([x[:half], y[:half]]), labels)
    return {
        "kid": kid, "fid": fid,
        "precision": three["precision"], "recall": three["recall"],
        "density": five["density"], "coverage": five["coverage"],
        "nearest": nearest, "probe": probe.score(np.concatenate([x[half:], y[half:]]), labels),
    }


HISTOGRAMS = {
    "uneven": ([5, 0, 1, 30, 2, 0, 0, 9, 100, 1], [4, 4, 0, 25, 3, 0, 1, 12, 70, 0]),
    "even": ([7] * 10, [3, 5, 7, 9, 11, 3, 5, 7, 9, 11]),
    "apart": ([5, 5, 0, 0], [0, 0, 1, 9]),
}


def histogram_figures(a: list[int], b: list[int]) -> dict:
    return {
        "a": a, "b": b,
        "entropy": scipy.stats.entropy(a), "reverseKl": scipy.stats.entropy(a, [1] * len(a)),
        "jensenShannon": jensenshannon(a, b) ** 2,
    }


def mixture_figures(name: str) -> dict:
    """PacGAN's figures: distance to the nearest mode below 3 deviations, modes and KL of these good points' counts."""
    angle = np.arange(8) * np.pi / 4
    centres, deviation = {
        "ring8": (np.stack([np.cos(angle), np.sin(angle)], 1), 0.01),
        "grid25": (np.array([(i % 5 * 2 - 4, i // 5 * 2 - 4) for i in range(25)], float), 0.05),
    }[name]
    stream = Stream(20)
    points = []
    for i in range(2000):
        x, y = centres[min(i % 31, len(centres) - 2) if i % 3 else 0]
        points.append((x + 1.5 * deviation * stream.normal(), y + 1.5 * deviation * stream.normal()))
    points = np.array(points, np.float32).astype(np.float64)
    distances = cdist(points, centres)
    good = distances.min(1) / deviation < 3
    margin = np.abs(distances.min(1) / deviation - 3).min()
    assert margin > 1e-5, f"a point is too near the edge: {margin}"
    counts = np.bincount(distances.argmin(1)[good], minlength=len(centres))
    return {
        "counts": counts.tolist(), "highQuality": good.mean(), "modes": int((counts > 0).sum()),
        "reverseKl": scipy.stats.entropy(counts, np.ones(len(centres))),
    }


def cross_entropy() -> dict:
    logits = torch.tensor(correlated(30, 6, 10, 3, 0), requires_grad=True)
    labels = torch.tensor([3, 0, 9, 9, 4, 1])
    value = torch.nn.functional.cross_entropy(logits.double(), labels)
    value.backward()
    return {"labels": labels.tolist(), "value": value.item(), "gradient": logits.grad.flatten().tolist()}


def differences(made, kept, where="") -> list[str]:
    if isinstance(made, dict) and isinstance(kept, dict) and made.keys() == kept.keys():
        return [d for key in made for d in differences(made[key], kept[key], f"{where}/{key}")]
    if isinstance(made, list) and isinstance(kept, list) and len(made) == len(kept):
        return [d for i, pair in enumerate(zip(made, kept)) for d in differences(*pair, f"{where}/{i}")]
    if isinstance(made, (int, float)) and isinstance(kept, (int, float)):
        return [] if abs(made - kept) <= ALLOWED * max(1, abs(kept)) else [f"{where}: {made}, kept {kept}"]
    return [] if made == kept else [f"{where}: {made}, kept {kept}"]


def main() -> int:
    parser = argparse.ArgumentParser(description="Make or check the reference figures of the metrics.")
    parser.add_argument("--check", action="store_true", help="compare with the committed file, write nothing")
    check = parser.parse_args().check
    torch.set_num_threads(1)
    made = {
        "pairs": {name: pair_figures(*pair) for name, pair in PAIRS.items()},
        "histograms": {name: histogram_figures(*pair) for name, pair in HISTOGRAMS.items()},
        "mixtures": {name: mixture_figures(name) for name in ("ring8", "grid25")},
        "crossEntropy": cross_entropy(),
    }
    made = json.loads(json.dumps(made, default=lambda value: value.item()))
    if check:
        found = differences(made, json.loads(FILE.read_text()))
        print(f"{len(found)} differences{': ' + found[0] if found else ''}")
        return 1 if found else 0
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(json.dumps(made, indent=1) + "\n")
    print(f"{FILE.name}: {FILE.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
