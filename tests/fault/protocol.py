"""The protocol of publishing without its bytes: publishers, a janitor and a reader, as steps that take turns.

A model, to try out every interleaving of their steps. What it must keep is in ``violations``. It knows what the code
relies on: one conditional write, objects that are created once, youth that protects, and copies that are conditional.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

EMPTY: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Generation:
    """A state that was committed: its number in the chain is its Date."""

    number: int
    packages: frozenset[str]


@dataclass(frozen=True, slots=True)
class World:
    """The store. ``young`` are objects that no janitor takes, however he looked at them before."""

    inrelease: Generation
    pool: frozenset[str]
    indexes: frozenset[Generation]
    young: frozenset[str]
    release: int
    signature: int
    """Whose copies lie there."""
    acknowledged: frozenset[str] = EMPTY


@dataclass(frozen=True, slots=True)
class Publisher:
    """Adds one package. ``step`` is what it does next."""

    package: str
    step: str = "read"
    base: Generation | None = None
    base_signature: int = 0
    stale: bool = False
    target: Generation | None = None


@dataclass(frozen=True, slots=True)
class Janitor:
    """Deletes what no generation names that it saw, and is old."""

    step: str = "list"
    doomed: frozenset[str] = EMPTY


@dataclass(frozen=True, slots=True)
class Reader:
    """apt: InRelease, then the index that it names, then a package."""

    step: str = "inrelease"
    seen: Generation | None = None
    newest: int = 0


Actor = Publisher | Janitor | Reader


class Violation(AssertionError):
    """A promise is broken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What makes it safe; each can be left out, to see that the model notices."""

    commit_is_conditional: bool = True
    copies_are_conditional: bool = True
    signature_is_conditional: bool = True
    copies_are_checked: bool = True
    reused_is_renewed: bool = True
    pool_comes_first: bool = True


SAFE = Rules()


def steps(actor: Actor, world: World, rules: Rules) -> Iterator[tuple[Actor, World]]:
    """What ``actor`` may do next: once, and what comes of it. Nothing when it is done. Raises Violation."""
    match actor:
        case Publisher():
            yield from _publish(actor, world, rules)
        case Janitor():
            yield from _tidy(actor, world)
        case Reader():
            yield from _read(actor, world)


def _publish(it: Publisher, world: World, rules: Rules) -> Iterator[tuple[Actor, World]]:
    order = ("pool", "index", "commit") if rules.pool_comes_first else ("commit", "pool", "index")
    next_step = dict(zip(order, (*order[1:], "signature"), strict=True)).get(it.step, "")
    match it.step:
        case "read":
            base = world.inrelease
            target = Generation(base.number + 1, base.packages | {it.package})
            yield replace(it, step=order[0], base=base, base_signature=world.signature, target=target), world
        case "pool" | "index":
            yield replace(it, step=next_step), _create(it, world, rules)
        case "commit" if it.target:
            if _may_commit(it, world, rules):
                yield replace(it, step=next_step), replace(world, inrelease=it.target)
            else:
                yield Publisher(it.package), world
        case "signature" | "release":
            yield _copy(it, world, rules)
        case "check":
            yield _check(it, world)
        case _:
            return


def _create(it: Publisher, world: World, rules: Rules) -> World:
    if it.step == "index" and it.target:
        return replace(world, indexes=world.indexes | {it.target})
    is_reused = it.package in world.pool
    young = world.young if is_reused and not rules.reused_is_renewed else world.young | {it.package}
    return replace(world, pool=world.pool | {it.package}, young=young)


def _may_commit(it: Publisher, world: World, rules: Rules) -> bool:
    was_pruned = rules.pool_comes_first and rules.reused_is_renewed and it.package not in world.pool
    return not was_pruned and (world.inrelease == it.base or not rules.commit_is_conditional)


def _check(it: Publisher, world: World) -> tuple[Actor, World]:
    if it.stale and it.target != world.inrelease:
        return replace(it, step="signature", target=world.inrelease), world
    return replace(it, step="done"), replace(world, acknowledged=world.acknowledged | {it.package})


def _copy(it: Publisher, world: World, rules: Rules) -> tuple[Actor, World]:
    """A copy; once one was not what was expected, both, whatever is there, until nobody else publishes."""
    mine = it.target.number if it.target else 0
    before = it.base.number if it.base else 0
    if it.step == "release":
        is_conditional, is_expected = rules.copies_are_conditional, world.release == before
        written, then = replace(world, release=mine), "check"
    else:
        is_conditional, is_expected = rules.signature_is_conditional, world.signature == it.base_signature
        written, then = replace(world, signature=mine), "release"
    if is_expected or it.stale or not is_conditional:
        return replace(it, step=then), written
    if not rules.copies_are_checked:
        return replace(it, step=then), world
    return replace(it, step="check", stale=True, target=None), world


def _tidy(it: Janitor, world: World) -> Iterator[tuple[Actor, World]]:
    if it.step == "list":
        named = frozenset[str]().union(*(each.packages for each in world.indexes))
        yield Janitor("delete", world.pool - named - world.young), world
    elif it.step == "delete":
        yield Janitor("done"), replace(world, pool=world.pool - (it.doomed - world.young))


def _read(it: Reader, world: World) -> Iterator[tuple[Actor, World]]:
    match it.step:
        case "inrelease":
            seen = world.inrelease
            if seen.number < it.newest:
                raise Violation("a reader went backwards")
            yield replace(it, step="index", seen=seen, newest=seen.number), world
        case "index" if it.seen:
            if it.seen not in world.indexes:
                raise Violation("an index that InRelease names is not there")
            yield replace(it, step="package"), world
        case "package" if it.seen:
            if not it.seen.packages <= world.pool:
                raise Violation("a package that an index names is not there")
            yield replace(it, step="again" if it.newest == 0 else "done"), world


def check_end(world: World) -> None:
    """What must be so when everybody is done. Raises Violation."""
    if not world.acknowledged <= world.inrelease.packages:
        raise Violation("what was acknowledged is not published")
    if not world.inrelease.packages <= world.pool:
        raise Violation("what is published is not there")
    if not world.release == world.signature == world.inrelease.number:
        raise Violation("the copies are not those of the newest")


FIRST = Generation(1, frozenset({"old"}))
BEGIN = World(FIRST, frozenset({"old", "b"}), frozenset({FIRST}), EMPTY, 1, 1)
"""``b`` lies in the pool, is old, and nobody names it."""


def explore(actors: tuple[Actor, ...], world: World, rules: Rules = SAFE) -> int:
    """Every state that can be reached, in every order of steps; their number. Raises Violation."""
    begin = (actors, world)
    seen, todo = {begin}, [begin]
    while todo:
        cast, world = todo.pop()
        is_over = True
        for number, actor in enumerate(cast):
            for after, changed in steps(actor, world, rules):
                is_over = False
                state = ((*cast[:number], after, *cast[number + 1 :]), changed)
                if state not in seen:
                    seen.add(state)
                    todo.append(state)
        if is_over:
            check_end(world)
    return len(seen)
