{# What a label of any age counts for now: the topic its name leads to, none where that topic is no more, itself where nobody knows the name. #}
{% macro current_topic(label, names) -%}
    case when {{ names }}.topic is null then {{ label }} else coalesce({{ names }}.current_topic, 'none') end
{%- endmacro %}
