"""What streams may do, as small pictures in the tables of a notebook."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from instances.html import Markup
from instances.svg import BLUE, GREY, Point, dot, key, line, picture

if TYPE_CHECKING:
    from instances.instance import RetrainingConfig, Stream

WIDTH, HEIGHT, PAD = 140.0, 36.0, 3.0


def profile_picture(stream: "Stream", most_seconds: float) -> Markup:
    """Return a stream's retraining configs: accuracy, 0 to 1, over GPU-seconds.

    A line joins those that no other beats in both, a dashed one is the accuracy of the
    model held.
    """
    points = [
        (config.gpu_seconds / (most_seconds or 1.0), config.accuracy)
        for config in stream.retraining
    ]
    parts = [
        line(_placed([(0, stream.accuracy), (1, stream.accuracy)]), GREY, 1, "3 2")
    ]
    front = _placed(_front(points))
    if len(front) > 1:
        parts.append(line(front, BLUE, 1.2))
    parts += [dot(x, y, 1.6, BLUE) for x, y in _placed(points)]
    best = max((config.accuracy for config in stream.retraining), default=None)
    label = "no retraining configs"
    if best is not None:
        label = f"{len(points)} retraining configs, the best of accuracy {best:.3f}"
    return picture(WIDTH, HEIGHT, parts, f"{stream.name}: {label}")


def windows_picture(
    name: str,
    held: Sequence[float],
    windows: Sequence[Sequence["RetrainingConfig"]],
) -> Markup:
    """Return what the models of each window's configs score, 0 to 1, by window.

    A dashed line is what the first model scores, ``held``.
    """
    middles = [(w + 0.5) / len(windows) for w in range(len(windows))]
    parts = [line(_placed(zip(middles, held, strict=True)), GREY, 1, "3 2")]
    for middle, configs in zip(middles, windows, strict=True):
        own = [(middle, config.accuracy) for config in configs]
        parts += [dot(x, y, 1.6, BLUE) for x, y in _placed(own)]
    return picture(WIDTH, HEIGHT, parts, f"{name}: {len(windows)} windows")


def most_gpu_seconds(streams: Iterable["Stream"]) -> float:
    """Return the GPU-seconds of the dearest retraining config."""
    configs = (config for stream in streams for config in stream.retraining)
    return max((config.gpu_seconds for config in configs), default=0.0)


def profile_key(most_seconds: float) -> Markup:
    """Return what the pictures of :func:`profile_picture` show."""
    own = "retraining configs: accuracy (0 to 1) over GPU-seconds"
    own += f" (0 to {most_seconds:g})"
    return key([(BLUE, own), (GREY, "dashed: the model held")])


def windows_key() -> Markup:
    """Return what the pictures of :func:`windows_picture` show."""
    own = "retraining configs: accuracy (0 to 1) in the window that trains them"
    return key([(BLUE, own), (GREY, "dashed: the first model")])


def _front(points: Iterable[Point]) -> list[Point]:
    """Return the points that no other beats, by rising cost."""
    front: list[Point] = []
    for x, y in sorted(points, key=lambda point: (point[0], -point[1])):
        if not front or y > front[-1][1]:
            front.append((x, y))
    return front


def _placed(points: Iterable[Point]) -> list[Point]:
    wide, high = WIDTH - 2 * PAD, HEIGHT - 2 * PAD
    return [(PAD + wide * x, PAD + high * (1 - y)) for x, y in points]
