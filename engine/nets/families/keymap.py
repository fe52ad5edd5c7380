"""From the names in somebody's checkpoint to the names in our networks, with nothing left over.

A family's map is a sequence of rules, which its functions may build in loops; the first rule
whose pattern fits a name takes it. In a pattern `*` stands for one part of a dotted name, `**`
for one part or more, and `{a,b}` for either; the target's stars are filled in the pattern's order:

    rename("down.*.norm{1,_1}.**", "encoder.*.norm.**")
    fuse("**.attn1.to_{q,k,v}.weight", "**.self_attention.qkv.weight")
    drop("**.position_ids")

Kernels need no rule of their own: where a tensor and the one it becomes differ by axes of length
1 alone (a Linear, a Conv1d and a Conv2d of size 1, a Conv1d and our kernels of height 1), it is
viewed in the shape that the network has.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

_WILD = re.compile(r"(\*\*|\*|\{[^{}]*\})")

Change = Callable[[list[Tensor]], Tensor]


@dataclass(frozen=True)
class Rule:
    """The tensors that `sources` name become `target` by `change`; a target of None drops them.

    Every source has the stars of the first, and all of them must be there.
    """

    sources: tuple[str, ...]
    target: str | None
    change: Change
    patterns: tuple[re.Pattern[str], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "patterns", tuple(map(_compile, self.sources)))


def rename(source: str, target: str, change: Callable[[Tensor], Tensor] | None = None) -> Rule:
    """One tensor under another name, passed through `change` where one is given."""
    return Rule((source,), target, lambda parts: change(parts[0]) if change else parts[0])


def fuse(source: str, target: str, change: Change = torch.cat) -> Rule:
    """The tensors of the first braces, in their order, as one: along axis 0, or by `change`."""
    before, braces, after = re.split(r"(\{[^{}]*\})", source, maxsplit=1)
    parts = braces[1:-1].split(",")
    return Rule(tuple(before + part + after for part in parts), target, change)


def drop(source: str) -> Rule:
    """What the network computes itself: constant kernels, positions, counters of training."""
    return Rule((source,), None, lambda parts: parts[0])


def under(weights: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Those of `weights` whose names begin with `prefix`, by the rest of their names."""
    return {
        name.removeprefix(prefix): weight
        for name, weight in weights.items()
        if name.startswith(prefix)
    }


def translate(
    weights: Mapping[str, Tensor], rules: Sequence[Rule], net: nn.Module
) -> dict[str, Tensor]:
    """`weights` by the names and in the shapes of `net`, which may be on the meta device.

    Raises `ValueError` that names every tensor which no rule takes, every one that is missing or
    made twice, and every wrong shape with the one it should have.
    """
    wrong: list[str] = []
    made = _apply(rules, _group(weights, rules, wrong), wrong)
    wanted = net.state_dict()
    wrong += [f"not in the network: {name}" for name in made if name not in wanted]
    wrong += [f"missing: {name}" for name in wanted if name not in made]
    for name in (name for name in made if name in wanted):
        shape = wanted[name].shape
        if _without_ones(made[name].shape) != _without_ones(shape):
            wrong.append(f"{name} is {tuple(made[name].shape)} instead of {tuple(shape)}")
        else:
            made[name] = made[name].reshape(shape)
    if wrong:
        raise ValueError(f"The weights do not fit: {'; '.join(wrong)}.")
    return made


Group = dict[int, Tensor]
"""The tensors that go into one target, by their place among the rule's sources."""


def _group(
    weights: Mapping[str, Tensor], rules: Sequence[Rule], wrong: list[str]
) -> dict[tuple[int, tuple[str, ...]], Group]:
    """By the rule's number and what its stars stand for; `wrong` hears of what has no place."""
    groups: dict[tuple[int, tuple[str, ...]], Group] = {}
    for name, weight in weights.items():
        if (found := _match(name, rules)) is None:
            wrong.append(f"not known: {name}")
            continue
        number, place, stars = found
        group = groups.setdefault((number, stars), {})
        if place in group:
            wrong.append(f"under two names: {name}")
        group[place] = weight
    return groups


def _match(name: str, rules: Sequence[Rule]) -> tuple[int, int, tuple[str, ...]] | None:
    """The first rule's number, the place of the source that fits, and what the stars stand for."""
    for number, rule in enumerate(rules):
        for place, pattern in enumerate(rule.patterns):
            if found := pattern.fullmatch(name):
                return number, place, found.groups()
    return None


def _apply(
    rules: Sequence[Rule],
    groups: Mapping[tuple[int, tuple[str, ...]], Group],
    wrong: list[str],
) -> dict[str, Tensor]:
    """Every target that can be made; `wrong` hears of the others."""
    made: dict[str, Tensor] = {}
    for (number, stars), group in groups.items():
        rule = rules[number]
        missing = [s for place, s in enumerate(rule.sources) if place not in group]
        wrong += [f"missing: {_fill(source, stars)}" for source in missing]
        if missing or rule.target is None:
            continue
        target = _fill(rule.target, stars)
        if target in made:
            wrong.append(f"made twice: {target}")
        parts = [group[place] for place in range(len(rule.sources))]
        try:
            made[target] = rule.change(parts)
        except (RuntimeError, IndexError) as error:
            shapes = ", ".join(str(tuple(part.shape)) for part in parts)
            wrong.append(f"{target} cannot be made of {shapes}: {error}")
    return made


def _compile(source: str) -> re.Pattern[str]:
    def read(piece: str) -> str:
        if piece == "**":
            return "(.+)"
        if piece == "*":
            return "([^.]+)"
        if piece.startswith("{"):
            return f"(?:{'|'.join(map(re.escape, piece[1:-1].split(',')))})"
        return re.escape(piece)

    return re.compile("".join(map(read, _WILD.split(source))))


def _fill(pattern: str, stars: Sequence[str]) -> str:
    """`pattern` with what its stars stand for, in order; braces stay."""
    rest = iter(stars)
    return re.sub(r"\*\*?", lambda _: next(rest), pattern)


def _without_ones(shape: Sequence[int]) -> list[int]:
    return [length for length in shape if length != 1]
