{#
    A name-based UUID, version 3 of RFC 9562: MD5 over a namespace and a name, six bits overwritten. Version 3 and not 5, because md5() is the one
    digest both engines have built in. The namespace's sixteen bytes are the ASCII letters "churnboard cards", so the digest can be taken of
    plain text; Python's uuid.uuid3(UUID(bytes=b"churnboard cards"), name) gives the same.
    The variant's two bits are set by looking the digit up: 0-3 -> 8-b, and again for each following four.
#}
{% macro name_uuid(parts) -%}
    {%- set digest -%}
        md5('churnboard cards' || {% for part in parts %}{{ "|| '|' || " if not loop.first }}{{ part }}{% endfor %})
    {%- endset -%}
    substr({{ digest }}, 1, 8) || '-' || substr({{ digest }}, 9, 4) || '-3' || substr({{ digest }}, 14, 3) || '-'
    || substr('89ab89ab89ab89ab', strpos('0123456789abcdef', substr({{ digest }}, 17, 1)), 1)
    || substr({{ digest }}, 18, 3) || '-' || substr({{ digest }}, 21, 12)
{%- endmacro %}

{# The id of a card: who, which company, why, since when. A rebuild over the same data may never change it. #}
{% macro card_id(tenant_id, company_id, trigger_type, opened_on) -%}
    {{ name_uuid([tenant_id, company_id, trigger_type, "cast(" ~ opened_on ~ " as text)"]) }}
{%- endmacro %}
