"""The four tiny networks of the reference numbers, in plain functional PyTorch.

Parameters are leaf tensors in the layout of the project (TensorFlow's), so gradients come out in it too:
images NHWC, conv kernels [kh, kw, in, out], transposed-conv kernels [kh, kw, out, in], dense kernels [in, out],
flattening in the order h, w, c. Only inside a layer are they permuted to what PyTorch wants.
"""

from dataclasses import dataclass
from typing import Callable

import numpy as np
import torch
import torch.nn.functional as F

Weights = dict[str, torch.Tensor]

LATENT_IMAGE, START, C2, C1 = 6, 7, 8, 4  # width 1/16 of the MNIST preset: 128 and 64 filters
LATENT_POINTS, HIDDEN = 2, 16
NORM_MOMENTUM, NORM_EPSILON = 0.1, 1e-5
LEAK = 0.2


def is_statistic(name: str) -> bool:
    """Moving statistics and spectral norm's vectors are state, but no parameters: no gradient, and Adam leaves them alone."""
    return "/moving_" in name or name.endswith(("/u", "/v"))


def parameters(weights: Weights) -> Weights:
    return {name: tensor for name, tensor in weights.items() if not is_statistic(name)}


# Layers ---------------------------------------------------------------------------------------------------------------


def dense(weights: Weights, name: str, x: torch.Tensor) -> torch.Tensor:
    y = x @ weights[f"{name}/kernel"]
    return y + weights[f"{name}/bias"] if f"{name}/bias" in weights else y


def conv(weights: Weights, name: str, x: torch.Tensor) -> torch.Tensor:
    """4x4 convolution, stride 2, one pixel of padding on every side (TensorFlow's 'same' for even sizes)."""
    kernel = weights[f"{name}/kernel"].permute(3, 2, 0, 1)
    y = F.conv2d(x.permute(0, 3, 1, 2), kernel, weights[f"{name}/bias"], stride=2, padding=1)
    return y.permute(0, 2, 3, 1)


def deconv(weights: Weights, name: str, x: torch.Tensor) -> torch.Tensor:
    """4x4 transposed convolution that doubles height and width."""
    kernel = weights[f"{name}/kernel"].permute(3, 2, 0, 1)
    y = F.conv_transpose2d(x.permute(0, 3, 1, 2), kernel, weights.get(f"{name}/bias"), stride=2, padding=1)
    return y.permute(0, 2, 3, 1)


def norm(weights: Weights, name: str, x: torch.Tensor, training: bool) -> torch.Tensor:
    """Batch norm over the last axis. In training it moves the moving statistics in place (variance: unbiased)."""
    flat = x.reshape(-1, x.shape[-1])
    mean, variance = weights[f"{name}/moving_mean"], weights[f"{name}/moving_variance"]
    y = F.batch_norm(flat, mean, variance, weights[f"{name}/gamma"], weights[f"{name}/beta"],
                     training, NORM_MOMENTUM, NORM_EPSILON)
    return y.reshape(x.shape)


# Networks -------------------------------------------------------------------------------------------------------------


def image_generator(w: Weights, z: torch.Tensor, training: bool = True) -> torch.Tensor:
    h = F.relu(norm(w, "dense_norm", dense(w, "dense", z), training))
    h = h.reshape(-1, START, START, C2)
    h = F.relu(norm(w, "deconv1_norm", deconv(w, "deconv1", h), training))
    return torch.tanh(deconv(w, "deconv2", h))


def image_discriminator(w: Weights, x: torch.Tensor) -> torch.Tensor:
    h = F.leaky_relu(conv(w, "conv1", x), LEAK)
    h = F.leaky_relu(conv(w, "conv2", h), LEAK)
    return dense(w, "dense", h.reshape(h.shape[0], -1)).squeeze(1)


def mlp_generator(w: Weights, z: torch.Tensor, training: bool = True) -> torch.Tensor:
    h = F.relu(dense(w, "dense1", z))
    return dense(w, "dense3", F.relu(dense(w, "dense2", h)))


def mlp_discriminator(w: Weights, x: torch.Tensor) -> torch.Tensor:
    h = F.leaky_relu(dense(w, "dense1", x), LEAK)
    return dense(w, "dense3", F.leaky_relu(dense(w, "dense2", h), LEAK)).squeeze(1)


def norm_shapes(name: str, features: int) -> dict[str, list[int]]:
    return {f"{name}/{part}": [features] for part in ("gamma", "beta", "moving_mean", "moving_variance")}


def mlp_shapes(inputs: int, outputs: int) -> dict[str, list[int]]:
    widths = [inputs, HIDDEN, HIDDEN, outputs]
    shapes = {}
    for i in (1, 2, 3):
        shapes[f"dense{i}/kernel"], shapes[f"dense{i}/bias"] = [widths[i - 1], widths[i]], [widths[i]]
    return shapes


@dataclass(frozen=True)
class Pair:
    """A generator and a discriminator that fit together."""

    latent: int
    sample_shape: list[int]
    generator: Callable[..., torch.Tensor]
    discriminator: Callable[..., torch.Tensor]
    generator_shapes: dict[str, list[int]]
    discriminator_shapes: dict[str, list[int]]


PAIRS = {
    "image": Pair(
        LATENT_IMAGE, [4 * START, 4 * START, 1], image_generator, image_discriminator,
        {"dense/kernel": [LATENT_IMAGE, START * START * C2], **norm_shapes("dense_norm", START * START * C2),
         "deconv1/kernel": [4, 4, C1, C2], **norm_shapes("deconv1_norm", C1),
         "deconv2/kernel": [4, 4, 1, C1], "deconv2/bias": [1]},
        {"conv1/kernel": [4, 4, 1, C1], "conv1/bias": [C1], "conv2/kernel": [4, 4, C1, C2], "conv2/bias": [C2],
         "dense/kernel": [START * START * C2, 1], "dense/bias": [1]}),
    "mlp": Pair(LATENT_POINTS, [2], mlp_generator, mlp_discriminator,
                mlp_shapes(LATENT_POINTS, 2), mlp_shapes(2, 1)),
}


# Random numbers, rounded to few decimals so that the files stay small ----------------------------------------------------


def rounded(values: np.ndarray, decimals: int) -> np.ndarray:
    return (np.round(values, decimals) + 0.0).astype(np.float32)  # + 0.0: no negative zero


def initial_weights(rng: np.random.Generator, shapes: dict[str, list[int]], scale: float,
                    random_statistics: bool = False) -> dict[str, np.ndarray]:
    """Kernels and gamma around 0 and 1, biases and beta about 0.1, u and v about 1; moving statistics 0 and 1 unless random."""
    spread = {"kernel": (0, scale), "bias": (0, 0.1), "gamma": (1, 0.1), "beta": (0, 0.1), "u": (0, 1), "v": (0, 1)}
    weights = {}
    for name, shape in shapes.items():
        part = name.split("/")[1]
        if part in spread:
            mean, deviation = spread[part]
            values = mean + deviation * rng.standard_normal(shape)
        elif random_statistics:
            values = 0.2 * rng.standard_normal(shape) if part == "moving_mean" else rng.uniform(0.5, 1.5, shape)
        else:
            values = np.full(shape, 0.0 if part == "moving_mean" else 1.0)
        weights[name] = rounded(values, 3)
    return weights


def real_samples(rng: np.random.Generator, kind: str, batch: int) -> np.ndarray:
    """Images: one bright noisy blob on black (-1), as digits are. Points: a ring of eight Gaussians."""
    if kind == "mlp":
        angle = rng.integers(8, size=batch) * np.pi / 4
        centre = np.stack([np.cos(angle), np.sin(angle)], axis=1)
        return rounded(centre + 0.1 * rng.standard_normal((batch, 2)), 3)
    row, column = np.mgrid[0:28, 0:28]
    images = []
    for _ in range(batch):
        y, x, radius = rng.uniform(9, 19), rng.uniform(9, 19), rng.uniform(4, 7)
        inside = (row - y) ** 2 + (column - x) ** 2 < radius**2
        images.append(np.where(inside, rng.uniform(-0.5, 1, (28, 28)), -1.0))
    return rounded(np.stack(images)[..., None], 1)


def latents(rng: np.random.Generator, batch: int, size: int) -> np.ndarray:
    return rounded(rng.standard_normal((batch, size)), 3)


def tensors(arrays: dict[str, np.ndarray], dtype: torch.dtype) -> Weights:
    """Copies as leaf tensors; parameters want gradients, moving statistics do not."""
    return {name: torch.tensor(values, dtype=dtype, requires_grad=not is_statistic(name))
            for name, values in arrays.items()}


def arrays(weights: Weights) -> dict[str, np.ndarray]:
    return {name: tensor.detach().numpy().copy() for name, tensor in weights.items()}
