"""The laws of the house that import contracts cannot say: where a thing stands, and what stands nowhere."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "community"

ROOMS = (
    "kit", "history", "jobs", "people", "programmes", "members", "ledger", "contributions", "intake", "standings",
    "leaderboards", "changes", "notices", "home",
)  # fmt: skip
"""In the order in which the data walks through them."""

COMMON = frozenset(
    {"__init__", "rules", "models", "forms", "queries", "actions", "checks", "jobs", "portal", "console", "api", "cli"}
)
"""The files (or folders) that any room may have."""

OWN = {
    "kit": {
        "arguments", "bulk", "cells", "clock", "columns", "console", "days", "db", "digests", "errors", "folders",
        "i18n", "ids", "languages", "locale", "log", "mail", "markdown", "metrics", "outages", "places", "rates",
        "rows", "schema", "secrets", "settings", "sqlite_driver", "sqlite_file", "tabular", "templates", "text",
        "urls", "web",
    },
    "jobs": {"embedded", "following", "health", "messenger", "runner", "timetable", "work"},
    "people": {"door", "letters", "passwords"},
    "programmes": {
        "book", "ceilings", "changelog", "conditions", "document", "lint", "meaning", "normal", "parse", "part",
        "presets", "requirements", "rewards", "said", "scalars", "schema", "structure", "versions", "windows", "words",
    },
    "members": {"pictures", "place", "saying"},
    "intake": {"files"},
    "leaderboards": {"exports"},
    "standings": {"rows", "words"},
    "notices": {"letters", "said", "unsubscribing"},
    "home": {"backup", "demo", "own", "profile", "refresh", "shell", "status", "verify"},
}  # fmt: skip
"""What a room has beside those."""

TOP = {"__init__", "__main__", "app", "cli", "flow", "tables", "migrations", *ROOMS}

SQL_PLACES = ("models", "queries", "actions", "checks", "migrations")
SQL_FILES = {
    "kit/db.py": "the engine itself",
    "kit/sqlite_file.py": "a database as a file: what it is made of, whatever it holds",
    "kit/sqlite_driver.py": "the driver of SQLite",
    "kit/digests.py": "the texts of rows in order, to be hashed",
    "kit/rows.py": "rows in bulk, by COPY or executemany",
    "kit/bulk.py": "statements over many rows, for the actions of every room",
}
SQL_NAMES = frozenset({"select", "insert", "update", "delete", "text", "union", "union_all", "exists"})
LINES_AT_MOST = 450
VAGUE = re.compile(r"\b(utils?|helpers?|managers?|services?|misc|common)\b")


@cache
def trees() -> dict[str, ast.Module]:
    """Every Python file of the package, parsed, by its path inside the package."""
    return {
        str(file.relative_to(PACKAGE)): ast.parse(file.read_text("utf-8")) for file in sorted(PACKAGE.rglob("*.py"))
    }


def imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """(module, name) of each import; the name is empty where the module itself is imported."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((one.name, "") for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", one.name) for one in node.names)


def test_every_room_has_only_files_whose_names_tell_what_they_hold() -> None:
    strangers = []
    for entry in sorted(PACKAGE.iterdir()):
        if entry.name == "__pycache__":
            continue
        if entry.stem not in TOP:
            strangers.append(entry.name)
        elif entry.name in ROOMS:
            known = COMMON | OWN.get(entry.name, set())
            strangers += [f"{entry.name}/{one.name}" for one in _modules(entry) if one.stem not in known]
    assert strangers == []


def _modules(room: Path) -> list[Path]:
    """The Python files and folders of a room; data beside them (presets, tables of names) is no module."""
    return [one for one in sorted(room.iterdir()) if one.suffix == ".py" or (one.is_dir() and one.name[0] != "_")]


def test_the_map_in_the_docstring_names_the_rooms_in_their_order() -> None:
    import community

    lines = (community.__doc__ or "").splitlines()
    assert tuple(line.split()[0] for line in lines if re.match(r"[a-z]+ {2,}\S", line)) == ROOMS


def test_no_file_has_a_name_that_refuses_nothing() -> None:
    assert [name for name in trees() if VAGUE.search(name.replace("_", " "))] == []


@pytest.mark.parametrize("folder", [PACKAGE, ROOT / "tests"], ids=["community", "tests"])
def test_files_fit_on_a_few_screens(folder: Path) -> None:
    long = {
        str(file.relative_to(ROOT)): count
        for file in sorted(folder.rglob("*.py"))
        if (count := len(file.read_text("utf-8").splitlines())) > LINES_AT_MOST and "migrations" not in file.parts
    }
    assert long == {}


def test_sql_stands_only_in_models_queries_actions_and_checks() -> None:
    found = []
    for name, tree in trees().items():
        if name in SQL_FILES or _is_sql_place(name):
            continue
        found += [
            f"{name}: {module}.{one}"
            for module, one in imports(tree)
            if module.split(".")[0] == "sqlalchemy" and (one in SQL_NAMES or module.startswith("sqlalchemy.dialects"))
        ]
    assert found == []


def _is_sql_place(name: str) -> bool:
    return any(Path(part).stem in SQL_PLACES for part in Path(name).parts)


def test_sql_as_text_stands_only_where_statements_do() -> None:
    verb = re.compile(r"\s*(SELECT\s.+\sFROM|INSERT\s+INTO|UPDATE\s+\S+\s+SET|DELETE\s+FROM|CREATE\s|PRAGMA)\s", re.S)
    own_files = {"intake/files/scratch.py", "intake/files/report.py"}  # a temporary file of their own, not the database
    found = [
        f"{name}:{node.lineno}"
        for name, tree in trees().items()
        if name not in SQL_FILES and name not in own_files and not _is_sql_place(name)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and verb.match(node.value)
    ]
    assert found == []


def test_the_clock_is_read_in_one_place() -> None:
    readings = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("time", "time")}
    found = [
        f"{name}:{node.lineno}"
        for name, tree in trees().items()
        if name != "kit/clock.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and (node.value.id, node.attr) in readings
    ]
    assert found == []


def test_only_the_unit_of_work_commits() -> None:
    found = [
        f"{name}:{node.lineno}"
        for name, tree in trees().items()
        if name != "kit/db.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit"
    ]
    assert found == []


def test_arq_is_known_in_the_messenger_alone() -> None:
    knowing = [name for name, tree in trees().items() if any(one.split(".")[0] == "arq" for one, _ in imports(tree))]
    assert knowing == ["jobs/messenger.py"]


def test_what_follows_is_known_to_whoever_gathers_the_rooms_alone() -> None:
    knowing = [name for name, tree in trees().items() if ("community.flow", "FLOW") in set(imports(tree))]
    assert set(knowing) <= {"app.py", "cli.py"}


def test_only_surfaces_know_the_command_line() -> None:
    surfaces = {"__main__.py", "cli.py", "kit/arguments.py", "kit/console.py"}
    found = [
        name
        for name, tree in trees().items()
        if name not in surfaces and Path(name).name != "cli.py"
        if any(module.split(".")[0] in ("typer", "click", "rich") for module, _ in imports(tree))
        or any(module == "community.kit.console" for module, _ in imports(tree))
    ]
    assert found == []


def test_only_surfaces_know_http() -> None:
    """Pages, consoles and the API; what they rest on in `kit/web`; and the application that gathers them."""
    parts = {"starlette", "uvicorn", "jinja2_fragments"}
    found = [
        f"{name}: {module}"
        for name, tree in trees().items()
        if not name.startswith("kit/web/") and name != "app.py" and not _is_page(name)
        for module, _ in imports(tree)
        if module.split(".")[0] in parts
    ]
    assert found == []


def _is_page(name: str) -> bool:
    return any(Path(part).stem in ("portal", "console", "api") for part in Path(name).parts[1:])


def test_rules_ask_for_the_time_and_for_data_and_look_nowhere() -> None:
    reaching = {"os", "pathlib", "sqlite3", "asyncio", "urllib", "socket", "subprocess", "time", "random"}
    found = [
        f"{name}: {module}"
        for name, tree in trees().items()
        if name.endswith("/rules.py") or "/rules/" in name
        for module, _ in imports(tree)
        if module.split(".")[0] in reaching
    ]
    assert found == []


def test_models_are_no_forms_and_have_real_annotations() -> None:
    """SQLModel reads annotations when a table is defined; postponed ones break it."""
    tables = [name for name in trees() if name.endswith("/models.py")]
    postponed = [name for name in tables if ("__future__", "annotations") in set(imports(trees()[name]))]
    elsewhere = [name for name, tree in trees().items() if name not in tables and _defines_table(tree)]
    assert (postponed, elsewhere) == ([], [])


def _defines_table(tree: ast.Module) -> bool:
    return any(
        isinstance(node, ast.ClassDef) and any(one.arg == "table" for one in node.keywords) for node in ast.walk(tree)
    )


def test_every_public_function_says_what_it_does() -> None:
    silent = [
        f"{name}:{node.lineno} {node.name}"
        for name, tree in trees().items()
        if not name.startswith("migrations/") and Path(name).name != "__init__.py"
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and ast.get_docstring(node) is None
    ]
    assert silent == []


def test_no_file_names_a_registry_or_a_folder_of_one_machine() -> None:
    hosts = (("pypi", "org"), ("pythonhosted", "org"), ("registry", "npmjs"))
    places = re.compile("|".join((*map(r"\.".join, hosts), r"(?<![\w./])/(home|Users|root|work)/\w")))
    found = [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()[:80]}"
        for file in _own_files()
        for number, line in enumerate(file.read_text("utf-8").splitlines(), start=1)
        if places.search(line)
    ]
    assert found == []


def _own_files() -> Iterator[Path]:
    """Every text file of the project, without what tools leave behind."""
    kinds = {".py", ".md", ".toml", ".txt", ".yaml", ".json", ".mako", ".svg", ".cfg", ".conf", ".env", ".service", ""}
    for top in sorted(ROOT.iterdir()):
        if top.name in ("community", "workers", "tests", "docs", "deploy", ".ci"):
            yield from (one for one in sorted(top.rglob("*")) if _is_text(one, kinds))
        elif top.is_file() and top.suffix in kinds and top.name != ".git":  # which is a file in a work tree beside
            yield top


def _is_text(file: Path, kinds: set[str]) -> bool:
    return file.is_file() and file.suffix in kinds and "__pycache__" not in file.parts
