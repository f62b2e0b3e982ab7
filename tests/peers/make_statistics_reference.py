"""What scipy, statsmodels and numpy compute for the statistics of `coordinator compare`, as reference/comparison/statistics.json.

    python3 -m venv /tmp/statistics && /tmp/statistics/bin/pip install -r tests/peers/requirements-statistics.txt
    /tmp/statistics/bin/python tests/peers/make_statistics_reference.py           # writes the file
    /tmp/statistics/bin/python tests/peers/make_statistics_reference.py --check   # compares, exit 1 on a difference
"""

import itertools
import json
import sys
from pathlib import Path

import numpy as np
import scipy.stats
from statsmodels.stats.multitest import multipletests

FILE = Path(__file__).parent / "reference" / "comparison" / "statistics.json"


def signed_rank_cases():
    random = np.random.default_rng(5)
    cases = {
        "five of one sign": [1, 2, 3, 4, 5],
        "ten without ties": list(np.round(random.normal(0.4, 1, 10), 6)),
        "ten around zero": list(np.round(random.normal(0, 1, 10), 6)),
        "twenty without ties": list(np.round(random.normal(0.5, 1, 20), 6)),
        "ten with ties": [1, 1, -1, 2, 2, 3, -2, 1, 4, 1],
        "ten with zeros and ties": [0, 0, 1, 1, -1, 2, 0, 3, 2, 1],
        "modes that tie a lot": [1, 0, 1, 1, 0, 1, 2, 1, 1, 1],
        "two": [1, -2],
        "one": [3],
    }
    for name, differences in cases.items():
        kept = np.array([d for d in differences if d != 0], dtype=float)
        tied = len(set(np.abs(kept))) < len(kept)
        # scipy's exact distribution knows no ties; its permutation test enumerates all signs, ties or not.
        method = scipy.stats.PermutationMethod(n_resamples=np.inf) if tied else "exact"
        found = scipy.stats.wilcoxon(kept, zero_method="wilcox", alternative="two-sided", method=method)
        ranks = scipy.stats.rankdata(np.abs(kept))
        statistic = min(ranks[kept > 0].sum(), ranks[kept < 0].sum())
        yield {
            "name": name,
            "differences": [float(d) for d in differences],
            "n": len(kept),
            "statistic": float(statistic),
            "p": float(found.pvalue),
        }


def holm_cases():
    for ps in [[0.01, 0.04, 0.03, 0.005], [0.0625] * 4, [0.2], [0.9, 0.001, 0.5, 0.02, 0.02, 1.0]]:
        yield {"p": ps, "adjusted": [float(p) for p in multipletests(ps, method="holm")[1]]}


def bootstrap_cases():
    """The whole bootstrap distribution of the mean, all n^n resamples: what drawing many of them approaches."""
    for values in [[0.5, -0.2, 1.1, 0.7, 0.3], [1.0, 2.0, 4.0, 8.0], [0.0, 0.0, 1.0, 1.0, 1.0, -1.0]]:
        means = np.array([np.mean(each) for each in itertools.product(values, repeat=len(values))])
        yield {
            "values": values,
            "confidence": 0.95,
            # 10,000 draws put the 2.5 % quantile at 2.5 +- 0.16 % of the distribution: three standard errors each way.
            "low": [float(np.quantile(means, share)) for share in (0.02, 0.025, 0.03)],
            "high": [float(np.quantile(means, share)) for share in (0.97, 0.975, 0.98)],
        }


def mean_cases():
    random = np.random.default_rng(9)
    for n in [2, 5, 10]:
        values = [float(v) for v in np.round(random.normal(3, 2, n), 6)]
        yield {"values": values, "mean": float(np.mean(values)), "error": float(scipy.stats.sem(values))}


def close(a, b):
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(close(a[k], b[k]) for k in a)
    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(close(x, y) for x, y in zip(a, b))
    if isinstance(a, float):
        return abs(a - b) <= 1e-12 * max(1, abs(a))
    return a == b


def main():
    reference = {
        "signedRank": list(signed_rank_cases()),
        "holm": list(holm_cases()),
        "bootstrap": list(bootstrap_cases()),
        "mean": list(mean_cases()),
    }
    if "--check" in sys.argv:
        if not close(json.loads(FILE.read_text()), json.loads(json.dumps(reference))):
            sys.exit(f"{FILE} is not what this machine computes")
        print("the same")
        return
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(json.dumps(reference, indent=1) + "\n")
    print(f"written: {FILE}")


main()
