"""How the models tell strangers from their own kind: what each is sent, and the page on what came of it."""
