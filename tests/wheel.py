"""Builds the wheel, installs it into an empty environment, and runs the whole way there: `python -m tests.wheel`."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import venv
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parent.parent
NEEDED = (
    "community/migrations/env.py",
    "community/programmes/presets/aces.yaml",
    "community/programmes/book.schema.json",
    "community/kit/locale/fr/kit.po",
    "community/templates/layouts/base.html",
    "community/static/app.css",
    "community/static/vendor/inter/LICENSE",
)


def main() -> int:
    """Answers 0 when the wheel holds what it must and runs."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        build = [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(ROOT)]
        subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
        [wheel] = folder.glob("*.whl")
        held = set(zipfile.ZipFile(wheel).namelist())
        missing = [needed for needed in NEEDED if needed not in held]
        if missing:
            sys.stderr.write(f"the wheel lacks {', '.join(missing)}\n")
            return 1
        venv.create(folder / "venv", with_pip=True)
        python = str(folder / "venv" / "bin" / "python")
        constraints = str(ROOT / "constraints.txt")
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-c", constraints, str(wheel)]
        subprocess.run(pip, check=True)
        environment = {**os.environ, "COMMUNITY_HOME": str(folder / "home"), "COMMUNITY_DATABASE_URL": ""}
        book = folder / "aces.yaml"
        book.write_text(_run(folder, environment, "presets", "show", "aces"), encoding="utf-8")
        _run(folder, environment, "programme", "apply", str(book), "--yes")
        rows = folder / "rows.csv"
        rows.write_text(
            "id,handle,type,title,url,occurred_on,setting\n1,ada,talk,T,https://example.org,2026-01-02,hybrid\n"
        )
        _run(folder, environment, "contributions", "import", "aces", str(rows), "--create-members", "--approve")
        _run(folder, environment, "standings", "refresh", "aces")
        sys.stdout.write(_run(folder, environment, "ledger", "verify"))
        sys.stdout.write(f"front page: {_front_page(folder, environment)}\n")
    return 0


def _run(folder: Path, environment: dict[str, str], *arguments: str) -> str:
    command = [str(folder / "venv" / "bin" / "community"), *arguments]
    return subprocess.run(command, check=True, cwd=folder, env=environment, text=True, capture_output=True).stdout


def _front_page(folder: Path, environment: dict[str, str]) -> str:
    """Serves from the wheel, and answers the title of `/`; static files must be there, too."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(folder / "venv" / "bin" / "community"), "serve", "--port", str(port)]
    with subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True) as server:
        try:
            text = _asked(f"http://127.0.0.1:{port}/")
            for path in re.findall(r'(?:href|src)="(/static/[^"#]+)', text):
                _asked(f"http://127.0.0.1:{port}{path}")
        except OSError:
            server.terminate()
            sys.stderr.write(server.communicate()[1])
            raise
        finally:
            server.terminate()
    return str(re.findall("<title>(.*)</title>", text)[0])


def _asked(url: str) -> str:
    for _ in range(600):
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own server
                return str(answer.read().decode("utf-8", "replace"))
        except ConnectionError:
            time.sleep(0.1)
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionError):
                raise
            time.sleep(0.1)
    raise TimeoutError(url)


if __name__ == "__main__":
    sys.exit(main())
