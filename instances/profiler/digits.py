"""The embedded footage: drifting streams made of scikit-learn's handwritten digits.

Toy data with the structure of a camera's: tracks of similar frames, a class mix that
wanders, and a lens that turns, darkens, blurs and grows noisy over the windows.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from instances.profiler.seeds import Role, generator
from instances.profiler.settings import Settings
from instances.profiler.windows import Images, Integers, WindowData

SIZE = 16
NUM_CLASSES = 10
FIRST_CLASSES = 4
TRACK_FRAMES = 7
VALIDATION_SHARE = 0.25
POOLS = (
    (Role.PRETRAINING_FRAMES, 600),
    (Role.TRAINING_FRAMES, 450),
    (Role.VALIDATION_FRAMES, 150),
)
"""Base images for each role; the rest are for tests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a stream's camera sees in a window.

    Attributes
    ----------
    mix
        Share of each class.
    degrees
        By which the camera is turned.
    gain, bias
        Brightness is ``gain × brightness + bias``.
    blur
        Share of the blurred picture in the picture, in [0, 1].
    noise
        Standard deviation of the brightness of a pixel.
    """

    mix: tuple[float, ...]
    degrees: float
    gain: float
    bias: float
    blur: float
    noise: float


GENERIC = Scene(
    mix=(0.1,) * NUM_CLASSES, degrees=0.0, gain=1.0, bias=0.0, blur=0.1, noise=0.05
)


class DigitFootage:
    """Streams of digits; same settings, same frames.

    Parameters
    ----------
    settings
        Whose preset, seed, drift and ``incremental`` count.
    """

    def __init__(self, settings: Settings) -> None:
        preset = settings.preset
        self.settings = settings
        self.streams = tuple(f"digits-{idx + 1}" for idx in range(preset.num_streams))
        self.classes = tuple(str(digit) for digit in range(NUM_CLASSES))
        self.num_windows = preset.num_windows
        self._images, self._labels = _base_images()
        self._pools = _pools(settings.seed, len(self._labels))

    def pretraining(self) -> WindowData:
        """Return frames of the generic scene, turned and lit a little at random."""
        num = self.settings.preset.num_pretraining
        return self._filmed(Role.PRETRAINING_FRAMES, num, 0, 0, spread=1.0)

    def labelled(self, stream: int, window: int) -> tuple[WindowData, WindowData]:
        """Return training and validation frames, which share no base image."""
        num = self.settings.preset.num_labelled
        held_out = max(1, round(num * VALIDATION_SHARE))
        return (
            self._filmed(Role.TRAINING_FRAMES, num - held_out, stream, window - 1),
            self._filmed(Role.VALIDATION_FRAMES, held_out, stream, window - 1),
        )

    def frames(self, stream: int, window: int) -> WindowData:
        """Return all frames of a window."""
        num = self.settings.preset.num_frames
        return self._filmed(Role.TEST_FRAMES, num, stream, window)

    def scene(self, stream: int, window: int) -> Scene:
        """Return what the stream sees in a window; a random walk from window 0.

        Every second window one class becomes common.
        """
        drift = self.settings.drift
        rng = generator(self.settings.seed, Role.DRIFT, stream=stream)
        logits = rng.normal(0, 1, NUM_CLASSES)
        turn = rng.choice((-1, 1))
        order = rng.permutation(NUM_CLASSES)
        degrees, gain, bias, blur, noise = rng.normal(0, 10), 1.0, 0.0, 0.2, 0.08
        for step in range(1, window + 1):
            logits = logits + drift * rng.normal(0, 1, NUM_CLASSES)
            common = rng.integers(NUM_CLASSES)
            if step % 2 == 0:
                logits[common] += 3 * drift
            degrees += drift * (8 * turn + rng.normal(0, 12))
            gain *= np.exp(drift * rng.normal(-0.1, 0.3))
            bias += drift * rng.normal(0, 0.2)
            blur += drift * rng.normal(0.1, 0.3)
            noise += drift * rng.normal(0.02, 0.08)
        if self.settings.incremental:
            logits[order[FIRST_CLASSES + window :]] = -np.inf
        mix = np.exp(logits - logits.max())
        return Scene(
            mix=tuple((mix / mix.sum()).tolist()),
            degrees=float(np.clip(degrees, -50, 50)),
            gain=float(np.clip(gain, 0.35, 1.4)),
            bias=float(np.clip(bias, -0.2, 0.4)),
            blur=float(np.clip(blur, 0.0, 1.0)),
            noise=float(np.clip(noise, 0.02, 0.3)),
        )

    def _filmed(
        self, role: Role, num: int, stream: int, window: int, spread: float = 0.0
    ) -> WindowData:
        """Return frames of one role; ``spread`` varies the scene over the tracks."""
        rng = generator(self.settings.seed, role, stream=stream, window=window)
        generic = role is Role.PRETRAINING_FRAMES
        scene = GENERIC if generic else self.scene(stream, window)
        weights = np.array(scene.mix)
        if generic and self.settings.incremental:
            weights = weights * (np.arange(NUM_CLASSES) < FIRST_CLASSES)
            weights = weights / weights.sum()
        pool = self._pools[role]
        chosen = _tracks(pool, self._labels[pool], weights, num, rng)
        images = _seen(self._images[chosen], chosen, scene, spread, rng)
        return WindowData(images=images, labels=self._labels[chosen], tracks=chosen)


@cache
def _base_images() -> tuple[Images, Integers]:
    """Return the 1797 digits, brightness in [0, 1], and what they show."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    return (digits.images / 16).astype(np.float32), digits.target.astype(np.int64)


def _pools(seed: int, num: int) -> dict[Role, Integers]:
    """Return disjoint sets of base images, one for each role."""
    order = generator(seed, Role.POOLS).permutation(num)
    pools = {}
    for role, size in POOLS:
        pools[role], order = order[:size], order[size:]
    return {**pools, Role.TEST_FRAMES: order}


def _tracks(
    pool: Integers,
    labels: Integers,
    weights: npt.NDArray[np.float64],
    num: int,
    rng: np.random.Generator,
) -> Integers:
    """Return the base image of each frame: runs of about seven frames of one image."""
    num_tracks = 2 * num // TRACK_FRAMES + 4
    classes = rng.choice(NUM_CLASSES, num_tracks, p=weights)
    lengths = rng.integers(TRACK_FRAMES // 2, TRACK_FRAMES * 3 // 2 + 2, num_tracks)
    images = np.array([rng.choice(pool[labels == which]) for which in classes])
    return np.repeat(images, lengths)[:num]


def _seen(
    images: Images,
    tracks: Integers,
    scene: Scene,
    spread: float,
    rng: np.random.Generator,
) -> Images:
    """Return the frames as the camera sees them, shape (n, 1, SIZE, SIZE).

    The object of a track moves straight on from frame to frame.
    """
    import torch
    from torch.nn import functional

    num = len(images)
    starts = np.flatnonzero(np.diff(tracks, prepend=-1))
    run = np.cumsum(np.isin(np.arange(num), starts)) - 1
    since = np.arange(num) - starts[run]

    def per_track(scale: float, columns: int) -> npt.NDArray[np.float64]:
        drawn = rng.normal(0, scale, (len(starts), columns))
        return np.asarray(drawn[run], dtype=np.float64)

    angle = np.deg2rad(scene.degrees + per_track(5 + 8 * spread, 1)[:, 0])
    moved = per_track(0.08, 2) + since[:, None] * per_track(0.02, 2)
    moved += rng.normal(0, 0.03, (num, 2))
    light = np.exp(per_track(0.1 + 0.15 * spread, 1))[:, :, None, None]
    transform = np.empty((num, 2, 3), dtype=np.float32)
    transform[:, 0, 0] = transform[:, 1, 1] = np.cos(angle)
    transform[:, 0, 1] = -np.sin(angle)
    transform[:, 1, 0] = np.sin(angle)
    transform[:, :, 2] = moved
    grid = functional.affine_grid(
        torch.from_numpy(transform), [num, 1, SIZE, SIZE], align_corners=False
    )
    source = torch.from_numpy(images[:, None])
    sharp = functional.grid_sample(source, grid, align_corners=False)
    blurred = functional.avg_pool2d(sharp, 3, stride=1, padding=1)
    picture: Images = ((1 - scene.blur) * sharp + scene.blur * blurred).numpy()
    lit = scene.gain * light * picture + scene.bias
    noisy = lit + rng.normal(0, scene.noise, lit.shape)
    return np.clip(noisy, 0, 1).astype(np.float32)
