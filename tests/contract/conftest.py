"""Lets pytest explain the assertions of the shipped contracts."""

import pytest

pytest.register_assert_rewrite("joinery.testing")
