"""Opens the safetensors files of a checkpoint with the format's own package and says what is in them.

    python3 read_checkpoint.py FOLDER

Prints JSON: by file and tensor its shape, its dtype and the sha256 of its bytes; and each file's metadata.
"""

import hashlib
import json
import pathlib
import sys

from safetensors import safe_open
from safetensors.numpy import load_file

found = {}
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.safetensors")):
    with safe_open(path, framework="numpy") as file:
        metadata = file.metadata()
    tensors = {
        name: {
            "shape": list(array.shape),
            "dtype": str(array.dtype),
            "sha256": hashlib.sha256(array.tobytes(order="C")).hexdigest(),
        }
        for name, array in load_file(path).items()
    }
    found[path.name] = {"metadata": metadata, "tensors": tensors}
json.dump(found, sys.stdout)
