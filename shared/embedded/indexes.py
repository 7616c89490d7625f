"""Which index entries a document has, and which index serves a query, as in Firestore.

Every field has an index of its own, and every array one of its elements, unless the index file
exempts the field; the file also names the composite ones. An entry's key is the index, the values
in the index's order, and the document's id: https://firebase.google.com/docs/firestore/query-data/index-overview
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import product
from pathlib import Path

from shared.embedded import encoding, names
from shared.embedded.field_paths import FieldPath, get, parse
from shared.embedded.messages import DocumentPb, FieldMap, ValuePb

# Another number where keys are made in another way, so that every store makes its entries anew.
_ENCODING = b"1"
PREFIX_BYTES = 8

# How an index holds a field. No `Enum`, whose members are slow to look up.
ASCENDING, DESCENDING, CONTAINS = "ASCENDING", "DESCENDING", "CONTAINS"
Part = tuple[FieldPath, str]
Keys = set[bytes]


@dataclass(frozen=True)
class Index:
    """An index of one collection; without parts it is the documents themselves, by id."""

    parts: tuple[Part, ...]

    @cached_property
    def descending(self) -> bool:
        """Whether ids, which end every key, run backwards: as the last field does."""
        return bool(self.parts) and self.parts[-1][1] == DESCENDING

    @cached_property
    def fields(self) -> frozenset[str]:
        """The names of a document's fields that its keys are made of."""
        return frozenset(path[0] for path, _ in self.parts)

    def prefix(self, collection: str) -> bytes:
        """What the keys of this index begin with in a collection."""
        return _prefix(collection, self.parts)


def held_as(part: Part) -> Part:
    """A part without its direction, which does not matter where its value is given."""
    return part[0], CONTAINS if part[1] == CONTAINS else ASCENDING


@lru_cache(maxsize=4096)
def _prefix(collection: str, parts: tuple[Part, ...]) -> bytes:
    # A digest, so that processes need not agree on numbers; nobody finds two alike.
    definition = json.dumps([collection, *((*path, mode) for path, mode in parts)])
    return hashlib.blake2b(definition.encode(), digest_size=PREFIX_BYTES).digest()


@lru_cache(maxsize=4096)
def _automatic(collection: str, path: FieldPath) -> tuple[bytes, bytes]:
    """What keys begin with in the indexes that a field has by itself: of it, of its elements."""
    return _prefix(collection, ((path, ASCENDING),)), _prefix(collection, ((path, CONTAINS),))


def key_of(name: str) -> bytes:
    """The key of a document by its id: the collection, then the id."""
    collection, document_id = names.split(name)
    return _prefix(collection, ()) + encoding.of_text(document_id)


class Indexes:
    """The rules of an index file. https://firebase.google.com/docs/reference/firestore/indexes"""

    def __init__(self, file: Path) -> None:
        content = file.read_bytes()
        rules = json.loads(content)
        # Kept in the database: where it differs, the entries were made by other rules.
        self.digest = hashlib.sha256(_ENCODING + content).digest()
        self._composites: dict[str, list[Index]] = {}
        for rule in rules["indexes"]:
            held = self._composites.setdefault(rule["collectionGroup"], [])
            held.append(Index(tuple(map(_part, rule["fields"]))))
        self._exempt = {
            (rule["collectionGroup"], parse(rule["fieldPath"])) for rule in rules["fieldOverrides"]
        }

    def changes(self, old: DocumentPb | None, new: DocumentPb | None) -> tuple[Keys, Keys]:
        """The keys of the entries that go, and of those that come, with a document's change."""
        changed = None
        if old is not None and new is not None:
            # A count changes with each commit, and most of a document never does.
            every = {*old.fields, *new.fields}
            changed = {n for n in every if old.fields.get(n) != new.fields.get(n)}
        gone = set() if old is None else self.entries(old, changed)
        come = set() if new is None else self.entries(new, changed)
        return gone - come, come - gone

    def entries(self, document: DocumentPb, changed: AbstractSet[str] | None = None) -> Keys:
        """The keys of all index entries of a document, or of those that some fields are part of."""
        collection, document_id = names.split(document.name)
        group = collection.rpartition("/")[2]
        end = encoding.of_text(document_id)
        forms: dict[Part, list[bytes]] = {}
        found: Keys = set()
        some = document.fields if changed is None else changed
        for path, value in self._indexed(group, document.fields, some):
            form, prefixes = encoding.of_value(value), _automatic(collection, path)
            forms[path, ASCENDING] = [form]
            found.add(prefixes[0] + form + end)
            if form[:1] == encoding.ARRAY:
                forms[path, CONTAINS] = _elements(value)
                found.update(prefixes[1] + element + end for element in forms[path, CONTAINS])
        for index in self._composites.get(group, ()):
            if changed is not None and index.fields.isdisjoint(changed):
                continue
            for part in index.parts:
                if part not in forms:
                    forms[part] = _forms(document.fields, part)
            last = encoding.inverted(end) if index.descending else end
            prefix = index.prefix(collection)
            for combination in product(*map(forms.__getitem__, index.parts)):
                found.add(b"".join((prefix, *combination, last)))
        return found

    def candidates(self, group: str, paths: Iterable[FieldPath]) -> Iterator[Index]:
        """The indexes of a collection that could serve a query over these fields."""
        wanted = set(paths)
        if not wanted:
            yield Index(())
        elif len(wanted) == 1:
            [path] = wanted
            if not any((group, path[:end]) in self._exempt for end in range(1, len(path) + 1)):
                yield Index(((path, ASCENDING),))
                yield Index(((path, CONTAINS),))
        for index in self._composites.get(group, ()):
            if {path for path, _ in index.parts} == wanted:
                yield index

    def _indexed(
        self, group: str, fields: FieldMap, some: Iterable[str], above: FieldPath = ()
    ) -> Iterator[tuple[FieldPath, ValuePb]]:
        """Those of some fields that have an index of their own, and those inside maps too."""
        for name in some:
            path = (*above, name)
            if name in fields and (group, path) not in self._exempt:
                value = fields[name]
                yield path, value
                if value.WhichOneof("value_type") == "map_value":
                    inside = value.map_value.fields
                    yield from self._indexed(group, inside, inside, path)


def _forms(fields: FieldMap, part: Part) -> list[bytes]:
    """What a field is in a key: nothing where it is missing, several for an array's elements."""
    path, mode = part
    value = get(fields, path)
    if value is None:
        return []
    if mode == CONTAINS:
        return _elements(value)
    form = encoding.of_value(value)
    return [encoding.inverted(form) if mode == DESCENDING else form]


def _elements(value: ValuePb) -> list[bytes]:
    return [encoding.of_value(element) for element in value.array_value.values]


def _part(field: Mapping[str, str]) -> Part:
    return parse(field["fieldPath"]), field.get("order") or field["arrayConfig"]
