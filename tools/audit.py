#!/usr/bin/env python3
"""Looks at what the workspace depends on, as far as that goes without a network.

Licences are on the list, direct dependencies exist in one version, everything comes from a
registry, and nothing that is shipped needs a newer Rust than the workspace says.
"""

import json
import re
import subprocess
import sys

LICENCES = {
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
}

# The older one comes with `ring`, of which nothing is built.
SEVERAL = {"getrandom"}


def main():
    command = ["cargo", "metadata", "--locked", "--all-features", "--format-version", "1"]
    metadata = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    graph = Graph(metadata)
    objections = [
        *licences(graph),
        *duplicates(graph),
        *origins(graph),
        *newer_than_promised(graph),
    ]
    for objection in objections:
        print(objection, file=sys.stderr)
    print(f"{len(graph.packages)} packages, {len(objections)} objections")
    return 1 if objections else 0


class Graph:
    """The packages by their ids, and who depends on whom."""

    def __init__(self, metadata):
        self.packages = {package["id"]: package for package in metadata["packages"]}
        self.members = metadata["workspace_members"]
        self.nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}

    def dependencies(self, package, kinds):
        """The ids of a package's own dependencies; `None` is the kind of the ordinary ones."""
        for dependency in self.nodes[package]["deps"]:
            if any(use["kind"] in kinds for use in dependency["dep_kinds"]):
                yield dependency["pkg"]

    def shipped(self):
        """The ids of what is built into a program that uses a member."""
        found, todo = set(), list(self.members)
        while todo:
            package = todo.pop()
            if package not in found:
                found.add(package)
                todo.extend(self.dependencies(package, {None, "build"}))
        return found


def licences(graph):
    """
    >>> list(licences(example(["a 1 MIT", "b 1 GPL-3.0"])))
    ['b 1: its licence is not on the list: GPL-3.0']
    """
    for package in graph.packages.values():
        if not is_allowed(package["license"]):
            yield f"{title(package)}: its licence is not on the list: {package['license']}"


def duplicates(graph):
    """
    >>> list(duplicates(example(["us 1 MIT a@1 b@1", "a 1 MIT", "b 1 MIT a@2", "a 2 MIT"])))
    ['a: a direct dependency in several versions: 1, 2']
    >>> list(duplicates(example(["us 1 MIT b@1", "b 1 MIT a@1 a@2", "a 1 MIT", "a 2 MIT"])))
    []
    """
    direct = set()
    for member in graph.members:
        for package in graph.dependencies(member, {None, "build", "dev"}):
            direct.add(graph.packages[package]["name"])
    for name in sorted(direct - SEVERAL):
        same = [each["version"] for each in graph.packages.values() if each["name"] == name]
        if len(same) > 1:
            yield f"{name}: a direct dependency in several versions: {', '.join(sorted(same))}"


def origins(graph):
    """
    >>> list(origins(example(["us 1 MIT", "a 1 MIT"], source="git+somewhere")))
    ['a 1: it does not come from a registry: git+somewhere']
    """
    for package in graph.packages.values():
        source = package["source"]
        if package["id"] not in graph.members and not (source or "").startswith("registry+"):
            yield f"{title(package)}: it does not come from a registry: {source or 'a path'}"


def newer_than_promised(graph):
    """
    >>> list(newer_than_promised(example(["us 1 MIT a@1", "a 1 MIT", "b 1 MIT"], rust="1.99")))
    ['a 1: needs Rust 1.99, and we promise 1.88']
    """
    promised = min((graph.packages[member]["rust_version"] for member in graph.members), key=number)
    for package in sorted(graph.shipped()):
        needed = graph.packages[package]["rust_version"]
        if needed and number(needed) > number(promised):
            name = title(graph.packages[package])
            yield f"{name}: needs Rust {needed}, and we promise {promised}"


def is_allowed(expression):
    """Whether an SPDX expression can be met by licences on the list.

    >>> [is_allowed(text) for text in ["MIT", "GPL-3.0 OR MIT", "MIT/Apache-2.0"]]
    [True, True, True]
    >>> is_allowed("(MIT OR GPL-3.0) AND Unicode-3.0")
    True
    >>> is_allowed("Apache-2.0 WITH LLVM-exception OR GPL-3.0")
    True
    >>> [is_allowed(text) for text in ["MIT AND GPL-3.0", "GPL-3.0", "", None]]
    [False, False, False, False]
    """
    text = (expression or "").replace("/", " OR ")
    innermost = re.compile(r"\(([^()]*)\)")
    while innermost.search(text):
        # What is in parentheses is put in its place as a licence that is on the list, or is not.
        text = innermost.sub(lambda group: "MIT" if is_allowed(group[1]) else "none", text)
    return any(
        all(licence.strip() in LICENCES for licence in choice.split(" AND "))
        for choice in text.split(" OR ")
    )


def number(version):
    """
    >>> number("1.100") > number("1.88.0")
    True
    """
    return [int(part) for part in version.split(".")][:2]


def title(package):
    return f"{package['name']} {package['version']}"


def example(rows, source="registry+x", rust=None):
    """A graph of `name version licence dependency@version..`; the first row is the workspace."""
    packages, nodes = [], []
    for row in rows:
        name, version, licence, *uses = row.split()
        ours = not packages
        packages.append({
            "id": f"{name}@{version}",
            "name": name,
            "version": version,
            "license": licence,
            "source": None if ours else source,
            "rust_version": "1.88" if ours else rust,
        })
        kinds = [{"kind": None}]
        deps = [{"pkg": use, "dep_kinds": kinds} for use in uses]
        nodes.append({"id": f"{name}@{version}", "deps": deps})
    members = [packages[0]["id"]]
    return Graph({"packages": packages, "workspace_members": members, "resolve": {"nodes": nodes}})


if __name__ == "__main__":
    sys.exit(main())
