"""The source file that functions-framework loads in tests: its function was handed over."""

from __future__ import annotations

from tests.http.framework import handed_over

function = handed_over()
