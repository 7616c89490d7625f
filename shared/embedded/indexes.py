"""Which index entries a document has, and which index serves a query, as in Firestore.

Every field has an index of its own, and every array one of its elements, unless the index file
exempts the field; the file also names the composite ones. An entry's key is the index, the values
in the index's order, and the document's id: https://firebase.google.com/docs/firestore/query-data/index-overview
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property, lru_cache
from itertools import product
from pathlib import Path

from shared.embedded import encoding, names
from shared.embedded.field_paths import FieldPath, get, parse
from shared.embedded.messages import DocumentPb, FieldMap, ValuePb

# Another number where keys are made in another way, so that every store makes its entries anew.
_ENCODING = b"1"
PREFIX_BYTES = 8


class Mode(Enum):
    """How an index holds a field."""

    ASCENDING = "ASCENDING"
    DESCENDING = "DESCENDING"
    CONTAINS = "CONTAINS"


Part = tuple[FieldPath, Mode]


@dataclass(frozen=True)
class Index:
    """An index of one collection; without parts it is the documents themselves, by id."""

    parts: tuple[Part, ...]

    @property
    def descending(self) -> bool:
        """Whether ids, which end every key, run backwards: as the last field does."""
        return bool(self.parts) and self.parts[-1][1] is Mode.DESCENDING

    def prefix(self, collection: str) -> bytes:
        """What the keys of this index begin with in a collection."""
        return _prefix(collection, self.parts)

    def serves(self, equal: Collection[FieldPath], contained: FieldPath | None) -> int | None:
        """How many parts say what must be equal; None where others do than a query needs."""
        fixed = len(equal) + (contained is not None)
        found = {path for path, mode in self.parts[:fixed] if mode is not Mode.CONTAINS}
        holding = [path for path, mode in self.parts if mode is Mode.CONTAINS]
        wanted = [] if contained is None else [contained]
        in_front = all(mode is not Mode.CONTAINS for _, mode in self.parts[fixed:])
        return fixed if found == set(equal) and holding == wanted and in_front else None


BY_ID = Index(())


@lru_cache(maxsize=4096)
def _prefix(collection: str, parts: tuple[Part, ...]) -> bytes:
    # A digest, so that processes need not agree on numbers; nobody finds two alike.
    definition = json.dumps([collection, *((*path, mode.value) for path, mode in parts)])
    return hashlib.blake2b(definition.encode(), digest_size=PREFIX_BYTES).digest()


def key_of(name: str) -> bytes:
    """The key of a document by its id: the collection, then the id."""
    collection, document_id = names.split(name)
    return BY_ID.prefix(collection) + encoding.of_text(document_id)


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

    def entries(self, document: DocumentPb) -> set[bytes]:
        """The keys of all index entries of a document."""
        collection, document_id = names.split(document.name)
        group = collection.rpartition("/")[2]
        held = _Held(document.fields, encoding.of_text(document_id))
        found: set[bytes] = set()
        for path, value in self._indexed(group, document.fields):
            found |= held.keys(collection, Index(((path, Mode.ASCENDING),)))
            if value.WhichOneof("value_type") == "array_value":
                found |= held.keys(collection, Index(((path, Mode.CONTAINS),)))
        for index in self._composites.get(group, ()):
            found |= held.keys(collection, index)
        return found

    def candidates(self, group: str, paths: Iterable[FieldPath]) -> Iterator[Index]:
        """The indexes of a collection that could serve a query over these fields."""
        wanted = set(paths)
        if not wanted:
            yield BY_ID
        elif len(wanted) == 1:
            [path] = wanted
            if not any((group, path[:end]) in self._exempt for end in range(1, len(path) + 1)):
                yield Index(((path, Mode.ASCENDING),))
                yield Index(((path, Mode.CONTAINS),))
        for index in self._composites.get(group, ()):
            if {path for path, _ in index.parts} == wanted:
                yield index

    def _indexed(
        self, group: str, fields: FieldMap, above: FieldPath = ()
    ) -> Iterator[tuple[FieldPath, ValuePb]]:
        """The fields with an index of their own, those inside maps too."""
        for name in fields:
            path = (*above, name)
            if (group, path) not in self._exempt:
                value = fields[name]
                yield path, value
                if value.WhichOneof("value_type") == "map_value":
                    yield from self._indexed(group, value.map_value.fields, path)


class _Held:
    """The values of one document, each put into its form once."""

    def __init__(self, fields: FieldMap, document_id: bytes) -> None:
        self._fields = fields
        self._id = document_id
        self._forms: dict[Part, list[bytes]] = {}

    @cached_property
    def _inverted_id(self) -> bytes:
        return encoding.inverted(self._id)

    def keys(self, collection: str, index: Index) -> set[bytes]:
        """The keys in an index: none where a field is missing, several for an array."""
        prefix = index.prefix(collection)
        end = self._inverted_id if index.descending else self._id
        forms = [self._forms.get(part) or self._made(part) for part in index.parts]
        return {b"".join((prefix, *combination, end)) for combination in product(*forms)}

    def _made(self, part: Part) -> list[bytes]:
        path, mode = part
        value = get(self._fields, path)
        if value is None:
            forms = []
        elif mode is Mode.CONTAINS:
            forms = [encoding.of_value(element) for element in value.array_value.values]
        elif mode is Mode.DESCENDING:
            forms = [encoding.inverted(self._made((path, Mode.ASCENDING))[0])]
        else:
            forms = [encoding.of_value(value)]
        self._forms[part] = forms
        return forms


def _part(field: Mapping[str, str]) -> Part:
    mode = field.get("order") or field["arrayConfig"]
    return parse(field["fieldPath"]), Mode(mode)
