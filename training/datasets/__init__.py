"""One module a data set: a path or a download becomes named examples, then two splits."""
