"""Trains the denoiser of this pack: python3 train.py --minutes 30 (and --help).

`engine.training.pack` copies this file into a pack as train.py. It needs Python, torch, numpy,
safetensors, tokenizers, transformers and tqdm; what else is needed lies in wheels/ and is
installed into site/, beside this file, at the first start.
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
SITE = HERE / "site"
sys.path[:0] = [str(HERE), str(SITE)]


def install() -> None:
    """Put the wheels into site/, once. Ends the program where they do not fit this Python."""
    wheels = sorted(map(str, (HERE / "wheels").glob("*.whl")))
    if not wheels or (SITE / "installed").exists():
        return
    command = (sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps")
    if subprocess.run(
        [*command, "--upgrade", "--target", str(SITE), *wheels], check=False
    ).returncode:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        sys.exit(f"Make the pack for this Python: undertone train pack --python {version}")
    (SITE / "installed").touch()


if __name__ == "__main__":
    install()
    from engine.training.packed import main

    sys.exit(main(HERE))
