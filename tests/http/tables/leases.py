"""Leases of blobs and of containers: the actions in every state, and what data operations say."""
import re

from case import BLOCK_BLOB, ETAG, L1, L2, L3, Step, Table, put
from lib import azure

table = Table("leases")
case = table.case
BLOB, CONTAINER = "/{c}/b?comp=lease", "/{c}?restype=container&comp=lease"
PLACES = {"Lease Blob": BLOB, "Lease Container": CONTAINER}
DECIMAL = re.compile(r"^\d+$")


def act(place, action, status, code=None, identifier=None, proposed=None, duration=None, period=None, **more):
    headers = {"x-ms-lease-action": action, "x-ms-lease-id": identifier, "x-ms-proposed-lease-id": proposed,
               "x-ms-lease-duration": duration, "x-ms-lease-break-period": period}
    return Step(f"PUT {place}", {k: v for k, v in headers.items() if v is not None}, b"", status, code=code, **more)


def reach(state, place):
    """The steps from an unleased resource to a state of lease L1."""
    acquire = act(place, "acquire", 201, proposed=L1, duration="-1")
    return {"available": [], "leased": [acquire],
            "breaking": [acquire, act(place, "break", 202, period="60")],
            "broken": [acquire, act(place, "break", 202, period="0")]}[state]


CONFLICT = 409
# (state, action, arguments) -> (status, codes allowed; None: success)
MACHINE = [
    ("available", "acquire", {"duration": "15"}, 201, None),
    ("available", "acquire", {"duration": "60", "proposed": L2}, 201, None),
    ("available", "renew", {"identifier": L1}, CONFLICT, {"LeaseIdMismatchWithLeaseOperation", "LeaseNotPresentWithLeaseOperation"}),
    ("available", "change", {"identifier": L1, "proposed": L2}, CONFLICT, {"LeaseNotPresentWithLeaseOperation"}),
    ("available", "release", {"identifier": L1}, CONFLICT, {"LeaseIdMismatchWithLeaseOperation", "LeaseNotPresentWithLeaseOperation"}),
    ("available", "break", {}, CONFLICT, {"LeaseNotPresentWithLeaseOperation"}),
    ("leased", "acquire", {"duration": "15"}, CONFLICT, {"LeaseAlreadyPresent"}),
    ("leased", "acquire", {"duration": "15", "proposed": L2}, CONFLICT, {"LeaseAlreadyPresent"}),
    ("leased", "acquire", {"duration": "15", "proposed": L1}, 201, None),
    ("leased", "renew", {"identifier": L1}, 200, None),
    ("leased", "renew", {"identifier": L2}, CONFLICT, {"LeaseIdMismatchWithLeaseOperation"}),
    ("leased", "change", {"identifier": L1, "proposed": L2}, 200, None),
    ("leased", "change", {"identifier": L2, "proposed": L3}, CONFLICT, {"LeaseIdMismatchWithLeaseOperation"}),
    ("leased", "change", {"identifier": L2, "proposed": L1}, 200, None),
    ("leased", "release", {"identifier": L1}, 200, None),
    ("leased", "release", {"identifier": L2}, CONFLICT, {"LeaseIdMismatchWithLeaseOperation"}),
    ("leased", "break", {}, 202, None),
    ("leased", "break", {"period": "30"}, 202, None),
    ("breaking", "acquire", {"duration": "15", "proposed": L1}, CONFLICT, {"LeaseIsBreakingAndCannotBeAcquired"}),
    ("breaking", "acquire", {"duration": "15", "proposed": L2}, CONFLICT, {"LeaseIsBreakingAndCannotBeAcquired", "LeaseAlreadyPresent"}),
    ("breaking", "renew", {"identifier": L1}, CONFLICT, {"LeaseIsBrokenAndCannotBeRenewed"}),
    ("breaking", "change", {"identifier": L1, "proposed": L2}, CONFLICT, {"LeaseIsBreakingAndCannotBeChanged"}),
    ("breaking", "release", {"identifier": L1}, 200, None),
    ("breaking", "release", {"identifier": L2}, CONFLICT, {"LeaseIdMismatchWithLeaseOperation"}),
    ("breaking", "break", {"period": "0"}, 202, None),
    ("breaking", "break", {}, 202, None),
    ("broken", "acquire", {"duration": "15", "proposed": L2}, 201, None),
    ("broken", "acquire", {"duration": "-1", "proposed": L1}, 201, None),
    ("broken", "renew", {"identifier": L1}, CONFLICT, {"LeaseIsBrokenAndCannotBeRenewed"}),
    ("broken", "change", {"identifier": L1, "proposed": L2}, CONFLICT,
     {"LeaseNotPresentWithLeaseOperation", "LeaseIsBrokenAndCannotBeChanged"}),
    ("broken", "release", {"identifier": L1}, 200, None),
    ("broken", "release", {"identifier": L2}, CONFLICT, {"LeaseIdMismatchWithLeaseOperation"}),
    ("broken", "break", {}, 202, None),
]
HAS = {"acquire": {"x-ms-lease-id": azure.GUID}, "renew": {"x-ms-lease-id": azure.GUID},
       "change": {"x-ms-lease-id": azure.GUID}, "release": {}, "break": {"x-ms-lease-time": DECIMAL}}
HASNT = {"release": ("x-ms-lease-id", "x-ms-lease-time"), "break": ("x-ms-lease-id",)}

for operation, place in PLACES.items():
    for state, action, arguments, status, codes in MACHINE:
        label = "-".join([state, action] + [f"{k}-{ {L1: 'own', L2: 'other', L3: 'third'}.get(v, v) }" for k, v in arguments.items()])
        steps = [put()] if place == BLOB else []
        step = act(place, action, status, codes, **arguments)
        # What Azurite answers in these states is not what the documents say.
        step.differs = (state, action) in {("available", "renew"), ("available", "release"), ("breaking", "acquire"),
                                           ("broken", "change"), ("broken", "release")} or (
            label == "leased-change-identifier-other-proposed-own")
        if status < 300:
            step.has = {"ETag": ETAG, "Last-Modified": True, "Content-Length": "0", **HAS[action]}
            step.hasnt = (*HASNT.get(action, ()), "x-ms-request-server-encrypted")
            if place == BLOB and state == "available":
                step.has["ETag"] = "{etag}"
        case(operation, label, *steps, *reach(state, place), step, ref="A12 S16 S17 R7")

    blob = [put()] if place == BLOB else []
    head = Step("HEAD /{c}/b" if place == BLOB else "HEAD /{c}?restype=container")

    def shown(state, status, duration=None):
        has = {"x-ms-lease-state": state, "x-ms-lease-status": status}
        if duration:
            has["x-ms-lease-duration"] = duration
        return Step(f"{head.method} {head.path}", has=has, hasnt=() if duration else ("x-ms-lease-duration",))

    case(operation, "shown-available", *blob, shown("available", "unlocked"), ref="R6")
    case(operation, "shown-leased-fixed", *blob, act(place, "acquire", 201, duration="15"), shown("leased", "locked", "fixed"))
    case(operation, "shown-leased-infinite", *blob, *reach("leased", place), shown("leased", "locked", "infinite"))
    case(operation, "shown-breaking", *blob, *reach("breaking", place), shown("breaking", "locked"), ref="A12")
    case(operation, "shown-broken", *blob, *reach("broken", place), shown("broken", "unlocked"), ref="A12")
    case(operation, "shown-released", *blob, *reach("leased", place), act(place, "release", 200, identifier=L1),
         shown("available", "unlocked"))
    case(operation, "infinite-breaks-at-once", *blob, *reach("leased", place),
         act(place, "break", 202, has={"x-ms-lease-time": "0"}), shown("broken", "unlocked"), ref="A12")
    case(operation, "break-cannot-lengthen", *blob, act(place, "acquire", 201, duration="15", proposed=L1),
         act(place, "break", 202, period="60", has={"x-ms-lease-time": {"13", "14", "15"}}), ref="A12")
    case(operation, "a-second-break-can-only-shorten", *blob, *reach("breaking", place),
         act(place, "break", 202, period="5", has={"x-ms-lease-time": {"4", "5"}}), ref="A12", differs=True)
    case(operation, "broken-break-says-0", *blob, *reach("broken", place), act(place, "break", 202, has={"x-ms-lease-time": "0"}))
    for value in ("10", "14", "61", "0", "-2", "many"):
        case(operation, f"duration-{value}", *blob, act(place, "acquire", 400, "InvalidHeaderValue", duration=value,
                                                         differs=True, xml={"HeaderName": "x-ms-lease-duration"}), ref="R7 S18")
    case(operation, "duration-missing", *blob, act(place, "acquire", 400, differs=True), ref="S18")
    for value in ("61", "-1", "soon"):
        case(operation, f"break-period-{value}", *blob, *reach("leased", place),
             act(place, "break", 400, "InvalidHeaderValue", period=value, differs=True), ref="S18")
    case(operation, "proposed-not-a-guid", *blob,
         act(place, "acquire", 400, "InvalidHeaderValue", duration="15", proposed="mine", differs=True), ref="S18")
    case(operation, "action-unknown", *blob, act(place, "borrow", 400, "InvalidHeaderValue", differs=True), ref="R1")
    case(operation, "action-missing", *blob, Step(f"PUT {place}", status=400, differs=True), ref="R1")
    case(operation, "change-leaves-the-new-id", *blob, *reach("leased", place),
         act(place, "change", 200, identifier=L1, proposed=L2, has={"x-ms-lease-id": L2}),
         act(place, "renew", 409, "LeaseIdMismatchWithLeaseOperation", identifier=L1),
         act(place, "renew", 200, identifier=L2, has={"x-ms-lease-id": L2}), ref="S17")
    case(operation, "expired-renews", *blob, act(place, "acquire", 201, duration="15", proposed=L1),
         Step(f"{head.method} {head.path}", has={"x-ms-lease-state": "expired", "x-ms-lease-status": "unlocked"}, wait_s=16),
         act(place, "renew", 200, identifier=L1), shown("leased", "locked", "fixed"), ref="A12")
    case(operation, "expired-can-be-taken", *blob, act(place, "acquire", 201, duration="15", proposed=L1),
         act(place, "acquire", 201, duration="15", proposed=L2, wait_s=16),
         act(place, "renew", 409, "LeaseIdMismatchWithLeaseOperation", identifier=L1), ref="A12")

MISSING = (412, "LeaseIdMissing")
MISMATCH = (412, "LeaseIdMismatchWithBlobOperation")
LOST = (412, "LeaseLost")
NONE = (412, "LeaseNotPresentWithBlobOperation")
GOOD = None
BROKEN_CODES = {"LeaseLost", "LeaseIdMismatchWithBlobOperation", "LeaseNotPresentWithBlobOperation"}
# What a data operation answers: state -> (without an id, with the lease's id, with another id)
WRITES = {"available": (GOOD, NONE, NONE), "leased": (MISSING, GOOD, MISMATCH), "breaking": (MISSING, GOOD, MISMATCH),
          "broken": (GOOD, LOST, MISMATCH)}
READS = {"available": (GOOD, NONE, NONE), "leased": (GOOD, GOOD, MISMATCH), "breaking": (GOOD, GOOD, MISMATCH),
         "broken": (GOOD, LOST, MISMATCH)}
DATA = [("Put Blob", "PUT /{c}/b", BLOCK_BLOB, b"new", 201, WRITES),
        ("Set Blob Metadata", "PUT /{c}/b?comp=metadata", {"x-ms-meta-a": "1"}, b"", 200, WRITES),
        ("Set Blob Properties", "PUT /{c}/b?comp=properties", {}, b"", 200, WRITES),
        ("Delete Blob", "DELETE /{c}/b", {}, b"", 202, WRITES),
        ("Get Blob", "GET /{c}/b", {}, b"", 200, READS),
        ("Get Blob Properties", "HEAD /{c}/b", {}, b"", 200, READS)]
for operation, request, headers, body, good, answers in DATA:
    for state, row in answers.items():
        for who, identifier, answer in zip(("no", "own", "other"), (None, L1, L2), row):
            extra = {} if identifier is None else {"x-ms-lease-id": identifier}
            # Another id on a broken lease: the recordings do not show which of the three is said.
            code = answer and ({*BROKEN_CODES} if state == "broken" and who == "other" else answer[1])
            case(operation, f"{state}-{who}-id", put(), *reach(state, BLOB),
                 Step(request, {**headers, **extra}, body, answer[0] if answer else good, code=code,
                      differs=state in ("available", "broken") and who != "no"), ref="A12 S15 R7")
case("Put Blob", "a-write-frees-an-expired-lease", put(), act(BLOB, "acquire", 201, duration="15", proposed=L1),
     Step("PUT /{c}/b", BLOCK_BLOB, b"new", 201, wait_s=16),
     Step("HEAD /{c}/b", has={"x-ms-lease-state": "available"}, differs=True),
     act(BLOB, "renew", 409, {"LeaseNotPresentWithLeaseOperation", "LeaseIdMismatchWithLeaseOperation",
                              "LeaseIsBrokenAndCannotBeRenewed"}, identifier=L1, differs=True), ref="A12")
case("Put Blob", "expired-old-id-is-lost", put(), act(BLOB, "acquire", 201, duration="15", proposed=L1),
     Step("PUT /{c}/b", {**BLOCK_BLOB, "x-ms-lease-id": L1}, b"new", 412, code="LeaseLost", wait_s=16, differs=True), ref="R7")
case("Lease Blob", "missing-blob", act(BLOB, "acquire", 404, "BlobNotFound", duration="15"), ref="R6")
case("Lease Container", "missing-container",
     act("/absent-container?restype=container&comp=lease", "acquire", 404, "ContainerNotFound", duration="15"), container=False)
case("Lease Blob", "leaves-etag-and-time-alone", put(), *reach("leased", BLOB),
     Step("HEAD /{c}/b", has={"ETag": "{etag}", "Last-Modified": "{modified}"}), ref="S18")
case("Set Container Metadata", "wrong-lease-id", *reach("leased", CONTAINER),
     Step("PUT /{c}?restype=container&comp=metadata", {"x-ms-lease-id": L2}, status=412,
          code="LeaseIdMismatchWithContainerOperation"),
     Step("PUT /{c}?restype=container&comp=metadata", {"x-ms-lease-id": L1}),
     Step("PUT /{c}?restype=container&comp=metadata"), needs="Lease Container", ref="S15")
case("Get Container Properties", "wrong-lease-id", *reach("leased", CONTAINER),
     Step("GET /{c}?restype=container", {"x-ms-lease-id": L2}, status=412, code="LeaseIdMismatchWithContainerOperation"),
     Step("GET /{c}?restype=container", {"x-ms-lease-id": L1}), needs="Lease Container", ref="S15")
case("Get Container Properties", "lease-id-where-none-is",
     Step("GET /{c}?restype=container", {"x-ms-lease-id": L1}, status=412, code="LeaseNotPresentWithContainerOperation",
          differs=True), ref="S15")
case("Delete Container", "ended-lease-id-is-lost", *reach("broken", CONTAINER),
     Step("DELETE /{c}?restype=container", {"x-ms-lease-id": L1}, status=412, code="LeaseLost", differs=True), needs="Lease Container", ref="R4")
