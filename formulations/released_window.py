"""The window as Ekya's released code scores it: fractions of a GPU that are handed on.

Re-implemented from its described behaviour, not from its text; it differs from the
window problem in three ways. Shares are fractions of a GPU, not units. On a completion
the freed share is split equally over the jobs still running, of all streams. Inference
accuracy is interpolated between the frame-sampling points, linearly in the sampling
factor. Time is continuous here, in whole seconds there.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from formulations.stream_model import NO_RETRAINING, check_static
from instances import Instance, Reallocation, Stream

Floats = NDArray[np.float64]

LEAST_SHARE = 1e-9


class ReleasedWindow:
    """Scores shares of GPUs as the released code does.

    Parameters
    ----------
    instance
        Problem with reallocation ``never`` or ``stream``.
    hand_on
        Whether a freed share is split over all running jobs, as in the released code;
        if not, it goes where the instance's reallocation lets it.
    check_time
        Called often; may raise to stop the scoring.
    """

    def __init__(
        self,
        instance: Instance,
        hand_on: bool = True,
        check_time: Callable[[], None] = lambda: None,
    ) -> None:
        check_static(instance)
        self._instance = instance
        self._hand_on = hand_on
        self._check_time = check_time
        self._joins = instance.reallocation is Reallocation.STREAM
        self._curves = [_sampling_curve(stream) for stream in instance.streams]
        self._accuracy = np.array([stream.accuracy for stream in instance.streams])
        weights = np.array([stream.weight for stream in instance.streams])
        self._weights = weights / weights.sum()

    def objective(
        self, retraining: list[int], inference: Floats, training: Floats
    ) -> float:
        """Return the mean accuracy of all streams together.

        Parameters
        ----------
        retraining
            Index of each stream's retraining config, -1 for none; length V.
        inference, training
            GPUs of the streams' jobs at the start, shape ``(V,)``.
        """
        streams = list(range(len(self._accuracy)))
        return float(
            self._weights @ self._means(streams, retraining, inference, training)
        )

    def alone(
        self, stream_idx: int, retraining_idx: int, inference: float, training: float
    ) -> float:
        """Return one stream's mean accuracy when its shares are handed on to itself."""
        shares = np.array([inference]), np.array([training])
        return float(self._means([stream_idx], [retraining_idx], *shares)[0])

    def _means(
        self,
        streams: list[int],
        retraining: list[int],
        inference: Floats,
        training: Floats,
    ) -> Floats:
        """Return the mean accuracies of some streams that share their GPUs."""
        self._check_time()
        if not self._hand_on:
            choices = zip(streams, retraining, inference, training, strict=True)
            return np.array([self._kept_to_itself(*choice) for choice in choices])
        window = self._instance.window_seconds
        starts, bonuses, completions = self._events(streams, retraining, training)
        lengths = np.diff([*starts, window])
        means = np.empty(len(streams))
        for position, v in enumerate(streams):
            self._check_time()
            sampling, kept = self._curves[v]
            shares = np.maximum(inference[position] + np.array(bonuses), LEAST_SHARE)
            factors = np.interp(1 / shares, sampling, kept)
            model = np.full(len(starts), self._accuracy[v])
            if position in completions:
                config = self._instance.streams[v].retraining[retraining[position]]
                model[completions[position] :] = config.accuracy
            means[position] = lengths @ (model * factors) / window
        return means

    def _kept_to_itself(
        self, stream_idx: int, retraining_idx: int, inference: float, training: float
    ) -> float:
        """Return one stream's mean accuracy when freed shares leave no stream."""
        window = self._instance.window_seconds
        sampling, kept = self._curves[stream_idx]
        shares = np.array([inference, inference + training * self._joins])
        factors = np.interp(1 / np.maximum(shares, LEAST_SHARE), sampling, kept)
        before = self._accuracy[stream_idx] * factors[0]
        if retraining_idx == NO_RETRAINING or training <= 0:
            return float(before)
        config = self._instance.streams[stream_idx].retraining[retraining_idx]
        end = min(config.delay_seconds + config.gpu_seconds / training, window)
        after = config.accuracy * factors[1]
        return float(end * before + (window - end) * after) / window

    def _events(
        self, streams: list[int], retraining: list[int], training: Floats
    ) -> tuple[list[float], list[float], dict[int, int]]:
        """Return the changes of shares that completions bring.

        They are the instants of change, the share added to every job by then, and the
        change at which each finished stream's model is replaced.
        """
        window = self._instance.window_seconds
        missing: dict[int, tuple[float, float]] = {}
        for position, v in enumerate(streams):
            if retraining[position] != NO_RETRAINING and training[position] > 0:
                config = self._instance.streams[v].retraining[retraining[position]]
                missing[position] = (config.gpu_seconds, config.delay_seconds)
        starts, bonuses, completions = [0.0], [0.0], {}
        now, bonus = 0.0, 0.0
        while missing:
            self._check_time()
            # The released code takes the speed for the share, whatever was measured.
            speeds = {at: float(training[at]) + bonus for at in missing}
            finish = {
                at: max(now, delay) + work / speeds[at]
                for at, (work, delay) in missing.items()
            }
            first = min(finish, key=finish.__getitem__)
            end = finish[first]
            if end >= window:
                break
            for at, (work, delay) in missing.items():
                done = max(0.0, end - max(now, delay)) * speeds[at]
                missing[at] = (max(work - done, 0.0), delay)
            del missing[first]
            freed = training[first] + bonus
            bonus += freed / (len(missing) + len(streams))
            now = end
            starts.append(now)
            bonuses.append(bonus)
            completions[first] = len(starts) - 1
        return starts, bonuses, completions


def _sampling_curve(stream: Stream) -> tuple[Floats, Floats]:
    """Return sampling factors (1 / GPUs), rising, and what inference keeps at them.

    Above the largest demand the curve is flat; below the smallest it is 0, or what a
    config that needs no GPU keeps.
    """
    points: list[tuple[float, float]] = []
    best = 0.0
    free = 0.0
    for config in sorted(stream.inference, key=lambda config: config.gpus):
        best = max(best, config.relative_accuracy)
        if config.gpus <= LEAST_SHARE:
            free = best
        else:
            points.append((1 / config.gpus, best))
    points.reverse()
    if not points:
        return np.array([1.0]), np.array([free])
    points.append((points[-1][0] * (1 + LEAST_SHARE), free))
    sampling, kept = np.array(points).T
    return sampling, kept
