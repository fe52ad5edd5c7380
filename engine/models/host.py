"""Keeps one model loaded: the one last asked for. Torch is imported by the first load."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.models.registry import Registry

if TYPE_CHECKING:
    from engine.device import Device
    from engine.models.base import Model


class ModelHost:
    """`device_kind` is torch's name of a device; None takes the best there is."""

    def __init__(self, registry: Registry, device_kind: str | None = None) -> None:
        self.registry = registry
        self._device_kind = device_kind
        self._device: Device | None = None
        self._id = ""
        self._model: Model | None = None

    @property
    def device(self) -> Device:
        """The device for everything, chosen once."""
        if self._device is None:
            from engine.device import choose, prepare_process

            prepare_process()
            self._device = choose(self._device_kind)
        return self._device

    @property
    def is_loaded(self) -> bool:
        return self._model is not None

    def holds(self, id: str, device_kind: str | None = None) -> bool:
        """Whether `load` would return at once."""
        if self._model is None or id != self._id:
            return False
        return device_kind is None or self._model.device.kind == device_kind

    def load(self, id: str, device: Device | None = None) -> Model:
        """The model `id` on `device`, else on `self.device`. Lets go of any other model first.

        Raises what `Registry.load` does.
        """
        device = device or self.device
        if self._model is None or not self.holds(id, device.kind):
            self._model = None
            self._model = self.registry.load(id, device)
            self._id = id
        return self._model
