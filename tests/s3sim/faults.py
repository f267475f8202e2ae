"""Faults on order: rules in JSON, each with its own counter; chance comes from one seed."""
import random
import re
import threading

KINDS = {"error", "cut", "slow", "shrink", "short", "whole", "flip", "lose"}
FIELDS = {"kind", "op", "match", "skip", "times", "probability", "when", "status", "code", "message", "extra", "headers",
          "bytes", "at", "seconds", "bytes_per_second", "reset"}
OPS = {"PUT", "GET", "HEAD", "DELETE", "LIST", "*"}
WHENS = {"early", "before", "body", "after"}


class Rule:
    def __init__(self, spec):
        unknown = set(spec) - FIELDS
        if unknown:
            raise ValueError(f"unknown fields {sorted(unknown)}; known: {sorted(FIELDS)}")
        self.kind = spec.get("kind")
        self.op = spec.get("op", "*")
        self.when = spec.get("when", "before")
        if self.kind not in KINDS or self.op not in OPS or self.when not in WHENS:
            raise ValueError(f"kind is one of {sorted(KINDS)}, op of {sorted(OPS)}, when of {sorted(WHENS)}")
        self.match = re.compile(spec.get("match", ""))
        self.skip = int(spec.get("skip", 0))
        self.times = spec.get("times")
        self.probability = float(spec.get("probability", 1))
        self.spec = spec
        self.fired = 0

    def __getitem__(self, name):
        return self.spec.get(name)


class Faults:
    def __init__(self, seed=0):
        self._lock = threading.Lock()
        self._random = random.Random(seed)
        self.rules = []

    def replace(self, specs):
        rules = [Rule(s) for s in specs]
        with self._lock:
            self.rules = rules

    def pick(self, op, key):
        """The rules that strike this request, in order."""
        struck = []
        with self._lock:
            for rule in self.rules:
                if rule.op not in ("*", op) or not rule.match.search(key):
                    continue
                if rule.skip > 0:
                    rule.skip -= 1
                    continue
                if rule.times is not None and rule.fired >= rule.times:
                    continue
                if rule.probability < 1 and self._random.random() >= rule.probability:
                    continue
                rule.fired += 1
                struck.append(rule)
        return struck

    def below(self, limit):
        with self._lock:
            return self._random.randrange(limit)

    def counts(self):
        with self._lock:
            return [{"kind": r.kind, "op": r.op, "fired": r.fired} for r in self.rules]
