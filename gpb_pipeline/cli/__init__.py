"""`gpb`: the command line, a module a group of commands. Each parses, calls and prints; no rule is here."""
