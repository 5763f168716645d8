"""Pages shown by a real Chromium, where the machine has one."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
PROBE = """<script>
const seen = document.createElement("pre");
seen.id = "seen";
seen.textContent = JSON.stringify(%s);
document.body.append(seen);
</script>"""


def seen(page: str, look: str, folder: Path, width: int = 1280) -> Any:
    """What the JavaScript expression `look` gives of a page shown in a window `width` pixels wide, 500 at least."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip("this machine has no Chromium")
    file = folder / "page.html"
    file.write_text(page.replace("</body>", f"{PROBE % look}</body>"), encoding="utf-8")
    options = [*QUIET, f"--user-data-dir={folder / 'profile'}", f"--window-size={width},900"]
    done = subprocess.run(
        [program, *options, "--dump-dom", file.as_uri()], capture_output=True, encoding="utf-8", timeout=60, check=True
    )
    found = re.search(r'<pre id="seen">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found is not None, done.stdout
    return json.loads(html.unescape(found[1]))
