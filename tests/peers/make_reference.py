"""Makes the reference numbers in reference/*.json with PyTorch; README.md says how to run it and what they are.

make_reference.py          writes every file (the same bytes each time on the same machine)
make_reference.py --check  compares with the committed files within 1e-6, exits 1 on a difference
"""

import argparse
import itertools
import json
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from game import LOSSES, Config, Game, gradients_of, weight_tables, winners_of
from networks import PAIRS, Weights, arrays, initial_weights, latents, real_samples, rounded, tensors
from spectral import keep_vectors, module_of, normalised, shapes_of_vectors

FOLDER = Path(__file__).parent / "reference"
TOLERANCE = 1e-6
SMALLEST_MARGIN = 1e-4  # verdicts closer than this could differ between frameworks
STEPS = 10

KERNEL_SCALE = {"image": 0.2, "mlp": 0.5}

RUNS = {  # name: config, seed (searched for clear and varied verdicts)
    "image-default": (Config("image", 2, 4), 5),
    "image-hinge-simultaneous": (Config("image", 2, 4, loss="hinge", order="simultaneous", generatorLoss="average",
                                        fakeWeight="sum"), 2),
    "mlp-batch-verdict": (Config("mlp", 3, 8, verdict="batch", discriminatorTerms="verdict", learningRate=1e-2), 23),
    "mlp-single": (Config("mlp", 1, 8, generatorLoss="average", learningRate=1e-2), 33),
    "mlp-minimax-sum": (Config("mlp", 2, 8, loss="minimax", generatorLoss="sum", learningRate=1e-2), 33),
    "image-sngan": (Config("image", 1, 4, spectralNorm=True), 1),
    "image-sngan-two-updates": (Config("image", 1, 4, loss="hinge", spectralNorm=True, discriminatorSteps=2), 1),
    "mlp-spectral": (Config("mlp", 2, 8, spectralNorm=True, learningRate=1e-2), 1),
    "mlp-two-updates": (Config("mlp", 2, 8, fakeWeight="sum", discriminatorSteps=2, learningRate=1e-2), 1),
}


# Files ------------------------------------------------------------------------------------------------------------------


def number(value: float | np.floating) -> str:
    """The shortest text that reads back as the same number of the same width."""
    text = str(value)
    assert type(value)(float(text)) == value, f"not finite, or lost in print: {text}"
    return text.removesuffix(".0")


def encode(value, indent: str = "") -> str:
    """JSON with a tensor (a numpy array) on one line, and lists of plain numbers too."""
    deeper = indent + " "
    if isinstance(value, np.ndarray):
        values = ",".join(map(number, value.ravel()))
        return f'{{"shape": {json.dumps(list(value.shape))}, "values": [{values}]}}'
    if isinstance(value, dict) and value:
        lines = [f"{deeper}{json.dumps(key)}: {encode(each, deeper)}" for key, each in value.items()]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    if isinstance(value, list):
        texts = [encode(each, deeper) for each in value]
        if any("\n" in text for text in texts) or any(isinstance(each, np.ndarray) for each in value):
            return "[\n" + ",\n".join(deeper + text for text in texts) + f"\n{indent}]"
        return "[" + ",".join(texts) + "]"
    return number(value) if isinstance(value, (float, np.floating)) else json.dumps(value)


def differences(made, committed, path: str = "") -> list[str]:
    """Where two parsed files differ by more than the tolerance (relative above 1)."""
    if isinstance(made, dict) and isinstance(committed, dict) and made.keys() == committed.keys():
        return [d for key in made for d in differences(made[key], committed[key], f"{path}.{key}")]
    if isinstance(made, list) and isinstance(committed, list) and len(made) == len(committed):
        return [d for i, pair in enumerate(zip(made, committed)) for d in differences(*pair, f"{path}[{i}]")]
    if isinstance(made, (int, float)) and isinstance(committed, (int, float)):
        return [] if abs(made - committed) <= TOLERANCE * max(1, abs(made)) else [f"{path}: {made} {committed}"]
    return [] if made == committed else [f"{path}: differs"]


def single(value):
    """Every Python float of a float32 run as a float32, so that it prints short."""
    if isinstance(value, dict):
        return {key: single(each) for key, each in value.items()}
    if isinstance(value, list):
        return [single(each) for each in value]
    return np.float32(value) if isinstance(value, float) else value


def deviation(float32: dict, float64: dict):
    """Per tensor, the largest absolute difference between the float32 and the float64 result, to two digits."""
    return {name: deviation(value, float64[name]) if isinstance(value, dict)
            else float(f"{np.abs(value - float64[name]).max():.1e}") for name, value in float32.items()}


# Fixtures ---------------------------------------------------------------------------------------------------------------


def layer_results(function, is_generator: bool, given: dict, dtype: torch.dtype) -> dict:
    """Forward and backward of one network, from its given weights, input and upstream gradient."""
    results = {}
    if is_generator:
        with torch.no_grad():
            results["inferenceOutput"] = function(tensors(given["weights"], dtype),
                                                  torch.tensor(given["input"], dtype=dtype), training=False).numpy()
    weights: Weights = tensors(given["weights"], dtype)
    whole = {**weights, "input": torch.tensor(given["input"], dtype=dtype, requires_grad=True)}
    output = function(weights, whole["input"])
    upstream = torch.tensor(given["upstream"], dtype=dtype)
    gradients = gradients_of((output * upstream).sum(), whole)
    results["output"] = output.detach().numpy()
    results["inputGradient"] = gradients.pop("input").numpy()
    results["gradients"] = arrays(gradients)
    results["statistics"] = {name: each for name, each in arrays(weights).items() if "/moving_" in name}
    return results


def layers() -> tuple[dict, str]:
    file = {}
    for kind, pair in PAIRS.items():
        for role in ("generator", "discriminator"):
            rng, is_generator = np.random.default_rng([10, len(file)]), role == "generator"
            shapes = pair.generator_shapes if is_generator else pair.discriminator_shapes
            given = {
                "weights": initial_weights(rng, shapes, 0.25, random_statistics=True),
                "input": latents(rng, 4, pair.latent) if is_generator else real_samples(rng, kind, 4),
                "upstream": rounded(rng.standard_normal([4, *pair.sample_shape] if is_generator else 4), 1),
            }
            results, exact = (layer_results(getattr(pair, role), is_generator, given, dtype)
                              for dtype in (torch.float32, torch.float64))
            file[f"{kind}-{role}"] = {**given, **results, "deviation64": deviation(results, exact)}
    return file, f"{len(file)} networks, batch 4"


def losses() -> tuple[dict, str]:
    logits = np.array([-30, -12.5, -3, -1.5, -0.75, -0.01, 0, 0.01, 0.5, 1.25, 4, 12.5, 30], np.float32)
    file = {"logits": logits, "losses": {}}
    for kind, functions in LOSSES.items():
        file["losses"][kind] = {}
        for name, function in zip(("real", "fake", "generator"), functions):
            entry = file["losses"][kind][name] = {}
            for dtype, suffix in ((torch.float32, ""), (torch.float64, "64")):
                a = torch.tensor(logits, dtype=dtype, requires_grad=True)
                values = function(a)
                entry["values" + suffix] = values.detach().numpy()
                entry["gradients" + suffix] = torch.autograd.grad(values.sum(), a)[0].numpy()
    return file, f"{len(LOSSES)} kinds, {len(logits)} logits"


def adam() -> tuple[dict, str]:
    rng, settings = np.random.default_rng(20), dict(learningRate=2e-4, beta1=0.5, beta2=0.999, epsilon=1e-8)
    start = rounded(0.3 * rng.standard_normal(20), 3)
    size = np.repeat([1.0, 1e-3, 1e-6, 1e-8, 30.0], 4)  # 1e-8: as small as epsilon
    gradients = [(size * rng.standard_normal(20)).astype(np.float32) for _ in range(10)]
    for i, gradient in enumerate(gradients):
        gradient[0] = 0  # never moves
        gradient[4] *= i == 3  # moves once, then by momentum only
    results = {}
    for dtype in (torch.float32, torch.float64):
        parameter = torch.tensor(start, dtype=dtype, requires_grad=True)
        optimizer = torch.optim.Adam([parameter], lr=2e-4, betas=(0.5, 0.999), eps=1e-8)
        updates = []
        for gradient in gradients:
            parameter.grad = torch.tensor(gradient, dtype=dtype)
            optimizer.step()
            updates.append(parameter.detach().numpy().copy())
        state = optimizer.state[parameter]
        results[dtype] = {"parameters": updates, "m": state["exp_avg"].numpy(), "v": state["exp_avg_sq"].numpy()}
    stacked, exact = ({**result, "parameters": np.stack(result["parameters"])} for result in results.values())
    return {**settings, "parameter": start, "gradients": gradients, **results[torch.float32],
            "deviation64": deviation(stacked, exact)}, "20 values, 10 updates"


def spectral_case(given: dict, dtype: torch.dtype) -> dict:
    """A layer's first forward pass after an update (train()), its gradients, and a later pass with other weights (eval())."""
    weights = tensors({f"layer/{part}": given[part] for part in ("kernel", "bias", "u", "v")}, dtype)
    x, upstream = (torch.tensor(given[name], dtype=dtype, requires_grad=name == "input") for name in ("input", "upstream"))

    def forward(module: torch.nn.Module) -> torch.Tensor:
        images = x.permute(0, 3, 1, 2) if x.ndim == 4 else x
        return module(images).permute(0, 2, 3, 1) if x.ndim == 4 else module(images)

    def run(module: torch.nn.Module) -> dict:
        output = forward(module)
        found = gradients_of((output * upstream).sum(), {**weights, "input": x})
        return {"output": output.detach().numpy(), "inputGradient": found["input"].numpy(),
                "kernelGradient": found["layer/kernel"].numpy(), "biasGradient": found["layer/bias"].numpy()}

    module = module_of(weights, "layer").train()
    results = {"first": run(module)}
    keep_vectors(module, weights, "layer")
    results |= {"u": weights["layer/u"].numpy(), "v": weights["layer/v"].numpy()}
    with torch.no_grad():
        results["kernel"] = normalised(weights, iterate=False)["layer/kernel"].numpy().copy()
        weights["layer/kernel"] += torch.tensor(given["change"], dtype=dtype)
    return results | {"later": run(module_of(weights, "layer").eval())}


def spectral() -> tuple[dict, str]:
    file, inputs = {}, {"conv": ([4, 4, 3, 5], [2, 8, 8, 3], [2, 4, 4, 5]), "dense": ([7, 4], [3, 7], [3, 4]),
                        "dense-to-one": ([6, 1], [3, 6], [3, 1])}
    for name, (kernel, x, y) in inputs.items():
        rng = np.random.default_rng([50, len(file)])
        normal = lambda *shape: rounded(rng.standard_normal(shape), 2)
        given = {"kernel": normal(*kernel), "bias": normal(kernel[-1]), "u": normal(kernel[-1]),
                 "v": normal(int(np.prod(kernel[:-1]))), "input": normal(*x), "upstream": normal(*y),
                 "change": rounded(0.1 * normal(*kernel), 3)}
        results, exact = (spectral_case(given, dtype) for dtype in (torch.float32, torch.float64))
        file[name] = {"given": given, **results, "deviation64": deviation(results, exact)}
    return file, f"{len(file)} layers"


def verdict_logits(n: int) -> dict[str, np.ndarray]:
    """Logits [1 + N, 8] in eighths (their sums are exact), with ties in samples and, by construction, in means."""
    rng = np.random.default_rng([30, n])
    mixed = rng.integers(-8, 9, (n + 1, 8)) / 8
    mixed[:, 0] = 0.5  # all equal: x
    mixed[:, 1] = [0.25, *[0.75] * n]  # all generators equal: the first
    mixed[:, 2] = [1.0, *[-1.0] * (n - 1), 1.0]  # x and the last generator: x
    last = mixed + 0.5 * np.eye(n + 1)[n][:, None] * np.arange(3, 11)  # the last generator leads on the mean
    tied_with_x = mixed.copy()
    tied_with_x[1:] = np.roll(mixed[0], 1)  # every mean equal: x
    tied_generators = mixed.copy()
    tied_generators[1:] = [np.roll(mixed[0] + 0.25, k) for k in range(n)]  # means of the generators equal: the first
    sets = {"mixed": mixed, "last": last, "tied-with-x": tied_with_x, "tied-generators": tied_generators}
    return {name: values.astype(np.float32) for name, values in sets.items()}


def verdicts() -> tuple[dict, str]:
    cases, seen = [], set()
    for n in (1, 2, 3):
        for name, logits in verdict_logits(n).items():
            case = {"name": name, "generators": n, "logits": list(logits), "winners": {}, "weights": []}
            for verdict in ("sample", "batch"):
                winners = case["winners"][verdict] = winners_of(torch.tensor(logits), verdict)
                seen |= {(n, verdict, winner) for winner in winners}
            for verdict, rule, weight, terms in itertools.product(
                    ("sample", "batch"), ("verdict-average", "average", "sum"), ("mean", "sum"), ("all", "verdict")):
                config = Config("", n, 8, generatorLoss=rule, fakeWeight=weight, discriminatorTerms=terms)
                w, f = weight_tables(case["winners"][verdict], n, config, torch.float32)
                case["weights"].append({
                    "verdict": verdict, "generatorLoss": rule, "fakeWeight": weight, "discriminatorTerms": terms,
                    "generatorWeights": single(w.tolist()), "fakeWeights": single(f.tolist())})
            cases.append(case)
    missing = {(n, v, k) for n in (1, 2, 3) for v in ("sample", "batch") for k in {0, 1, n}} - seen
    assert not missing, f"nobody wins as {missing}"
    return {"cases": cases}, f"{len(cases)} sets of logits, {sum(len(c['weights']) for c in cases)} combinations"


def play(config: Config, start: list[dict], batches: list[dict], dtype: torch.dtype):
    """Ten steps: figures of each, first gradients, final weights, narrowest margin."""
    game = Game(PAIRS[config.network], config, [tensors(weights, dtype) for weights in start])
    names = ["discriminator"] + [f"generator-{k}" for k in range(1, config.generators + 1)]
    steps, first, margins = [], None, []
    for batch in batches:
        x, z = (torch.tensor(batch[key], dtype=dtype) for key in ("x", "z"))
        figures, gradients, margin = game.step(x, z)
        first = first or dict(zip(names, map(arrays, gradients)))
        steps.append(figures)
        margins.append(margin)
    return steps, first, dict(zip(names, map(arrays, game.networks))), min(margins)


def training(config: Config, seed: int) -> tuple[dict, str]:
    rng, pair, scale = np.random.default_rng([40, seed]), PAIRS[config.network], KERNEL_SCALE[config.network]
    vectors = shapes_of_vectors(pair.discriminator_shapes) if config.spectralNorm else {}
    shapes = [{**pair.discriminator_shapes, **vectors}] + [pair.generator_shapes] * config.generators
    start = [initial_weights(rng, each, scale) for each in shapes]
    count = config.batch * config.discriminatorSteps
    batches = [{"x": real_samples(rng, config.network, count), "z": latents(rng, count, pair.latent)}
               for _ in range(STEPS)]
    steps, first, final, margin = play(config, start, batches, torch.float32)
    steps64, first64, final64, _ = play(config, start, batches, torch.float64)

    won = {name: sum(step["verdicts"][name] for step in steps) for name in steps[0]["verdicts"]}
    assert margin >= SMALLEST_MARGIN, f"a verdict is too close to call: {margin:.1e}"
    assert won["x"] > 0 and sum(won.values()) > won["x"], f"one side wins everything: {won}"
    assert [s["verdicts"] for s in steps] == [s["verdicts"] for s in steps64], "float64 judges otherwise"
    drift = deviation(final, final64)
    worst = max(value for network in drift.values() for value in network.values())
    file = {
        "config": asdict(config), "initial": dict(zip(final, start)), "batches": batches, "steps": single(steps),
        "steps64": steps64, **({"firstGradients": first} if config.network == "image" and not config.spectralNorm else {}),
        "final": final,
        "smallestMargin": single(margin),
        "deviation64": {"firstGradients": deviation(first, first64), "final": drift},
    }
    return file, f"margin {margin:.1e}, wins {won}, final weights within {worst:.0e} of float64"


def main() -> int:
    parser = argparse.ArgumentParser(description="Make or check the reference numbers.")
    parser.add_argument("--check", action="store_true", help="compare with the committed files, write nothing")
    check = parser.parse_args().check
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    made = {"layers": layers, "losses": losses, "adam": adam, "verdicts": verdicts, "spectral": spectral,
            **{f"steps-{name}": (lambda settings=settings: training(*settings)) for name, settings in RUNS.items()}}
    FOLDER.mkdir(exist_ok=True)
    wrong = 0
    for name, make in made.items():
        file, summary = make()
        text, path = encode(file) + "\n", FOLDER / f"{name}.json"
        if check:
            found = differences(json.loads(text), json.loads(path.read_text())) if path.exists() else ["no such file"]
            wrong += bool(found)
            summary = f"{len(found)} differences, first {found[0]}" if found else f"as committed; {summary}"
        else:
            path.write_text(text)
        print(f"{path.name}: {len(text)} bytes, {summary}")
    extra = {path.stem for path in FOLDER.glob("*.json")} - made.keys()
    if extra:
        print(f"not made by this script: {sorted(extra)}")
    return 1 if wrong or (check and extra) else 0


if __name__ == "__main__":
    sys.exit(main())
