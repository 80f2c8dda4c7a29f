"""What a connector author needs, and nothing else: the contract and the transport."""
