"""What a connector must prove: subclass a contract, give it your target, run pytest. Not imported by Joinery itself."""
