#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""yaml_to_json.py - print a YAML file as compact JSON, keys in their order.

    tests/support/yaml_to_json.py openapi.yaml > build/gen/openapi.json

Refuses a key that stands twice in one mapping. Dates stay strings, as in JSON.
"""
import json
import sys

import yaml


class Loader(yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader):
    """YAML as JSON knows it: unique keys, and no type for dates."""

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} stands twice",
                    key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


Loader.yaml_implicit_resolvers = {
    first: [r for r in resolvers if r[0] != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def load(path):
    with open(path, encoding="utf-8") as f:
        return yaml.load(f, Loader)


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: yaml_to_json.py FILE")
    json.dump(load(sys.argv[1]), sys.stdout, ensure_ascii=False,
              separators=(",", ":"))
    print()


if __name__ == "__main__":
    main()
