"""make hub-values CHART=…/zero-to-jupyterhub-k8s/jupyterhub: checks values.yaml, laid over the chart's own, against the chart's schema."""

import os
import sys

import jsonschema
import yaml


def read(path):
    with open(path) as f:
        return yaml.safe_load(f)


def over(below, above):
    """As Helm lays values over those of a chart."""
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return above
    return {key: over(below.get(key), above[key]) if key in above else below[key] for key in dict(below, **above)}


def main(chart):
    here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "values.yaml")
    try:
        schema = read(os.path.join(chart, "values.schema.yaml"))
        values = over(read(os.path.join(chart, "values.yaml")), read(here))
    except OSError as problem:
        return "hub-values: %s: CHART names the folder jupyterhub of the chart's repository" % problem
    errors = list(jsonschema.Draft7Validator(schema).iter_errors(values))
    for error in errors:
        print("hub-values: %s: %s" % (".".join(map(str, error.path)) or "values.yaml", error.message), file=sys.stderr)
    print("hub-values: %s" % ("%d errors" % len(errors) if errors else "values.yaml is what the chart takes"))
    return len(errors) > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))
