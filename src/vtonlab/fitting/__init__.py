"""The fitting service: requests, tasks, results, history."""
