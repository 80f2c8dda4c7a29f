"""RUNS. One file per use case, reading like a recipe: gather, decide (core), record (store), act, record."""
