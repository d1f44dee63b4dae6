"""What may go and why not: one rule a function, the issue catalogue, the judgement of a course."""
