"""What is wrong with texts: pure functions on Arrow arrays of them, one module a kind of fault."""
