"""The API's documentation as one plain page that needs no network.

What belongs here: OpenAPI to HTML.
What does not: the schema itself; FastAPI makes it from the routes, and serves it at /openapi.json.
"""

from typing import Any

from jinja2 import Environment

_PAGE = Environment(autoescape=True).from_string("""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{{ api.info.title }}: API</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/static/docs.css">
<main><h1>{{ api.info.title }} <small>{{ api.info.version }}</small></h1>
<p>The same as a schema for programs: <a href="/openapi.json">/openapi.json</a>.
<a href="/">Back to the explorer</a>.</p>
{% for path, methods in api.paths.items() %}{% for method, about in methods.items() %}
<section><h2><b>{{ method | upper }}</b> <code>{{ path }}</code></h2>
<p>{{ about.description or about.summary }}</p>
{% if about.parameters %}<ul>{% for each in about.parameters %}
<li><code>{{ each.name }}</code> in {{ each.in }}{{ ", required" if each.required }}</li>
{% endfor %}</ul>{% endif %}
{% if about.requestBody %}<p>Body: <code>{{
  about.requestBody.content["application/json"].schema["$ref"].rsplit("/", 1)[-1]
}}</code></p>{% endif %}
</section>{% endfor %}{% endfor %}
<h2>Bodies</h2>
{% for name, schema in api.components.schemas.items() if schema.properties %}
<section><h3><code>{{ name }}</code></h3><ul>{% for key, value in schema.properties.items() %}
<li><code>{{ key }}</code>{{ " = " ~ value.default if value.default is defined }}</li>
{% endfor %}</ul></section>{% endfor %}
</main></html>
""")


def render_documentation(api: dict[str, Any]) -> str:
    """HTML of an OpenAPI schema."""
    return _PAGE.render(api=api)
