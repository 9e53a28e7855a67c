"""Token ids of CLIP's vocabulary, by the package's own tokenizer (node, and the built package: npm run build:ts)."""

import json
import subprocess
from pathlib import Path

TOKENIZER = Path(__file__).resolve().parents[2] / "dist/text/tokenizer.js"
PROGRAM = """
const { encode } = await import(process.argv[1])
process.stdout.write(JSON.stringify(JSON.parse(process.argv[2]).map(encode)))
"""


def token_ids(texts: list[str]) -> list[list[int]]:
    """The ids of each text, without start and end."""
    if not TOKENIZER.exists():
        raise SystemExit(f"The tokenizer is needed, and {TOKENIZER} does not exist: run npm run build:ts first.")
    command = ["node", "--input-type=module", "-e", PROGRAM, TOKENIZER.as_uri(), json.dumps(texts)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"The tokenizer failed: {done.stderr.strip()}")
    return json.loads(done.stdout)
