"""Which outputs there are, and a working application when there is none.

PortAudio is loaded on first use, so that neither a missing library nor a slow sound server
delays the window. PortAudio is not thread-safe: every call here belongs to the player's thread.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

LATENCY_S = 0.08  # long enough for a busy machine, short enough for a hand on the stop key


class PlaybackError(Exception):
    """Sound cannot be played now: what is wrong, and what the user can do."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


@dataclass(frozen=True)
class OutputDevice:
    name: str
    index: int
    default_rate: int
    is_default: bool


@dataclass(frozen=True)
class DeviceState:
    """What the device picker shows. `wanted` is "" for the system's default output."""

    wanted: str = ""
    in_use: str = ""  # "" while there is no output
    outputs: tuple[str, ...] = ()
    problem: str = ""
    remedy: str = ""

    @property
    def fallen_back(self) -> bool:
        """True when another output than the wanted one is in use."""
        return bool(self.wanted and self.in_use) and self.wanted != self.in_use


def choose(devices: tuple[OutputDevice, ...], wanted: str) -> OutputDevice:
    """The wanted device, else the default, else the first. Raises `PlaybackError` for none."""
    if not devices:
        raise PlaybackError(
            "There is no audio output.",
            "Connect one and press Rescan. Everything but listening works without it.",
        )
    by_name = [device for device in devices if device.name == wanted]
    defaults = [device for device in devices if device.is_default]
    return (by_name or defaults or list(devices))[0]


class AudioSystem:
    """PortAudio through sounddevice."""

    def __init__(self) -> None:
        self._sd: ModuleType | None = None

    def load(self) -> ModuleType:
        """The sounddevice module. Raises `PlaybackError` where PortAudio is missing."""
        if self._sd is None:
            try:
                import sounddevice
            except OSError as error:
                raise PlaybackError(
                    "The PortAudio library is missing, so nothing can be played.", _install_hint()
                ) from error
            self._sd = sounddevice
        return self._sd

    def outputs(self) -> tuple[OutputDevice, ...]:
        """The outputs of the system's usual sound interface. Raises `PlaybackError`."""
        sd = self.load()
        try:
            apis, devices = sd.query_hostapis(), sd.query_devices()
        except sd.PortAudioError as error:
            raise _unusable(error) from error
        if not apis:
            return ()
        api = _usual_api(apis, sd)
        return tuple(
            OutputDevice(
                name=str(devices[index]["name"]),
                index=index,
                default_rate=round(devices[index]["default_samplerate"]),
                is_default=index == apis[api]["default_output_device"],
            )
            for index in apis[api]["devices"]
            if devices[index]["max_output_channels"] >= 2
        )

    def rescan(self) -> None:
        """Look for devices anew; no stream may be open. Raises `PlaybackError`.

        PortAudio lists devices only when it starts, and sounddevice offers no public restart.
        """
        sd = self.load()
        try:
            sd._terminate()
            sd._initialize()
        except sd.PortAudioError as error:
            raise _unusable(error) from error

    def rate_for(self, device: OutputDevice, preferred: int) -> int:
        """`preferred` where the device takes it, else the device's own rate."""
        sd = self.load()
        try:
            sd.check_output_settings(device.index, 2, "float32", samplerate=preferred)
        except (sd.PortAudioError, ValueError):
            return device.default_rate
        return preferred

    def open(self, device: OutputDevice, sample_rate: int, callback: Callable[..., None]) -> Any:
        """A stereo float32 `OutputStream`, not yet started. Raises `PlaybackError`."""
        sd = self.load()
        try:
            return sd.OutputStream(
                samplerate=sample_rate,
                device=device.index,
                channels=2,
                dtype="float32",
                latency=LATENCY_S,
                callback=callback,
            )
        except (sd.PortAudioError, ValueError) as error:
            raise PlaybackError(
                f"The output “{device.name}” could not be opened.",
                "Close what else uses it, or choose another output.",
            ) from error


def _usual_api(apis: Any, sd: ModuleType) -> int:
    """Windows lists each device once per interface: WASAPI has the full names and low delay."""
    for number, api in enumerate(apis):
        if api["name"] == "Windows WASAPI":
            return number
    default = int(sd.default.hostapi)
    if apis[default]["devices"]:
        return default
    return next((n for n, api in enumerate(apis) if api["devices"]), default)


def _unusable(error: Exception) -> PlaybackError:
    return PlaybackError(
        f"The sound system does not answer ({error}).", "Start it, then press Rescan."
    )


def _install_hint() -> str:
    if sys.platform == "linux":
        return "Install it (Debian, Ubuntu: sudo apt install libportaudio2), then press Rescan."
    return "Install the sounddevice package again, then press Rescan."
