"""What scipy's geometric_slerp makes of pairs of vectors, as reference/slerp.json.

    python3 -m venv /tmp/statistics && /tmp/statistics/bin/pip install -r tests/peers/requirements-statistics.txt
    /tmp/statistics/bin/python tests/peers/make_slerp.py           # writes the file
    /tmp/statistics/bin/python tests/peers/make_slerp.py --check   # compares, exit 1 on a difference
"""

import json
import sys
from pathlib import Path

import numpy as np
from scipy.spatial import geometric_slerp

FILE = Path(__file__).parent / "reference" / "slerp.json"
AT = [0.1, 0.25, 0.5, 0.8, 0.999]


def between(a, b, at):
    """scipy turns unit vectors only; the shares that it gives to both directions are given to the vectors themselves."""
    unit_a, unit_b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    turned = geometric_slerp(unit_a, unit_b, at)
    shares, *_ = np.linalg.lstsq(np.stack([unit_a, unit_b], axis=1), turned, rcond=None)
    return shares[0] * a + shares[1] * b


def main():
    random = np.random.default_rng(3)
    cases = []
    for size in [2, 3, 8, 100]:
        a, b = random.standard_normal((2, size)).astype(np.float32).astype(np.float64)
        values = [list(between(a, b, at)) for at in AT]
        cases.append({"from": list(a), "to": list(b), "at": AT, "values": values})
    if "--check" in sys.argv:
        kept = json.loads(FILE.read_text())
        for case, known in zip(cases, kept, strict=True):
            if not np.allclose(case["values"], known["values"], rtol=0, atol=1e-12):
                sys.exit(f"{FILE} is not what this machine computes")
        print("the same")
        return
    FILE.write_text(json.dumps(cases) + "\n")
    print(f"written: {FILE}")


main()
