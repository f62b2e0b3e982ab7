"""Numbers of gan/signals.ts as PyTorch has them. Run: python tests/peers/make_signals.py (torch 2.11), writes reference/signals.json."""
import json
from pathlib import Path

import torch

torch.manual_seed(3)
batch, size = 150, 6
real = torch.randn(batch, size)
fakes = [0.3 * torch.randn(batch, size), 1.5 * torch.randn(batch, size)]
logits = 4 * torch.randn(batch)
# The first 128 samples count.
distance = lambda x: torch.pdist(x[:128].double()).mean().item()
# Seven digits are what a float32 holds; the file stays small.
short = lambda x: [float(f"{v:.7g}") for v in x.flatten().tolist()]
out = {
    "batch": batch,
    "size": size,
    "real": short(real),
    "fakes": [short(fake) for fake in fakes],
    "logits": short(logits),
    "distance": distance(real),
    "diversity": [distance(fake) / distance(real) for fake in fakes],
    "score": torch.sigmoid(logits.double()).mean().item(),
}
Path(__file__).parent.joinpath("reference/signals.json").write_text(json.dumps(out) + "\n")
