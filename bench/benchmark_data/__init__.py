"""Generated data for benchmarks: users, articles in every state, votes and views."""
