"""From parse trees to the source of one Python function, and from there to the function.

Nothing of an expression reaches the source but through repr() of texts and numbers; other values are handed
over as constants of the function's namespace. Statements, not nested expressions, carry the structure, and
what would nest too deeply for Python becomes a function of its own: every node depends on nothing but the
current value and the scope.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from etl.expressions import equality
from etl.expressions.call import caller, strings
from etl.expressions.functions import FUNCTIONS, Function
from etl.expressions.functions.run import find
from etl.expressions.parser import Node, children
from etl.expressions.writer import Writer

_DEEPEST_BLOCK = 12
"""Python allows twenty nested loops in one function."""

_BASE: dict[str, Any] = {
    "__builtins__": {},
    "type": type,
    "str": str,
    "int": int,
    "float": float,
    "list": list,
    "dict": dict,
    "len": len,
    "equal": equality.equal,
    "lt": equality.less,
    "lte": equality.less_or_equal,
    "gt": equality.greater,
    "gte": equality.greater_or_equal,
    "strings": strings,
    "find": find,
}

_QUICK: dict[tuple[str, ...], str] = {
    ("string",): "type({0}) is str",
    ("array",): "type({0}) is list",
    ("object",): "type({0}) is dict",
    ("number",): "(type({0}) is int or type({0}) is float)",
    ("array-string",): "strings({0})",
}
"""The test that a value is of a kind, where one is quick; it may say no to a value that is (Decimal)."""

_TYPES: dict[tuple[str, ...], type] = {("string",): str, ("number",): int, ("array",): list, ("object",): dict}

_SIGNS = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}


class Code(Writer):
    """Writes expressions. `text` is the one being written, for messages that quote it."""

    def __init__(self) -> None:
        super().__init__(_BASE)
        self.text = ""

    def value(self, node: Node, current: str) -> str:
        """Writes the statements that evaluate a node on `current`; gives the variable that holds the result."""
        write: Callable[[Node, str], str] = getattr(self, f"_{node['type']}")
        if self._depth > _DEEPEST_BLOCK and children(node):
            return self._apart(node, current)
        return write(node, current)

    def _apart(self, node: Node, current: str) -> str:
        result = self.new()
        self.line(f"{result} = {self._separate(node)}({current}, s)")
        return result

    def _separate(self, node: Node) -> str:
        """The name of a function of its own for a node."""
        name = self.new("f")
        with self.function(name, "v, s"):
            self.line(f"return {self.value(node, 'v')}")
        return name

    def _set(self, expression: str) -> str:
        result = self.new()
        self.line(f"{result} = {expression}")
        return result

    def _if_type(self, kind: str, value: str, expression: str) -> str:
        return self._set(f"{expression} if type({value}) is {kind} else None")

    # paths

    def _field(self, node: Node, current: str) -> str:
        access = f"{current}.get({node['value']!r})"
        return self._set(access) if self.is_surely(current, dict) else self._if_type("dict", current, access)

    def _current(self, node: Node, current: str) -> str:
        return current

    _identity = _current

    def _chain(self, node: Node, current: str) -> str:
        for child in children(node):
            current = self.value(child, current)
        return current

    _subexpression = _index_expression = _pipe = _chain

    def _index(self, node: Node, current: str) -> str:
        index = node["value"]
        reaches = f"len({current}) > {index}" if index >= 0 else f"len({current}) >= {-index}"
        return self._set(f"{current}[{index}] if type({current}) is list and {reaches} else None")

    def _slice(self, node: Node, current: str) -> str:
        start, end, step = ("" if part is None else repr(part) for part in node["children"])
        return self._if_type("list", current, f"{current}[{start}:{end}:{step}]")

    # projections

    def _projection(self, node: Node, current: str) -> str:
        base, right = children(node)
        return self._collect(self.value(base, current), list, right)

    def _value_projection(self, node: Node, current: str) -> str:
        base, right = children(node)
        return self._collect(self.value(base, current), dict, right)

    def _filter_projection(self, node: Node, current: str) -> str:
        base, right, condition = children(node)
        return self._collect(self.value(base, current), list, right, condition)

    def _collect(self, base: str, kind: type, right: Node, condition: Node | None = None) -> str:
        """What `right` gives for each item that the condition keeps, nulls left out."""
        if self.is_surely(base, kind):
            result = self._set("[]")
            self._collect_into(result, base, kind, right, condition)
            return result
        result = self._set("None")
        with self.block(f"if type({base}) is {kind.__name__}:"):
            self.line(f"{result} = []")
            self._collect_into(result, base, kind, right, condition)
        return result

    def _collect_into(self, result: str, base: str, kind: type, right: Node, condition: Node | None) -> None:
        item = self.new("i")
        with self.block(f"for {item} in {base if kind is list else f'{base}.values()'}:"):
            if condition is not None:
                with self.block(f"if not ({self.truth(self.value(condition, item))}):"):
                    self.line("continue")
            found = self.value(right, item)
            with self.block(f"if {found} is not None:"):
                self.line(f"{result}.append({found})")

    def _flatten(self, node: Node, current: str) -> str:
        base = self.value(children(node)[0], current)
        result, item = self._set("None"), self.new("i")
        with self.block(f"if type({base}) is list:"):
            self.line(f"{result} = []")
            with self.block(f"for {item} in {base}:"):
                with self.block(f"if type({item}) is list:"):
                    self.line(f"{result} += {item}")
                with self.block("else:"):
                    self.line(f"{result}.append({item})")
        return result

    # truth and comparison

    def truth(self, value: str) -> str:
        """The Python condition that a value is true to JMESPath: 0 is, everything empty is not."""
        return f"{value} or ({value} == 0 and {value} is not False)"

    def _either(self, node: Node, current: str, test: str) -> str:
        left, right = children(node)
        result = self._set(self.value(left, current))
        with self.block(test.format(self.truth(result))):
            self.line(f"{result} = {self.value(right, current)}")
        return result

    def _or_expression(self, node: Node, current: str) -> str:
        return self._either(node, current, "if not ({}):")

    def _and_expression(self, node: Node, current: str) -> str:
        return self._either(node, current, "if {}:")

    def _not_expression(self, node: Node, current: str) -> str:
        value = self.value(children(node)[0], current)
        return self._set(f"not ({self.truth(value)})")

    def _comparator(self, node: Node, current: str) -> str:
        first, second = children(node)
        left, right = self.value(first, current), self.value(second, current)
        sign = node["value"]
        if sign in _SIGNS:
            number = "(type({0}) is int or type({0}) is float)"
            quick = f"{number.format(left)} and {number.format(right)}"
            return self._set(f"{left} {_SIGNS[sign]} {right} if {quick} else {sign}({left}, {right})")
        negated = sign == "ne"
        literals = [child["value"] for child in (first, second) if child["type"] == "literal"]
        if any(isinstance(literal, str) for literal in literals):
            return self._set(f"{left} {'!=' if negated else '=='} {right}")
        if any(literal is None or isinstance(literal, bool) for literal in literals):
            return self._set(f"{left} is {'not ' if negated else ''}{right}")
        return self._set(f"{'not ' if negated else ''}equal({left}, {right})")

    # new values

    def _literal(self, node: Node, current: str) -> str:
        return self.literal(node["value"])

    def literal(self, value: object) -> str:
        """A variable that holds a value of the mapping."""
        simple = value is None or type(value) in (bool, str, int)
        # A literal itself in the place of the variable would make Python warn of `'a' is None` and the like.
        name = self._set(repr(value) if simple else self.constant(value))
        self.promise(name, type(value))
        return name

    def _multi_select_list(self, node: Node, current: str) -> str:
        return self._select(
            current, list, lambda: f"[{', '.join(self.value(child, current) for child in children(node))}]"
        )

    def _multi_select_dict(self, node: Node, current: str) -> str:
        def pairs() -> str:
            written = (f"{pair['value']!r}: {self.value(children(pair)[0], current)}" for pair in children(node))
            return f"{{{', '.join(written)}}}"

        return self._select(current, dict, pairs)

    def _select(self, current: str, made: type, write: Callable[[], str]) -> str:
        if self.is_surely(current, dict):
            result = self._set(write())
            self.promise(result, made)
            return result
        result = self._set("None")
        with self.block(f"if {current} is not None:"):
            self.line(f"{result} = {write()}")
        return result

    # functions

    def _expref(self, node: Node, current: str) -> str:
        name = self._separate(children(node)[0])
        return self._set(f"lambda v: {name}(v, s)")

    def _function_expression(self, node: Node, current: str) -> str:
        function = FUNCTIONS[node["value"]]
        arguments = [self.value(child, current) for child in children(node)]
        if function.name == "lookup" and self.is_surely(arguments[0], str):
            return self._lookup(node, arguments)
        passed = ", ".join(["s", *arguments])
        slow = f"{self._shared(f'call_{function.name}', lambda: caller(function))}({passed})"
        test = self._quick_test(function, arguments)
        if test is None:
            return self._set(slow)
        direct = self._shared(f"do_{function.name}", lambda: function.implementation)
        fast = f"{direct}({passed if function.scoped else ', '.join(arguments)})"
        return self._set(f"{fast} if {test} else {slow}" if test else fast)

    def _quick_test(self, function: Function, arguments: list[str]) -> str | None:
        """The condition under which the implementation can be called at once; None: there is no quick one."""
        tests = []
        for index, argument in enumerate(arguments):
            parameter = function.parameter(index)
            if parameter.kinds == ("expref",) or (not parameter.kinds and parameter.nullable):
                continue
            if parameter.kinds and parameter.kinds not in _QUICK:
                return None
            if parameter.kinds and self._types.get(argument) is _TYPES.get(parameter.kinds, object):
                continue
            tests.append(_QUICK.get(parameter.kinds, "{0} is not None").format(argument))
        return " and ".join(dict.fromkeys(tests))

    def _lookup(self, node: Node, arguments: list[str]) -> str:
        """A miss names the key as the author wrote it."""
        key = children(node)[1]
        name = repr(self.text[key["start"] : key["end"]].strip()) if key["type"] != "literal" else "'row with key'"
        return self._set(f"find(s, {', '.join(arguments)}, {name})")

    def _shared(self, name: str, make: Callable[[], Any]) -> str:
        if name not in self.namespace:
            self.namespace[name] = make()
        return name
