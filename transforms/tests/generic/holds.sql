{# Rows for which a statement about the row is not true (false, or null). #}
{% test holds(model, expression) %}

    select *
    from {{ model }}
    where not coalesce({{ expression }}, false)

{% endtest %}
