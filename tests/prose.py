"""Find sentences that break the style rule in texts that users read.

The rule: subject, verb, object; at most 25 words; the field's words; no clause that begins with
"what", "whose", "of which", "that which" or "so many".
"""

import ast
import importlib
import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "fastsal"
PUBLIC_MODULES = ("fastsal", "fastsal.opencv", "fastsal.superpixels")

MOST_WORDS = 25
BANNED = re.compile(
    r"""\b(
        what(?!')  | whose | whatever | of\ which | that\ which
      | so\ (many|much|far|that) | tells? | told | (a|the|this|what)\ share | shares?\ of | rooms? | twins?
      | (by|of|for)\ itself | (at\ the|the)\ (most|least)(?=[\s,.;:)]*($|\n|[,.;:)])) | anew
      | as\ many\ as | as\ much\ as | up\ to,\ but\ not | none\ of\ those\ named
    )\b""",
    re.VERBOSE | re.IGNORECASE,
)
# Words of a shell command, a formula or a name are not prose.
CODE = re.compile(r"```.*?```|``.*?``|`[^`]*`|\$[^$]*\$|<!--.*?-->", re.DOTALL)
LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
SECTION = re.compile(r"^\s*(-{3,}|={3,})\s*$")
WORD = re.compile(r"[A-Za-z][A-Za-z'’-]*")


def faults(text: str) -> list[str]:
    """Return every sentence of `text` that breaks the rule, each with the reason."""
    found = []
    for sentence in sentences(text):
        if match := BANNED.search(sentence):
            if not (sentence.endswith("?") and match[0].lower() == "what"):
                found.append(f"{match[0]!r}: {sentence}")
        if len(WORD.findall(sentence)) > MOST_WORDS:
            found.append(f"{len(WORD.findall(sentence))} words: {sentence}")
    return found


def sentences(text: str) -> Iterator[str]:
    """Split prose into sentences; code counts as one word, a table row or list item stands alone."""
    text = LINK.sub(r"\1", CODE.sub("code", text))
    for block in re.split(r"\n\s*\n|\n(?=\s*(?:[-*#|]|\d+\.)\s?)", text):
        lines = [line.strip() for line in block.splitlines() if not SECTION.match(line)]
        for cell in " ".join(lines).split("|"):
            for sentence in re.split(r"(?<=[.!?;:])[\"')]*\s+", cell):
                if sentence.strip():
                    yield sentence.strip()


def readmes() -> dict[str, str]:
    """Return the text of every README of the project by its path."""
    paths = [ROOT / "README.md", *sorted(ROOT.glob("*/**/README.md"))]
    return {str(path.relative_to(ROOT)): path.read_text() for path in paths}


def notebooks() -> dict[str, str]:
    """Return the prose and the comments of every notebook."""
    found = {}
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        parts = []
        for cell in json.loads(path.read_text())["cells"]:
            source = "".join(cell["source"])
            if cell["cell_type"] == "code":
                source = "\n\n".join(re.findall(r"#\s(.*)", source))
            parts.append(source)
        found[f"notebooks/{path.name}"] = "\n\n".join(parts)
    return found


def docstrings() -> dict[str, str]:
    """Return the docstring of every public name, and of the public members of public classes."""
    found = {}
    for module_name in PUBLIC_MODULES:
        module = importlib.import_module(module_name)
        found[module_name] = module.__doc__ or ""
        for name in module.__all__:
            thing = getattr(module, name)
            found[f"{module_name}.{name}"] = _documented(thing)
            if inspect.isclass(thing):
                for member, value in vars(thing).items():
                    if not member.startswith("_") and (callable(value) or _is_property(value)):
                        found[f"{module_name}.{name}.{member}"] = _documented(value)
    return found


def messages() -> dict[str, str]:
    """Return every string of the package that a user may read: errors, help, progress, results."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text())
        documented = {id(node.value) for node in ast.walk(tree) if _is_docstring(node)}
        inside = {
            id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)
            for part in node.values
        }  # fmt: skip
        for node in ast.walk(tree):
            if id(node) in documented or id(node) in inside:
                continue
            if text := _text(node):
                if len(WORD.findall(text)) > 2:
                    found[f"{path.relative_to(ROOT)}:{node.lineno}"] = text
    return found


def _documented(thing: object) -> str:
    doc = inspect.getdoc(thing) or ""
    # Examples are code; the header line of a parameter is a name and a type.
    doc = re.sub(r"^Examples\n-+\n.*?(?=^\w[\w ]*\n-+$|\Z)", "", doc, flags=re.DOTALL | re.M)
    doc = re.sub(r"^>>>.*$|^\.\.\..*$", "", doc, flags=re.M)
    return re.sub(r"^[\w*, ]+ : .*$|^\w+(Error|Warning)$", "\n", doc, flags=re.M)


def _is_property(value: object) -> bool:
    return isinstance(value, (property, staticmethod, classmethod))


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            part.value if isinstance(part, ast.Constant) else "x" for part in node.values
        )
    return ""
