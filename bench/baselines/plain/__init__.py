"""A plain Django project, as a tutorial writes it: two pages, each of one query and one template."""
