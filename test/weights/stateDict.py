"""Names, types, shapes and contents of a state dictionary as torch reads it: python stateDict.py FILE

Prints JSON, a list [name, dtype, shape, sha256 of the numbers in C order].
"""
import hashlib
import json
import sys

import torch

weights = torch.load(sys.argv[1], map_location="cpu", weights_only=True)
print(
    json.dumps(
        [
            [
                name,
                str(value.dtype).removeprefix("torch."),
                list(value.shape),
                hashlib.sha256(value.contiguous().numpy().tobytes()).hexdigest(),
            ]
            for name, value in weights.items()
        ]
    )
)
