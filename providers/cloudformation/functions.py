"""Resolves a template's intrinsic functions as far as they can be; what cannot be is an Unread, with what it refers to.

Every value comes with what was written for it: an object of the same shape in which an unresolved function is
``{"references": ["Logical.Attribute"]}``, as the configuration of a plan has it. CloudFormation User Guide, "Intrinsic
function reference", "Dynamic references".
"""

from __future__ import annotations

import base64
import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from providers.base import Unread
from providers.cloudformation.conditions import Conditions
from providers.cloudformation.loading import Document
from providers.cloudformation.parameters import PSEUDO, worded
from providers.templates import Keys, NotATemplate

Resolved = tuple[Any, Any]
"""A value, and what was written for it."""
Naming = Mapping[tuple[str, str], str]
"""What a function returns of a resource, as a text with its properties, by type and attribute ("": of Ref)."""


class Nothing:
    """The mark of AWS::NoValue: the property, or the element, is not there."""


NO_VALUE: Final = Nothing()
MOST_MADE: Final = 2_000_000
"""Values, and pieces of 16 letters of text, that the functions of a template make at the most."""
DYNAMIC: Final = re.compile(r"\{\{resolve:(?P<service>[a-z-]+):")
_VARIABLE: Final = re.compile(r"\$\{(?P<literal>!)?(?P<name>[^}]*)\}")
_FIELD: Final = re.compile(r"\{(\w+)(?:=([^}]*))?\}")


class Functions:
    """The functions of one template, with the values of its parameters.

    ``naming`` says what is known of the names that resources have. ``left`` collects sentences about what keeps the
    template from being read whole. ``macros``: there may be resources that only a macro makes.
    """

    def __init__(
        self, document: Document, parameters: Mapping[str, Any], naming: Naming, *, macros: bool = False
    ) -> None:
        self._document, self._parameters, self._naming, self._macros = document, parameters, naming, macros
        rows = document.value
        self._resources: Mapping[str, Any] = rows.get("Resources") or {}
        self._mappings: Mapping[str, Any] = rows.get("Mappings") or {}
        self.conditions = Conditions(document, self.resolve)
        self._naming_now: set[str] = set()
        self._spent = 0
        self.left: list[str] = []
        self._known: dict[str, Callable[[Any, Keys], Resolved]] = {
            "Ref": self._ref,
            "Fn::GetAtt": self._attribute,
            "Fn::Sub": self._sub,
            "Fn::Join": self._join,
            "Fn::Select": self._select,
            "Fn::Split": self._split,
            "Fn::FindInMap": self._find_in_map,
            "Fn::If": self._if,
            "Fn::Base64": self._base64,
            "Fn::Cidr": self._cidr,
            "Fn::GetAZs": self._elsewhere("the Availability Zones are known where it is deployed"),
            "Fn::ImportValue": self._elsewhere("another stack exports it"),
            "Fn::Transform": self._transform,
            "Fn::Length": self._length,
            "Fn::ToJsonString": self._json,
        }

    def resolve(self, node: Any, at: Keys) -> Resolved:
        """The value at a place of the template. Raises NotATemplate for what CloudFormation itself would refuse."""
        self._spend(1)
        if isinstance(node, str):
            return self._text(node)
        if isinstance(node, list):
            items = [self.resolve(item, (*at, index)) for index, item in enumerate(node)]
            kept = [item for item in items if item[0] is not NO_VALUE]
            return [value for value, _ in kept], [written for _, written in kept]
        if not isinstance(node, dict):
            if node is None:
                raise self._document.error(at, "it is null, which templates may not hold")
            return node, None
        function = next((key for key in node if key == "Ref" or key.startswith("Fn::")), None)
        if function is None:
            pairs = {key: self.resolve(item, (*at, key)) for key, item in node.items()}
            kept_keys = {key: item for key, item in pairs.items() if item[0] is not NO_VALUE}
            return {key: item[0] for key, item in kept_keys.items()}, {key: item[1] for key, item in kept_keys.items()}
        if len(node) != 1:
            if function.startswith("Fn::ForEach"):
                return self._transform(None, at)
            raise self._document.error((*at, function), "a function stands alone in its object")
        if function.startswith("Fn::ForEach"):
            return self._transform(None, at)
        known = self._known.get(function)
        if known is None:
            self.left.append(f"it uses {function}, which this version does not know ({'.'.join(map(str, at))})")
            return _unread(f"{function} is not known here"), None
        return known(node[function], (*at, function))

    def _spend(self, amount: int) -> None:
        """Count what is made of the template, so that a small one cannot stand for a huge one."""
        self._spent += amount
        if self._spent > MOST_MADE:
            raise NotATemplate("its functions make too much of it")

    # --- values ------------------------------------------------------------------------------------------------------

    def _text(self, text: str) -> Resolved:
        found = DYNAMIC.search(text)
        if found is None:
            return text, None
        if found["service"] == "ssm":
            return _unread("a dynamic reference to the parameter store"), None
        return Unread("sensitive", detail=f"a dynamic reference to {found['service']}"), None

    def _ref(self, name: Any, at: Keys) -> Resolved:
        if name == "AWS::NoValue":
            return NO_VALUE, None
        if isinstance(name, str) and name in self._parameters:
            return self._parameters[name], None
        if isinstance(name, str) and name in self._resources:
            return self._of(name, "")
        if self._macros and isinstance(name, str):
            return _unread("a macro may make it"), None
        raise self._document.error(at, f"{name!r:.80} is neither a parameter nor a resource of the template")

    def _attribute(self, argument: Any, at: Keys) -> Resolved:
        parts = argument.split(".", 1) if isinstance(argument, str) else argument
        if not isinstance(parts, list) or len(parts) != 2 or not isinstance(parts[0], str):
            raise self._document.error(at, "it is no resource with an attribute")
        if parts[0] not in self._resources and self._macros:
            return _unread("a macro may make it"), None
        if parts[0] not in self._resources:
            raise self._document.error(at, f"{parts[0]!r:.80} is no resource of the template")
        attribute, _ = self.resolve(parts[1], at)
        if not isinstance(attribute, str):
            return _unread("an attribute whose name is not known"), None
        return self._of(parts[0], attribute)

    def _of(self, logical: str, attribute: str) -> Resolved:
        """What a function returns of a resource: its name where the template gives it one, else a reference to it."""
        name = f"{logical}.{attribute}" if attribute else logical
        value = self._named(logical, attribute)
        return (value if value is not None else _unread(f"{name} is made when it is deployed")), _referring(name)

    def _named(self, logical: str, attribute: str) -> str | None:
        row = self._resources[logical]
        type_ = row.get("Type") if isinstance(row, dict) else None
        pattern = self._naming.get((type_, attribute)) if isinstance(type_, str) else None
        properties = row.get("Properties") if isinstance(row, dict) else None
        if pattern is None or not isinstance(properties, dict) or logical in self._naming_now:
            return None
        self._naming_now.add(logical)
        try:
            return self.filled(pattern, lambda key: self._own(logical, properties, key))
        finally:
            self._naming_now.discard(logical)

    def _own(self, logical: str, properties: Mapping[str, Any], key: str) -> Any:
        if f"AWS::{key}" in PSEUDO:
            return self._parameters[f"AWS::{key}"]
        if key not in properties:
            return None
        return self.resolve(properties[key], ("Resources", logical, "Properties", key))[0]

    @staticmethod
    def filled(pattern: str, value: Callable[[str], Any]) -> str | None:
        """A pattern with its fields filled in ("{BucketName}", "{Path=/}" with what holds otherwise), or None."""
        found = {}
        for key, otherwise in _FIELD.findall(pattern):
            told = value(key)
            told = otherwise if told in (None, NO_VALUE) and otherwise else told
            if not isinstance(told, str) or not told:
                return None
            found[key] = told
        return _FIELD.sub(lambda match: found[match[1]], pattern)

    def _sub(self, argument: Any, at: Keys) -> Resolved:
        template, own = argument if isinstance(argument, list) and len(argument) == 2 else (argument, {})
        if not isinstance(template, str) or not isinstance(own, dict):
            raise self._document.error(at, "it is no text, alone or with an object of variables")
        parts: list[Resolved] = []
        end = 0
        for match in _VARIABLE.finditer(template):
            parts.append((template[end : match.start()], None))
            end = match.end()
            name = match["name"].strip()
            if match["literal"]:
                parts.append((f"${{{match['name']}}}", None))
            elif name in own:
                parts.append(self.resolve(own[name], (*at, 1, name)))
            elif "." in name and name not in self._parameters:
                parts.append(self._attribute(name, at))
            else:
                parts.append(self._ref(name, at))
        parts.append((template[end:], None))
        return self._together(parts, at)

    def _join(self, argument: Any, at: Keys) -> Resolved:
        if not isinstance(argument, list) or len(argument) != 2 or not isinstance(argument[0], str):
            raise self._document.error(at, "it is no delimiter with a list")
        items, written = self.resolve(argument[1], (*at, 1))
        if isinstance(items, Unread):
            return items, None
        if not isinstance(items, list):
            raise self._document.error(at, "what is joined is no list")
        references = written if isinstance(written, list) else [None] * len(items)
        parts: list[Resolved] = []
        for index, pair in enumerate(zip(items, references, strict=True)):
            parts += [(argument[0], None)] if index else []
            parts.append(pair)
        return self._together(parts, at)

    def _together(self, parts: list[Resolved], at: Keys) -> Resolved:
        """Text put together. It still is a reference to a resource where it is its name, behind an ARN's beginning."""
        whole = [part for part in parts if part[0] != ""]
        for value, _ in whole:
            if isinstance(value, (list, dict)) or value is NO_VALUE:
                raise self._document.error(at, "what is put together is not text")
        unread = [value for value, _ in whole if isinstance(value, Unread)]
        if not unread:
            self._spend(sum(len(value) for value, _ in whole if isinstance(value, str)) // 16)
            return self._text("".join(worded(value) for value, _ in whole))
        why = next((value for value in unread if value.reason == "sensitive"), unread[0])
        *before, (_, last) = whole
        arn = bool(before) and isinstance(before[0][0], str) and before[0][0].startswith("arn:")
        plain = all(not _references(written) for _, written in before)
        ended = bool(before) and isinstance(before[-1][0], str) and before[-1][0].endswith((":", "/"))
        if before and not (arn and plain and ended):
            return why, None
        # What the resource will be called is all that is missing; that it is this one is known.
        named = isinstance(whole[-1][0], Unread) and why.reason != "sensitive"
        return whole[-1][0] if named else why, last

    def _select(self, argument: Any, at: Keys) -> Resolved:
        if not isinstance(argument, list) or len(argument) != 2:
            raise self._document.error(at, "it is no index with a list")
        index, _ = self.resolve(argument[0], (*at, 0))
        items, written = self.resolve(argument[1], (*at, 1))
        for value in (index, items):
            if isinstance(value, Unread):
                return value, None
        position = int(index) if str(index).isdecimal() else -1
        if not isinstance(items, list) or not 0 <= position < len(items):
            raise self._document.error(at, "it selects what the list does not have")
        return items[position], written[position] if isinstance(written, list) else None

    def _split(self, argument: Any, at: Keys) -> Resolved:
        if not isinstance(argument, list) or len(argument) != 2 or not isinstance(argument[0], str) or not argument[0]:
            raise self._document.error(at, "it is no delimiter with a text")
        value, _ = self.resolve(argument[1], (*at, 1))
        if isinstance(value, Unread):
            return value, None
        if not isinstance(value, str):
            raise self._document.error(at, "what is split is no text")
        self._spend(value.count(argument[0]))
        return value.split(argument[0]), None

    def _find_in_map(self, argument: Any, at: Keys) -> Resolved:
        if not isinstance(argument, list) or len(argument) not in (3, 4):
            raise self._document.error(at, "it is no map with two keys")
        keys = [self.resolve(item, (*at, index))[0] for index, item in enumerate(argument[:3])]
        unread = next((key for key in keys if isinstance(key, Unread)), None)
        if unread is not None:
            return unread, None
        if any(isinstance(key, (dict, list)) for key in keys):
            raise self._document.error(at, "the name of a map or a key of it is not text")
        found: Any = self._mappings
        for key in map(worded, keys):
            found = found.get(key) if isinstance(found, dict) else None
        if found is None and len(argument) == 4 and isinstance(argument[3], dict):
            return self.resolve(argument[3].get("DefaultValue"), (*at, 3, "DefaultValue"))
        if found is None:
            raise self._document.error(at, f"there is no {'.'.join(map(worded, keys))[:80]} in its Mappings")
        return self.resolve(found, ("Mappings", *map(worded, keys)))

    def _if(self, argument: Any, at: Keys) -> Resolved:
        if not isinstance(argument, list) or len(argument) != 3:
            raise self._document.error(at, "it is no condition with two values")
        holds = self.conditions.holds(argument[0], at)
        branches = [self.resolve(item, (*at, index + 1)) for index, item in enumerate(argument[1:])]
        if not isinstance(holds, Unread):
            return branches[0 if holds else 1]
        first, second = branches
        if first[0] == second[0] and not isinstance(first[0], Unread):
            return first
        sensitive = any(isinstance(value, Unread) and value.reason == "sensitive" for value, _ in branches)
        same = first[1] is not None and first[1] == second[1]
        return Unread("sensitive" if sensitive else holds.reason, detail=holds.detail), first[1] if same else None

    def _base64(self, argument: Any, at: Keys) -> Resolved:
        value, _ = self.resolve(argument, at)
        if isinstance(value, Unread):
            return value, None
        if isinstance(value, (dict, list)):
            raise self._document.error(at, "what is encoded is not text")
        self._spend(len(worded(value)) // 16)
        return base64.b64encode(worded(value).encode()).decode(), None

    def _cidr(self, argument: Any, at: Keys) -> Resolved:
        if not isinstance(argument, list) or len(argument) not in (2, 3):
            raise self._document.error(at, "it is no block with a count")
        values = [self.resolve(item, (*at, index))[0] for index, item in enumerate(argument)]
        unread = next((value for value in values if isinstance(value, Unread)), None)
        if unread is not None:
            return unread, None
        try:
            block = ipaddress.ip_network(values[0])
            count, bits = int(values[1]), int(values[2]) if len(values) == 3 else 64
            if not 0 < count <= 256:
                raise ValueError("a count is from 1 to 256")
            if bits > block.max_prefixlen:
                raise ValueError("an address has no such bits")
            step = 1 << bits
            first = int(block.network_address)
            if count * step > block.num_addresses:
                raise ValueError("the block has no room for them")
            prefix = block.max_prefixlen - bits
            return [f"{type(block.network_address)(first + index * step)}/{prefix}" for index in range(count)], None
        except (TypeError, ValueError) as error:
            raise self._document.error(at, f"no such subnets: {error}") from None

    def _length(self, argument: Any, at: Keys) -> Resolved:
        value, _ = self.resolve(argument, at)
        if isinstance(value, Unread):
            return value, None
        if not isinstance(value, list):
            raise self._document.error(at, "it is no list")
        return len(value), None

    def _json(self, argument: Any, at: Keys) -> Resolved:
        from providers.values import lift

        value, _ = self.resolve(argument, at)
        unread = next(iter(lift(value)[1].values()), None)
        self._spend(len(repr(value)) // 16)
        return (json.dumps(value, separators=(",", ":")) if unread is None else unread), None

    def _transform(self, argument: Any, at: Keys) -> Resolved:
        self.left.append(f"a macro or loop makes what stands at {'.'.join(map(str, at))}, which is not read")
        return _unread("a macro makes it"), None

    @staticmethod
    def _elsewhere(why: str) -> Callable[[Any, Keys], Resolved]:
        return lambda argument, at: (_unread(why), None)


def _unread(why: str) -> Unread:
    return Unread("known_after_apply", detail=why)


def _referring(name: str) -> dict[str, list[str]]:
    return {"references": [name]}


def _references(written: Any) -> list[str]:
    return written.get("references", []) if isinstance(written, dict) else []
