"""WRITES TO PEOPLE: the sign-in mail, in their language, once. Knows no store: ledgers and facts arrive as ports."""
