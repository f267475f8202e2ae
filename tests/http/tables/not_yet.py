"""Operations that are not there yet: each answers with an error of Azure's form, never with a wrong success.

When one is built, its line here fails and is taken out: it then gets cases of its own in another table, and those that
waited for it (its own, and any that `needs` it) begin to run.
"""
from case import Step, Table, put

table = Table("not_yet")

OPERATIONS = [
]
for operation, request, headers, body in OPERATIONS:
    table.case(operation, "refused", put(b"there"),
               Step(request, headers, body, {400, 403, 404, 405, 409, 411, 415, 501}, early=True,
                    has={"x-ms-error-code": True}),
               Step("GET /{c}/b", content=b"there", has={"ETag": "{etag}"}),
               Step("HEAD /{c}/new", status=404), ref="issue 3", not_yet=True)
