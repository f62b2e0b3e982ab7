"""torch.nn.utils.spectral_norm itself on kernels in the project's layout."""

import torch
from torch import nn
from torch.nn.utils import spectral_norm
from torch.nn.utils.spectral_norm import SpectralNorm

from networks import Weights


def layers_of(weights: Weights) -> list[str]:
    return [name.removesuffix("/kernel") for name in weights if name.endswith("/kernel")]


def shapes_of_vectors(shapes: dict[str, list[int]]) -> dict[str, list[int]]:
    """u and v of every kernel of a network with these shapes."""
    vectors = {}
    for layer in layers_of(shapes):
        *inputs, outputs = shapes[f"{layer}/kernel"]
        vectors[f"{layer}/u"], vectors[f"{layer}/v"] = [outputs], [int(torch.tensor(inputs).prod())]
    return vectors


def to_torch(kernel: torch.Tensor) -> torch.Tensor:
    """[kh, kw, in, out] or [in, out] to what PyTorch's modules hold."""
    return kernel.permute(3, 2, 0, 1) if kernel.ndim == 4 else kernel.T


def from_torch(weight: torch.Tensor) -> torch.Tensor:
    return weight.permute(2, 3, 1, 0) if weight.ndim == 4 else weight.T


def module_of(weights: Weights, layer: str) -> nn.Module:
    """A module with PyTorch's spectral norm that computes with our leaf tensors and starts from our vectors."""
    kernel, u, v = (weights[f"{layer}/{part}"] for part in ("kernel", "u", "v"))
    if kernel.ndim == 4:
        module = nn.Conv2d(kernel.shape[2], kernel.shape[3], 4, stride=2, padding=1, dtype=kernel.dtype)
    else:
        module = nn.Linear(*kernel.shape, dtype=kernel.dtype)
    spectral_norm(module, eps=1e-12)
    del module._parameters["weight_orig"], module._parameters["bias"]
    module.weight_orig, module.bias = to_torch(kernel), weights[f"{layer}/bias"]
    as_kernel = v.reshape(*kernel.shape[:-1], 1)
    module.weight_u, module.weight_v = u.clone(), to_torch(as_kernel).reshape(-1).contiguous()
    return module


def keep_vectors(module: nn.Module, weights: Weights, layer: str) -> None:
    """Writes the module's vectors back, in our order."""
    kernel = weights[f"{layer}/kernel"]
    one_output = module.weight_v.reshape(to_torch(kernel)[:1].shape)
    weights[f"{layer}/u"] = module.weight_u.clone()
    weights[f"{layer}/v"] = from_torch(one_output).reshape(-1).clone()


def normalised(weights: Weights, iterate: bool) -> Weights:
    """The weights that a discriminator computes with: train() iterates and keeps the vectors, eval() only divides."""
    result = dict(weights)
    for layer in layers_of(weights):
        module = module_of(weights, layer).train(iterate)
        for hook in module._forward_pre_hooks.values():
            assert isinstance(hook, SpectralNorm)
            hook(module, ())
        if iterate:
            keep_vectors(module, weights, layer)
        result[f"{layer}/kernel"] = from_torch(module.weight)
    return result
