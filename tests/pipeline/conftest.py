"""What a story expected and what came stand side by side in a failure."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("tests.pipeline.expectations")
