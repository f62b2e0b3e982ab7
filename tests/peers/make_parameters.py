"""How many numbers the peer of the benchmarks (bench/peers/torch_gan.py) trains, by PyTorch's count, at the sizes that
`npm run bench -- cost` measures. Run: python tests/peers/make_parameters.py (torch 2.11), writes reference/parameters.json."""
import json
import sys
from argparse import Namespace
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent.parent / "bench/peers"))

import torch_gan

rows = []
for image in [28, 32, 64]:
    for width in [0.5, 1, 2]:
        work = Namespace(image=image, width=width, device="cpu")
        networks = {"generator": torch_gan.generator(work), "discriminator": torch_gan.discriminator(work)}
        rows.append({"image": image, "width": width, **{name: torch_gan.parameters(net) for name, net in networks.items()}})
lines = ",\n".join(json.dumps(row) for row in rows)
(HERE / "reference/parameters.json").write_text(f"[\n{lines}\n]\n")
