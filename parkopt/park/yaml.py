"""YAML with line numbers: what stands where, so that a fault can name its place."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from parkopt.errors import Where
from parkopt.faults import DuplicateKey, MissingFile, NotYaml

Path_ = Sequence[str | int]


class Document:
    """A YAML file: its data as plain Python and the line of each part."""

    def __init__(self, path: Path) -> None:
        self.path = path
        raw = _bytes(path)
        self.sha256 = sha256(raw).hexdigest()
        self.tree = _tree(path, raw)
        self.data: dict[str, Any] = plain(self.tree)

    def where(self, loc: Path_, at_key: bool = False) -> Where:  # noqa: FBT001
        """Return the place of the part at `loc`, or of the nearest part around it that exists."""
        return Where(str(self.path), self.line(loc, at_key=at_key), ".".join(str(part) for part in loc))

    def line(self, loc: Path_, *, at_key: bool) -> int:
        """Return the line (1 = first) of the part at `loc`."""
        node: Any = self.tree
        line = 1
        for depth, part in enumerate(loc):
            found = _line_of(node, part, at_key=at_key and depth == len(loc) - 1)
            if found is None:
                break
            line, node = found + 1, node[part]
        return line


def _line_of(node: Any, part: str | int, *, at_key: bool) -> int | None:
    if isinstance(node, CommentedMap) and part in node:
        place = node.lc.key(part) if at_key else node.lc.value(part)
    elif isinstance(node, CommentedSeq) and isinstance(part, int) and part < len(node):
        place = node.lc.item(part)
    else:
        return None
    return int(place[0])


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise MissingFile(path=str(path)) from error


def _tree(path: Path, raw: bytes) -> CommentedMap:
    reader = YAML(typ="rt")
    try:
        tree = reader.load(StringIO(raw.decode("utf-8-sig")))
    except UnicodeDecodeError as error:
        raise NotYaml(Where(str(path)), reason=f"byte {error.start} is not UTF-8") from error
    except DuplicateKeyError as error:
        mark = error.problem_mark
        key = str(error.problem).split('"')[1] if '"' in str(error.problem) else "?"
        raise DuplicateKey(Where(str(path), mark.line + 1 if mark else None), key=key) from error
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = Where(str(path), mark.line + 1 if mark else None)
        raise NotYaml(where, reason=str(error.problem or error.context or "unreadable")) from error
    except YAMLError as error:
        raise NotYaml(Where(str(path)), reason=str(error).splitlines()[0]) from error
    if not isinstance(tree, CommentedMap):
        raise NotYaml(Where(str(path), 1), reason="a mapping of keys is expected at the top")
    return tree


def plain(node: Any) -> Any:
    """Return the tree as plain dicts, lists and scalars."""
    if isinstance(node, CommentedMap):
        return {str(key): plain(value) for key, value in node.items()}
    if isinstance(node, CommentedSeq):
        return [plain(value) for value in node]
    if isinstance(node, bool) or node is None:
        return node
    if isinstance(node, int):
        return int(node)
    if isinstance(node, float):
        return float(node)
    return str(node)
