"""What each contender runs, in an environment of its own: none of these imports the project."""
