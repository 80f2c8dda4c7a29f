"""PUTS TOGETHER. The only place that knows which systems exist, and the only reader of the clock."""
