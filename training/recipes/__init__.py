"""One module a task: its recipes, the reference ones and ours."""
