# SPDX-License-Identifier: MIT
"""strategies.py - what hypothesis draws for a schema: values that fit it, and
values that certainly do not.

    fitting(doc, schema)       a strategy of values that validate
    broken(doc, schema)        a strategy of values that do not

`known` names values by the name of the property or parameter, so that many
requests speak of numbers and agents that exist.
"""
import copy
import re

from hypothesis import strategies as st

# What neither JSON nor a telephone company can carry.
TEXT = st.characters(blacklist_categories=("Cs", "Cc"))
JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(-10**20, 10**20),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(TEXT, max_size=20), st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(TEXT, max_size=5), st.integers(), max_size=3))


class Strategies:
    def __init__(self, doc, known=None):
        self.doc = doc
        self.known = known or {}
        self._made = {}

    # ---- what fits ----

    def fitting(self, schema, name=""):
        """Values that validate against schema; some of the known ones first."""
        key = id(schema), name
        if key not in self._made:
            made = self._fitting(self.doc.resolve(schema), name)
            fits = [v for v in self.known.get(name, ())
                    if self.doc.valid(schema, v)]
            if fits:
                # Three in four; one_of would count the branches of made.
                made = st.integers(0, 3).flatmap(
                    lambda n, known=st.sampled_from(fits), any=made:
                    known if n else any)
            self._made[key] = made
        return self._made[key]

    def _fitting(self, schema, name):
        if "enum" in schema:
            made = st.sampled_from(schema["enum"])
        elif "allOf" in schema:
            assert len(schema["allOf"]) == 1, "one member is all we know"
            made = self.fitting(schema["allOf"][0], name)
        elif "oneOf" in schema:
            made = st.one_of([self.fitting(s, name) for s in schema["oneOf"]])
        else:
            made = getattr(self, "_" + schema["type"])(schema, name)
        return st.one_of(st.none(), made) if schema.get("nullable") else made

    def _boolean(self, schema, name):
        return st.booleans()

    def _integer(self, schema, name):
        low, high = schema.get("minimum"), schema.get("maximum")
        edges = [v for v in (low, high) if v is not None]
        if high is None:
            high = max(2**31, (low or 0) + 1)
        made = st.integers(-2**31 if low is None else low, high)
        return st.one_of(st.sampled_from(edges), made) if edges else made

    def _number(self, schema, name):
        return st.one_of(st.just(1), st.sampled_from([0.5, 0.25, 1.0]),
                         st.floats(schema["minimum"], schema["maximum"]))

    def _string(self, schema, name):
        low, high = schema.get("minLength", 0), schema.get("maxLength")
        if "pattern" in schema:
            made = st.from_regex(_whole(schema["pattern"]), fullmatch=True)
            return made.filter(lambda s: low <= len(s) <= (high or len(s)))
        if schema.get("format") == "date-time":
            return st.datetimes().map(
                lambda t: t.strftime("%Y-%m-%dT%H:%M:%S.000Z").rjust(24, "0"))
        if schema.get("format") == "password" and low >= 12:
            return st.text(TEXT, max_size=high - 12).map(
                lambda s: "Correct7Hors" + s)
        longest = [st.just("x" * high)] if high and high <= 500 else []
        return st.one_of(
            st.text(TEXT, min_size=low, max_size=min(high or 60, 60)),
            *longest)

    def _array(self, schema, name):
        return st.lists(self.fitting(schema["items"], name),
                        min_size=schema.get("minItems", 0),
                        max_size=min(schema.get("maxItems", 4), 4))

    def _object(self, schema, name):
        known = schema.get("properties", {})
        required = {p: self.fitting(known[p], p)
                    for p in schema.get("required", ())}
        optional = {p: self.fitting(s, p) for p, s in known.items()
                    if p not in required}
        if known:
            return st.fixed_dictionaries(required, optional=optional)
        # The contract says in words what 3.0 has no word for.
        keys = st.from_regex(r"[A-Za-z0-9_.-]{1,40}", fullmatch=True)
        return st.dictionaries(
            keys, self.fitting(schema["additionalProperties"]), max_size=4)

    # ---- what does not ----

    @st.composite
    @staticmethod
    def _broken(draw, self, schema, strict_schema):
        """A value that fits, with one thing in it made wrong."""
        value = copy.deepcopy(draw(self.fitting(schema)))
        for _ in range(20):
            changed = _damage(draw, self, self.doc.resolve(schema),
                              copy.deepcopy(value))
            if not self.doc.valid(strict_schema, changed):
                return changed
        return {"nobody_knows_this_field": 1}

    def broken(self, schema):
        return self._broken(self, schema, schema)

    def broken_text(self, schema):
        """For a parameter: text that its schema refuses, and never "" alone."""
        def refused(text):
            kind = self.doc.resolve(schema).get("type")
            if kind == "integer" and re.fullmatch("[0-9]+", text):
                return not self.doc.valid(schema, int(text))
            if kind in ("integer", "boolean"):
                return text not in ("true", "false") or kind == "integer"
            return not self.doc.valid(schema, text)

        high = self.doc.resolve(schema).get("maxLength")
        return st.one_of(
            st.text(TEXT, min_size=1, max_size=40),
            st.sampled_from(["-1", "0", "201", "1e2", "0x10", "TRUE", "yes",
                             "null", "+1", "+0123456789", "apn_", " "]),
            *([st.just("x" * (high + 1))] if high else []),
        ).filter(refused)


def _whole(pattern):
    """The pattern as ECMA 262 means it: $ is the end, \\s as in ASCII."""
    return re.compile(re.sub(r"^\^|\$$", "", pattern), re.ASCII)


def _damage(draw, strategies, schema, value):
    """value with something changed: a member replaced, added or taken away."""
    if isinstance(value, dict):
        known = schema.get("properties", {})
        way = draw(st.integers(0, 5))
        if way == 0:
            return draw(JUNK)
        if way == 1:
            value[draw(st.sampled_from(["phoneNumber", "id", "x", "", "\x7f",
                                        "status"]))] = draw(JUNK)
            return value
        if way == 2 and value:
            del value[draw(st.sampled_from(sorted(value)))]
            return value
        if not known:
            value["key"] = draw(JUNK)
            return value
        name = draw(st.sampled_from(sorted(known)))
        below = strategies.doc.resolve(known[name])
        if way > 3 and isinstance(value.get(name), (dict, list)):
            value[name] = _damage(draw, strategies, below, value[name])
        else:
            value[name] = _damage(draw, strategies, below, None)
        return value
    if isinstance(value, list) and value and draw(st.booleans()):
        i = draw(st.integers(0, len(value) - 1))
        value[i] = _damage(draw, strategies,
                           strategies.doc.resolve(schema["items"]), value[i])
        return value
    return draw(st.one_of(JUNK, _near(schema)))


def _near(schema):
    """Just outside: one too many, one too few, one too long."""
    near = [st.just("")]
    if "maxLength" in schema:
        near.append(st.just("x" * (schema["maxLength"] + 1)))
    if "minLength" in schema:
        near.append(st.just("x" * max(schema["minLength"] - 1, 0)))
    for bound, by in (("minimum", -1), ("maximum", 1)):
        if bound in schema:
            near.append(st.just(schema[bound] + by))
    if "maxItems" in schema:
        near.append(st.just(["US"] * (schema["maxItems"] + 1)))
    if "enum" in schema:
        near.append(st.just(str(schema["enum"][0]).upper()))
    return st.one_of(near)
