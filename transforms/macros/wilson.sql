{#
    The lower end of the 95 % Wilson score interval of a share (Wilson 1927, "Probable inference, the law of succession, and statistical
    inference"); null where nothing was counted. The same in `analysis/evals/precision.py`; a test compares the two.
#}
{% macro wilson_lower_bound(hits, total) -%}
    {{ wilson_bound(hits, total, '-') }}
{%- endmacro %}

{# The upper end of it. #}
{% macro wilson_upper_bound(hits, total) -%}
    {{ wilson_bound(hits, total, '+') }}
{%- endmacro %}

{% macro wilson_bound(hits, total, sign) -%}
    {%- set share = "(cast(" ~ hits ~ " as double precision) / nullif(" ~ total ~ ", 0))" -%}
    {%- set z = 1.959964 -%}
    (
        {{ share }} + {{ z * z / 2 }} / nullif({{ total }}, 0)
        {{ sign }} {{ z }} * sqrt({{ share }} * (1 - {{ share }}) / nullif({{ total }}, 0) + {{ z * z / 4 }} / nullif({{ total }} * cast({{ total }} as double precision), 0))
    ) / (1 + {{ z * z }} / nullif({{ total }}, 0))
{%- endmacro %}
