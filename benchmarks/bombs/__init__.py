"""What hostile pictures cost the reader: time and memory out of proportion to their bytes."""
