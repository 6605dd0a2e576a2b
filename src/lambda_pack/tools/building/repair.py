"""Runs `auditwheel repair` with a policy of ours in the place of its own. A script, never imported.

auditwheel's policies say which libraries a distribution of some age has; ours says which the image of a Lambda runtime
has. auditwheel has no option for that, so the place where it finds its policies is replaced (seen in 6.4 to 6.8), and
checked before. Its settings are JSON: `policy` is a file in auditwheel's own format, `libraries` the folder to take
libraries from.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from auditwheel import policy  # type: ignore[import-untyped,unused-ignore]  # it has no stubs
from auditwheel.libc import Libc  # type: ignore[import-untyped,unused-ignore]  # it has no stubs
from auditwheel.main import main  # type: ignore[import-untyped,unused-ignore]  # it has no stubs

if __name__ == "__main__":
    settings = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    if Libc.GLIBC not in getattr(policy, "_POLICY_JSON_MAP", {}):
        raise SystemExit("auditwheel has changed inside; install an older one")
    policy._POLICY_JSON_MAP[Libc.GLIBC] = Path(settings["policy"])  # noqa: SLF001  # as said above
    options = ["--disable-isa-ext-check", "--ldpaths", settings["libraries"], "--wheel-dir", settings["out"]]
    sys.argv = ["auditwheel", "repair", "--no-update-tags", *options, settings["wheel"]]
    raise SystemExit(main())
