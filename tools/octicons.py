"""Vendor the icons: ``python -m tools.octicons`` packs @primer/octicons with npm and writes the sprite that we serve.

Only the icons named here go in. The sprite is committed, so that neither a build nor an installation needs npm.
"""

import json
import re
import subprocess
import tarfile
import tempfile
from pathlib import Path

PACKAGE = "@primer/octicons"
SPRITE = Path(__file__).parent.parent / "bridge" / "web" / "static" / "octicons.svg"
NAMES = (
    *("alert", "arrow-left", "arrow-switch", "bell", "book", "calendar", "check", "check-circle-fill", "checklist"),
    *("chevron-down", "chevron-left", "chevron-right", "clock", "code", "copy", "credit-card", "device-desktop"),
    *("download", "eye", "filter", "gear", "git-pull-request", "globe", "graph", "history", "home", "info"),
    *("issue-opened", "key", "link", "link-external", "list-unordered", "lock", "mail", "no-entry", "organization"),
    *("package", "paste", "pencil", "people", "person", "play", "plus", "project", "pulse", "question", "repo", "rss"),
    *("search", "server", "shield-lock", "sign-out", "skip", "stop", "sync", "tag", "three-bars", "tools", "trash"),
    *("triangle-down", "unlock", "verified", "x", "x-circle-fill", "circle", "dot-fill"),
)
_DRAWING = re.compile(r'viewBox="([^"]+)">(.*)</svg>', re.DOTALL)
_NOTE = """<!-- Octicons {version} (npm package @primer/octicons), Copyright (c) GitHub Inc., MIT License:
Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions: The above copyright notice
and this permission notice shall be included in all copies or substantial portions of the Software. THE SOFTWARE IS
PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF
MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT
HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE,
ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE. Made by python
-m tools.octicons. -->
"""


def sprite(drawings: dict[str, str], version: str) -> str:
    """One file of all icons; a page shows one by its name, the part behind the ``#``."""
    symbols = []
    for name in NAMES:
        found = _DRAWING.search(drawings[name])
        assert found is not None, f"{name} is not drawn as expected"
        symbols.append(f'<symbol id="{name}" viewBox="{found[1]}">{found[2]}</symbol>')
    head = '<svg xmlns="http://www.w3.org/2000/svg">\n'
    return head + _NOTE.format(version=version) + "\n".join(symbols) + "\n</svg>\n"


def _read(archive: tarfile.TarFile, path: str) -> str:
    file = archive.extractfile(f"package/{path}")
    assert file is not None, f"the package has no {path}"
    return file.read().decode()


def main() -> None:
    """Fetch, pick, write."""
    with tempfile.TemporaryDirectory() as directory:
        command = ["npm", "pack", PACKAGE, "--silent"]
        packed = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=True).stdout.split()[-1]
        with tarfile.open(Path(directory) / packed) as archive:
            version = json.loads(_read(archive, "package.json"))["version"]
            drawings = {name: _read(archive, f"build/svg/{name}-16.svg") for name in NAMES}
            SPRITE.write_text(sprite(drawings, version), "utf-8")
    print(f"Written: {len(NAMES)} icons of {PACKAGE} {version}.")


if __name__ == "__main__":
    main()
