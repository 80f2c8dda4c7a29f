"""One folder per system; none knows another. `memory` is the reference, and the fake in tests."""
