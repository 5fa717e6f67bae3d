"""Pictures of how a training run went and how its model does."""
