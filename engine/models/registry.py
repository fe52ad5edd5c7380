"""Which models there are, and how each is loaded. Torch is imported by the first load only.

A model is a folder in one of the roots: those named in the environment variable
UNDERTONE_MODELS, the user's own, then those shipped. The first folder of a name wins.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from engine.api import ModelInfo, SamplerName, ScheduleName
from engine.errors import InvalidRequest, ModelUnavailable
from engine.models.folder import CONFIG, ModelFolder

if TYPE_CHECKING:
    from engine.device import Device
    from engine.models.base import Model

DEFAULT = "house"
ROOTS_VARIABLE = "UNDERTONE_MODELS"
SHIPPED_ROOT = Path(__file__).parents[2] / "assets" / "models"
SHIPPED = (DEFAULT,)


def _load_house(folder: ModelFolder, device: Device) -> Model:
    from engine.models import house

    return house.load(folder, device)


FAMILIES: dict[str, Callable[[ModelFolder, Device], Model]] = {"house": _load_house}


def default_roots() -> tuple[Path, ...]:
    """Where models are looked for, in this order."""
    named = [Path(each) for each in os.environ.get(ROOTS_VARIABLE, "").split(os.pathsep) if each]
    own = Path(platformdirs.user_data_dir("undertone", appauthor=False)) / "models"
    return (*named, own, SHIPPED_ROOT)


@dataclass(frozen=True)
class Registry:
    """The models under `roots`. Folders are looked at anew each time: they may come and go."""

    roots: Sequence[Path]

    @classmethod
    def default(cls) -> Registry:
        return cls(default_roots())

    @classmethod
    def having(cls, word: str) -> tuple[Registry, str]:
        """The models among which `word` is one, by its name or by its folder; and its name.

        A word that is neither is taken for a name, which `path` will not know.
        """
        folder = Path(word).resolve()
        if (folder / CONFIG).is_file():
            return cls((folder.parent,)), folder.name
        return cls.default(), word

    def models(self) -> tuple[ModelInfo, ...]:
        """Every model known, the shipped ones first; what cannot be used says why."""
        return tuple(_info(self._folder_path(id)) for id in self._ids())

    def info(self, id: str) -> ModelInfo:
        """Needs no torch. Raises what `load` does, but for damage inside the weights."""
        return ModelFolder.open(self.path(id)).info()

    def load(self, id: str, device: Device) -> Model:
        """Raises `InvalidRequest` for an unknown name, `ModelUnavailable` for unusable weights."""
        folder = ModelFolder.open(self.path(id))
        family = folder.config.get("family")
        if family not in FAMILIES:
            raise ModelUnavailable(
                f"The model “{id}” is of the family “{family}”, which is not known.",
                "Update Undertone.",
            )
        return FAMILIES[family](folder, device)

    def path(self, id: str) -> Path:
        """The model's folder. Raises `InvalidRequest` for an unknown name."""
        known = tuple(self._ids())
        if id not in known:
            raise InvalidRequest(
                "model", f"There is no model “{id}”.", f"Known: {', '.join(known)}."
            )
        return self._folder_path(id)

    def _ids(self) -> Iterator[str]:
        found = dict.fromkeys(SHIPPED)
        for root in self.roots:
            found |= dict.fromkeys(sorted(path.parent.name for path in root.glob(f"*/{CONFIG}")))
        yield from found

    def _folder_path(self, id: str) -> Path:
        for root in self.roots:
            if (root / id / CONFIG).exists():
                return root / id
        return self.roots[-1] / id


def _info(path: Path) -> ModelInfo:
    try:
        return ModelFolder.open(path).info()
    except ModelUnavailable as error:
        return ModelInfo(
            path.name, path.name, "", 44_100, 2, 25, 3.0,
            SamplerName.DPMPP_2M, ScheduleName.KARRAS, problem=str(error),
        )  # fmt: skip
