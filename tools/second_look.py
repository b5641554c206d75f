"""After a failed run of the tests: run what failed once more, alone (``python -m tools.second_look``).

Thousands of tests with servers and clocks share few cores in CI, and one of them may find the machine too busy. What
fails again is a failure. What passes alone is told as unstable, for its author to mend; more than a few at once are no
accident, and fail at once.
"""

import json
import subprocess
import sys
from pathlib import Path

MOST = 3
_FAILED = Path("var/pytest/v/cache/lastfailed")  # cache_dir in pyproject.toml


def main() -> int:
    """The exit code: 0 where all that failed passes alone."""
    try:
        failed = sorted(json.loads(_FAILED.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        print("The tests failed before any of them ran.")
        return 1
    if not 0 < len(failed) <= MOST:
        print(f"{len(failed)} tests failed.")
        return 1
    print(f"Once more, alone: {', '.join(failed)}", flush=True)
    code = subprocess.run([sys.executable, "-m", "pytest", "-q", "-ra", *failed], check=False).returncode
    if code == 0:
        print(f"UNSTABLE, mend them: {', '.join(failed)}")
    return code


if __name__ == "__main__":
    sys.exit(main())
