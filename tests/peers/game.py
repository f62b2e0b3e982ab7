"""The rules of the game: losses, verdict, the weights of every term, and one whole training step."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F

from networks import Pair, Weights, is_statistic, parameters
from spectral import normalised


@dataclass(frozen=True)
class Config:
    """What a run of the reference depends on; the names are those of the project's config."""

    network: str
    generators: int
    batch: int
    loss: str = "non-saturating"
    order: str = "alternating"
    generatorLoss: str = "verdict-average"
    verdict: str = "sample"
    fakeWeight: str = "mean"
    discriminatorTerms: str = "all"
    learningRate: float = 2e-4
    beta1: float = 0.5
    beta2: float = 0.999
    epsilon: float = 1e-8
    spectralNorm: bool = False
    discriminatorSteps: int = 1


def softplus(a: torch.Tensor) -> torch.Tensor:
    return F.softplus(a, threshold=60)  # PyTorch's own threshold, 20, is too coarse for float64


LOSSES = {  # kind: (l_real, l_fake, l_G), each of a logit
    "non-saturating": (lambda a: softplus(-a), softplus, lambda a: softplus(-a)),
    "minimax": (lambda a: softplus(-a), softplus, lambda a: -softplus(a)),
    "hinge": (lambda a: F.relu(1 - a), lambda a: F.relu(1 + a), lambda a: -a),
}


# Verdict: winners are numbers, 0 for x and k for generator k ------------------------------------------------------------


def contest(logits: torch.Tensor, verdict: str) -> torch.Tensor:
    """What is compared: the logits [1 + N, batch] themselves, or their means [1 + N, 1]."""
    return logits if verdict == "sample" else logits.mean(dim=1, keepdim=True)


def winners_of(logits: torch.Tensor, verdict: str) -> list[int]:
    """One winner a sample. max() keeps the first of equals: x before every generator, then the lowest."""
    columns = contest(logits, verdict).T.tolist()
    winners = [max(range(len(column)), key=column.__getitem__) for column in columns]
    return winners if verdict == "sample" else winners * logits.shape[1]


def margin_of(logits: torch.Tensor, verdict: str) -> float:
    """The narrowest lead of a winner over the second."""
    top = contest(logits, verdict).topk(2, dim=0).values
    return float((top[0] - top[1]).min())


def generator_weight(winner: int, k: int, n: int, rule: str) -> float:
    """w of generator k's loss for a sample with this winner."""
    if rule == "sum":
        return 1.0
    if rule == "average" or winner == 0 or n == 1:
        return 1 / n
    return 0.0 if winner == k else 1 / (n - 1)


def fake_weight(winner: int, k: int, n: int, weight: str, terms: str) -> float:
    """f of the discriminator's loss on generator k's fake for a sample with this winner."""
    if terms == "verdict" and winner == k:
        return 0.0
    if weight == "sum":
        return 1.0
    counting = n - 1 if terms == "verdict" and winner > 0 else n
    return 1 / counting


def weight_tables(winners: list[int], n: int, config: Config, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
    """w and f as tensors [N, batch]."""
    ks = range(1, n + 1)
    w = [[generator_weight(winner, k, n, config.generatorLoss) for winner in winners] for k in ks]
    f = [[fake_weight(winner, k, n, config.fakeWeight, config.discriminatorTerms) for winner in winners] for k in ks]
    return torch.tensor(w, dtype=dtype), torch.tensor(f, dtype=dtype)


# Training ---------------------------------------------------------------------------------------------------------------


def adam(weights: Weights, config: Config) -> torch.optim.Adam:
    return torch.optim.Adam(parameters(weights).values(), lr=config.learningRate,
                            betas=(config.beta1, config.beta2), eps=config.epsilon)


def gradients_of(loss: torch.Tensor, weights: Weights, keep: bool = False) -> Weights:
    names = parameters(weights)
    return dict(zip(names, torch.autograd.grad(loss, list(names.values()), retain_graph=keep)))


def update(optimizer: torch.optim.Adam, weights: Weights, gradients: Weights) -> None:
    for name, gradient in gradients.items():
        weights[name].grad = gradient
    optimizer.step()


def global_norm(gradients: Weights) -> float:
    return torch.stack([g.square().sum() for g in gradients.values()]).sum().sqrt().item()


class Game:
    """One discriminator, N generators and their optimisers; network 0 is the discriminator."""

    def __init__(self, pair: Pair, config: Config, networks: list[Weights]):
        self.pair, self.config, self.networks = pair, config, networks
        self.optimizers = [adam(weights, config) for weights in networks]

    def judge(self, samples: torch.Tensor, iterate: bool = False) -> torch.Tensor:
        """Logits of the discriminator as it is. With spectral norm, `iterate` is train() mode, else eval()."""
        weights = self.networks[0]
        return self.pair.discriminator(normalised(weights, iterate) if self.config.spectralNorm else weights, samples)

    def fakes_for_update(self, z: torch.Tensor) -> list[torch.Tensor]:
        """For an update that the generators do not answer: by the batch's statistics, the moving ones stay."""
        with torch.no_grad():
            return [self.pair.generator({name: each.clone() if is_statistic(name) else each
                                         for name, each in weights.items()}, z) for weights in self.networks[1:]]

    def discriminator_loss(self, x: torch.Tensor, fakes: list[torch.Tensor]):
        """L_D on these samples, with the verdict that weighs it: loss, winners, w, logits [1 + N, batch]."""
        l_real, l_fake, _ = LOSSES[self.config.loss]
        real_logits = self.judge(x, iterate=True)
        fake_logits = torch.stack([self.judge(fake.detach()) for fake in fakes])
        logits = torch.cat([real_logits[None], fake_logits]).detach()
        winners = winners_of(logits, self.config.verdict)
        w, f = weight_tables(winners, len(fakes), self.config, x.dtype)
        return (l_real(real_logits) + (f * l_fake(fake_logits)).sum(dim=0)).mean(), winners, w, logits

    def step(self, x: torch.Tensor, z: torch.Tensor) -> tuple[dict, list[Weights], float]:
        """One update of every generator, discriminatorSteps of the discriminator: the figures and gradients of the last,
        and how clear its verdict was. The samples of the updates come one after the other in x and z."""
        config, n = self.config, self.config.generators
        l_generator = LOSSES[config.loss][2]
        *earlier, (x, z) = zip(x.chunk(config.discriminatorSteps), z.chunk(config.discriminatorSteps))
        # The generators' weights do not change within the step: which of their batches comes first is all the same.
        margins = []
        for earlier_x, earlier_z in earlier:
            loss, _, _, logits = self.discriminator_loss(earlier_x, self.fakes_for_update(earlier_z))
            margins.append(margin_of(logits, config.verdict))
            update(self.optimizers[0], self.networks[0], gradients_of(loss, self.networks[0]))

        fakes = [self.pair.generator(weights, z) for weights in self.networks[1:]]
        discriminator_loss, winners, w, logits = self.discriminator_loss(x, fakes)
        gradients = [gradients_of(discriminator_loss, self.networks[0])]
        if config.order == "alternating":
            update(self.optimizers[0], self.networks[0], gradients[0])

        losses = l_generator(torch.stack([self.judge(fake) for fake in fakes]))
        average = (w * losses).sum(dim=0).mean()
        gradients += [gradients_of(average, weights, keep=True) for weights in self.networks[1:]]
        if config.order == "simultaneous":
            update(self.optimizers[0], self.networks[0], gradients[0])
        for optimizer, weights, gradient in zip(self.optimizers[1:], self.networks[1:], gradients[1:]):
            update(optimizer, weights, gradient)

        names = ["discriminator"] + [f"generator-{k}" for k in range(1, n + 1)]
        figures = {
            "discriminatorLoss": discriminator_loss.item(),
            "generatorLosses": losses.mean(dim=1).tolist(),
            "averageGeneratorLoss": average.item(),
            "verdicts": {"x": winners.count(0), **{f"g{k}": winners.count(k) for k in range(1, n + 1)}},
            "gradientNorms": dict(zip(names, map(global_norm, gradients))),
        }
        return figures, gradients, min(*margins, margin_of(logits, config.verdict), float("inf"))
