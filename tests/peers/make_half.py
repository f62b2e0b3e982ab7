"""Float32 values as PyTorch and numpy round them to 16 bits. Run: python tests/peers/make_half.py [--check] (torch 2.11, numpy), writes reference/half.json."""
import json
import sys
from pathlib import Path

import numpy as np
import torch

EDGES = [
    # float16: smallest normal, steps of its subnormals, their halves and what is beside them, largest, ties at the top.
    0x38800000, 0x387FFFFF, 0x387FE000, 0x387FF000, 0x33800000, 0x33800001, 0x33000000, 0x33000001, 0x32FFFFFF, 0x33C00000, 0x34200000,
    0x477FE000, 0x477FEFFF, 0x477FF000, 0x477FFFFF, 0x47800000,
    # bfloat16: ties to even both ways, carries into the exponent, largest, a subnormal of float32.
    0x3F808000, 0x3F818000, 0x3F807FFF, 0x3F808001, 0x3FFF8000, 0x3FFFFFFF, 0x7F7F0000, 0x7F7F7FFF, 0x7F7F8000, 0x7F7FFFFF, 0x00000001, 0x00008000, 0x007FFFFF,
    # Zero, one, infinity, NaN with its payload in the low bits, and in the high ones.
    0x00000000, 0x3F800000, 0x7F800000, 0x7F800001, 0x7FC00000, 0x7FFFFFFF,
]
rng = np.random.default_rng(1)
# Any bits at all, and as many of magnitudes that both types have.
anything = rng.integers(0, 2**32, 600, dtype=np.uint64).astype(np.uint32)
usual = (rng.standard_normal(600) * 10.0 ** rng.integers(-9, 6, 600)).astype(np.float32).view(np.uint32)
edges = np.array(EDGES + [edge | 0x80000000 for edge in EDGES], dtype=np.uint32)
bits = np.concatenate([edges, anything, usual])
values = torch.from_numpy(bits.view(np.float32).copy())

halves = {"bfloat16": values.to(torch.bfloat16), "float16": values.to(torch.float16)}
with np.errstate(over="ignore", under="ignore"):
    by_numpy = bits.view(np.float32).astype(np.float16).view(np.uint16)
found = halves["float16"].view(torch.int16).numpy().view(np.uint16)
number = ~np.isnan(bits.view(np.float32))
assert (by_numpy == found)[number].all(), "numpy and PyTorch round alike"


def hexes(tensor, width):
    return "".join(f"{int(v):0{width}x}" for v in tensor)


out = {
    "float32": hexes(bits, 8),
    **{name: hexes(each.view(torch.int16).numpy().view(np.uint16), 4) for name, each in halves.items()},
    # What every pattern of 16 bits means, as a checksum of the float32 bits in order, NaN left out.
    "meanings": {
        name: sum(
            (i + 1) * int(v)
            for i, v in enumerate(torch.arange(-32768, 32768).to(torch.int16).view(dtype).float().numpy().view(np.uint32))
            if (v & 0x7FFFFFFF) <= 0x7F800000
        )
        % (2**53 - 111)
        for name, dtype in [("bfloat16", torch.bfloat16), ("float16", torch.float16)]
    },
}
path = Path(__file__).parent / "reference/half.json"
if "--check" in sys.argv[1:]:
    sys.exit(json.loads(path.read_text()) != out)
path.write_text(json.dumps(out, indent=1) + "\n")
