"""What is made of what was read, pure: the checks that count, resources that belong together, verdicts, conclusions."""
