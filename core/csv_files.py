"""CSV files to download."""

import csv
from collections.abc import Iterable

from django.http import HttpResponse


def csv_response(filename: str, rows: Iterable[Iterable[object]]) -> HttpResponse:
    """Return a CSV file. Text of users is never taken for a formula by a spreadsheet."""
    headers = {"Content-Disposition": f'attachment; filename="{filename}"'}
    response = HttpResponse(content_type="text/csv; charset=utf-8", headers=headers)
    csv.writer(response).writerows([_escape_formula(value) for value in row] for row in rows)
    return response


def _escape_formula(value: object) -> object:
    is_formula = isinstance(value, str) and value.lstrip().startswith(("=", "+", "-", "@", "\t", "\r"))
    return f"'{value}" if is_formula else value
