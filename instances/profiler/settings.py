"""What a profile depends on: equal settings give equal accuracies on one machine."""

from dataclasses import dataclass
from typing import Literal

from instances.errors import InvalidOption
from instances.profiler.device import DEVICES
from instances.profiler.recipes import QUICK, Preset

Replay = Literal["none", "exemplars", "distilled"]
REPLAYS: tuple[Replay, ...] = ("none", "exemplars", "distilled")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a profile is measured.

    Attributes
    ----------
    preset
        How much is measured and with which recipes.
    seed
        At least 0.
    device
        ``cpu`` or ``cuda``.
    frames
        Folder of the user's labelled frames; ``None`` for the embedded digits.
    frame_size
        Pixels to which the user's frames are scaled, a multiple of 4.
    frames_per_second
        Of each camera, above 0; says what serving demands of the device.
    drift
        How fast the embedded streams drift: 0 stands still, 0.5 is the default.
    golden
        Whether a teacher model labels the training frames instead of the data.
    replay
        Whether herded exemplars of earlier windows are trained on again, and
        whether the start model's outputs are distilled besides (iCaRL).
    num_exemplars
        Frames kept for replay, over all classes.
    incremental
        Whether the embedded streams begin with four classes and meet one more each
        window.
    """

    preset: Preset = QUICK
    seed: int = 0
    device: str = "cpu"
    frames: str | None = None
    frame_size: int = 32
    frames_per_second: float = 30.0
    drift: float = 0.5
    golden: bool = False
    replay: Replay = "none"
    num_exemplars: int = 100
    incremental: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.seed, bool) or not 0 <= self.seed < 2**63:
            raise _wrong("seed", self.seed, "an integer of at least 0")
        if self.device not in DEVICES:
            raise _wrong("device", self.device, "cpu or cuda")
        if self.replay not in REPLAYS:
            raise _wrong("replay", self.replay, "one of " + ", ".join(REPLAYS))
        if not 8 <= self.frame_size <= 512 or self.frame_size % 4:
            expected = "a multiple of 4 from 8 to 512"
            raise _wrong("frame_size", self.frame_size, expected)
        if not 0 < self.frames_per_second <= 1e6:
            expected = "a number above 0 and at most 1e6"
            raise _wrong("frames_per_second", self.frames_per_second, expected)
        if not 0 <= self.drift <= 10:
            raise _wrong("drift", self.drift, "a number from 0 to 10")
        if not 1 <= self.num_exemplars <= 10**6:
            raise _wrong("num_exemplars", self.num_exemplars, "from 1 to 1000000")


def _wrong(name: str, value: object, expected: str) -> InvalidOption:
    return InvalidOption(f"{name} is {value!r}, expected {expected}")
