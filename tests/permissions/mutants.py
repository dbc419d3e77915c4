"""Turns each rule of who may do what around, one by one: the tests have to notice every one.

`make mutants` prints the rules that could be turned around without a red test, and ends with an
error if there are any. A rule is a condition, an answer, or one side of an “and” or an “or” in the
functions below. Nothing is written: the code of a running function is exchanged in a forked copy of
a pytest that has its database already. All tests of the rules run once first, to see which of them
use which function; a rule is tried on these, the quickest first. Run by hand, on SQLite: some
minutes.
"""

import ast
import copy
import importlib
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any

import pytest
from django.db import connections

ROOT = Path(__file__).resolve().parents[2]
# Module, and the functions of it that hold rules; none: all of them
RULES: dict[str, set[str]] = {
    "handoffs.rights": set(),
    "handoffs.querysets": {"_within", "waiting_for", "people_opened_to"},
    "handoffs.masking": {"sees_people", "sees_people_of", "may_reassign", "takes_from"},
    "accounts.querysets": set(),
    "team.models.people": {"leads"},
    "team.models.territories": {"worked_by"},
}
# What asks the rules themselves, without any page: each has to be noticed here already
TESTS = ["tests/permissions/test_rights.py", "tests/permissions/test_whose_rows.py"]


@dataclass(frozen=True)
class Mutant:
    module: str
    function: str
    line: int
    what: str
    number: int

    def __str__(self) -> str:
        return f"{self.module.replace('.', '/')}.py:{self.line} {self.function}: {self.what}"


class _Turn(ast.NodeTransformer):
    """Counts the rules of a function, and turns the one with the given number around."""

    def __init__(self, wanted: int = -1) -> None:
        self.wanted, self.seen = wanted, 0
        self.found: list[tuple[int, str]] = []

    def _is(self, node: ast.AST, what: str) -> bool:
        self.found.append((getattr(node, "lineno", 0), what))
        self.seen += 1
        return self.seen - 1 == self.wanted

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.body = [
            self.visit(statement) for statement in node.body
        ]  # what it says of types stays
        return node

    def visit_If(self, node: ast.If) -> ast.AST:
        self.generic_visit(node)
        if self._is(node, f"if {ast.unparse(node.test)} → not"):
            node.test = ast.UnaryOp(ast.Not(), node.test)
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        if self._is(node, f"if {ast.unparse(node.test)} → not"):
            node.test = ast.UnaryOp(ast.Not(), node.test)
        return node

    def visit_Return(self, node: ast.Return) -> ast.AST:
        self.generic_visit(node)
        value = node.value
        if isinstance(value, ast.JoinedStr) and self._is(node, "a refusal → allowed"):
            node.value = ast.Constant("")
        elif isinstance(value, ast.Constant) and isinstance(value.value, bool):
            if self._is(node, f"{value.value} → {not value.value}"):
                node.value = ast.Constant(not value.value)
        elif isinstance(value, ast.Constant) and isinstance(value.value, str):
            what = "allowed → a refusal" if value.value == "" else "a refusal → allowed"
            if self._is(node, what):
                node.value = ast.Constant("" if value.value else "No.")
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        self.generic_visit(node)
        word = "or" if isinstance(node.op, ast.Or) else "and"
        for number, side in enumerate(node.values):
            if self._is(side, f"{word} {ast.unparse(side)} → left out"):
                left = [*node.values[:number], *node.values[number + 1 :]]
                return left[0] if len(left) == 1 else ast.BoolOp(node.op, left)
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.BitOr):
            if self._is(node, f"| {ast.unparse(node.left)[:60]} → left out"):
                return node.right
            if self._is(node, f"| {ast.unparse(node.right)[:60]} → left out"):
                return node.left
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        self.generic_visit(node)
        if self._is(node, f"{ast.unparse(node)[:60]} → left out"):
            return ast.Pass()
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        turned = {ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In}
        turned |= {ast.Is: ast.IsNot, ast.IsNot: ast.Is}
        kind = type(node.ops[0])
        if kind in turned and self._is(node, f"{ast.unparse(node)} → turned"):
            node.ops[0] = turned[kind]()
        return node


def mutants() -> Iterator[Mutant]:
    for module, functions in RULES.items():
        gone = functions - {function.name for function in _functions(module)}
        assert not gone, f"{module} has no {gone} any more"
        for function in _functions(module):
            if functions and function.name not in functions:
                continue
            turn = _Turn()
            turn.visit(copy.deepcopy(function))
            for number, (line, what) in enumerate(turn.found):
                yield Mutant(module, function.name, line, what, number)


def _functions(module: str) -> list[ast.FunctionDef]:
    tree = ast.parse(_source(module).read_text())
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def _source(module: str) -> Path:
    return ROOT / f"{module.replace('.', '/')}.py"


def turn(mutant: Mutant) -> None:
    """Exchange the code of the one function, wherever it has been imported to already."""
    path = _source(mutant.module)
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == mutant.function:
            _Turn(mutant.number).visit(node)
    code = compile(ast.fix_missing_locations(tree), str(path), "exec")
    loaded = importlib.import_module(mutant.module)
    for place in [loaded, *(v for v in vars(loaded).values() if isinstance(v, type))]:
        found = vars(place).get(mutant.function)
        found = getattr(found, "func", found)  # a cached property
        found = getattr(found, "__func__", found)  # a static method
        if isinstance(found, FunctionType) and found.__module__ == mutant.module:
            found.__code__ = _code(code, found.__qualname__)


def _code(code: CodeType, qualname: str) -> CodeType:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            if constant.co_qualname == qualname:
                return constant
            if qualname.startswith(constant.co_qualname + "."):
                return _code(constant, qualname)
    raise LookupError(qualname)


class Runner:
    """A pytest plugin that runs the collected tests, and then some of them for each mutant."""

    def __init__(self, tried: list[Mutant]) -> None:
        self.tried = tried
        self.survivors: list[Mutant] = []
        self.used: dict[int, set[tuple[str, int]]] = {}  # by test: the lines with rules that it ran
        self.seconds: dict[int, float] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self._watch(session)
        assert not session.testsfailed, "they have to be green before anything is turned around"
        for number, mutant in enumerate(self.tried, 1):
            tests = self._tests_of(session, mutant)
            began = time.monotonic()
            noticed = bool(tests) and self._in_a_fork(session, tests, mutant)
            took = time.monotonic() - began
            word = "noticed" if noticed else "UNNOTICED"
            print(f"{number}/{len(self.tried)} {word}, {took:.0f} s: {mutant}", flush=True)
            if not noticed:
                self.survivors.append(mutant)
        return True

    def _watch(self, session: pytest.Session) -> None:
        """Run every test once and note which rules it uses, and how long it takes."""
        files = {str(_source(module)) for module in RULES}
        found: set[tuple[str, int]] = set()

        def in_function(frame: FrameType, event: str, arg: object) -> Any:
            found.add((frame.f_code.co_filename, frame.f_lineno))
            return in_function

        def in_call(frame: FrameType, event: str, arg: object) -> Any:
            return in_function if frame.f_code.co_filename in files else None

        for number, item in enumerate(session.items):
            found.clear()
            began = time.monotonic()
            sys.settrace(in_call)
            self._run(session, number, (number + 1) % len(session.items))
            sys.settrace(None)
            self.seconds[number] = time.monotonic() - began
            self.used[number] = set(found)
            assert not session.testsfailed, item.nodeid

    def _tests_of(self, session: pytest.Session, mutant: Mutant) -> list[int]:
        """The tests that use its function: those that come to its line first, then the quickest."""
        file = str(_source(mutant.module))
        (place,) = [
            node
            for node in _functions(mutant.module)
            if node.name == mutant.function and node.lineno <= mutant.line <= (node.end_lineno or 0)
        ]
        function = {(file, line) for line in range(place.lineno, (place.end_lineno or 0) + 1)}
        using = [number for number, lines in self.used.items() if lines & function]
        return sorted(
            using,
            key=lambda number: ((file, mutant.line) not in self.used[number], self.seconds[number]),
        )

    def _in_a_fork(self, session: pytest.Session, tests: list[int], mutant: Mutant) -> bool:
        """Whether one of the tests noticed."""
        connections.close_all()
        child = os.fork()
        if child == 0:
            session.config.pluginmanager.unregister(name="terminalreporter")
            turn(mutant)
            following = [*tests[1:], int(tests[-1] == 0)]
            pairs = zip(tests, following, strict=True)
            os._exit(any(self._is_red(session, *pair) for pair in pairs))
        _, status = os.waitpid(child, 0)
        return os.waitstatus_to_exitcode(status) != 0

    def _is_red(self, session: pytest.Session, number: int, following: int) -> bool:
        self._run(session, number, following)
        return bool(session.testsfailed)

    def _run(self, session: pytest.Session, number: int, following: int) -> None:
        """There is always one that follows, or the database would be taken down, for all of us."""
        item, after = session.items[number], session.items[following]
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)


def main(numbers: list[int]) -> int:
    """Turn the rules with these numbers around, or all of them; what no test noticed is printed."""
    every = list(mutants())
    runner = Runner([every[number] for number in numbers] or every)
    ended = pytest.main(["-q", "-p", "no:xdist", "--no-header", *TESTS], plugins=[runner])
    if ended not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        return 2  # pytest has said why
    print(f"{len(runner.tried)} rules turned around, {len(runner.survivors)} unnoticed")
    for survivor in runner.survivors:
        print(f"  {every.index(survivor)}: {survivor}")
    return 1 if runner.survivors else 0


if __name__ == "__main__":
    sys.exit(main([int(number) for word in sys.argv[1:] for number in word.split(",")]))
