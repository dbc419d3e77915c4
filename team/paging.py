"""Pages of long lists, so that the last page of a million rows is as near as the first."""

from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet

DEEP = 1000  # rows; up to there a page is read as it stands


class DeepPaginator(Paginator):
    """Finds the keys of a far page in their index, from the nearer end, and only then its rows.

    Otherwise the database reads, joins and throws away every row before them. The order must be
    total, as that of the admin’s lists is.
    """

    def page(self, number: Any) -> Any:
        number = self.validate_number(number)
        first = (number - 1) * self.per_page
        last = min(first + self.per_page, self.count)
        rows = self.object_list
        if first < DEEP or not isinstance(rows, QuerySet):
            return super().page(number)
        if first > self.count // 2:
            keys = rows.reverse().values_list("pk", flat=True)[
                self.count - last : self.count - first
            ]
        else:
            keys = rows.values_list("pk", flat=True)[first:last]
        return Page(rows.filter(pk__in=list(keys)), number, self)
