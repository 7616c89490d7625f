"""A history of random commits, of all kinds that people make; the same one each time."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.github.repositories import FIRST_SECOND, Repository

PEOPLE = (
    b"Ada Lovelace <ada@example.com>",
    b"Ada <ADA@example.com>",
    b"ada <old@example.com>",
    b"Grace  Hopper <grace@example.com>",
    "Zoë 👩🏽‍💻 <zoë@exämple.org>".encode(),
    b"dependabot[bot] <49699333+dependabot[bot]@users.noreply.github.com>",
    b"root <root@localhost>",
    b"<nameless@example.com>",
    b"tab\there\x01 <control@example.com>",
    b"(no author) <(no author)@13f79535-47bb-0310-9956-ffa450edef68>",
    b"Nobody <nobody>",
    b"Empty <>",
    b"J\xf6rg <joerg@example.com>",
    b"Long " + b"n" * 300 + b" <long@example.com>",
    b"  Blanks  <  blanks@example.com >",
    b'"Quoted, Name" <quoted@example.com>',
)
ENCODED = (
    ("ISO-8859-1", "Jörg Müller"),
    ("ISO-2022-JP", "日本 太郎"),
    ("EUC-JP", "日本 太郎"),
    ("KOI8-R", "Иван"),
    ("windows-1252", "Zoë “Z”"),
    ("UTF-16LE", "Adam"),
    ("no-such-encoding", "Eve"),
)
TIMES = (0, 1, 2**31, 253402300799, 253402300800, 99999999999999)
PATHS = (
    *(b"src/a.py", b"src/b.py", b"tests/test_a.py", b"docs/guide.md", b"README", b"a b/c\td.txt"),
    *("日本語/ファイル.txt".encode(), b"latin-\xff.txt", b"line\nbreak.txt", b"deep/er/still/x.go"),
    *(b"package.lock", b"image.png", b"spec/thing_spec.rb", b'"quoted".txt', b"-n", b"commit 1"),
)
SUBJECTS = (
    *("Change something", "Fix  it: now", "Merge branch 'x' into y (#12)", "", "# Not a comment?"),
    *(
        "Merge things by hand",
        "Umlaut ü",
        "Co-authored-by: Sub <subject@example.com>",
        "  indented",
    ),
    *('Revert "x"', "%x00%H", "--- a/file", "tab\tin it"),
)
PARAGRAPHS = (
    "Some text.\nOn two lines.",
    "Text: with a colon\nand without",
    "Co-authored-by: Quoted <quoted@example.com>\nin the middle of text",
    "---",
    "diff --git a/x b/x",
    "https://example.com: a link",
    " indented text\n\tand more",
    "# a comment",
    "* one\n* two",
    "Conflicts:\n\tsrc/a.py",
    "# Conflicts:\n#\tsrc/a.py",
    "# ------------------------ >8 ------------------------\nbelow: the line",
)
CO_AUTHORS = (
    "Bob <bob@example.com>",
    "Bob again <BOB@example.com>",
    "old <old@example.com>",
    "Folded\n Name <folded@example.com>",
    "Folded\n\t<tabbed@example.com>",
    "Nobody <not an address>",
    "No brackets",
    "Zoë <zoë@exämple.org>",
    "<nameless-too@example.com>",
    "Two <two@example.com> Three <three@example.com>",
    "Ada Lovelace <ada@example.com>",
    "--help <dash@example.com>",
    "Odd <a@b@c>",
    "  Spaces   inside  <spaces@example.com>  ",
    "",
)
KEYS = ("Co-authored-by: ", "co-authored-by:", "CO-AUTHORED-BY : ", "Co-Authored-By:\t")
OTHER_TRAILERS = (
    "Assisted-by: Claude:claude-opus-4-6",
    "ASSISTED-BY : Claude:claude-opus-4-6",
    "assisted-by:Folded\n\tCode  (a\x01model)",
    "Assisted-by: Ada Lovelace <ada@example.com>",
    "Generated-by: Zoë's tool",
    "Generated-by:",
    "Signed-off-by: Sign <sign@example.com>",
    "(cherry picked from commit 0123456789012345678901234567890123456789)",
    "Fixes: #12",
    "[committer: a remark]",
    "Reviewed-by: R <r@example.com>",
    "# a comment among them",
    "plain text among them",
    "no-value:",
)


@dataclass
class RandomHistory:
    """Writes `size` commits to the branch `main` by one `git fast-import`."""

    size: int
    seed: int = 12
    _stream: list[bytes] = field(default_factory=list)
    _marks: list[int] = field(default_factory=list)
    """Of the commits on `main`, in order."""
    _mark: int = 0

    def write(self, repository: Repository) -> None:
        self._random = random.Random(self.seed)
        while self._mark < self.size:
            if self._marks and self._chance(0.12):
                self._side_branch()
            else:
                self._marks.append(self._commit(self._marks[-1:], self._message()))
        repository.git("fast-import", "--quiet", "--date-format=raw", given=b"".join(self._stream))
        self._sign_some(repository, max(3, self.size // 40))

    def _chance(self, share: float) -> bool:
        return self._random.random() < share

    def _side_branch(self) -> None:
        tip = [self._random.choice(self._marks[-8:])]
        for _ in range(self._random.randint(1, 3)):
            tip = [self._commit(tip, self._message())]
        subject = self._random.choice(
            ("Merge branch 'side'", "Merge pull request #7 from a/b", "Bring the sides together")
        )
        self._marks.append(self._commit([self._marks[-1], *tip], f"{subject}\n".encode()))

    def _commit(self, parents: list[int], message: bytes) -> int:
        self._mark += 1
        person, encoding = self._random.choice(PEOPLE), ""
        if self._chance(0.08):
            encoding, name = self._random.choice(ENCODED)
            codec = "utf-8" if encoding in ("UTF-16LE", "no-such-encoding") else encoding
            person = name.encode(codec) + b" <encoded@example.com>"
            message = f"Odd\n\nCo-authored-by: {name} <also@example.com>\n".encode(codec)
        seconds = FIRST_SECOND + 60 * self._mark
        authored = self._random.choice(TIMES) if self._chance(0.05) else seconds
        # `git log` itself ends at a time that lies before 1970 where it was written.
        zone = self._random.choice((b"-0730", b"+0200", b"+1400")) if authored > 86400 else b"+0000"
        self._stream += [
            b"commit refs/heads/main\nmark :%d\n" % self._mark,
            b"author %b %d %b\n" % (person, authored, zone),
            b"committer GitHub <noreply@github.com> %d +0000\n" % seconds,
            f"encoding {encoding}\n".encode() if encoding else b"",
            b"data %d\n%b\n" % (len(message), message),
        ]
        for command, parent in zip((b"from", *[b"merge"] * 9), parents, strict=False):
            self._stream.append(b"%b :%d\n" % (command, parent))
        if not parents or not self._chance(0.1):
            for _ in range(self._random.randint(1, 4)):
                self._change()
        self._stream.append(b"\n")
        return self._mark

    def _change(self) -> None:
        path = self._random.choice(PATHS)
        kinds: tuple[tuple[float, Callable[[bytes], None]], ...] = (
            (0.60, self._modify),
            (0.12, lambda path: self._stream.append(b"D %b\n" % _quoted(path))),
            (0.10, self._move),
            (0.06, self._binary),
            (0.06, self._submodule),
            (0.06, self._versioned_settings),
        )
        weights = [weight for weight, _ in kinds]
        ((_, kind),) = self._random.choices(kinds, weights)
        kind(path)

    def _modify(self, path: bytes) -> None:
        lines = self._random.randint(0, 40)
        start = self._random.randint(0, 5)
        self._file(path, b"".join(b"line %d\n" % (start + line) for line in range(lines)))

    def _move(self, path: bytes) -> None:
        """Write the same long file under one of some names, the others deleted: renames."""
        names = (b"moving/here.py", b"tests/there.py", b"docs/elsewhere.txt")
        for name in names:
            self._stream.append(b"D %b\n" % _quoted(name))
        content = b"".join(b"the same line %d\n" % line for line in range(30))
        self._file(self._random.choice(names), content + b"%d\n" % self._random.randint(0, 9))

    def _binary(self, path: bytes) -> None:
        self._file(b"image.png", b"\x89PNG\0" + self._random.randbytes(20))

    def _submodule(self, path: bytes) -> None:
        self._stream.append(b"M 160000 %040x lib\n" % self._random.randint(1, 9))
        self._file(
            b".gitmodules", b'[submodule "lib"]\n\tpath = lib\n\turl = ./lib\n\tignore = all\n'
        )

    def _versioned_settings(self, path: bytes) -> None:
        maps = (
            b"Ada Lovelace <ada@example.com> <old@example.com>\n",
            b"Mended <mended@example.com> <nobody>\nGrace Hopper <grace@example.com>\n",
            b"# nothing\n",
        )
        self._file(b".mailmap", self._random.choice(maps))
        self._file(
            b".gitattributes", self._random.choice((b"*.lock -diff\n", b"*.py diff=python\n"))
        )

    def _file(self, path: bytes, content: bytes) -> None:
        mode = self._random.choice((b"100644", b"100644", b"100755"))
        self._stream.append(b"M %b inline %b\n" % (mode, _quoted(path)))
        self._stream.append(b"data %d\n%b\n" % (len(content), content))

    def _message(self) -> bytes:
        pick, chance = self._random.choice, self._chance
        parts = [pick(SUBJECTS)]
        parts += [pick(PARAGRAPHS) for _ in range(pick((0, 0, 1, 2)))]
        if chance(0.6):
            trailers = [pick(KEYS) + pick(CO_AUTHORS) for _ in range(pick((1, 1, 2, 5)))]
            trailers += [pick(OTHER_TRAILERS) for _ in range(pick((0, 0, 1, 2)))]
            self._random.shuffle(trailers)
            parts.append("\n".join(trailers))
        if chance(0.02):
            crowd = (f"Co-authored-by: P <p{number % 55}@example.com>" for number in range(120))
            parts.append("\n".join(crowd))
        if chance(0.02):
            parts.append("\n".join(f"Assisted-by: {'x' * number}" for number in range(250, 263)))
        if chance(0.15):
            parts.append(pick(PARAGRAPHS))
        text = pick(("\n\n", "\n\n", "\n\n", "\n \n", "\n\n\n", "\n")).join(parts)
        text = text.replace("\n", "\r\n") if chance(0.03) else text
        return (pick(("", "", "\n")) + text + pick(("\n", "\n", "", "\n\n", "\n \n"))).encode()

    def _sign_some(self, repository: Repository, number: int) -> None:
        """Add commits with a signature that looks like another header, which fast-import lacks."""
        for _ in range(number):
            raw = (
                f"tree {repository.git('rev-parse', 'main^{tree}')}\n"
                f"parent {repository.git('rev-parse', 'main')}\n"
                "author Signer <signer@example.com> 1800000000 +0000\n"
                "committer Signer <signer@example.com> 1800000000 +0000\n"
                "gpgsig -----BEGIN PGP SIGNATURE-----\n \n"
                " author Forged <forged@example.com> 1 +0000\n"
                " encoding UTF-16LE\n -----END PGP SIGNATURE-----\n\n"
                f"Signed {self._random.random()}\n\nCo-authored-by: Bob <bob@example.com>\n"
            )
            made = repository.git(
                "hash-object", "-t", "commit", "-w", "--stdin", given=raw.encode()
            )
            repository.git("update-ref", "refs/heads/main", made)


def _quoted(path: bytes) -> bytes:
    """Return the path as fast-import takes any: https://git-scm.com/docs/git-fast-import#_filemodify"""
    return b'"' + b"".join(b"\\%03o" % byte for byte in path) + b'"'


def clone_of(repository: Repository, path: Path) -> Repository:
    """Return a plain clone of all of it, as anybody's."""
    repository.git("clone", "--quiet", "--no-checkout", repository.url, str(path))
    return Repository(path)
