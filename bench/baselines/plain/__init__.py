"""A plain Django project: what `startproject` writes, one model, one view with one query, one template."""
