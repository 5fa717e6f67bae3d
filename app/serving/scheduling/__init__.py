"""Who runs when: admission, worker threads and dynamic batches. Knows work and time; not pictures, not tasks."""
